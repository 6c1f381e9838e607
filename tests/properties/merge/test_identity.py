from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Contact, MergeReceipt
from crmcore.rules.identity import survivor_of
from crmcore.values import Ref
from tests.properties.merge.worlds import contacts, made, plan, stored, world


@given(contacts(least=3, most=6), st.data())
def test_every_old_id_resolves_over_any_number_of_merges(
    people: tuple[Contact, ...], data: st.DataObject
) -> None:
    """M2 and the external ids of a loser are on the survivor or in a receipt."""
    repository = stored(people)
    receipts: list[MergeReceipt] = []
    merged_into: dict[Ref[Any], Ref[Any]] = {}
    while data.draw(st.booleans()) or not receipts:
        left = [ref for ref in world(repository) if ref.kind == "contact"]
        if len(left) < 2:
            break
        survivor, *losers = data.draw(st.lists(st.sampled_from(left), min_size=2, unique=True))
        decision = plan(world(repository), survivor, losers)
        repository.commit(decision.changes)
        receipts.append(decision.receipt)
        merged_into.update(dict.fromkeys(losers, survivor))
    event(f"merges: {len(receipts)}")
    after = world(repository)
    for one in people:
        ref: Ref[Any] = one.ref
        while ref in merged_into:
            ref = merged_into[ref]
        assert survivor_of(one.ref, receipts) == ref
        now = after[ref]
        for system, id_ in one.external_ids.items():
            told = [
                transfer.value
                for receipt in receipts
                for transfer in receipt.transfers
                if transfer.field == f"external_ids.{system}"
            ]
            assert now.external_ids.get(system) == id_ or id_ in told


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8), st.integers(0, 4))
def test_resolving_ends_even_where_receipts_are_damaged(
    pairs: list[tuple[int, int]], start: int
) -> None:
    """M2 receipts that lead in a circle do not hang the reader."""
    refs = [Ref[Any]("contact", f"c{index}") for index in range(5)]
    receipts = [made(MergeReceipt, survivor=refs[new], losers=(refs[old],)) for old, new in pairs]
    assert survivor_of(refs[start], receipts) in refs
