"""Empty: what an account without records has is declared, and comes back when the last one goes."""

from typing import Any

import attrs
import pytest
from hypothesis import given

from crmcore.rules.rollup import NOTHING, Rollup
from crmcore.values import Money
from tests.properties.rollup.worlds import (
    AVERAGE,
    COUNT,
    DISTINCT,
    HOME,
    MAX,
    MIN,
    PROBABILITIES,
    SUM,
    TODAY,
    Brute,
    World,
    worlds,
)


@pytest.mark.parametrize(
    ("rollup", "declared", "empty"),
    [
        (SUM, None, Money(0, HOME)),
        (SUM, NOTHING, None),
        (SUM, Money(-1, HOME), Money(-1, HOME)),
        (COUNT, None, 0),
        (COUNT, NOTHING, None),
        (COUNT, 7, 7),
        (DISTINCT, None, 0),
        (AVERAGE, None, None),
        (AVERAGE, Money(0, HOME), Money(0, HOME)),
        (MIN, None, None),
        (MAX, None, None),
        (MAX, TODAY, TODAY),
        (PROBABILITIES, None, 0),
    ],
)
def test_the_declared_value_of_the_empty_set_comes_back(
    rollup: Rollup, declared: Any, empty: object
) -> None:
    """R6 empty: it is there before the first record came and again after the last one left."""
    defined = attrs.evolve(rollup, empty=declared)

    @given(worlds(most_deals=5))
    def check(world: World) -> None:
        tree = Brute(world.accounts)
        without = attrs.evolve(world, deals=())
        assert set(without.figures(defined).values()) == {empty}
        first = world.accounts[0]
        line = tree.line(first.id)
        moved = tuple(
            attrs.evolve(
                one, account_id=None if first.id in tree.line(one.account_id) else one.account_id
            )
            for one in world.deals
        )
        assert world.accounts[0].id in line
        assert attrs.evolve(world, deals=moved).figures(defined)[first.id] == empty

    check()
