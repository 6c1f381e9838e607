"""Exchange rates."""

from datetime import date
from decimal import Decimal

from crmcore.entities import ExchangeRate
from tests.unit.entities.shape import check_shape


def test_a_rate_needs_everything() -> None:
    check_shape(ExchangeRate, "exchange_rate", {"currency", "base", "valid_from", "rate"}, {})


def test_a_whole_rate_becomes_exact() -> None:
    rate = ExchangeRate(currency="USD", base="EUR", valid_from=date(2026, 1, 1), rate=2)
    assert rate.rate == Decimal(2)
    assert isinstance(rate.rate, Decimal)
