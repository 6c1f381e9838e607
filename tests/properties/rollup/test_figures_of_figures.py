"""Figures of figures: formulas and rollups of rollups, at every account, never in a circle."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import STANDARD_RULES
from crmcore.entities import Account, Opportunity
from crmcore.findings import ModelError
from crmcore.query import F
from crmcore.rules.rollup import Definition, Formula, Rollup, Scope, figure
from crmcore.values import Money
from tests.properties.rollup.follow import Ledger, deals, trees
from tests.properties.rollup.worlds import Brute

BY: dict[str, Any] = {"child": Opportunity, "by": F.account_id}
OWN = Rollup(name="own", aggregate="count", scope=Scope.OWN, **BY)
AMOUNT = Rollup(name="amount", value=F.amount, aggregate="sum", **BY)
COUNT = Rollup(name="count", where=~F.amount.is_none(), aggregate="count", **BY)
MEAN = Formula(name="mean", of=figure("amount") / figure("count"))
OF_ACCOUNTS: dict[str, Any] = {"child": Account, "by": F.id}
MOST = Rollup(name="most", value=figure("own"), aggregate="max", **OF_ACCOUNTS)
DOUBLE = Formula(name="double", of=figure("most") * 2)
SUM = Rollup(name="sum", value=figure("own"), aggregate="sum", **OF_ACCOUNTS)
RICHEST = Rollup(name="richest", value=figure("amount"), aggregate="max", **OF_ACCOUNTS)
DEFINITIONS: tuple[Definition, ...] = (OWN, AMOUNT, COUNT, MEAN, MOST, DOUBLE, SUM, RICHEST)


@given(trees(), st.lists(deals(), max_size=8), st.data())
def test_a_figure_of_figures_is_right_at_every_account(
    accounts: tuple[Account, ...], known: list[Opportunity], data: st.DataObject
) -> None:
    """R12 rollup of rollups: the mean deal, and the most of the own figures below."""
    ledger = Ledger(DEFINITIONS, accounts, known)
    for one in (None, *known):
        if one is not None:
            ledger.put(data.draw(deals(one.id)))
        now = [each for each in ledger.records.values() if isinstance(each, Opportunity)]
        tree = Brute(accounts)
        for id_ in tree.parents:
            below = [each.amount.amount for each in tree.below(id_, now) if each.amount]
            mean = ledger.totals.value(MEAN, id_)
            if below:
                assert isinstance(mean, Money)
                exact = sum(map(Fraction, below), Fraction(0)) / len(below)
                assert abs(Fraction(mean.amount) - exact) <= Fraction(1, 2 * 10**12)
            else:
                assert mean is None
            inside = [other for other in tree.parents if id_ in tree.line(other)]
            owns = [sum(each.account_id == other for each in now) for other in inside]
            assert ledger.totals.value(MOST, id_) == max(owns)
            assert ledger.totals.value(DOUBLE, id_) == 2 * max(owns)
            assert ledger.totals.value(SUM, id_) == sum(owns)
            amounts: list[Any] = [ledger.totals.value(AMOUNT, other) for other in inside]
            assert ledger.totals.value(RICHEST, id_) == max(amounts)


@given(st.permutations([0, 1, 2, 3]), st.integers(1, 4))
def test_a_circle_of_definitions_is_refused(order: list[int], length: int) -> None:
    """R12 rollup of rollups: whichever way they are listed, the finding names the circle."""
    ring = [
        Formula(name=f"f{at}", of=figure(f"f{(at + 1) % length}") + figure("open_deals"))
        for at in range(length)
    ]
    listed = [ring[at] for at in order if at < length]
    with pytest.raises(ModelError, match="made of one another") as refused:
        STANDARD_RULES.with_rollups(*listed)
    (found,) = refused.value.findings
    way = str(found.value).split(" -> ")
    assert way[0] == way[-1]
    assert len(way) == length + 1
    broken = [one for one in listed if one.name != "f0"]
    with pytest.raises(ModelError, match="no figure of this name") if broken else _fine():
        STANDARD_RULES.with_rollups(*broken)


class _fine:  # noqa: N801 - stands where pytest.raises does
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass
