from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmcore import (
    STANDARD_MODEL,
    Account,
    AccountContactRelation,
    Activity,
    ChangeSet,
    Contact,
    CustomField,
    MemoryRepository,
    PersonName,
    Record,
    Ref,
)
from crmcore.changes import Insert
from crmcore.crm import gather
from crmcore.entities import MergeReceipt
from crmcore.fields import Lookup
from crmcore.ports import Snapshot
from crmcore.values.ids import AccountId, ContactId

TOP = Account(id=AccountId("top"), name="Top")
MID = Account(id=AccountId("mid"), name="Mid", parent_id=TOP.id)
LOW = Account(id=AccountId("low"), name="Low", parent_id=MID.id)
LOOP = Account(id=AccountId("loop"), name="Loop", parent_id=AccountId("loop"))
ADA = Contact(id=ContactId("ada"), name=PersonName(family="King"), account_id=LOW.id)
ROW = AccountContactRelation(account_id=TOP.id, contact_id=ADA.id)
CALL = Activity(subject="Call", who=ADA.ref, custom={"sponsor": "top"})
RECEIPT = MergeReceipt(survivor=TOP.ref, losers=[Ref("account", "old")])
EVERYTHING: tuple[Record, ...] = (TOP, MID, LOW, LOOP, ADA, ROW, CALL, RECEIPT)
MODEL = STANDARD_MODEL.with_custom_fields(
    Activity, CustomField(name="sponsor", type=Lookup("account"))
)


@pytest.fixture
def snapshot() -> Iterator[Snapshot]:
    store = MemoryRepository()
    store.commit(ChangeSet([Insert(one) for one in EVERYTHING]))
    with store.snapshot() as moment:
        yield moment


def test_records_are_fetched_by_reference_unknown_ones_left_out(snapshot: Snapshot) -> None:
    refs = [TOP.ref, ADA.ref, Ref("account", "nowhere"), Ref("no_such_kind", "x"), TOP.ref]
    assert gather.fetch(snapshot, refs, MODEL).keys() == {TOP.ref, ADA.ref}


def test_everything_that_refers_to_a_record_is_found_from_the_schema(snapshot: Snapshot) -> None:
    found = gather.referring(snapshot, [TOP.ref], MODEL)
    assert found.keys() == {MID.ref, ROW.ref, CALL.ref, RECEIPT.ref}
    assert gather.referring(snapshot, [Ref("account", "old")], MODEL).keys() == {RECEIPT.ref}
    both = gather.referring(snapshot, [TOP.ref, ADA.ref], MODEL)
    assert both.keys() == found.keys()
    assert gather.referring(snapshot, [], MODEL) == {}


def test_what_cascades_is_followed_further(snapshot: Snapshot) -> None:
    assert gather.deleted_with(snapshot, ADA, MODEL).keys() == {ROW.ref, CALL.ref}


def test_ancestors_end_at_the_top_in_a_loop_and_at_a_missing_parent(snapshot: Snapshot) -> None:
    parent = MODEL.schema(Account).field("parent_id")
    assert [one.id for one in gather.ancestors(snapshot, LOW, parent)] == ["mid", "top"]
    assert gather.ancestors(snapshot, LOOP, parent) == []
    orphan = Account(name="Orphan", parent_id=AccountId("nowhere"))
    assert gather.ancestors(snapshot, orphan, parent) == []
    below = Account(name="Below", parent_id=LOOP.id)
    assert [one.id for one in gather.ancestors(snapshot, below, parent)] == ["loop"]


def test_the_surroundings_have_every_target_and_every_ancestor(snapshot: Snapshot) -> None:
    found = gather.surroundings(snapshot, [ADA, LOW, LOOP], MODEL)
    assert found.keys() == {LOW.ref, MID.ref, TOP.ref, LOOP.ref}


def test_outgoing_references_have_their_paths(snapshot: Snapshot) -> None:
    assert {
        path: [one.id for one in group]
        for path, group in gather.outgoing(snapshot, CALL, MODEL).items()
    } == {"who": ["ada"], "custom.sponsor": ["top"]}


def test_a_way_up_is_walked_to_its_end_also_past_records_known_otherwise(
    snapshot: Snapshot,
) -> None:
    ada = Contact(name=PersonName(family="Bo"), account_id=LOW.id)
    new = Account(name="New", parent_id=LOW.id)
    assert gather.surroundings(snapshot, [ada, new], MODEL).keys() == {LOW.ref, MID.ref, TOP.ref}
