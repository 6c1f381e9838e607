"""Cost: what following a change touches, counted in nodes and records, not in time."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import Insert, Update
from crmcore.entities import Account, ExchangeRate, Opportunity
from crmcore.rules.rollup import Rollup
from crmcore.rules.rollup.node import ID
from crmcore.values import Money
from tests.properties.rollup.follow import Ledger
from tests.properties.rollup.records import account, deal
from tests.properties.rollup.worlds import COUNT, DISTINCT, MAX, SUM

ROLLUPS = (SUM, COUNT, MAX, DISTINCT)


class Node(list[Any]):
    """A node that tells when something in it is set."""

    touched: set[Any] = set()  # noqa: RUF012 - emptied by each test

    def __setitem__(self, at: Any, value: Any) -> None:
        self.touched.add(self[ID])
        super().__setitem__(at, value)


def reads(found: Ledger) -> list[object]:
    """What is read from now on: records, by whatever part of the totals."""
    read: list[object] = []
    for branch in found.totals._branches.values():
        items = branch.items

        def counted(record: Any, items: Any = items) -> Any:
            read.append(record)
            return items(record)

        branch.items = counted
    follower: Any = found.totals._followers[Opportunity]
    object.__setattr__(follower, "items", next(iter(found.totals._branches.values())).items)
    return read


def chain(depth: int, name: str) -> list[Account]:
    """Accounts below one another; the first is the top."""
    return [account(f"{name}{at}", f"{name}{at - 1}" if at else None) for at in range(depth)]


def ledger(depths: tuple[int, int], records: int, rollups: tuple[Rollup, ...]) -> Ledger:
    """Two chains with many records and branches beside each account."""
    trees = [*chain(depths[0], "l"), *chain(depths[1], "r")]
    beside = [account(f"{one.id}-{at}", one.id) for one in trees for at in range(5)]
    known = [
        deal(f"{one.id}.{at}", one.id, amount=Money(at, "EUR"), owner_id=f"u{at}")
        for one in (*trees, *beside)
        for at in range(records)
    ]
    return Ledger(rollups, [*trees, *beside], known, new=Node)


@given(st.integers(1, 30), st.sampled_from(["amount", "stage", "account_id", "delete", "insert"]))
def test_one_changed_child_touches_the_accounts_above_it(depth: int, move: str) -> None:
    """R14 cost: at most the accounts above the old place and the new, and its own."""
    found = ledger((depth, depth), 2, ROLLUPS)
    low: Any = found.records[f"l{depth - 1}.1"]
    Node.touched.clear()
    if move == "delete":
        found.remove(low.id)
    elif move == "insert":
        found.put(deal("new", f"l{depth - 1}", amount=Money(1, "EUR"), owner_id="new"))
    else:
        after = {"amount": Money(9, "EUR"), "stage": "Lost", "account_id": f"r{depth - 1}"}
        found.put(evolve(low, **{move: after[move]}))
    assert len(Node.touched) <= (2 * depth if move == "account_id" else depth)
    assert not any("-" in one for one in Node.touched)
    found.check()


@pytest.mark.parametrize("records", [1, 40])
@given(st.integers(2, 12), st.integers(2, 12))
def test_a_move_touches_the_accounts_above_both_places_whatever_is_below(
    records: int, left: int, right: int
) -> None:
    """R14 cost: for sums and counts, old depth and new depth, however large the subtree is."""
    found = ledger((left, right), records, (SUM, COUNT))
    read = reads(found)
    top: Any = found.records["l1"]
    Node.touched.clear()
    found.put(evolve(top, parent_id=f"r{right - 1}"))
    assert len(Node.touched) <= 1 + right + 1
    assert not read
    found.check()


def test_a_new_rate_touches_nothing() -> None:
    """R14 cost: a change of exchange rates touches no account, and reads no record."""
    found = ledger((5, 5), 3, (SUM,))
    for at in range(5):
        found.put(deal(f"abroad{at}", f"l{at}", amount=Money(10, "USD")))
    read = reads(found)
    Node.touched.clear()
    assert found.totals.value(SUM, "l4") == Money(3 + 5 * 3, "EUR")
    rate = ExchangeRate(currency="USD", base="EUR", valid_from=date(2025, 1, 1), rate=2)
    found.totals.apply([Insert(rate)])
    assert found.totals.value(SUM, "l4") == Money(5 + 3 + 5 * 3, "EUR")
    found.totals.apply([Update(rate, evolve(rate, rate=Decimal(4)))])
    assert found.totals.value(SUM, "l4") == Money(Decimal("2.5") + 3 + 5 * 3, "EUR")
    assert not Node.touched
    assert not read
