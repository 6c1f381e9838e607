from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from crmcore.entities import ExchangeRate
from crmcore.rules.rollup.rates import Rates
from tests.properties.rollup import records

NEW_YEAR, MARCH = date(2025, 1, 1), date(2025, 3, 1)


def rate(base: str, currency: str, value: str, day: Any = NEW_YEAR, id_: str = "r") -> ExchangeRate:
    return records.rate(base, currency, Decimal(value), day, id_)


RATES = Rates.of(
    [
        rate("EUR", "USD", "1.25", MARCH),
        rate("EUR", "USD", "1.5"),
        rate("EUR", "GBP", "0.8"),
        rate("CHF", "JPY", "160"),
    ]
)


@pytest.mark.parametrize(
    ("source", "target", "day", "factor"),
    [
        ("EUR", "EUR", date(1900, 1, 1), Fraction(1)),
        ("EUR", "USD", date(2024, 12, 31), None),
        ("EUR", "USD", NEW_YEAR, Fraction(3, 2)),
        ("EUR", "USD", date(2025, 2, 28), Fraction(3, 2)),
        ("EUR", "USD", MARCH, Fraction(5, 4)),
        ("EUR", "USD", date(2099, 1, 1), Fraction(5, 4)),
        ("USD", "EUR", NEW_YEAR, Fraction(2, 3)),
        ("USD", "GBP", NEW_YEAR, Fraction(8, 15)),
        ("USD", "JPY", MARCH, None),
    ],
)
def test_the_rate_of_a_day_is_the_latest_one_before(
    source: str, target: str, day: date, factor: Fraction | None
) -> None:
    assert RATES.factor(source, target, day) == factor


def test_a_rate_from_the_source_comes_before_one_the_other_way_round() -> None:
    both = Rates.of([rate("EUR", "USD", "2"), rate("USD", "EUR", "0.25")])
    assert both.factor("EUR", "USD", NEW_YEAR) == 2
    assert both.factor("USD", "EUR", NEW_YEAR) == Fraction(1, 4)


def test_of_two_rates_for_one_day_the_greater_id_counts() -> None:
    two = [rate("EUR", "USD", "2", id_="b"), rate("EUR", "USD", "3", id_="a")]
    assert Rates.of(two) == Rates.of(reversed(two))
    assert Rates.of(two).factor("EUR", "USD", NEW_YEAR) == 2


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity"])
def test_a_rate_that_is_not_above_zero_is_none(value: str) -> None:
    assert Rates.of([rate("EUR", "USD", value)]) == Rates()


@pytest.mark.parametrize("day", [None, "2025-01-01", datetime(2025, 1, 1, tzinfo=UTC)])
def test_a_rate_without_a_day_is_none(day: object) -> None:
    assert Rates.of([rate("EUR", "USD", "2", day)]) == Rates()
