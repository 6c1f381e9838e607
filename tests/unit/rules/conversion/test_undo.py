from typing import Any

import pytest
from attrs import evolve

from crmcore import STANDARD_MODEL, Activity
from crmcore.changes import ChangeSet, Insert, Update
from crmcore.entities import Judgement, OpportunityChange, Record
from crmcore.entities.ledger import ConversionReceipt, Verdict
from crmcore.errors import UsageError
from crmcore.model.policies import Undo
from crmcore.rules.conversion import LeadConversion, UndoneConversion, undo_conversion
from crmcore.rules.conversion.undo import is_undone, made_by
from crmcore.values import Ref
from crmcore.values.ids import ActivityId, OpportunityId
from tests.unit.rules.conversion.cases import account, context, converted, lead, made

ALLOWED = STANDARD_MODEL.with_policies(undo_conversion=Undo.ALLOWED)


def plan(**asked: Any) -> LeadConversion:
    done = converted(model=ALLOWED, **asked)
    return done.recorded(done.changes)


def undone(done: LeadConversion, *referring: Record, now: Any = None) -> UndoneConversion:
    current = {one.ref: one for one in done.changes.written}
    current.update(now or {})
    receipt = done.receipt
    return undo_conversion(receipt, context=context(ALLOWED), current=current, referring=referring)


def test_everything_goes_back_and_the_receipt_is_marked() -> None:
    old = account(phone="1")
    one = lead(industry="Media")
    done = plan(one=one, account=old)
    back = undone(done)
    assert back.id == done.id
    assert back.changes.after(old.ref) == old
    assert back.lead == one
    assert {ref.kind for ref in made_by(done.receipt)} == {
        "contact",
        "opportunity",
        "opportunity_contact_role",
    }
    assert is_undone(back.receipt)
    assert not is_undone(old)
    assert "is undone" in str(back)
    assert "as it was" in back._repr_html_()


def test_what_was_done_since_is_listed_and_nothing_changes() -> None:
    done = plan()
    assert done.contact is not None
    assert done.opportunity is not None
    late = made(Activity, id=ActivityId("late"), subject="Late", who=done.contact.ref)
    edited = evolve(done.contact, title="CEO")
    back = undone(done, late, now={done.contact.ref: edited})
    assert {one.ref for one in back.findings} == {late.ref, done.contact.ref}
    assert not back.changes
    assert back.receipt == done.receipt
    assert "cannot be undone" in str(back)
    assert "title" in back._repr_html_()


def test_history_and_judgements_do_not_stand_in_the_way() -> None:
    done = plan()
    assert done.opportunity is not None
    assert done.contact is not None
    history = OpportunityChange(opportunity_id=OpportunityId(done.opportunity.id))
    word = Judgement(
        first=done.contact.ref, second=Ref("contact", "x"), verdict=Verdict.NOT_DUPLICATE
    )
    other = ConversionReceipt(lead_id=lead().id, undone_at=context().now)
    assert undone(done, history, word, other).changes


def test_a_record_that_is_gone_or_came_back_is_told() -> None:
    done = plan()
    assert done.account is not None
    receipt = evolve(done.receipt, before=[account(id="merged away")])
    current = {one.ref: one for one in done.changes.written if one != done.account}
    current[Ref("account", "merged away")] = account(id="merged away")
    back = undo_conversion(receipt, context=context(ALLOWED), current=current, referring=())
    assert [one.message for one in back.findings] == [
        "it was deleted or merged since",
        "it was made again since",
    ]


def test_a_record_that_goes_away_comes_back() -> None:
    done = plan()
    gone = made(Activity, id=ActivityId("gone"), subject="Gone")
    back = undone(evolve(done, receipt=evolve(done.receipt, before=[gone])))
    assert back.changes.after(gone.ref) == gone
    assert "comes back" in str(back)


def test_wrong_calls_are_refused() -> None:
    done = plan()
    with pytest.raises(UsageError, match="irreversible"):
        undo_conversion(done.receipt, context=context(), current={}, referring=())
    marked = evolve(done.receipt, undone_at=context().now)
    with pytest.raises(UsageError, match="undone already"):
        undo_conversion(marked, context=context(ALLOWED), current={}, referring=())
    with pytest.raises(UsageError, match="does not hold"):
        undo_conversion(
            evolve(done.receipt, lead=None), context=context(ALLOWED), current={}, referring=()
        )


def test_the_receipt_tells_of_derived_changes_too() -> None:
    done = converted(model=ALLOWED)
    extra = Insert(made(Activity, id=ActivityId("x"), subject="derived"))
    told = done.recorded(done.changes.then(ChangeSet([extra])))
    assert extra.after in told.receipt.after
    assert any(isinstance(one, Update) for one in told.changes)
