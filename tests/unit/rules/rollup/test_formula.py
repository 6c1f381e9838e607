from decimal import Decimal
from typing import Any

import pytest

from crmcore import STANDARD_RULES, Account, Contact, Crm, F, Money, Opportunity, Rollup
from crmcore.errors import UsageError
from crmcore.findings import ModelError
from crmcore.rules.rollup import Formula, figure, needs
from crmcore.rules.rollup.definition import circle
from crmcore.rules.rollup.formula import names

EURO, DOLLAR = Money(6, "EUR"), Money(2, "USD")


@pytest.mark.parametrize(
    ("of", "result"),
    [
        (figure("money") / figure("two"), Money(3, "EUR")),
        (figure("money") / figure("money"), Decimal(1)),
        (figure("money") + figure("money"), Money(12, "EUR")),
        (figure("money") - figure("money") * 2, Money(-6, "EUR")),
        (2 * figure("two") + 1, Decimal(5)),
        (1 / figure("two"), Decimal("0.5")),
        (10 - figure("two"), Decimal(8)),
        (Decimal("0.5") + figure("two"), Decimal("2.5")),
        (figure("two") / 3, Decimal("0.666666666667")),
        (figure("two") / figure("zero"), None),
        (figure("nothing") + 1, None),
        (figure("text") + 1, None),
        (figure("money") + 1, None),
        (figure("money") + figure("dollars"), None),
        (figure("money") / figure("dollars"), None),
        (figure("money") * figure("dollars"), None),
        (figure("two") / figure("money"), None),
        (figure("money") * 10**30, None),
    ],
    ids=str,
)
def test_a_formula_is_calculated_exactly_or_has_no_value(of: Any, result: object) -> None:
    known = {"money": EURO, "dollars": DOLLAR, "two": 2, "zero": 0, "nothing": None, "text": "x"}
    assert Formula(name="x", of=of).value(known.__getitem__) == result


def test_a_formula_is_rounded_once() -> None:
    third = Formula(name="third", of=figure("a") / 3, rounding=2)
    assert third.value({"a": 1}.__getitem__) == Decimal("0.33")
    assert str(third) == "third: (a / 3)"


def test_a_formula_knows_what_it_needs() -> None:
    one = Formula(name="x", of=(figure("a") + figure("b")) * figure("c") - 1)
    assert (tuple(names(one.of)), needs(one)) == (("a", "b", "c"), ("a", "b", "c"))
    diamond = {
        "top": Formula(name="top", of=figure("l") + figure("r")),
        "l": Formula(name="l", of=figure("low") + 1),
        "r": Formula(name="r", of=figure("low") + 2),
        "low": Formula(name="low", of=figure("gone") + 0),
    }
    assert circle(diamond) is None
    assert circle({**diamond, "low": Formula(name="low", of=figure("top") + 0)}) is not None


def test_what_cannot_be_calculated_with_is_refused() -> None:
    with pytest.raises(UsageError, match="exact numbers"):
        figure("a") + 1.5  # type: ignore[operator]  # on purpose
    with pytest.raises(UsageError, match="exact numbers"):
        figure("a") * True


def test_a_book_refuses_figures_that_do_not_go_together() -> None:
    with pytest.raises(ModelError, match=r"did you mean 'open_deals'"):
        STANDARD_RULES.with_rollups(Formula(name="x", of=figure("open_deal") + 1))
    with pytest.raises(ModelError, match="of the same entity"):
        STANDARD_RULES.with_rollups(Formula(name="x", of=figure("open_deals") + 1, over=Contact))
    with pytest.raises(ModelError, match=r"by=F\.id"):
        Rollup(name="x", child=Opportunity, by=F.id, value=figure("open_deals"), aggregate="sum")
    with pytest.raises(ModelError, match="cannot be made of figures"):
        Rollup(name="x", child=Account, by=F.id, value=figure("open_deals"), aggregate="first")


def test_a_crm_answers_formulas_and_rollups_of_rollups_like_any_figure() -> None:
    mean = Formula(name="mean", of=figure("open_pipeline") / figure("open_deals"))
    most = Rollup(
        name="most",
        child=Account,
        by=F.id,
        where=~F.name.starts_with("Z"),
        value=figure("open_pipeline"),
        aggregate="max",
        scope="ultimate_parent",
    )
    crm = Crm(rules=STANDARD_RULES.with_rollups(mean, most))
    top = crm.add(Account(name="Top"))
    low = crm.add(Account(name="Low", parent_id=top.id))
    zoo = crm.add(Account(name="Zoo"))
    for amount in (10, 20):
        crm.add(Opportunity(name="x", account_id=low.id, amount=Money(amount, "EUR")))
    assert crm.rollup("mean", top.id) == Money(15, "EUR")
    assert crm.rollup("mean", zoo.id) is None
    assert crm.rollups("mean") == {top.id: Money(15, "EUR"), low.id: Money(15, "EUR"), zoo.id: None}
    assert crm.rollup("most", low.id) == Money(30, "EUR")
    assert crm.rollup("most", zoo.id) is None
    assert "mean" in str(crm.tree(top.id, ["mean"]))
    with pytest.raises(UsageError, match="explain open_pipeline, open_deals"):
        crm.explain("mean", top.id)
    with pytest.raises(UsageError, match="no scope"):
        crm.rollup("mean", top.id, scope=most.scope)
