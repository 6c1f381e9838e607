"""The ledger."""

import pytest

from crmcore.entities import (
    LEDGER,
    Account,
    ConversionReceipt,
    Judgement,
    LaterEdit,
    Lead,
    MergeReceipt,
    OpportunityChange,
    Record,
    RuleFiring,
    UnmergeReceipt,
    kind_of,
)
from crmcore.entities.ledger import Clash, DealState, Fate, Moved, Stayed, Transfer, Verdict
from crmcore.fields import KEEP
from crmcore.model.describe import describe
from crmcore.values import Ref
from tests.examples import example
from tests.unit.entities.shape import check_shape


def test_a_conversion_receipt_needs_a_lead() -> None:
    names = "account_id contact_id opportunity_id converted_at converted_by lead"
    defaults = dict.fromkeys(names.split(), None) | dict.fromkeys(
        ("transfers", "moved", "clashes", "decisions"), ()
    )
    check_shape(ConversionReceipt, "conversion_receipt", {"lead_id"}, defaults)


def test_a_merge_receipt_needs_survivor_and_losers() -> None:
    several = "merged chosen transfers moved clashes rewritten heirs removed ended begun"
    defaults = (
        dict.fromkeys(("merged_at", "merged_by", "before", "after"), None)
        | dict.fromkeys(several.split(), ())
        | {"turn": 0}
    )
    check_shape(MergeReceipt, "merge_receipt", {"survivor", "losers"}, defaults)


def test_an_unmerge_receipt_needs_the_merge_and_its_survivor() -> None:
    several = "restored given_back led_on through stayed waiting begun"
    defaults = (
        dict.fromkeys(("unmerged_at", "unmerged_by"), None)
        | dict.fromkeys(several.split(), ())
        | {"turn": 0}
    )
    check_shape(UnmergeReceipt, "unmerge_receipt", {"merge_id", "survivor"}, defaults)


def test_a_later_edit_needs_the_record() -> None:
    defaults = {"fields": (), "at": None, "by": None, "turn": 0}
    check_shape(LaterEdit, "later_edit", {"record"}, defaults)


def test_what_stayed_waits_for_nothing_unless_it_says_so() -> None:
    stayed = Stayed(ref=Ref("contact", "1"), field="title", own="a", value="b", why="edited")
    assert not stayed.is_waiting


def test_a_judgement_needs_two_records_and_a_verdict() -> None:
    defaults = dict.fromkeys(("reason", "judged_at", "judged_by"), None)
    check_shape(Judgement, "judgement", {"first", "second", "verdict"}, defaults)
    assert [one.value for one in Verdict] == ["duplicate", "not_duplicate"]


def test_a_change_of_a_deal_needs_the_deal() -> None:
    defaults: dict[str, object] = dict.fromkeys(("at", "by", "before", "after"), None)
    defaults |= {"is_imported": False}
    check_shape(OpportunityChange, "opportunity_change", {"opportunity_id"}, defaults)


ROWS: tuple[type[Record], ...] = (
    ConversionReceipt,
    Judgement,
    LaterEdit,
    MergeReceipt,
    OpportunityChange,
    RuleFiring,
    UnmergeReceipt,
)


def test_the_ledger_is_these_seven() -> None:
    assert {kind_of(one) for one in ROWS} == LEDGER


@pytest.mark.parametrize("entity", ROWS)
def test_every_reference_of_the_ledger_is_historic(entity: type[Record]) -> None:
    lookups = [one for one in describe(entity).lookups if one.name != "owner_id"]
    assert lookups
    assert {one.lookup.on_merge for one in lookups if one.lookup} == {KEEP}


def test_receipts_hold_tuples_of_what_happened() -> None:
    lead, account = Lead(company="Acme"), Account(name="Acme")
    transfer = Transfer(
        field="company", value="Acme", fate=Fate.COPIED, source=lead.ref, target=account.ref
    )
    moved = Moved(ref=Ref("activity", "1"), field="who", before=lead.ref, after=account.ref)
    clash = Clash(kept=account, removed=lead)
    receipt = example(
        ConversionReceipt,
        lead=lead,
        transfers=[transfer],
        moved=iter([moved]),
        clashes=[clash],
        decisions=["new account"],
    )
    assert receipt.transfers == (transfer,)
    assert receipt.moved == (moved,)
    assert receipt.clashes == (clash,)
    assert receipt.decisions == ("new account",)
    assert (transfer.target_field, transfer.over, transfer.why) == (None, None, "")
    assert hash(receipt)
    merge = example(MergeReceipt, losers=[lead.ref], merged=[lead])
    assert (merge.losers, merge.merged) == ((lead.ref,), (lead,))


def test_the_state_of_a_deal_needs_pipeline_and_stage() -> None:
    state = DealState(pipeline="standard", stage="Won")
    names = ("amount", "probability", "forecast_category", "close_on", "owner_id", "account_id")
    assert {getattr(state, name) for name in names} == {None}
    assert [one.value for one in Fate] == ["copied", "kept", "unmapped", "dropped"]
