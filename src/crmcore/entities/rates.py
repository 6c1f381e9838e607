"""ExchangeRate: what one unit of a base currency is worth in another, from a day on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.record import Record, exact_number
from crmcore.fields import Number
from crmcore.values.ids import ExchangeRateId, new_id


def new_exchange_rate_id() -> ExchangeRateId:
    """A fresh id for an exchange rate."""
    return ExchangeRateId(new_id())


def _rate(value: Decimal | int) -> Decimal:
    return exact_number(value)  # type: ignore[return-value]  # None is bad data and passes


@frozen(kw_only=True)
class ExchangeRate(Record):
    """From ``valid_from`` on, one unit of ``base`` is ``rate`` units of ``currency``.

    Both are ISO 4217 codes. The rate of a day is the one with the latest ``valid_from`` on or
    before it. The European Central Bank publishes its reference rates in this form, with base EUR.
    """

    id: ExchangeRateId = field(factory=new_exchange_rate_id)
    currency: str
    base: str
    valid_from: date
    rate: Annotated[Decimal, Number(minimum=Decimal(0))] = field(converter=_rate)
