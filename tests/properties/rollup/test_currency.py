"""Currencies: converted by the rate of a declared day, and reported where there is none."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import ExchangeRate, Opportunity
from crmcore.query import F, Path
from tests.properties.rollup.worlds import (
    A_DAY,
    SUM,
    TODAY,
    Brute,
    World,
    exchange_rates,
    fraction,
    worlds,
)

CURRENCIES = ("EUR", "USD", "GBP", "JPY")


def euros(rates: tuple[ExchangeRate, ...], currency: str, day: date | None) -> Fraction | None:
    """What a euro is worth on a day, going back day by day to the last rate."""
    if currency == "EUR":
        return Fraction(1)
    while day is not None and day >= date(2025, 1, 1):
        for rate in rates:
            if rate.currency == currency and rate.valid_from == day:
                return Fraction(rate.rate)
        day -= A_DAY
    return None


@pytest.mark.parametrize("target", ["EUR", "USD"])
@pytest.mark.parametrize("rate_on", [None, F.close_on, date(2025, 1, 4)], ids=str)
def test_a_total_is_made_with_the_rates_of_the_declared_day(
    target: str, rate_on: Path | date | None
) -> None:
    """R11 currency: today's, a fixed day's or the record's day; a missing rate is a finding."""
    rollup = attrs.evolve(SUM, currency=target, rate_on=rate_on)

    @given(worlds(currencies=CURRENCIES, rates=exchange_rates(CURRENCIES)))
    def check(world: World) -> None:
        def converted(deal: Opportunity) -> Fraction | None:
            if deal.amount is None or deal.amount.currency == target:
                return None if deal.amount is None else Fraction(deal.amount.amount)
            day = deal.close_on if isinstance(rate_on, Path) else rate_on or TODAY
            source = euros(world.rates, deal.amount.currency, day)
            wanted = euros(world.rates, target, day)
            if source is None or wanted is None or day is None:
                return None
            return Fraction(deal.amount.amount) / source * wanted

        found = world.figures(rollup)
        tree = Brute(world.accounts)
        for account in world.accounts:
            values = map(converted, tree.below(account.id, world.deals))
            exact = sum((one for one in values if one is not None), Fraction(0))
            assert abs(fraction(found[account.id]) - exact) <= Fraction(1, 2 * 10**12)
        left_out = {
            one.id for one in world.deals if one.amount is not None and converted(one) is None
        }
        event("a rate is missing" if left_out else "no rate is missing")
        reported = [one for one in found.findings if one.code.startswith("rollup.no_rate")]
        assert sorted(one.ref.id for one in reported if one.ref) == sorted(left_out)

    check()


@given(
    worlds(currencies=CURRENCIES, rates=exchange_rates(CURRENCIES)),
    st.sampled_from(["min", "max", "average"]),
)
def test_extremes_and_averages_of_mixed_currencies_are_of_what_they_are_worth(
    world: World, name: Any
) -> None:
    """R11 currency: amounts are compared and averaged as converted, not as written."""
    found = world.figures(attrs.evolve(SUM, aggregate=name))
    tree = Brute(world.accounts)
    for account in world.accounts:
        worth = [
            Fraction(one.amount.amount) / rate
            for one in tree.below(account.id, world.deals)
            if one.amount is not None
            and (rate := euros(world.rates, one.amount.currency, TODAY)) is not None
        ]
        if not worth:
            assert found[account.id] is None
            continue
        average = sum(worth, Fraction(0)) / len(worth)
        exact = {"min": min(worth), "max": max(worth), "average": average}[name]
        assert abs(fraction(found[account.id]) - exact) <= Fraction(1, 2 * 10**12)


@given(worlds(currencies=("USD",)), st.decimals("0.001", 1000, places=3))
def test_a_rate_read_backwards_is_the_inverse(world: World, rate: Decimal) -> None:
    """R11 currency: one unit of the base is so many of the currency, and the other way round."""
    day = date(2025, 1, 1)
    there = ExchangeRate(currency="USD", base="EUR", valid_from=day, rate=rate)
    back = ExchangeRate(currency="EUR", base="USD", valid_from=day, rate=rate)
    divided = attrs.evolve(world, rates=(there,)).figures(SUM)
    multiplied = attrs.evolve(world, rates=(back,)).figures(SUM)
    tree = Brute(world.accounts)
    for account in world.accounts:
        amounts = [one.amount for one in tree.below(account.id, world.deals) if one.amount]
        total = sum((Fraction(one.amount) for one in amounts), Fraction(0))
        tolerance = Fraction(1, 2 * 10**12)
        assert abs(fraction(divided[account.id]) - total / Fraction(rate)) <= tolerance
        assert abs(fraction(multiplied[account.id]) - total * Fraction(rate)) <= tolerance
