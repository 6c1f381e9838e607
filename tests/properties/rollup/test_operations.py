"""Operations: what holds between them, whatever the records."""

from fractions import Fraction
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Account, Opportunity
from crmcore.query import F
from crmcore.rules.rollup import Rollup, concatenate, largest, nth, percentile, weighted_sum
from tests.properties.rollup.follow import Ledger, deals, trees
from tests.properties.rollup.worlds import fraction

AMOUNT: dict[str, Any] = {"child": Opportunity, "by": F.account_id, "value": F.amount}
BY_NAME: dict[str, Any] = {**AMOUNT, "value": F.name, "order_by": F.close_on.desc()}
WON: dict[str, Any] = {**AMOUNT, "value": F.stage == "Won"}
ROLLUPS = {
    "sum": Rollup(name="sum", aggregate="sum", **AMOUNT),
    "average": Rollup(name="average", aggregate="average", **AMOUNT),
    "min": Rollup(name="min", aggregate="min", **AMOUNT),
    "max": Rollup(name="max", aggregate="max", **AMOUNT),
    "median": Rollup(name="median", aggregate="median", **AMOUNT),
    "p0": Rollup(name="p0", aggregate=percentile(0), **AMOUNT),
    "p50": Rollup(name="p50", aggregate=percentile(50), **AMOUNT),
    "p100": Rollup(name="p100", aggregate=percentile(100), **AMOUNT),
    "largest": Rollup(name="largest", aggregate=largest(3), **AMOUNT),
    "usual": Rollup(name="usual", aggregate="most_frequent", **AMOUNT),
    "weighted": Rollup(name="weighted", aggregate=weighted_sum(F.probability), **AMOUNT),
    "amounts": Rollup(
        name="amounts",
        child=Opportunity,
        by=F.account_id,
        where=~F.amount.is_none(),
        aggregate="count",
    ),
    "first": Rollup(name="first", aggregate="first", **BY_NAME),
    "last": Rollup(name="last", aggregate="last", **BY_NAME),
    "nth1": Rollup(name="nth1", aggregate=nth(1), **BY_NAME),
    "nth2": Rollup(name="nth2", aggregate=nth(2), **BY_NAME),
    "all_names": Rollup(name="all_names", aggregate=concatenate("|"), **BY_NAME),
    "each_name": Rollup(name="each_name", aggregate="concatenate_distinct", **BY_NAME),
    "distinct": Rollup(name="distinct", aggregate="count_distinct", **AMOUNT),
    "all": Rollup(name="all", aggregate="all", **WON),
    "some": Rollup(name="some", aggregate="some", **WON),
    "none": Rollup(name="none", aggregate="none", **WON),
}
HALF_A_DIGIT = Fraction(1, 2 * 10**12)


@given(trees(), st.lists(deals(), max_size=8), st.data())
def test_operations_agree_with_one_another(
    accounts: tuple[Account, ...], known: list[Opportunity], data: st.DataObject
) -> None:
    """R5 operations: average times count is the sum, none excludes some, and so on."""
    ledger = Ledger(ROLLUPS.values(), accounts, known)
    for one in known[:3]:
        ledger.put(data.draw(deals(one.id)))
    ledger.check()
    for id_ in ledger.totals.result(ROLLUPS["sum"]):
        found: dict[str, Any] = {name: ledger.totals.value(r, id_) for name, r in ROLLUPS.items()}
        amounts_agree(found)
        names_agree(found)
        assert found["none"] is (None if found["some"] is None else not found["some"])
        assert not (found["all"] and not found["some"])


def amounts_agree(found: dict[str, Any]) -> None:
    if not found["amounts"]:
        event("no amount")
        assert found["average"] is found["min"] is found["median"] is found["largest"] is None
        return
    average = fraction(found["average"])
    assert abs(average * found["amounts"] - fraction(found["sum"])) <= HALF_A_DIGIT * 10
    assert fraction(found["min"]) <= average + HALF_A_DIGIT
    assert average <= fraction(found["max"]) + HALF_A_DIGIT
    assert found["p0"] == found["min"]
    assert found["p100"] == found["max"] == found["largest"][0]
    assert found["p50"] == found["median"]
    assert found["min"] <= found["usual"] <= found["max"]
    assert list(found["largest"]) == sorted(found["largest"], reverse=True)
    assert len(found["largest"]) == min(3, found["amounts"])
    assert 1 <= found["distinct"] <= found["amounts"]


def names_agree(found: dict[str, Any]) -> None:
    names = [] if found["all_names"] is None else found["all_names"].split("|")
    assert found["first"] == found["nth1"] == (names[0] if names else None)
    assert found["last"] == (names[-1] if names else None)
    assert found["nth2"] == (names[1] if len(names) > 1 else None)
    assert (found["each_name"] or "").count(", ") == max(len(set(names)) - 1, 0)
