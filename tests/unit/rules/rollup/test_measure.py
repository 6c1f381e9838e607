from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Account,
    Crm,
    F,
    Lead,
    Money,
    Opportunity,
    Rollup,
)
from crmcore.errors import UsageError
from crmcore.findings import ModelError
from crmcore.rules.rollup import Measure, Shares, measure, roll_up
from crmcore.rules.rule import Context

HOME: Any = Account(id="a", name="A")  # type: ignore[arg-type]  # plain ids
CONTEXT = Context(model=STANDARD_MODEL, now=datetime(2025, 3, 20, tzinfo=UTC), new_id=str)


def tenth(deal: Opportunity) -> Money | None:
    return None if deal.amount is None else Money(deal.amount.amount / 10, deal.amount.currency)


MARGIN = Measure(name="margin", of=Opportunity, gives=Money, function=tenth)
LETTERS = Measure(name="letters", of=Opportunity, gives=int, function=lambda deal: len(deal.name))


def deals(**parts: Any) -> Rollup:
    return Rollup(**{"name": "x", "child": Opportunity, "by": F.account_id, **parts})


def deal(name: str, amount: str | None) -> Opportunity:
    worth = None if amount is None else Money(amount, "EUR")
    return Opportunity(name=name, account_id=HOME.id, amount=worth)


def value(rollup: Rollup, *records: Opportunity) -> Any:
    return roll_up(rollup, accounts=[HOME], children=records, context=CONTEXT)["a"]


def test_what_a_function_gives_is_the_value() -> None:
    three = deal("one", "10"), deal("three", "5"), deal("none", None)
    assert value(deals(value=MARGIN, aggregate="sum"), *three) == Money("1.5", "EUR")
    assert value(deals(value=LETTERS, aggregate="max"), *three) == 5
    assert value(deals(value=LETTERS, aggregate="median"), *three) == 4
    assert value(deals(value=MARGIN, aggregate="sum", shares=Shares()), *three) == Money(
        "1.5", "EUR"
    )
    assert value(deals(value=MARGIN, aggregate="count_distinct"), *three) == 2


def test_a_value_of_another_class_is_a_finding_and_does_not_count() -> None:
    odd: Any = Measure(name="odd", of=Opportunity, gives=Decimal, function=lambda deal: deal.name)
    result = roll_up(
        deals(value=odd, aggregate="sum"),
        accounts=[HOME],
        children=[deal("n", "1")],
        context=CONTEXT,
    )
    assert result["a"] == 0
    (finding,) = result.findings
    assert (finding.code, finding.value) == ("rollup.bad_value", "n")


def test_what_a_function_raises_says_where() -> None:
    broken: Any = Measure(name="broken", of=Opportunity, gives=int, function=lambda deal: 1 // 0)
    with pytest.raises(ZeroDivisionError) as caught:
        value(deals(value=broken, aggregate="sum"), deal("n", "1"))
    assert "in the measure 'broken'" in caught.value.__notes__[0]


def test_a_book_knows_measures_by_name() -> None:
    by_name = deals(name="margin_won", value=measure("margin"), aggregate="sum")
    crm = Crm(rules=STANDARD_RULES.with_measures(MARGIN).with_rollups(by_name))
    home = crm.add(Account(name="A"))
    crm.add(Opportunity(name="Pump", account_id=home.id, amount=Money(30, "EUR")))
    assert crm.rollup("margin_won", home.id) == Money(3, "EUR")
    explained = crm.explain("margin_won", home.id)
    assert [each.value for each in explained.contributions] == [Money(3, "EUR")]
    assert "margin" in str(crm.rules.rollup("margin_won"))
    double = Measure(name="margin", of=Opportunity, gives=Money, function=lambda deal: deal.amount)
    again = crm.rules.with_measures(double)
    assert again.rollup("margin_won") == deals(name="margin_won", value=double, aggregate="sum")


def test_a_wrong_name_is_refused_when_the_book_is_built() -> None:
    book = STANDARD_RULES.with_measures(MARGIN)
    with pytest.raises(ModelError, match="did you mean 'margin'"):
        book.with_rollups(deals(value=measure("margni"), aggregate="sum"))
    with pytest.raises(ModelError, match="with_measures"):
        STANDARD_RULES.with_rollups(deals(value=measure("margin"), aggregate="sum"))
    with pytest.raises(ModelError, match="same name"):
        type(book)(measures=[MARGIN, MARGIN])


@pytest.mark.parametrize(
    "parts",
    [
        {"value": LETTERS, "aggregate": "first", "child": Lead, "by": F.converted_account_id},
        {"value": LETTERS, "aggregate": "concatenate"},
        {"value": LETTERS, "aggregate": "all"},
        {"value": MARGIN, "aggregate": "count"},
        {"value": LETTERS, "aggregate": "sum", "currency": "EUR"},
        {
            "value": Measure(name="m", of=Opportunity, gives=bytes, function=repr),
            "aggregate": "count_distinct",
        },
    ],
)
def test_what_does_not_go_together_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        deals(**parts)


def test_the_type_is_asked_of_a_named_one_too() -> None:
    named = deals(value=measure("letters"), aggregate="all")
    assert str(named) == "x: all of opportunity letters"
    with pytest.raises(ModelError):
        STANDARD_RULES.with_measures(LETTERS).with_rollups(named)


def test_the_value_of_the_empty_set_is_of_its_class() -> None:
    crm = Crm(rules=STANDARD_RULES.with_rollups(deals(value=LETTERS, aggregate="max", empty=-1)))
    assert crm.rollup("x", crm.add(Account(name="A")).id) == -1
    with pytest.raises(ModelError):
        Crm(rules=STANDARD_RULES.with_rollups(deals(value=LETTERS, aggregate="max", empty="")))


def test_a_name_alone_is_no_function() -> None:
    with pytest.raises(UsageError, match="with_measures"):
        value(deals(value=measure("margin"), aggregate="sum"), deal("n", "1"))


@pytest.mark.parametrize("parts", [{"of": str}, {"gives": "Money"}, {"function": None}])
def test_a_measure_is_typed(parts: dict[str, Any]) -> None:
    given: dict[str, Any] = {"name": "m", "of": Opportunity, "gives": int, "function": len}
    with pytest.raises(UsageError):
        Measure(**given | parts)
