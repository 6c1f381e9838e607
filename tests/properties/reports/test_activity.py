"""Activity report: every activity, lead and deal counts once, where it happened."""

import random
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import attrs
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Activity, Lead, Record
from crmcore.model.pipeline import StageCategory
from crmcore.reports.activity import ActivityReport, activity_report
from crmcore.reports.periods import Every
from crmcore.reports.scene import Asked
from crmcore.values import Ref
from crmcore.values.ids import ActivityId, LeadId, UserId
from tests.properties.reports.test_pipeline import renamed
from tests.properties.reports.worlds import HOURS, MODEL, NOW, START, World, context, worlds

FIRST = date(2025, 12, 1)
OWNERS = st.sampled_from([None, UserId("u1"), UserId("u2")])


@st.composite
def busy(draw: st.DrawFn) -> tuple[World, tuple[Record, ...]]:
    """A world, with what was done and is to be done in it."""
    world = draw(worlds(deletes=False))
    deals = [deal.ref for deal in world.deals]
    moments = st.integers(0, HOURS).map(lambda hours: START + timedelta(hours=hours))
    leads = [
        Lead(id=LeadId(f"l{number}"), owner_id=draw(OWNERS), created_at=draw(moments))
        for number in range(draw(st.integers(0, 3)))
    ]
    who = st.sampled_from([None, *(lead.ref for lead in leads)])
    activities = [
        Activity(
            id=ActivityId(f"a{number}"),
            subject="something",
            kind=draw(st.sampled_from(["call", "meeting", "email"])),
            owner_id=draw(OWNERS),
            about=draw(st.sampled_from([None, *deals])),
            who=draw(who),
            due_on=draw(st.none() | st.sampled_from([date(2026, 4, 30), date(2026, 5, 2)])),
            done_at=draw(st.none() | moments),
            created_at=START,
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    return world, (*leads, *activities)


def report_of(
    given_: tuple[World, tuple[Record, ...]], by: str = "owner", every: Every = Every.MONTH
) -> ActivityReport:
    world, others = given_
    return activity_report(
        [*world.records, *others],
        context=context(),
        asked=Asked(by=by),
        every=every,
        since=FIRST,
    )


@given(busy(), st.sampled_from(["owner", "team", "manager"]), st.sampled_from(Every))
def test_everything_counts_once_where_it_belongs(
    some: tuple[World, tuple[Record, ...]], by: str, every: Every
) -> None:
    """P11. Each activity and each lead is in one line, in one place of it, by user and month."""
    report = report_of(some, by, every)
    activities = [one for one in some[1] if isinstance(one, Activity)]
    leads = [one for one in some[1] if isinstance(one, Lead)]
    done = [one for line in report.lines for one in line.done]
    overdue = [one for line in report.lines for one in line.overdue]
    planned = [one for line in report.lines for one in line.planned]
    assert sorted(one.id for one in (*done, *overdue, *planned)) == sorted(
        one.id for one in activities
    )
    assert all(one.done_at is not None for one in done)
    assert all(one.due_on is not None and one.due_on < NOW.date() for one in overdue)
    for line in report.lines:
        assert all(one.done_at and one.done_at.date() in line.period for one in line.done)
        assert sum(line.by_kind.values()) == len(line.done)
        assert line.by_kind.get("meeting", 0) == len(line.meetings)
        if by == "owner":
            owners = {one.owner_id for one in (*line.done, *line.overdue, *line.waiting)}
            assert owners <= {line.group.key}
        assert line.responses.n == len(line.answered)
        expected = [
            min(one.done_at for one in activities if answers(one, lead) and one.done_at)
            - (lead.created_at or NOW)
            for lead in line.answered
        ]
        if expected:
            assert line.responses.mean == sum(expected, timedelta()) / len(expected)
    met = sorted(one.id for line in report.lines for one in (*line.answered, *line.waiting))
    assert met == sorted(lead.id for lead in leads)
    event("something was answered" if any(line.answered for line in report.lines) else "none")


def answers(one: Activity, lead: Lead) -> bool:
    return bool(
        one.who == lead.ref and one.done_at and lead.created_at and one.done_at >= lead.created_at
    )


@given(busy())
def test_open_deals_without_a_next_step_are_listed(
    some: tuple[World, tuple[Record, ...]],
) -> None:
    """P11. Those with neither a next step nor an open activity, by owner, in the present month."""
    report = report_of(some)
    planned: set[Ref[Any] | None] = {
        one.about for one in some[1] if isinstance(one, Activity) and one.done_at is None
    }
    assert sorted(one.id for line in report.lines for one in line.without_next_step) == sorted(
        deal.id
        for deal in some[0].deals
        if deal.ref not in planned
        and (stage := MODEL.stage_of(deal.pipeline, deal.stage))
        and stage.category is StageCategory.OPEN
    )


@given(busy())
def test_a_deal_is_advanced_and_won_by_its_owner_of_that_moment(
    some: tuple[World, tuple[Record, ...]],
) -> None:
    """P10. Activities per won deal are undefined without one; won deals came to a won stage."""
    world, others = some
    report = report_of(some)
    done = [one for one in others if isinstance(one, Activity) and one.done_at]
    won: set[tuple[str, str | None, int]] = set()
    for row in world.changes:
        if row.before is None or row.after is None or row.before.pipeline != row.after.pipeline:
            continue
        before = MODEL.stage_of(row.before.pipeline, row.before.stage)
        after = MODEL.stage_of(row.after.pipeline, row.after.stage)
        assert before is not None
        assert after is not None
        if after.category is StageCategory.WON and before.category is not StageCategory.WON:
            won.add((row.opportunity_id, row.after.owner_id, (row.at or NOW).month))
    found = {
        (deal.id, line.group.key, line.period.start.month)
        for line in report.lines
        for deal in line.won
    }
    assert {(deal, month) for deal, _, month in found} == {(deal, month) for deal, _, month in won}
    for line in report.lines:
        assert {deal.id for deal in line.won} <= {deal.id for deal in line.advanced}
        assert (line.activities_per_won_deal is None) == (not line.won)
        if line.won:
            expected = [
                one
                for deal in line.won
                for one in done
                if one.about == deal.ref and one.done_at and one.done_at.date() <= line.period.end
            ]
            assert line.activities_per_won_deal == Fraction(len(expected), len(line.won))


@given(busy(), st.randoms(use_true_random=False))
def test_neither_order_nor_names_change_an_activity_report(
    some: tuple[World, tuple[Record, ...]], chance: random.Random
) -> None:
    """X6. Objects and stages may be called anything, and records come in any order."""
    records = [*some[0].records, *some[1]]
    chance.shuffle(records)
    assert activity_report(records, context=context(renamed()), since=FIRST) == attrs.evolve(
        report_of(some)
    )
