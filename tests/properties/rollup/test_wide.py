"""Wide: one account with 100,000 children, what a change costs there, counted."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import Account, Opportunity
from crmcore.rules import hierarchy
from crmcore.rules.rollup import Operation, Totals, fan, largest
from crmcore.values import Money
from tests.properties.rollup.follow import Ledger
from tests.properties.rollup.records import account, deal
from tests.properties.rollup.test_cost import Node, reads
from tests.properties.rollup.worlds import COUNT, DISTINCT, MAX, MIN, SUM

WIDE = 100_000
ROLLUPS = (SUM, COUNT, MAX, DISTINCT)


@cache
def accounts() -> tuple[Account, ...]:
    return account("top"), *(account(f"c{at}", "top") for at in range(WIDE))


def deals() -> Iterator[Opportunity]:
    """One for every hundredth child: each closes on a day of its own."""
    for at in range(0, WIDE, 100):
        day = date.fromordinal(730_000 + at)
        yield deal(f"d{at}", f"c{at}", amount=Money(at, "EUR"), owner_id=f"u{at}", close_on=day)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger(ROLLUPS, accounts(), deals(), new=Node)


def test_a_hundred_thousand_children_are_walked_once() -> None:
    """X3 The walks work, and each child is met once."""
    parents: dict[str, str | None] = {one.id: one.parent_id for one in accounts()}
    found = hierarchy.forest(parents)
    assert len(found.below("top")) == WIDE + 1
    assert len(found.bottom_up) == WIDE + 1
    assert hierarchy.common("c1", f"c{WIDE - 1}", parents.get) == "top"


def test_figures_of_a_hundred_thousand_children_are_right(ledger: Ledger) -> None:
    """R2 subtree: the account above them has the sum of all."""
    totals = ledger.totals
    assert totals.value(SUM, "top") == Money(sum(range(0, WIDE, 100)), "EUR")
    assert totals.value(COUNT, "top") == totals.value(DISTINCT, "top") == WIDE // 100
    assert totals.value(COUNT, "c100") == 1


@pytest.mark.parametrize("move", ["amount", "insert", "delete", "moves"])
def test_a_change_below_one_of_them_touches_two_accounts(ledger: Ledger, move: str) -> None:
    """R14 cost: the child and the account above, whatever stands beside; one record is read."""
    some: Any = next(one for one in ledger.records.values() if one.id == "d500")
    Node.touched.clear()
    read = reads(ledger)
    match move:
        case "amount":
            ledger.put(evolve(some, amount=Money(7, "EUR")))
        case "insert":
            ledger.put(deal("new", "c7", amount=Money(7, "EUR"), close_on=date(2030, 1, 1)))
        case "delete":
            ledger.remove("d900")
        case _:
            ledger.put(evolve(some, account_id="c8"))
    assert len(Node.touched) <= (3 if move == "moves" else 2)
    assert len(read) <= 2
    assert "top" in Node.touched


def test_a_child_that_goes_to_another_group_touches_the_two_above(ledger: Ledger) -> None:
    """R14 cost: a move out of 100,000 children, and back."""
    ledger.put(account("other"))
    for parent in ("other", "top"):
        Node.touched.clear()
        ledger.put(account("c300", parent))
        assert Node.touched <= {"c300", "other", "top"}
    assert same(ledger.totals, ledger.afresh())


def same(one: Totals, other: Totals) -> bool:
    return all(one.value(each, "top") == other.value(each, "top") for each in ROLLUPS)


def counting(calls: list[object]) -> Operation:
    """The latest of dates, by an operation that notes each time it compares two."""

    def later(one: date, other: date) -> date:
        calls.append(other)
        return max(one, other)

    return evolve(MAX.aggregate, name="latest_counted", merge=later, add=later)


def test_an_extreme_that_goes_is_found_again_in_few_steps() -> None:
    """R14 cost: from the second time on, the next latest of 100,000 children takes 17 merges."""
    calls: list[object] = []
    latest = evolve(MAX, aggregate=counting(calls))
    found = Ledger([latest], accounts(), deals())
    for at in range(WIDE - 100, WIDE - 500, -100):
        calls.clear()
        found.remove(f"d{at}")
        expected = date.fromordinal(730_000 + at - 100)
        assert found.totals.value(latest, "top") == expected
    assert len(calls) <= 2 * 17


IDS = st.sampled_from("abcdefgh")
DAYS = st.none() | st.integers(0, 9).map(lambda at: date.fromordinal(730_000 + at))


@given(
    st.lists(st.tuples(IDS, DAYS), max_size=8, unique_by=lambda one: one[0]),
    st.lists(
        st.tuples(st.sampled_from(["put", "move", "gone", "own"]), IDS, DAYS),
        min_size=3,
        max_size=12,
    ),
)
def test_many_children_are_as_few(
    start: list[tuple[str, date | None]], steps: list[tuple[str, str, date | None]]
) -> None:
    """R1 oracle: with a fan at every account the figures are those computed afresh."""
    groups = [account("top"), account("mid", "top"), *(account(one, "mid") for one in "abcdefgh")]
    rollups = (MAX, MIN, evolve(MAX, name="l3", aggregate=largest(2)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fan, "WIDE", 0)
        found = Ledger(rollups, groups, [deal(f"d{one}", one, close_on=day) for one, day in start])
        for kind, one, day in steps:
            match kind:
                case "put":
                    found.put(deal(f"d{one}", one, close_on=day, amount=Money(ord(one), "EUR")))
                case "own":
                    found.put(deal(f"m{one}", "mid", close_on=day, amount=Money(ord(one), "USD")))
                case "move":
                    found.put(account(one, "top" if day is None else "mid"))
                case _ if f"d{one}" in found.records:
                    found.remove(f"d{one}")
            afresh = found.afresh()
            for rollup in rollups:
                assert found.totals.result(rollup) == afresh.result(rollup)
