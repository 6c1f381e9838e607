"""Share: a part of a whole, with the number it rests on; and the spread of some durations.

What is undefined is ``None``: a share of nothing, the median of no durations (law P10).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from crmcore import render

Z_95 = 1.959963984540054
"""The two-sided 95 % point of the normal distribution."""


@frozen
class Share:
    """``part`` of ``whole``, resting on ``n`` records (for a share of records, ``n`` is the whole).

    A share of amounts is as exact as one of counts.
    """

    part: Fraction
    whole: Fraction
    n: int

    @classmethod
    def of(cls, part: int, whole: int) -> Share:
        """The share of ``part`` records among ``whole``."""
        return cls(Fraction(part), Fraction(whole), whole)

    @property
    def value(self) -> Fraction | None:
        """The share as an exact number; ``None`` where the whole is nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true share lies with 95 % confidence, by Wilson's score interval.

        ``None`` where it rests on nothing. Only a share of records has such an interval.
        Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
        inference", 1927.
        """
        value = self.value
        if value is None or self.whole != self.n:
            return None
        p, square = float(value), Z_95 * Z_95 / self.n
        middle = (p + square / 2) / (1 + square)
        half = Z_95 * math.sqrt(p * (1 - p) / self.n + square / (4 * self.n)) / (1 + square)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __float__(self) -> float:
        return float("nan") if self.value is None else float(self.value)

    def __str__(self) -> str:
        """Such as ``63.2 % (n=1,204)``; a dash where it is undefined."""
        return f"{percent(self.value)} (n={self.n:,})"


def percent(value: Fraction | float | None) -> str:
    """A share as people read it: ``63.2 %``; a dash for ``None``."""
    if value is None:
        return render.ABSENT
    return f"{Decimal(round(value * 1000)) / 10:,.1f} %"


@frozen
class Spread:
    """How ``n`` durations lie: mean, median and quartiles; ``None`` where there are none.

    A quartile is interpolated between its neighbours (Hyndman and Fan's type 7).
    """

    n: int = 0
    mean: timedelta | None = None
    median: timedelta | None = None
    lower: timedelta | None = None
    upper: timedelta | None = None

    @classmethod
    def of(cls, durations: Iterable[timedelta]) -> Spread:
        """The spread of these durations, in any order."""
        found = sorted(durations, key=timedelta.total_seconds)  # numbers compare faster
        if not found:
            return cls()
        return cls(
            n=len(found),
            mean=sum(found, timedelta()) / len(found),
            median=_quantile(found, 2),
            lower=_quantile(found, 1),
            upper=_quantile(found, 3),
        )

    def __str__(self) -> str:
        """Such as ``12.5 d (n=31)``: the median in days."""
        return f"{days(self.median)} (n={self.n:,})"


def _quantile(found: list[timedelta], quarter: int) -> timedelta:
    whole, rest = divmod((len(found) - 1) * quarter, 4)
    if not rest:
        return found[whole]
    return found[whole] + (found[whole + 1] - found[whole]) * rest / 4


def days(duration: timedelta | None) -> str:
    """A duration in days, as people read it: ``12.5 d``; a dash for ``None``."""
    if duration is None:
        return render.ABSENT
    return f"{duration / timedelta(days=1):,.1f} d"
