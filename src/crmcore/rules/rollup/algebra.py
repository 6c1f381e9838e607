"""Algebra: what an operation on values tells about itself, so that figures can follow changes.

An operation is a commutative semigroup of *states*: ``start`` makes the state of one item,
``add`` takes one more in, ``merge`` makes one state of two, in any order and grouping, and
``result`` reads the outcome. The empty set has no state; what it is worth is declared beside.
``add`` and ``merge`` may use up the state that they are given, except those of a group or monoid.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    Context,
    Decimal,
    Inexact,
    InvalidOperation,
    Overflow,
    getcontext,
    setcontext,
)
from enum import Enum
from fractions import Fraction
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from crmcore.query import Path

State: TypeAlias = Any
"""A state; what it is, only its operation knows."""

MAX_EXPONENT: Final = 1_000
"""Numbers whose first or last digit lies more places than this from the point are left out."""

_BITS: Final = (10**MAX_EXPONENT).bit_length()
_DIGITS: Final = 2 * MAX_EXPONENT + 100
EXACT: Final = Context(
    prec=_DIGITS, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[Inexact, InvalidOperation, Overflow]
)
"""Exact for any sum of such numbers that fits into memory: nothing is ever rounded on the way."""


class exactly:  # noqa: N801 - reads as a statement
    """A block in which decimals are added without rounding, whatever the caller's context."""

    __slots__ = ("_given",)

    def __enter__(self) -> None:
        self._given = getcontext()
        setcontext(EXACT)

    def __exit__(self, *_: object) -> None:
        setcontext(self._given)


class Empty(Enum):
    """A value of the empty set that no record can have."""

    NOTHING = "nothing"
    """The empty set has no value: ``None``."""


NOTHING: Final = Empty.NOTHING


class Algebra(Enum):
    """What an operation allows, and so what it costs to keep its figures up to date."""

    GROUP = "group"
    """What was taken in can be taken out again (``part``): a change costs one step for each
    account above it, and moving a subtree costs no more."""
    MONOID = "monoid"
    """Things can only be taken in, and a state is small: a change goes up only as far as figures
    change, and what goes out is looked for again among the records and children of an account."""
    SET = "set"
    """A value counts once, however often it comes: a change goes up only as far as a value is new,
    or no longer there."""
    MULTISET = "multiset"
    """The outcome needs all the items: it is found again when it is asked for after a change."""


class Takes(Enum):
    """Whether an operation is about a value of the records."""

    NOTHING = "nothing"
    """It is about the records themselves."""
    ANYTHING = "anything"
    """It is about a value, or without one about the records themselves."""
    A_VALUE = "a value"


class Sort(Enum):
    """The sorts of values that operations tell apart."""

    NUMBER = "a number"
    MONEY = "money"
    DATE = "a date"
    MOMENT = "a moment"
    TEXT = "text"
    REFERENCE = "a reference"
    FLAG = "yes or no"


class Gives(Enum):
    """What an operation results in."""

    COUNT = "a whole number"
    VALUE = "a value like those it takes"
    VALUES = "several values like those it takes"
    QUOTIENT = "a number or money, with as many decimals as it takes"
    FLAG = "yes or no"


def _always(_state: State, _gone: State) -> bool:
    return True


@frozen(kw_only=True)
class Operation:
    """A way to make one value of many; users make their own by giving its algebra.

    ``sorts`` are the sorts of values that it accepts. ``scaled`` multiplies a state of numbers by
    a factor, as money of one currency becomes another (``None``: money is taken as it is).
    ``is_zero_when_empty`` says that the empty set is worth 0, rather than nothing.

    ``part`` takes a state out of one that it was merged into (a group has it). ``matters`` says
    whether a state might change when another goes that was merged into it (for a monoid; never
    ``False`` where it would). ``is_ordered`` says that an item is a pair of a position, by the
    declared order and then the id, and a value. ``weight`` is a number of the record that its value
    is multiplied by; a percentage counts in hundredths.
    """

    name: str
    algebra: Algebra
    takes: Takes
    gives: Gives
    sorts: frozenset[Sort]
    start: Callable[[Any], State]
    add: Callable[[State, Any], State]
    merge: Callable[[State, State], State]
    result: Callable[[State], Any]
    scaled: Callable[[State, Fraction], State] | None = None
    is_zero_when_empty: bool = False
    part: Callable[[State, State], State] | None = None
    matters: Callable[[State, Any], bool] = _always
    is_ordered: bool = False
    weight: Path | None = field(default=None, eq=str)

    def __str__(self) -> str:
        return self.name


def plus(left: Any, right: Any) -> Any:
    """The exact sum of two numbers of one type: int, Decimal or Fraction."""
    return EXACT.add(left, right) if isinstance(left, Decimal) else left + right


def minus(left: Any, right: Any) -> Any:
    """The exact difference of two numbers of one type, as ``plus`` is their sum."""
    return EXACT.subtract(left, right) if isinstance(left, Decimal) else left - right


def is_number(value: Any) -> bool:
    """Whether a value is a number that can be added exactly: not NaN, not beyond all measure."""
    if isinstance(value, Decimal):
        return value.is_finite() and (
            not value or -MAX_EXPONENT <= _last(value) <= value.adjusted() <= MAX_EXPONENT
        )
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and value.bit_length() <= _BITS


def _last(value: Decimal) -> int:
    """The exponent of the last digit."""
    return int(value.as_tuple().exponent)
