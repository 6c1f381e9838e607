"""Rounding: once, at the end."""

from decimal import Decimal
from fractions import Fraction

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.rollup.worlds import (
    AVERAGE,
    SUM,
    TODAY,
    Brute,
    World,
    exchange_rates,
    fraction,
    worlds,
)

CURRENCIES = ("EUR", "USD", "GBP")


def half_even(exact: Fraction, decimals: int) -> Fraction:
    """Written out, so that nothing of the library is asked."""
    scaled = exact * Fraction(10) ** decimals
    below = scaled.numerator // scaled.denominator
    rest = scaled - below
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and below % 2 == 1)
    return Fraction(below + up) / Fraction(10) ** decimals


@given(worlds(), st.none() | st.integers(-3, 6))
def test_a_figure_is_rounded_once_at_the_end(world: World, decimals: int | None) -> None:
    """R10 rounding: no part of a sum or average is rounded, the result is, half-even."""
    tree = Brute(world.accounts)
    sums = world.figures(attrs.evolve(SUM, rounding=decimals))
    averages = world.figures(attrs.evolve(AVERAGE, rounding=decimals))
    places = 12 if decimals is None else decimals
    for account in world.accounts:
        deals = tree.below(account.id, world.deals)
        exact = [Fraction(one.amount.amount) for one in deals if one.amount is not None]
        assert fraction(sums[account.id]) == half_even(sum(exact, Fraction(0)), places)
        if exact:
            assert fraction(averages[account.id]) == half_even(
                sum(exact, Fraction(0)) / len(exact), places
            )


@given(
    worlds(currencies=CURRENCIES, rates=exchange_rates(CURRENCIES)),
    st.none() | st.integers(-3, 6),
)
def test_converted_money_is_rounded_once_at_the_end(world: World, decimals: int | None) -> None:
    """R10 rounding: neither an amount nor a sum of one currency is rounded when converted."""
    tree = Brute(world.accounts)
    found = world.figures(attrs.evolve(SUM, rounding=decimals, currency="EUR"))
    latest: dict[str, Decimal] = {}
    for rate in sorted(world.rates, key=lambda one: one.valid_from):
        assert rate.valid_from <= TODAY
        latest[rate.currency] = rate.rate
    for account in world.accounts:
        exact = Fraction(0)
        for deal in tree.below(account.id, world.deals):
            if deal.amount is not None and deal.amount.currency == "EUR":
                exact += Fraction(deal.amount.amount)
            elif deal.amount is not None and deal.amount.currency in latest:
                exact += Fraction(deal.amount.amount) / Fraction(latest[deal.amount.currency])
        assert fraction(found[account.id]) == half_even(exact, 12 if decimals is None else decimals)
