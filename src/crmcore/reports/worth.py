"""Worth: what amounts of several currencies come to in one, by the rate of a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, localcontext
from fractions import Fraction

from attrs import field, frozen

from crmcore.entities import Opportunity
from crmcore.findings import Finding, warning
from crmcore.rules.rollup import Rates
from crmcore.values.money import MAX_DECIMALS, Money

_EXACT = Context(prec=120, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[Inexact])


def decimal_sum(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of the amounts of money of one currency, whatever the order."""
    with localcontext(_EXACT):
        return sum(amounts, Decimal(0))


def as_money(value: Fraction, currency: str) -> Money:
    """An exact value as money, rounded once, half-even, to 12 decimals."""
    scale: int = 10**MAX_DECIMALS
    return Money(Decimal(round(value * scale)).scaleb(-MAX_DECIMALS, _EXACT), currency)


@frozen(eq=False)
class Exchange:
    """How amounts become amounts of ``currency``; ``day`` is the day of the report.

    An open deal is worth what it is on that day, a closed one what it was on the day it was closed
    (the day of the report where that is not known): old deals are not valued anew.
    """

    currency: str
    rates: Rates
    day: date
    _factors: dict[tuple[str, date], Fraction | None] = field(factory=dict, init=False)

    def factor(self, currency: str, day: date) -> Fraction | None:
        """What one unit of ``currency`` is worth on a day; ``None`` without a rate."""
        key = (currency, day)
        if key not in self._factors:
            self._factors[key] = self.rates.factor(currency, self.currency, day)
        return self._factors[key]

    def worth(self, money: Money, day: date | None = None) -> Fraction | None:
        """What ``money`` is worth on a day (``None``: the report's); ``None`` without a rate."""
        if money.currency == self.currency:
            return Fraction(money.amount)
        factor = self.factor(money.currency, day or self.day)
        return None if factor is None else Fraction(money.amount) * factor

    def total(self, deals: Iterable[Opportunity], *, closed: bool = False) -> Total:
        """What these deals come to; with ``closed``, at the rates of the days they were closed.

        Amounts are added in their own currencies and converted at the end.
        """
        home: list[Decimal] = []
        foreign: dict[tuple[str, date], list[Decimal]] = {}
        for deal in deals:
            money = deal.amount
            if money is None:
                continue
            if money.currency == self.currency:
                home.append(money.amount)
            else:
                day = (deal.close_on or self.day) if closed else self.day
                foreign.setdefault((money.currency, day), []).append(money.amount)
        found = {(self.currency, self.day): home} if home else {}
        return self._of({**found, **foreign})

    def added(self, amounts: Mapping[str, list[Decimal]]) -> Total:
        """What amounts by their currency come to on the day of the report."""
        return self._of({(currency, self.day): some for currency, some in amounts.items()})

    def _of(self, sums: Mapping[tuple[str, date], list[Decimal]]) -> Total:
        value, n, without = Fraction(0), 0, 0
        for (currency, day), amounts in sums.items():
            factor = self.factor(currency, day)
            if factor is None:
                without += len(amounts)
            else:
                value += Fraction(decimal_sum(amounts)) * factor
                n += len(amounts)
        return Total(value, n, without)

    def unrated(
        self,
        deals: Iterable[Opportunity],
        closed: Callable[[Opportunity], bool] = lambda _deal: False,
    ) -> list[Finding]:
        """A finding for each of these deals whose amount has no rate, by id."""
        if not any(self._factors[key] is None for key in self._factors):
            return []
        found = [
            warning(
                "report.no_rate",
                f"there is no exchange rate to {self.currency}: the amount is left out",
                ref=deal.ref,
                path="amount",
                value=deal.amount,
                suggestion="add an ExchangeRate that is valid from that day or before",
            )
            for deal in deals
            if deal.amount is not None
            and deal.amount.currency != self.currency
            and self.worth(deal.amount, deal.close_on if closed(deal) else None) is None
        ]
        return sorted(found, key=lambda one: one.ref.id if one.ref else "")


@frozen
class Total:
    """An exact sum over the ``n`` records that have an amount with a rate.

    ``without_rate`` counts those whose currency has none; they are in no figure.
    """

    value: Fraction
    n: int
    without_rate: int = 0

    def money(self, currency: str) -> Money:
        """The sum as money; zero where there was nothing to add."""
        return as_money(self.value, currency)

    def average(self, currency: str) -> Money | None:
        """The sum divided by ``n``; ``None`` where there was nothing to add."""
        return as_money(self.value / self.n, currency) if self.n else None

    def __add__(self, other: Total) -> Total:
        return Total(
            self.value + other.value, self.n + other.n, self.without_rate + other.without_rate
        )


NOTHING = Total(Fraction(0), 0)
"""The sum of no records."""
