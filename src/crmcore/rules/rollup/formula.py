"""Formula: a figure made of other figures of the same account, such as an average deal (R12).

``figure("won_amount") / figure("won_deals")`` is an expression; with a name it is a ``Formula``. A
``Rollup`` may have ``figure("open_pipeline")`` as its value too: a rollup of a rollup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, TypeAlias

from attrs import field, frozen

from crmcore.entities import Account
from crmcore.entities.record import Record
from crmcore.errors import InvalidValueError, UsageError
from crmcore.values.money import MAX_DECIMALS, Money

Term: TypeAlias = "Expression | int | Decimal"
"""What can be calculated with."""


class Sign(Enum):
    """How two parts of an expression are put together."""

    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    OVER = "/"


def _part(given: Any) -> Expression:
    if isinstance(given, Figure | Number | Binary):
        return given
    if isinstance(given, bool) or not isinstance(given, int | Decimal):
        raise UsageError("a formula is made of figures and exact numbers", given)
    return Number(Decimal(given))


class _Calculable:
    """What all parts of an expression can do: be calculated with."""

    __slots__ = ()

    def __add__(self, other: Term) -> Binary:
        return Binary(Sign.PLUS, _part(self), _part(other))

    def __sub__(self, other: Term) -> Binary:
        return Binary(Sign.MINUS, _part(self), _part(other))

    def __mul__(self, other: Term) -> Binary:
        return Binary(Sign.TIMES, _part(self), _part(other))

    def __truediv__(self, other: Term) -> Binary:
        return Binary(Sign.OVER, _part(self), _part(other))

    def __radd__(self, other: int | Decimal) -> Binary:
        return _part(other) + _part(self)

    def __rsub__(self, other: int | Decimal) -> Binary:
        return _part(other) - _part(self)

    def __rmul__(self, other: int | Decimal) -> Binary:
        return _part(other) * _part(self)

    def __rtruediv__(self, other: int | Decimal) -> Binary:
        return _part(other) / _part(self)


@frozen
class Figure(_Calculable):
    """The figure of this name."""

    name: str

    def __str__(self) -> str:
        return self.name


@frozen
class Number(_Calculable):
    """An exact number."""

    value: Decimal

    def __str__(self) -> str:
        return f"{self.value:f}"


@frozen
class Binary(_Calculable):
    """Two parts put together."""

    sign: Sign
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"({self.left} {self.sign.value} {self.right})"


Expression: TypeAlias = Figure | Number | Binary
"""Any expression."""


def figure(name: str) -> Figure:
    """The figure of this name, to calculate with or as the value of a rollup."""
    return Figure(name)


def names(expression: Expression) -> Iterator[str]:
    """The figures that an expression names, in their order."""
    waiting = [expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Figure):
            yield one.name
        elif isinstance(one, Binary):
            waiting += (one.right, one.left)


@frozen(kw_only=True)
class Formula:
    """A figure calculated from other figures of the same account.

    Without one of them, or with a division by zero, there is no value. Money is added to money
    and divided by money of its currency, and multiplied and divided by numbers; where that does
    not go there is no value. ``rounding`` is the number of decimals (``None``: at most 12).
    """

    name: str
    of: Expression = field(converter=_part)
    over: type[Record] = Account
    rounding: int | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.of}"

    def value(self, figures: Callable[[str], Any]) -> Money | Decimal | None:
        """The value, by the figures of one account."""
        found = _evaluated(self.of, figures)
        if found is None:
            return None
        exact, currency = found
        places = MAX_DECIMALS if self.rounding is None else self.rounding
        number = Decimal(f"{round(exact * Fraction(10) ** places)}E{-places}")
        try:
            return number if currency is None else Money(number, currency)
        except InvalidValueError:  # beyond all bounds
            return None


_Amount: TypeAlias = tuple[Fraction, str | None]


def _evaluated(part: Expression, figures: Callable[[str], Any]) -> _Amount | None:
    if isinstance(part, Number):
        return Fraction(part.value), None
    if isinstance(part, Figure):
        value = figures(part.name)
        if isinstance(value, Money):
            return Fraction(value.amount), value.currency
        plain = isinstance(value, int | Decimal) and not isinstance(value, bool)
        return (Fraction(value), None) if plain else None
    left, right = _evaluated(part.left, figures), _evaluated(part.right, figures)
    return None if left is None or right is None else _joined(part.sign, left, right)


def _joined(sign: Sign, left: _Amount, right: _Amount) -> _Amount | None:
    (one, currency), (other, its) = left, right
    if sign is Sign.PLUS or sign is Sign.MINUS:
        if currency != its:
            return None
        return (one + other if sign is Sign.PLUS else one - other), currency
    if sign is Sign.TIMES:
        return None if currency and its else (one * other, currency or its)
    if not other or (its and its != currency):
        return None
    return one / other, None if its else currency
