"""What is due by time."""

from datetime import UTC, date, datetime, timedelta

from attrs import evolve

from crmcore import STANDARD_MODEL, F, Lead, Opportunity
from crmcore.model.describe import describe
from crmcore.query import matches
from crmcore.rules.automation import AddLabel, AutomationRule, Created, TimePassed, due, due_filter
from crmcore.rules.rule import Context

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
CONTEXT = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: "x")
LATE = AutomationRule(
    name="late",
    on=Opportunity,
    when=TimePassed("close_on", timedelta(days=1)),
    where=F.name == "Engine",
    then=AddLabel("late"),
)
OLD = AutomationRule(
    name="old", on=Lead, when=TimePassed("created_at", timedelta(days=2)), then=AddLabel("old")
)
NEW = AutomationRule(name="new", on=Lead, when=Created(), then=AddLabel("new"))


def deal(number: int, day: int, name: str = "Engine") -> Opportunity:
    return Opportunity(name=name, id=f"d{number}", close_on=date(2026, 3, day))  # type: ignore[arg-type]  # any text


def test_what_is_due_comes_by_rule_then_moment_then_id() -> None:
    lead = Lead(company="Acme", id="l", created_at=NOW - timedelta(days=2))  # type: ignore[arg-type]  # any text
    fresh = evolve(lead, id="m", created_at=NOW)  # type: ignore[arg-type]  # any text
    records = [deal(3, 12), deal(2, 10), deal(1, 12), deal(4, 14), deal(5, 1, "Motor"), lead, fresh]
    found = list(due([NEW, OLD, LATE], records, context=CONTEXT))
    assert [(one.rule, one.ref.id) for one in found] == [
        ("old", "l"),
        ("late", "d2"),
        ("late", "d1"),
        ("late", "d3"),
    ]
    assert found[0].firing_id == "old/lead:l/2026-03-14T12:00:00+00:00"


def test_the_filter_leaves_out_no_record_that_is_due() -> None:
    for zone in ("UTC", "Pacific/Kiritimati", "Etc/GMT+12"):
        model = STANDARD_MODEL.with_calendar(time_zone=zone)
        for hours in range(0, 72, 5):
            when = TimePassed("close_on", timedelta(hours=hours - 36))
            where = due_filter(when, describe(Opportunity), calendar=model.calendar, now=NOW)
            for day in range(9, 20):
                at = when.due_at(deal(1, day), model)
                assert at is not None
                assert at > NOW or matches(where, deal(1, day))
    where = due_filter(TimePassed("created_at"), describe(Lead), calendar=model.calendar, now=NOW)
    assert matches(where, Lead(company="Acme", created_at=NOW))
    assert not matches(where, Lead(company="Acme", created_at=NOW + timedelta(seconds=1)))
