"""The history of deals: one row for each deal that a commit changes."""

from datetime import date
from decimal import Decimal
from itertools import count, pairwise
from typing import Any

import pytest

from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import Account, Opportunity, OpportunityChange
from crmcore.entities.ledger import DealState
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.rule import Context
from crmcore.rules.stages import deal_history, deal_state, in_order, with_history
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


def settled(*changes: Any) -> ChangeSet:
    numbers = count(1)
    context = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: f"row-{next(numbers)}")
    return with_history(ChangeSet(changes), context=context)


def rows_of(changes: ChangeSet) -> list[OpportunityChange]:
    return [one for one in changes.written if isinstance(one, OpportunityChange)]


def test_a_set_made_of_several_decisions_has_one_row_for_each_deal() -> None:
    (first,) = history(Insert(DEAL))
    later = changed(DEAL, stage="Won")
    (second,) = history(Update(DEAL, later))
    second = changed(second, id="row-2")
    (row,) = rows_of(settled(Insert(later), Insert(first), Insert(second)))
    assert (row.id, row.before, row.after) == ("row-2", None, deal_state(later))


def test_a_deal_that_is_back_where_it_was_has_no_row() -> None:
    (row,) = history(Update(DEAL, changed(DEAL, stage="Won")))
    other = changed(DEAL, name="Engine 2")
    assert settled(Update(DEAL, other), Insert(row)) == ChangeSet([Update(DEAL, other)])
    same = ChangeSet([Update(DEAL, other)])
    assert settled(*same) == same


def test_taking_a_change_back_adds_a_row_and_removes_none() -> None:
    later = changed(DEAL, stage="Won")
    (row,) = history(Update(DEAL, later))
    back = settled(Update(later, DEAL), Delete(row))
    assert not any(isinstance(one, Delete) for one in back)
    (new,) = rows_of(back)
    assert (new.before, new.after) == (deal_state(later), deal_state(DEAL))


def test_a_row_begins_where_imported_ones_end() -> None:
    told = OpportunityChange(
        opportunity_id=DEAL.id, at=NOW, after=deal_state(DEAL), is_imported=True
    )
    assert rows_of(settled(Insert(DEAL), Insert(told))) == [told]
    won = changed(DEAL, stage="Won")
    kept, new = rows_of(settled(Insert(won), Insert(told)))
    assert (kept, new.before, new.after) == (told, deal_state(DEAL), deal_state(won))


def test_rows_of_one_commit_and_moment_follow_one_another_as_their_states_do() -> None:
    stages = [None, *(deal_state(changed(DEAL, stage=one)) for one in ("a", "b", "a", "c"))]
    rows = [
        OpportunityChange(
            id=f"r{9 - at}",  # type: ignore[arg-type]  # any text
            opportunity_id=DEAL.id,
            at=NOW,
            before=before,
            after=after,
        )
        for at, (before, after) in enumerate(pairwise(stages))
    ]
    assert list(in_order(reversed(rows))) == rows
    undated = changed(rows[0], at=None, version=1)
    assert in_order([undated, *rows])[-1] == undated
    assert in_order([]) == ()


def test_a_model_may_do_without_the_history() -> None:
    model = STANDARD_MODEL.with_disabled(OpportunityChange)
    context = Context(model=model, now=NOW, new_id=lambda: "row")
    assert not deal_history(ChangeSet([Insert(DEAL)]), context=context)
    kept = ChangeSet([Insert(DEAL)])
    assert with_history(kept, context=context) is kept
