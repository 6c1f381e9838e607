from typing import Any

import pytest
from attrs import evolve

from crmcore.changes import Insert
from crmcore.query import ALL, F
from crmcore.rules.rollup import Rollup, RollupResult, Totals, roll_up, strips
from crmcore.rules.rollup import sweep as sweeping
from crmcore.values import Money, Ref
from tests.properties.rollup.records import account, contact, deal
from tests.unit.rules.rollup.test_compute import AMOUNT, CONTEXT, GROUP

COUNT = evolve(AMOUNT, name="count", value=None, aggregate="count", where=ALL)
OWNERS = evolve(COUNT, name="owners", value=F.owner_id, aggregate="count_distinct")


def result(rollup: Rollup, *records: Any) -> RollupResult:
    return roll_up(rollup, accounts=GROUP, children=records, context=CONTEXT)


@pytest.mark.parametrize(
    "value", [None, "", "gone", 5, ["left"], ("left", []), Ref("account", "x")]
)
def test_what_names_no_account_is_nowhere_whatever_it_is(value: Any) -> None:
    found = result(COUNT, deal("a", value), deal("b", value), deal("c", "left"))
    assert (found["top"], found.unassigned, found.everything) == (1, 2, 3)


def test_an_account_that_comes_later_has_what_waits_for_it() -> None:
    made = Totals((COUNT,), CONTEXT)
    made.build(accounts=GROUP, children=[deal("a", "later"), deal("b", "later")])
    assert made.result(COUNT).unassigned == 2
    made.apply([Insert(account("later", "top"))])
    assert made.value(COUNT, "later") == 2
    assert made.value(COUNT, "top") == 2
    assert made.result(COUNT).unassigned == 0


def test_other_records_among_them_are_passed_over() -> None:
    assert result(COUNT, contact("p", "left"), deal("a", "left")).everything == 1


def test_filters_are_decided_once_for_what_they_have_in_common() -> None:
    won, lost = F.stage == "Won", F.stage == "Lost"
    assert sweeping._terms((won & lost) & ~won) == (won, lost, ~won)
    assert sweeping._shared([(won, lost), (won, ~won), (won,)]) == 1
    assert sweeping._shared([(), (won,)]) == 0
    assert sweeping._shared([(won, lost)]) == 2


def test_steps_end_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    deals = [deal(f"d{at}", "left", amount=Money(at, "EUR"), stage="Won") for at in range(7)]
    for step in (1, 2, 6, 7, 8):
        monkeypatch.setattr(sweeping, "STEP", step)
        assert result(evolve(AMOUNT, where=ALL), *deals)["top"] == Money(21, "EUR")


def test_many_distinct_values_are_sets_that_are_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "MOST_BITS", 2)
    owners: Any = [f"u{at}" for at in range(5)]
    deals = [deal(f"d{at}", ("left", "right")[at % 2], owner_id=owners[at]) for at in range(5)]
    found = result(OWNERS, *deals, deal("x", None, owner_id=owners[0]))
    assert dict(found) == {"top": 5, "left": 3, "right": 2}
    assert (found.unassigned, found.everything) == (1, 5)
