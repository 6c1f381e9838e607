"""Receipts as an older version wrote them, and receipts that are damaged."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import Crm
from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, Delete, Update, differences
from crmcore.entities import Account, Contact, MergeReceipt, Record
from crmcore.errors import NotFoundError
from crmcore.rules.merge import UnmergeError
from crmcore.values import PersonName, Ref
from tests.properties.merge.test_any_order import FEW, begun, known, some_merges
from tests.properties.merge.worlds import made, worlds


def as_written_before(receipt: MergeReceipt) -> MergeReceipt:
    """What the version before unmerging was there would have written."""
    return attrs.evolve(
        receipt, after=None, chosen=(), rewritten=(), heirs=(), removed=(), ended=(), begun=()
    )


def rewrite(crm: Crm, receipt: MergeReceipt) -> None:
    stored = crm.get(MergeReceipt, receipt.id)
    crm._repository.commit(ChangeSet([Update(stored, receipt)]))


@FEW
@given(worlds(), st.data())
def test_a_receipt_of_an_older_version_restores_what_it_can_and_says_what_not(
    records: tuple[Record, ...], data: st.DataObject
) -> None:
    """M18 M20 records, link rows and references come back; every value that stays is told."""
    crm = begun(records)
    before = known(crm)
    for merge in some_merges(crm, data, 1):
        rewrite(crm, as_written_before(crm.get(MergeReceipt, merge.id)))
        unmerge = crm.unmerge(merge.id)
        after = known(crm)
        told = {(one.ref, one.field) for one in unmerge.receipt.stayed}
        assert not crm.check().errors, str(crm.check().errors)
        for ref, record in before.items():
            is_derived = ref.kind in ("account_contact_relation", "opportunity_contact_role")
            assert ref in after or is_derived, f"{ref} was lost"
            odd = differences(record, after[ref]) if ref in after else ()
            untold = {path for path, _, _ in odd if (ref, path) not in told}
            assert is_derived or not untold, f"{ref}: {untold}"


def test_a_receipt_without_its_records_gives_back_what_there_is() -> None:
    """M20 damaged data: nothing is invented, nothing breaks."""
    crm = Crm(MemoryRepository())
    one, other = (crm.add(Contact(name=PersonName(family=name))) for name in ("A", "B"))
    merge = crm.merge(one, other)
    stored = crm.get(MergeReceipt, merge.id)
    rewrite(crm, attrs.evolve(stored, merged=(), before=None, after=None))
    unmerge = crm.unmerge(merge.id)
    assert unmerge.receipt.restored == ()
    with pytest.raises(NotFoundError):
        crm.get(Contact, other.id)


def test_what_is_no_merge_cannot_be_taken_back() -> None:
    """M21 an id of anything else, a receipt of another store, one that was deleted."""
    crm = Crm(MemoryRepository())
    one, other = (crm.add(Account(name=name)) for name in ("A", "B"))
    elsewhere: Any = made(MergeReceipt, survivor=one.ref, losers=(other.ref,))
    for what in ("nothing", one.id, elsewhere):
        with pytest.raises(NotFoundError) as caught:
            crm.unmerge(what)
        assert "crm.merge" in caught.value.hint
    merge = crm.merge(one, other)
    crm.unmerge(merge)
    with pytest.raises(UnmergeError) as again:
        crm.unmerge(merge.receipt)
    assert again.value.hint


def test_a_history_with_a_receipt_missing_ends() -> None:
    """M20 an unmerge that led through a merge whose receipt is gone is no endless search."""
    crm = Crm(MemoryRepository())
    people = [crm.add(Contact(name=PersonName(family=str(at)))) for at in range(4)]
    calls = crm.merge(people[0], people[1])
    above = crm.merge(people[2], people[0])
    crm.unmerge(calls)
    receipt = crm.get(MergeReceipt, calls.id)
    crm._repository.commit(ChangeSet([Delete(receipt)]))
    crm.unmerge(above)
    assert crm.resolve(Ref("contact", people[1].id)) == people[1].ref
