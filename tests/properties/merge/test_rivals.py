from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import Crm
from crmcore.adapters import JsonFileRepository, MemoryRepository
from crmcore.changes import ConflictError
from crmcore.entities import Account, Activity, Contact, MergeReceipt, Opportunity, Record
from crmcore.rules.merge import UnmergeError
from crmcore.values import Money, PersonName, Ref
from tests.properties.merge.test_any_order import FEW, begun, known, some_merges, unlike
from tests.properties.merge.worlds import made, worlds


def people(crm: Crm, size: int) -> None:
    for number in range(size):
        one = crm.add(made(Contact, id=f"c{number}", name=PersonName(family="Lovelace")))
        crm.add(made(Activity, id=f"t{number}", subject="Call", who=one.ref))


@given(st.permutations(range(4)), st.permutations(range(4)), st.integers(2, 3), st.integers(2, 3))
def test_of_two_merges_that_claim_one_record_one_wins(
    first: list[int], second: list[int], size: int, other: int
) -> None:
    """M23 the other gets ConflictError, and nothing of it is stored."""
    crm = Crm()
    people(crm, 4)
    one, rival = [f"c{at}" for at in first[:size]], [f"c{at}" for at in second[:other]]
    won = crm.merge(one[0], one[1:], dry_run=True)
    lost = crm.merge(rival[0], rival[1:], dry_run=True)
    crm.commit(won)
    after = known(crm)
    if set(one) & set(rival):
        with pytest.raises(ConflictError):
            crm.commit(lost)
        assert known(crm) == after
        assert crm.count(MergeReceipt) == 1
    else:
        crm.commit(lost)
        assert crm.count(MergeReceipt) == 2


@given(st.booleans())
def test_a_merge_is_taken_back_by_one_of_two(is_edited: bool) -> None:
    """M23 for unmerges: the second sees what the first did, whichever was planned first."""
    crm = Crm()
    people(crm, 2)
    merge = crm.merge("c0", "c1")
    plans = [crm.unmerge(merge.id, dry_run=True) for _ in range(2)]
    crm.commit(plans[0])
    with pytest.raises(ConflictError):
        crm.commit(plans[1])
    with pytest.raises(UnmergeError):
        crm.unmerge(merge.id)


class Failing:
    """A repository whose n-th read or commit fails."""

    def __init__(self, store: Any, at: int) -> None:
        self.store, self.left = store, at

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError("the disk is gone")

    def snapshot(self) -> Any:
        self.step()
        return _Failing(self, self.store.snapshot())

    def commit(self, changes: Any) -> int:
        self.step()
        number: int = self.store.commit(changes)
        return number

    def close(self) -> None:
        self.store.close()


class _Failing:
    def __init__(self, failing: Failing, inner: Any) -> None:
        self.failing, self.inner = failing, inner

    def __enter__(self) -> Any:
        self.snapshot = self.inner.__enter__()
        return self

    def __exit__(self, *told: object) -> None:
        self.inner.__exit__(*told)

    @property
    def seq(self) -> int:
        number: int = self.snapshot.seq
        return number

    def get(self, *given: Any) -> Any:
        self.failing.step()
        return self.snapshot.get(*given)

    def find(self, *given: Any) -> Any:
        self.failing.step()
        return self.snapshot.find(*given)


@pytest.mark.parametrize("kind", ["memory", "json"])
def test_a_failure_at_any_step_leaves_nothing_half_merged(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """M16 every read and the commit of a merge and of an unmerge fails once, in turn."""
    path = tmp_path_factory.mktemp("fail") / "fail.crm.json"
    store: Any = MemoryRepository() if kind == "memory" else JsonFileRepository(path)
    crm = Crm(store)
    people(crm, 3)
    merge: str | None = None
    for what in ("merge", "unmerge"):
        before, failed, at = known(crm), 0, 0
        while True:
            at += 1
            weak = Crm(Failing(store, at))
            try:
                if merge is None:
                    merge = weak.merge("c0", ["c1", "c2"]).id
                else:
                    weak.unmerge(merge)
            except OSError:
                failed += 1
                assert known(crm) == before
                continue
            break
        assert failed > 10, f"{what} failed at {failed} steps only"
        assert (Ref("contact", "c1") in known(crm)) is (what == "unmerge")
    assert not crm.check()


def totals(crm: Crm) -> dict[str, Any]:
    """Won and open amounts by account and all below it, computed record by record."""
    accounts = {one.id: one.parent_id for one in crm.find(Account)}
    found: dict[str, Any] = dict.fromkeys(accounts, Money(0, "EUR"))
    for deal in crm.find(Opportunity):
        at = deal.account_id
        while at is not None and deal.amount is not None:
            found[at] += deal.amount
            at = accounts[at]
    return found


@FEW
@given(worlds(), st.data())
def test_rollups_are_exact_through_merges_and_unmerges(
    records: tuple[Record, ...], data: st.DataObject
) -> None:
    """M14 at every account of both trees, compared with sums over the records themselves."""
    deals = [
        one
        if not isinstance(one, Opportunity)
        else made(Opportunity, id=one.id, name="E", account_id=one.account_id, amount=amount)
        for one, amount in zip(
            records, [Money(at + 1, "EUR") for at in range(len(records))], strict=True
        )
    ]
    crm = begun(tuple(deals))
    start = known(crm)
    amounts = (one.amount for one in crm.find(Opportunity) if one.account_id and one.amount)
    everything = sum(amounts, start=Money(0, "EUR"))
    merges = []
    for _ in range(3):
        merges += some_merges(crm, data, 1)
        assert {
            id_: value or Money(0, "EUR") for id_, value in crm.rollups("open_pipeline").items()
        } == totals(crm)
    for merge in data.draw(st.permutations(merges)):
        crm.unmerge(merge)
        assert {
            id_: value or Money(0, "EUR") for id_, value in crm.rollups("open_pipeline").items()
        } == totals(crm)
    assert unlike(start, known(crm)) == []
    tops = [one.id for one in crm.find(Account) if one.parent_id is None]
    assert sum((totals(crm)[one] for one in tops), start=Money(0, "EUR")) == everything
