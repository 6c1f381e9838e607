"""Operation: how values are made into one, stated as an algebra.

An operation is a commutative semigroup of *states*: ``start`` makes the state of one value,
``add`` takes one more value in, ``merge`` makes one state of two, in any order and grouping, and
``result`` reads the outcome. The empty set has no state; what it is worth is declared beside.
``add`` and ``merge`` may use up the state that they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation, Overflow
from enum import Enum
from fractions import Fraction
from typing import Any, Final, TypeAlias

from attrs import frozen

from crmcore.errors import UnknownNameError

State: TypeAlias = Any
"""A state; what it is, only its operation knows."""

MAX_EXPONENT: Final = 1_000
"""Numbers whose first or last digit lies more places than this from the point are left out."""

_BITS: Final = (10**MAX_EXPONENT).bit_length()
_DIGITS: Final = 2 * MAX_EXPONENT + 100
# Exact for any sum of such numbers that fits into memory: nothing is ever rounded on the way.
_EXACT: Final = Context(
    prec=_DIGITS, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[Inexact, InvalidOperation, Overflow]
)


class Empty(Enum):
    """A value of the empty set that no record can have."""

    NOTHING = "nothing"
    """The empty set has no value: ``None``."""


NOTHING: Final = Empty.NOTHING


class Algebra(Enum):
    """What an operation allows beyond taking more values in."""

    GROUP = "group"
    """A value that was taken in can be taken out again."""
    MONOID = "monoid"
    """A value can only be taken in."""
    MULTISET = "multiset"
    """A value can be taken out if it was counted how often each came in."""


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
    QUOTIENT = "a number or money, with as many decimals as it takes"


@frozen(kw_only=True)
class Operation:
    """A way to make one value of many.

    ``sorts`` are the sorts of values that it accepts. ``scaled`` multiplies a state of numbers by
    a factor, as money of one currency becomes another (``None``: money is taken as it is).
    ``is_zero_when_empty`` says that the empty set is worth 0, rather than nothing.
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

    def __str__(self) -> str:
        return self.name


def plus(left: Any, right: Any) -> Any:
    """The exact sum of two numbers of one type: int, Decimal or Fraction."""
    return _EXACT.add(left, right) if isinstance(left, Decimal) else left + right


def _same(value: Any) -> Any:
    return value


def _times(state: Any, factor: Fraction) -> Fraction:
    return Fraction(state) * factor


def _one_more(state: int, _value: Any) -> int:
    return state + 1


def _one(_value: Any) -> int:
    return 1


def _set(value: Any) -> set[Any]:
    return {value}


def _with(state: set[Any], value: Any) -> set[Any]:
    state.add(value)
    return state


def _united(left: set[Any], right: set[Any]) -> set[Any]:
    """The smaller set goes into the larger one: each value moves at most log2(n) times."""
    small, large = (left, right) if len(left) < len(right) else (right, left)
    large |= small
    return large


def _pair(value: Any) -> tuple[Any, int]:
    return value, 1


def _pair_with(state: tuple[Any, int], value: Any) -> tuple[Any, int]:
    return plus(state[0], value), state[1] + 1


def _pairs(left: tuple[Any, int], right: tuple[Any, int]) -> tuple[Any, int]:
    return plus(left[0], right[0]), left[1] + right[1]


def _pair_times(state: tuple[Any, int], factor: Fraction) -> tuple[Any, int]:
    return _times(state[0], factor), state[1]


def _quotient(state: tuple[Any, int]) -> Fraction:
    return Fraction(state[0]) / state[1]


_NUMERIC: Final = frozenset({Sort.NUMBER, Sort.MONEY})
_ORDERED: Final = _NUMERIC | {Sort.DATE, Sort.MOMENT, Sort.TEXT}

COUNT: Final = Operation(
    name="count",
    algebra=Algebra.GROUP,
    takes=Takes.NOTHING,
    gives=Gives.COUNT,
    sorts=frozenset(),
    start=_one,
    add=_one_more,
    merge=plus,
    result=_same,
    is_zero_when_empty=True,
)
"""How many records; with a link, how many pairs of a record and an account."""

COUNT_DISTINCT: Final = Operation(
    name="count_distinct",
    algebra=Algebra.MULTISET,
    takes=Takes.ANYTHING,
    gives=Gives.COUNT,
    sorts=frozenset(Sort),
    start=_set,
    add=_with,
    merge=_united,
    result=len,
    is_zero_when_empty=True,
)
"""How many different values, or different records, each counted once in a whole subtree (R4)."""

SUM: Final = Operation(
    name="sum",
    algebra=Algebra.GROUP,
    takes=Takes.A_VALUE,
    gives=Gives.VALUE,
    sorts=_NUMERIC,
    start=_same,
    add=plus,
    merge=plus,
    result=_same,
    scaled=_times,
    is_zero_when_empty=True,
)
"""The exact sum."""

AVERAGE: Final = Operation(
    name="average",
    algebra=Algebra.GROUP,
    takes=Takes.A_VALUE,
    gives=Gives.QUOTIENT,
    sorts=_NUMERIC,
    start=_pair,
    add=_pair_with,
    merge=_pairs,
    result=_quotient,
    scaled=_pair_times,
)
"""The sum divided by the count of the values that are there."""

MIN: Final = Operation(
    name="min",
    algebra=Algebra.MONOID,
    takes=Takes.A_VALUE,
    gives=Gives.VALUE,
    sorts=_ORDERED,
    start=_same,
    add=min,
    merge=min,
    result=_same,
    scaled=_times,
)
"""The smallest value: the earliest date, the first text by code points."""

MAX: Final = Operation(
    name="max",
    algebra=Algebra.MONOID,
    takes=Takes.A_VALUE,
    gives=Gives.VALUE,
    sorts=_ORDERED,
    start=_same,
    add=max,
    merge=max,
    result=_same,
    scaled=_times,
)
"""The largest value: the latest date, the last text by code points."""

OPERATIONS: Final = (SUM, COUNT, COUNT_DISTINCT, AVERAGE, MIN, MAX)
"""Every operation that can be named."""


def operation(named: Operation | str) -> Operation:
    """The operation of this name; an operation is itself.

    Raises ``UnknownNameError`` with the nearest name.
    """
    if isinstance(named, Operation):
        return named
    for one in OPERATIONS:
        if one.name == named:
            return one
    raise UnknownNameError("operation", str(named), tuple(one.name for one in OPERATIONS))


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
