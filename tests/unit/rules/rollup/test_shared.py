from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from crmcore import STANDARD_MODEL, Account, AccountRelation, F, Money, Opportunity, Rollup
from crmcore.errors import InvalidValueError
from crmcore.rules.rollup import Formula, Rates, Scope, Shares, figure, roll_up
from crmcore.rules.rollup.reading import reading
from crmcore.rules.rollup.shared import Holdings, base_of, is_made_of, spread, summed
from crmcore.rules.rollup.shares import Ownership
from crmcore.rules.rule import Context

CONTEXT = Context(model=STANDARD_MODEL, now=datetime(2025, 3, 20, tzinfo=UTC), new_id=str)
SUM = Rollup(
    name="s", child=Opportunity, by=F.account_id, value=F.amount, aggregate="sum", shares=Shares()
)
COUNT = Rollup(name="c", child=Opportunity, by=F.account_id, aggregate="count", shares=Shares())


def test_the_base_is_of_each_account_alone_and_exact() -> None:
    base = base_of(SUM)
    assert (base.scope, base.shares, base.name) == (Scope.OWN, None, "s")
    assert base_of(base) is base


def test_amounts_go_up_by_their_parts() -> None:
    graph = Ownership(owners={"v": (("a", Fraction(1, 3)),)}, order=("v", "a", "b"))
    own: Any = {"v": {None: Fraction(9)}, "a": None, "b": None}
    assert spread(own, graph) == {"v": {None: 9}, "a": {None: 3}, "b": None}
    assert own["a"] is None


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [(["opportunity"], True), (["account"], True), (["account_relation"], True), (["lead"], False)],
)
def test_only_records_that_matter_make_a_figure_old(kinds: list[str], expected: bool) -> None:
    assert is_made_of(SUM, kinds) is expected
    assert is_made_of(Formula(name="f", of=figure("s")), kinds)


def test_who_owns_what_is_found_once_until_it_changes() -> None:
    holdings, parents = Holdings(), dict.fromkeys("av")
    day = date(2025, 3, 20)
    row: Any = AccountRelation(id="r", from_id="a", to_id="v", kind="owner", share=100)  # type: ignore[arg-type]  # plain ids
    holdings.put("r", row)
    first = holdings.ownership(Shares(), parents, day)
    assert holdings.ownership(Shares(), parents, day) is first
    assert first.owners
    holdings.put("r", None)
    assert not holdings.ownership(Shares(), parents, day).owners
    with pytest.raises(KeyError):
        holdings.put("r", None)


def test_a_figure_of_parts_is_short_and_exact() -> None:
    count = reading(COUNT, CONTEXT, Rates())
    assert str(summed(count, [("d", Fraction(3, 5)), ("e", Fraction(1))])) == "1.6"
    assert summed(count, []) == 0
    money = reading(SUM, CONTEXT, Rates())
    item = (("EUR", None), Decimal("0.01"))
    assert summed(money, [(item, Fraction(1, 2))]) == Money("0.005", "EUR")
    huge = (("EUR", None), Decimal("9E+40"))
    assert summed(money, [(huge, Fraction(1))]) is None


def test_a_sum_beyond_all_bounds_is_a_finding() -> None:
    home: Any = Account(id="a", name="A")  # type: ignore[arg-type]  # plain ids
    most = Money("9" * 15, "EUR")
    while True:
        try:
            most = Money(most.amount * 10, "EUR")
        except InvalidValueError:
            break
    deals = [Opportunity(name=str(at), account_id=home.id, amount=most) for at in range(11)]
    result = roll_up(SUM, accounts=[home], children=deals, context=CONTEXT)
    assert result["a"] is None
    assert [one.code for one in result.findings] == ["rollup.too_large"]
