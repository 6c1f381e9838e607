from typing import Annotated, Any

import pytest
from attrs import frozen

from crmcore.changes import Delete, Insert, Update
from crmcore.entities import (
    AccountRelation,
    Activity,
    Attachment,
    CampaignMember,
    Contact,
    Lead,
    MergeReceipt,
    Record,
)
from crmcore.entities.ledger import Moved
from crmcore.errors import CycleError
from crmcore.fields import Lookup
from crmcore.findings import ModelError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.merge import merge
from crmcore.rules.survivorship import Policy, Survivorship
from crmcore.values import Ref
from tests.unit.rules.merge.examples import NOW, account, codes, contact, context, made, merged, who


@frozen(kw_only=True)
class Dossier(Record):
    """Refers to contacts in a tuple, and to whatever else."""

    people: Annotated[tuple[str, ...], Lookup("contact")] = ()
    about: Annotated[Ref[Any] | None, Lookup()] = None


MODEL = STANDARD_MODEL.with_entity(Dossier)


def test_the_survivor_is_updated_the_losers_go_and_a_receipt_comes() -> None:
    decision = merged([contact("a"), contact("b", title="CEO"), contact("c")])
    first, *gone, last = decision.changes
    assert first == Update(contact("a"), contact("a", title="CEO"))
    assert gone == [Delete(contact("b", title="CEO")), Delete(contact("c"))]
    assert last == Insert(decision.receipt)
    assert decision.survivor == contact("a", title="CEO")
    assert decision.changes.reason == "merge 2 into contact:a"
    assert (decision.changes.by, decision.changes.at) == ("user-1", NOW)


def test_the_receipt_says_who_when_and_what() -> None:
    receipt = merged([contact("a"), contact("b")]).receipt
    assert receipt == made(
        MergeReceipt,
        id="new-1",
        survivor=who("a"),
        losers=(who("b"),),
        merged_at=NOW,
        merged_by="user-1",
        before=contact("a"),
        after=contact("a"),
        merged=(contact("b"),),
        transfers=receipt.transfers,
    )
    nobody = merge(contact("a"), [contact("b")], context=context(by=None))
    assert nobody.receipt.merged_by is None


def test_the_survivor_is_written_even_where_nothing_changes_so_that_rivals_meet() -> None:
    decision = merged([contact("a"), contact("b")])
    assert decision.changes.changes[0] == Update(contact("a"), contact("a"))


def test_a_record_with_several_references_is_updated_once() -> None:
    dossier = Dossier(id="d", people=("b", "x", "c", "a"), about=who("c"))
    decision = merged([contact("a"), contact("b"), contact("c")], [dossier], model=MODEL)
    update = decision.changes.changes[1]
    assert update == Update(dossier, Dossier(id="d", people=("a", "x"), about=who("a")))
    assert decision.receipt.moved == (
        Moved(ref=dossier.ref, field="people", before=who("b"), after=who("a")),
        Moved(ref=dossier.ref, field="people", before=who("c"), after=who("a")),
        Moved(ref=dossier.ref, field="about", before=who("c"), after=who("a")),
    )


def test_historic_references_stay() -> None:
    lead = made(Lead, id="l", company="Acme", converted_contact_id="b")
    decision = merged([contact("a"), contact("b")], [lead])
    assert decision.changes.refs == {who("a"), who("b"), decision.receipt.ref}
    assert decision.receipt.moved == ()


def test_losers_that_refer_to_each_other_are_only_deleted() -> None:
    records = [contact("a"), contact("b", reports_to_id="c"), contact("c", reports_to_id="a")]
    decision = merged(records, records)
    assert [type(one) for one in decision.changes] == [Update, Delete, Delete, Insert]
    assert decision.survivor == contact("a")
    assert codes(decision) == ["merge.contracted", "merge.contracted"]


def test_what_refers_to_a_row_that_goes_is_pointed_to_the_one_that_stays() -> None:
    rows = [made(CampaignMember, id=id_, campaign_id="k", member=who(p)) for id_, p in ("ma", "nb")]
    file = made(Attachment, id="f", about=rows[1].ref, uri="u")
    decision = merged([contact("a"), contact("b")], [*rows, file])
    assert decision.changes.after(file.ref) == made(Attachment, id="f", about=rows[0].ref, uri="u")
    assert [one.before for one in decision.receipt.moved] == [rows[1].ref]
    assert rows[1].ref not in {one.ref for one in decision.changes.written}


def test_the_survivor_may_refer_to_a_row_that_goes() -> None:
    rows = [made(CampaignMember, id=id_, campaign_id="k", member=who(p)) for id_, p in ("ma", "nb")]
    records = [Dossier(id="d", about=rows[1].ref), Dossier(id="e")]
    # Merging dossiers does not touch these rows; merging the contacts does.
    assert merged(records, rows, model=MODEL).survivor == records[0]
    file = made(Attachment, id="f", about=rows[1].ref, uri="u")
    assert merged([contact("a"), contact("b")], [*rows, file]).receipt.moved[0].ref == file.ref


def test_what_refers_to_a_link_with_itself_stands_in_the_way() -> None:
    row = made(AccountRelation, id="r", from_id="a", to_id="b", kind="partner")
    file = made(Attachment, id="f", about=row.ref, uri="u")
    found = merged([account("a"), account("b")], [row, file]).findings.errors
    assert [(one.code, one.ref, one.path) for one in found] == [
        ("merge.still_referred", file.ref, "about")
    ]


def test_policies_that_do_not_fit_the_model_are_refused() -> None:
    rules = Survivorship().with_policy(Contact, "titel", Policy.OLDEST)
    with pytest.raises(ModelError, match="titel"):
        merged([contact("a"), contact("b")], survivorship=rules)


def test_a_chosen_loop_is_refused() -> None:
    child = account("c", parent_id="b")
    with pytest.raises(CycleError):
        merged([account("a"), account("b")], [child], choose={"parent_id": "c"})


def test_the_losers_may_come_from_any_iterable() -> None:
    losers = (contact(id_) for id_ in "bc")
    decision = merge(contact("a"), losers, context=context())
    assert decision.receipt.losers == (who("b"), who("c"))


def test_a_merge_is_a_value() -> None:
    records = [contact("a"), contact("b", phone="1")]
    call = made(Activity, id="t", subject="Call", who=who("b"))
    assert merged(records, [call]) == merged(records, [call, call])
