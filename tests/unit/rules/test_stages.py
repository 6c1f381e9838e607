"""The history of deals: one row for each deal that a commit changes."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import Account, Opportunity, OpportunityChange
from crmcore.entities.ledger import DealState
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.rule import Context
from crmcore.rules.stages import deal_history, deal_state
from crmcore.values import Money
from tests.examples import NOW, changed

DEAL = Opportunity(name="Engine", id="d")  # type: ignore[arg-type]  # any text
FULL = changed(
    DEAL,
    stage="Proposal",
    amount=Money(100, "EUR"),
    probability=Decimal(30),
    forecast_category="commit",
    close_on=date(2026, 6, 30),
    owner_id="u",
    account_id="a",
)


def history(*changes: Any, by: str | None = None) -> list[OpportunityChange]:
    numbers = count(1)
    context = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: f"row-{next(numbers)}", by=by)
    rows = deal_history(ChangeSet(changes), context=context)
    assert all(isinstance(one, Insert) for one in rows)
    return [one.after for one in rows if isinstance(one, Insert)]  # type: ignore[misc]  # rows only


def test_the_state_of_a_deal_is_what_reports_depend_on() -> None:
    assert deal_state(FULL) == DealState(
        pipeline="standard",
        stage="Proposal",
        amount=Money(100, "EUR"),
        probability=Decimal(30),
        forecast_category="commit",
        close_on=date(2026, 6, 30),
        owner_id="u",
        account_id="a",
    )


def test_a_new_deal_has_a_row_without_before() -> None:
    (row,) = history(Insert(DEAL), by="u-1")
    assert (row.id, row.opportunity_id, row.at, row.by) == ("row-1", "d", NOW, "u-1")
    assert (row.before, row.after) == (None, deal_state(DEAL))


def test_a_deleted_deal_has_a_row_without_after() -> None:
    (row,) = history(Delete(FULL))
    assert (row.before, row.after, row.by) == (deal_state(FULL), None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"stage": "Won"},
        {"pipeline": "renewals"},
        {"amount": None},
        {"probability": None},
        {"forecast_category": None},
        {"close_on": None},
        {"owner_id": None},
        {"account_id": None},
    ],
)
def test_a_changed_deal_has_a_row_with_both_ends(fields: dict[str, Any]) -> None:
    after = changed(FULL, **fields)
    (row,) = history(Update(FULL, after))
    assert (row.before, row.after) == (deal_state(FULL), deal_state(after))
    assert row.before != row.after


def test_other_fields_of_a_deal_leave_no_row() -> None:
    assert history(Update(DEAL, changed(DEAL, name="Engine 2", next_step="call"))) == []


def test_other_records_leave_no_row() -> None:
    account = Account(name="Acme")
    assert history(Insert(account)) == []
    assert history(Update(account, changed(account, name="B")), Delete(Account(name="C"))) == []


def test_a_deal_that_has_its_row_already_gets_no_second() -> None:
    (row,) = history(Insert(DEAL))
    other = changed(DEAL, id="e")
    assert [one.opportunity_id for one in history(Insert(DEAL), Insert(row), Insert(other))] == [
        "e"
    ]


def test_a_model_may_do_without_the_history() -> None:
    model = STANDARD_MODEL.with_disabled(OpportunityChange)
    context = Context(model=model, now=NOW, new_id=lambda: "row")
    assert not deal_history(ChangeSet([Insert(DEAL)]), context=context)
