"""Operations: the ways to make one figure of many values that go by a name.

Each states its algebra (see ``crmcore.rules.rollup.algebra``). Those that need a number or a text
of their own are made: ``nth(2)``, ``largest(5)``, ``percentile(90)``, ``concatenate("; ")``,
``weighted_sum(F.probability)``.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias

import attrs

from crmcore.errors import UnknownNameError, UsageError
from crmcore.query import Path
from crmcore.rules.rollup.algebra import Algebra, Gives, Operation, Sort, Takes, minus, plus
from crmcore.rules.rollup.selections import (
    CONCATENATE,
    CONCATENATE_DISTINCT,
    FIRST,
    LAST,
    MEDIAN,
    MOST_FREQUENT,
)

OperationName: TypeAlias = Literal[
    "sum",
    "count",
    "count_distinct",
    "average",
    "min",
    "max",
    "first",
    "last",
    "most_frequent",
    "concatenate",
    "concatenate_distinct",
    "median",
    "all",
    "some",
    "none",
]
"""The names of operations that need nothing else."""


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


def _pair_less(left: tuple[Any, int], right: tuple[Any, int]) -> tuple[Any, int]:
    return minus(left[0], right[0]), left[1] - right[1]


def _pair_times(state: tuple[Any, int], factor: Fraction) -> tuple[Any, int]:
    return _times(state[0], factor), state[1]


def _quotient(state: tuple[Any, int]) -> Fraction:
    return Fraction(state[0]) / state[1]


def _is_extreme(state: Any, item: Any) -> bool:
    return bool(state == item)


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
    part=minus,
    result=_same,
    is_zero_when_empty=True,
)
"""How many records; with a link, how many pairs of a record and an account."""

COUNT_DISTINCT: Final = Operation(
    name="count_distinct",
    algebra=Algebra.SET,
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
    part=minus,
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
    part=_pair_less,
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
    matters=_is_extreme,
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
    matters=_is_extreme,
    result=_same,
    scaled=_times,
)
"""The largest value: the latest date, the last text by code points."""


def _of_flags(name: str, result: Callable[[tuple[int, int]], bool]) -> Operation:
    """An operation on flags, whose states are how many are true, and how many there are."""
    return Operation(
        name=name,
        algebra=Algebra.GROUP,
        takes=Takes.A_VALUE,
        gives=Gives.FLAG,
        sorts=frozenset({Sort.FLAG}),
        start=_pair,
        add=_pair_with,
        merge=_pairs,
        part=_pair_less,
        result=result,
    )


def _all(state: tuple[int, int]) -> bool:
    return state[0] == state[1]


def _some(state: tuple[int, int]) -> bool:
    return state[0] > 0


def _none(state: tuple[int, int]) -> bool:
    return state[0] == 0


EVERY: Final = _of_flags("all", _all)
"""Whether the flag is set in all records that have it; a filter as value is a flag."""

SOME: Final = _of_flags("some", _some)
"""Whether the flag is set in at least one record."""

NONE: Final = _of_flags("none", _none)
"""Whether the flag is set in none of the records."""

OPERATIONS: Final = (
    *(SUM, COUNT, COUNT_DISTINCT, AVERAGE, MIN, MAX),
    *(FIRST, LAST, MOST_FREQUENT, CONCATENATE, CONCATENATE_DISTINCT, MEDIAN),
    *(EVERY, SOME, NONE),
)
"""Every operation that can be named."""


def weighted_sum(weight: Path | str) -> Operation:
    """The exact sum of each value times a number of its record; a percentage in hundredths.

    ``weighted_sum(F.probability)`` of ``F.amount`` is the weighted pipeline. A record without a
    weight is left out (R9).
    """
    path = weight if isinstance(weight, Path) else Path(*str(weight).split("."))
    if not path.steps:
        raise UsageError("a weight is a field", str(path), "write weighted_sum(F.probability)")
    return attrs.evolve(SUM, name="weighted_sum", weight=path)


def operation(named: Operation | OperationName) -> Operation:
    """The operation of this name; an operation is itself.

    Raises ``UnknownNameError`` with the nearest name.
    """
    if isinstance(named, Operation):
        return named
    for one in OPERATIONS:
        if one.name == named:
            return one
    raise UnknownNameError("operation", str(named), tuple(one.name for one in OPERATIONS))
