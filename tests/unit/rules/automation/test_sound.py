"""What a rule cannot be, whatever the model."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crmcore import Activity, F, Lead, Money, Opportunity, Record, User
from crmcore.findings import ModelError
from crmcore.rules.automation import (
    AddLabel,
    AssignOwner,
    AutomationRule,
    Call,
    Changed,
    CreateActivity,
    Created,
    EnteredStage,
    InDays,
    MoveStage,
    Set,
    TimePassed,
)
from crmcore.rules.automation.sound import activity_field

ODD: Any = 3
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  # that is the point


def problems(**given: Any) -> list[str]:
    parts: dict[str, Any] = {"name": "r", "on": Opportunity, "when": Created()}
    parts |= {"then": AddLabel("x")} | given
    try:
        AutomationRule(**parts)
    except ModelError as wrong:
        return [str(one) for one in wrong.findings]
    return []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": " "}, "needs a name"),
        ({"when": ODD}, "no trigger"),
        ({"where": ODD}, "no filter"),
        ({"then": ()}, "something to do"),
        ({"then": [ODD]}, "no effect"),
        ({"when": Changed(())}, "at least one field"),
        ({"when": Changed("amuont")}, "did you mean 'amount'"),
        ({"when": EnteredStage(), "on": Lead}, "only deals enter stages"),
        ({"when": TimePassed("close_on", ODD)}, "after is a timedelta"),
        ({"when": TimePassed("close_on", not_before=NAIVE)}, "with a time zone"),
        ({"when": TimePassed("close_no")}, "did you mean 'close_on'"),
        ({"when": TimePassed("name")}, "no date and no moment"),
        ({"when": TimePassed("amount.value")}, "unknown field 'value'"),
        ({"then": Set("nmae", "x")}, "did you mean 'name'"),
        ({"then": Set("name", None)}, "needs a value"),
        ({"then": Set("amount", "much")}, "Amount is"),
        ({"then": Set("version", 3)}, "written by the library"),
        ({"then": Set("name", InDays(3))}, "no date and no moment"),
        ({"then": AddLabel(" ")}, "not blank"),
        ({"then": Call("")}, "not blank"),
        ({"then": MoveStage("Won"), "on": Lead}, "only deals have stages"),
        ({"then": AssignOwner(users=())}, "nobody to assign to"),
        ({"then": AssignOwner(users=("u", "u"))}, "listed twice"),
        ({"then": AssignOwner(users=("u",), load=ODD)}, "load is a filter"),
        ({"then": CreateActivity(subject="x"), "on": User}, "cannot be about such a record"),
        ({"then": CreateActivity(subject=ODD)}, "Subject is text"),
        ({"then": CreateActivity(subject="x", due_in=True)}, "whole number of days"),
    ],
)
def test_what_cannot_be_is_told(given: Any, said: str) -> None:
    found = problems(**given)
    assert found
    assert all(one.startswith("error: ") for one in found)
    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    "given",
    [
        {"when": Changed(["amount", F.custom["tier"]])},
        {"when": TimePassed(F.close_on, timedelta(days=-3), datetime(2026, 1, 1, tzinfo=UTC))},
        {"when": TimePassed("created_at")},
        {"when": TimePassed("custom.signed_on")},
        {"then": Set("custom.tier", "gold")},
        {"then": Set("amount", Money(3, "EUR"))},
        {"then": Set("amount", None)},
        {"then": Set("close_on", InDays(3))},
        {"then": CreateActivity(subject="Call", kind="call", due_in=2, priority="High")},
        {"then": [MoveStage("anything"), Call("f"), AssignOwner(users=["u"])]},
    ],
)
def test_what_may_be_is_not(given: Any) -> None:
    assert problems(**given) == []


@pytest.mark.parametrize(
    ("entity", "path"), [(Opportunity, "about"), (Lead, "who"), (User, None), (Activity, None)]
)
def test_an_activity_is_with_people_and_about_the_rest(
    entity: type[Record], path: str | None
) -> None:
    assert activity_field(entity.__name__.lower()) == path
