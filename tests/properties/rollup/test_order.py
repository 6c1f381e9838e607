"""Order: figures do not depend on the order in which records come."""

from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.rollup import roll_up
from tests.properties.rollup.worlds import (
    ALL_OF_THEM,
    CONTEXT,
    World,
    exchange_rates,
    worlds,
)

CURRENCIES = ("EUR", "USD", "GBP")


@given(worlds(currencies=CURRENCIES, rates=exchange_rates(CURRENCIES)), st.randoms())
def test_any_order_of_the_records_gives_equal_figures(world: World, random: object) -> None:
    """R3 order: accounts, deals and rates in any order give equal values and the same findings."""

    def shuffled(records: tuple[object, ...]) -> list[object]:
        return sorted(records, key=lambda _: random.random())  # type: ignore[attr-defined]  # random.Random

    first = roll_up(
        ALL_OF_THEM,
        accounts=world.accounts,
        children=world.deals,
        context=CONTEXT,
        rates=world.rates,
    )
    second = roll_up(
        ALL_OF_THEM,
        accounts=shuffled(world.accounts),  # type: ignore[arg-type]  # still accounts
        children=shuffled(world.deals),  # type: ignore[arg-type]  # still deals
        context=CONTEXT,
        rates=shuffled(world.rates),  # type: ignore[arg-type]  # still rates
    )
    assert first == second
    for name, result in first.items():
        assert result.unassigned == second[name].unassigned
        assert result.everything == second[name].everything
        assert sorted(map(str, result.findings)) == sorted(map(str, second[name].findings))
