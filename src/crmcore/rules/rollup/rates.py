"""Rates: what one unit of a currency is worth in another on a day, as exact fractions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeGuard

from attrs import field, frozen

if TYPE_CHECKING:
    from crmcore.entities import ExchangeRate


def _is_usable(value: Any) -> TypeGuard[Decimal]:
    return isinstance(value, Decimal) and value.is_finite() and value > 0


def _is_day(value: Any) -> TypeGuard[date]:
    return isinstance(value, date) and not isinstance(value, datetime)


@frozen
class Rates:
    """Exchange rates to look things up in.

    ``days`` has, for each pair of base and currency, the first days of validity in their order,
    with the rate from that day on.
    """

    days: Mapping[tuple[str, str], tuple[tuple[date, Decimal], ...]] = field(factory=dict)
    _bases: tuple[str, ...] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_bases", tuple(sorted({base for base, _ in self.days})))

    @classmethod
    def of(cls, records: Iterable[ExchangeRate]) -> Rates:
        """The rates of these records, in any order.

        Of two for one pair and day the one with the greater id counts. A rate that is not above
        zero, or has no day, is none (``crm.check`` reports it).
        """
        found: dict[tuple[str, str], dict[date, Decimal]] = {}
        for one in sorted(records, key=lambda one: one.id):
            if _is_usable(one.rate) and _is_day(one.valid_from):
                found.setdefault((one.base, one.currency), {})[one.valid_from] = one.rate
        return cls({pair: tuple(sorted(days.items())) for pair, days in found.items()})

    def _rate(self, base: str, currency: str, day: date) -> Fraction | None:
        days = self.days.get((base, currency), ())
        at = bisect_right(days, day, key=lambda item: item[0])
        return Fraction(days[at - 1][1]) if at else None

    def _between(self, one: str, other: str, day: date) -> Fraction | None:
        """What one unit of ``one`` is in ``other``, by a rate that names the two."""
        straight = self._rate(one, other, day)
        if straight is not None:
            return straight
        inverse = self._rate(other, one, day)
        return None if inverse is None else 1 / inverse

    def factor(self, source: str, target: str, day: date) -> Fraction | None:
        """What one unit of ``source`` is in ``target`` on ``day``; ``None`` without a rate.

        By the rate that has ``source`` as base, else by the inverse of the opposite one, else by
        way of the alphabetically first base in which both have a rate.
        """
        if source == target:
            return Fraction(1)
        found = self._between(source, target, day)
        if found is not None:
            return found
        for base in self._bases:
            first, second = self._rate(base, source, day), self._rate(base, target, day)
            if first is not None and second is not None:
                return second / first
        return None
