"""Rules that act by time: each moment once, whoever asks and however often."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Activity,
    ConflictError,
    Crm,
    F,
    JsonFileRepository,
    MemoryRepository,
    Opportunity,
)
from crmcore.adapters import MemoryRowStore
from crmcore.entities import RuleFiring
from crmcore.rules.automation import AutomationRule, CreateActivity, MoveStage, TimePassed

START = date(2026, 1, 1)
ZONE = "America/New_York"
MODEL = STANDARD_MODEL.with_calendar(time_zone=ZONE)
DELAYS = {"soon": timedelta(days=-2), "late": timedelta(hours=30)}
RULES = STANDARD_RULES.with_automation(
    *(
        AutomationRule(
            name=name,
            on=Opportunity,
            when=TimePassed(F.close_on, delay),
            where=F.stage_category == "open",
            then=CreateActivity(subject=name),
        )
        for name, delay in DELAYS.items()
    )
)


def moment(hours: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)


def due(delay: timedelta, day: date) -> datetime:
    """When a rule with this delay is due for a deal that closes on that day, by other means."""
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE))
    return local.astimezone(UTC) + delay


@pytest.mark.parametrize("make", [MemoryRepository, MemoryRowStore])
@given(
    days=st.lists(st.integers(0, 8), min_size=1, max_size=4),
    looks=st.lists(st.integers(0, 300), min_size=1, max_size=6),
    moves=st.dictionaries(st.integers(0, 5), st.integers(0, 8), max_size=2),
)
def test_each_due_moment_fires_exactly_once(
    make: Any, days: list[int], looks: list[int], moves: dict[int, int]
) -> None:
    """P12. Two programs ask when they like; each moment due by then has one firing, and no more."""
    store = make()
    one, other = (Crm(store, model=MODEL, rules=RULES) for _ in "ab")
    deals = one.add_all(
        [
            Opportunity(name="Engine", id=f"d{at}", close_on=START + timedelta(days=day))  # type: ignore[arg-type]  # any text
            for at, day in enumerate(days)
        ]
    )
    wanted: set[tuple[str, str, datetime]] = set()
    for number, hours in enumerate(sorted(looks)):
        now = moment(hours)
        if number in moves:
            first = one.get(Opportunity, deals[0].id)
            one.save(attrs.evolve(first, close_on=START + timedelta(days=moves[number])))
            event("the day moved")
        for crm in (one, other, one):
            crm.run_due(now)
        wanted |= {
            (name, str(deal.id), at)
            for deal in one.find(Opportunity)
            for name, delay in DELAYS.items()
            if deal.close_on is not None and (at := due(delay, deal.close_on)) <= now
        }
        found = one.find(RuleFiring)
        fired = [(row.rule, row.about.id, row.due_at) for row in found]
        assert sorted(fired) == sorted(wanted)
        assert one.count(Activity) == len(wanted)


def test_who_comes_second_at_the_same_moment_does_nothing() -> None:
    """P12. Two programs that decide the same at once: one stores it, the other sees it was done."""
    store = MemoryRepository()
    one, other = Crm(store, rules=RULES), Crm(store, rules=RULES)
    one.add(Opportunity(name="Engine", close_on=START))
    mine, yours = (crm.run_due(moment(500), dry_run=True) for crm in (one, other))
    one.commit(mine)
    with pytest.raises(ConflictError):
        other.commit(yours)
    assert not other.run_due(moment(500)).changes
    assert one.count(RuleFiring) == 2


def test_what_fired_is_known_after_reopening(tmp_path: Any) -> None:
    """P12. The state is stored: another process that opens the file does not act again."""
    path = tmp_path / "sales.crm.json"
    with Crm.open(path, rules=RULES) as crm:
        crm.add(Opportunity(name="Engine", close_on=START))
        assert len(crm.run_due(moment(500)).firings) == 2
    with Crm(JsonFileRepository(path), rules=RULES) as crm:
        assert crm.run_due(moment(501)).firings == ()
        assert crm.count(Activity) == 2


def test_what_cannot_be_done_is_named_and_due_again() -> None:
    """P12. One refused firing leaves no trace and keeps none of the others from being done."""
    rules = STANDARD_RULES.with_automation(
        AutomationRule(
            name="close",
            on=Opportunity,
            when=TimePassed("close_on"),
            then=[CreateActivity(subject="Closed"), MoveStage("Lost")],
        )
    )
    stages = [
        attrs.evolve(one, next=("Proposal",)) if one.key == "Qualification" else one
        for one in STANDARD_MODEL.pipeline().stages
    ]
    pipeline = attrs.evolve(STANDARD_MODEL.pipeline(), stages=stages)
    crm = Crm(rules=rules, model=STANDARD_MODEL.with_pipelines(pipeline))
    crm.add_all(
        [
            Opportunity(name=stage, stage=stage, close_on=START)
            for stage in ("Prospecting", "Qualification", "Proposal")
        ]
    )
    for _ in "ab":
        done = crm.run_due(moment(30))
        assert [str(one.due.ref.kind) for one in done.refused] == ["opportunity"]
        assert "stage.transition" in {
            one.code
            for one in done.refused[0].reason.findings  # type: ignore[attr-defined]  # a ValidationError
        }
    by_name = {one.name: one.stage for one in crm.find(Opportunity)}
    assert by_name == {"Prospecting": "Lost", "Qualification": "Qualification", "Proposal": "Lost"}
    assert crm.count(Activity) == crm.count(RuleFiring) == 2
