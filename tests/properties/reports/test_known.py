"""As of: a report of a day uses what was known then, and is the report that was shown then."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import attrs
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import Crm, ExchangeRate, Lead, Money, Opportunity
from crmcore.entities import Quota
from crmcore.reports.forecast import forecast
from crmcore.reports.funnel import funnel
from crmcore.reports.known import histories
from crmcore.reports.material import Material
from crmcore.reports.odds import observed_odds
from crmcore.reports.outcomes import outcomes
from crmcore.reports.pipeline import pipeline
from crmcore.reports.scene import Asked
from crmcore.values.ids import OpportunityChangeId
from tests.properties.reports.worlds import (
    HOURS,
    MODEL,
    START,
    World,
    context,
    rates,
    worlds,
)

KINDS: dict[str, Callable[..., Any]] = {
    "pipeline": pipeline,
    "funnel": funnel,
    "forecast": forecast,
    "outcomes": outcomes,
    "odds": observed_odds,
}


@given(worlds(), st.integers(0, HOURS))
def test_a_report_as_of_a_moment_is_the_one_shown_then(world: World, hours: int) -> None:
    """P7. Later changes of deals, and deals made or deleted later, leave it as it was."""
    # Loss reasons have no history: what is compared here has none.
    commits = tuple(attrs.evolve(one, source=None) for one in world.commits)
    bare = attrs.evolve(world, commits=commits)
    moment = START + timedelta(hours=hours)
    then = bare.until(moment)
    event("something changed since" if then.commits != bare.commits else "nothing changed")
    earlier, everything = Material.of(then.records), Material.of(bare.records)
    for kind, make in KINDS.items():
        for by in (None, "owner"):
            shown = make(earlier, context=context(now=moment), asked=Asked(by=by))
            later = make(everything, context=context(), asked=Asked(by=by, as_of=moment))
            assert later == shown, kind


@given(worlds(currencies=("EUR", "USD")), rates(("EUR", "USD")), st.integers(0, HOURS))
def test_rates_entered_later_are_not_used(
    world: World, some: tuple[ExchangeRate, ...], hours: int
) -> None:
    """P7. A rate or quota that was entered later was not known, whatever day it is valid from."""
    moment = START + timedelta(hours=hours)
    late = [attrs.evolve(one, created_at=moment + timedelta(hours=1)) for one in some]
    quota = Quota(
        owner_id="u1",  # type: ignore[arg-type]  # ids are texts
        period_start=moment.date(),
        amount=Money(1, "EUR"),
        created_at=moment + timedelta(hours=1),
    )
    for make in (pipeline, forecast):
        records = [*world.records, *late, quota]
        asked = Asked(as_of=moment)
        shown = make(world.until(moment).records, context=context(now=moment))
        assert make(records, context=context(), asked=asked) == shown


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@given(worlds(most=4, deletes=False), st.data())
def test_reports_of_a_repository_as_of_a_moment_are_those_shown_then(
    world: World, data: st.DataObject
) -> None:
    """P7. With the history that commits have written themselves, on a repository."""
    clock = Clock()
    crm = Crm(model=MODEL, clock=clock)
    shown: list[tuple[datetime, list[object]]] = []
    for commit in world.commits:
        clock.now = commit.at
        assert commit.state is not None
        fields: dict[str, Any] = attrs.asdict(commit.state, recurse=False) | {"account_id": None}
        stored = crm.find(Opportunity)
        old = next((one for one in stored if one.id == commit.deal), None)
        if old is None:
            names: Any = {"id": commit.deal, **fields}
            crm.add(Opportunity(name="deal", **names))
        else:
            crm.save(attrs.evolve(old, **fields))
        shown.append((clock.now, [crm.pipeline(), crm.funnel(), crm.forecast(every="quarter")]))
    for moment, reports in shown:
        assert [
            crm.pipeline(as_of=moment),
            crm.funnel(as_of=moment),
            crm.forecast(every="quarter", as_of=moment),
        ] == reports
    assert crm.funnel(Lead).funnels[0].cohort == ()
    if shown:
        day = data.draw(st.sampled_from([moment for moment, _ in shown])).date()
        last = [reports for moment, reports in shown if moment.date() <= day][-1]
        found = crm.pipeline(as_of=day)
        assert attrs.evolve(found, moment=last[0].moment) == last[0]  # type: ignore[attr-defined]  # a report


@given(worlds(), st.randoms(use_true_random=False))
def test_rows_of_one_moment_are_put_in_the_order_of_their_chain(world: World, chance: Any) -> None:
    """X6, P7. Rows of one moment follow one another, in whatever order they come."""
    rows = [
        attrs.evolve(row, id=OpportunityChangeId(f"r{chance.random()}"), at=START, version=1)
        for row in world.changes
    ]
    chance.shuffle(rows)
    for own in histories(rows).values():
        ends = [None, *(row.after for row in own)]
        links = [row.before == end for row, end in zip(own, ends, strict=False)]
        repeated = len({(row.before, row.after) for row in own}) < len(own) or len(
            {row.before for row in own}
        ) < len(own)
        assert all(links) or repeated
