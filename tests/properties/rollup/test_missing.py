"""Missing values: left out of every figure of values, and never taken as 0."""

from fractions import Fraction

import attrs
import pytest
from hypothesis import given

from crmcore.query import Path
from crmcore.rules.rollup import Rollup
from crmcore.values import Money
from tests.properties.rollup.worlds import (
    AVERAGE,
    DISTINCT,
    HOME,
    MAX,
    MIN,
    PROBABILITIES,
    SUM,
    Brute,
    World,
    fraction,
    worlds,
)

NUMERIC = (SUM, AVERAGE, MIN, MAX, PROBABILITIES, DISTINCT)


@pytest.mark.parametrize("rollup", NUMERIC, ids=lambda one: one.name)
def test_a_record_without_the_value_changes_nothing(rollup: Rollup) -> None:
    """R9 missing: figures are the same with and without the records whose value is missing."""
    assert isinstance(rollup.value, Path)
    name = rollup.value.steps[0]

    @given(worlds())
    def check(world: World) -> None:
        present = tuple(one for one in world.deals if getattr(one, name) is not None)
        assert world.figures(rollup) == attrs.evolve(world, deals=present).figures(rollup)

    check()


@given(worlds())
def test_a_zero_is_a_value_and_a_missing_one_is_not(world: World) -> None:
    """R9 missing: with zeros instead, averages are by all records and the least is not above 0."""
    zeros = attrs.evolve(
        world,
        deals=tuple(
            attrs.evolve(one, amount=Money(0, HOME)) if one.amount is None else one
            for one in world.deals
        ),
    )
    assert zeros.figures(SUM) == world.figures(SUM)
    tree, sums = Brute(world.accounts), world.figures(SUM)
    for account in world.accounts:
        deals = tree.below(account.id, world.deals)
        present = [one for one in deals if one.amount is not None]
        for figures, counted in ((world, present), (zeros, deals)):
            average = figures.figures(AVERAGE)[account.id]
            least = figures.figures(MIN)[account.id]
            assert (average is None) == (least is None) == (not counted)
            if counted:
                exact = fraction(sums[account.id]) / len(counted)
                assert abs(fraction(average) - exact) <= Fraction(1, 2 * 10**12)
        if len(present) < len(deals):
            assert fraction(zeros.figures(MIN)[account.id]) <= 0
