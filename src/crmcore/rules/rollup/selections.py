"""Selections: operations that pick some of the values, by their order, their rank or how often.

First, last and concatenations take items that are pairs of a position and a value; positions are
by the declared order, then by id, so that no two records share one (R3).
"""

from __future__ import annotations

import heapq
from collections import Counter
from fractions import Fraction
from functools import cache, partial
from typing import Any, Final, TypeAlias

from crmcore.errors import UsageError
from crmcore.query import sort_key
from crmcore.rules.rollup.algebra import Algebra, Gives, Operation, Sort, Takes

Item: TypeAlias = tuple[Any, Any]
"""A position and a value."""

_NUMERIC: Final = frozenset({Sort.NUMBER, Sort.MONEY})
_ORDERED: Final = _NUMERIC | {Sort.DATE, Sort.MOMENT, Sort.TEXT}


def _same(item: Any) -> Any:
    return item


def _place(item: Item) -> Any:
    return item[0]


def _earlier(left: Item, right: Item) -> Item:
    return right if right[0] < left[0] else left


def _later(left: Item, right: Item) -> Item:
    return right if left[0] < right[0] else left


def _value(item: Item) -> Any:
    return item[1]


def _is_it(state: Item, item: Item) -> bool:
    return bool(state[0] == item[0])


FIRST: Final = Operation(
    name="first",
    algebra=Algebra.MONOID,
    takes=Takes.A_VALUE,
    gives=Gives.VALUE,
    sorts=frozenset(Sort),
    start=_same,
    add=_earlier,
    merge=_earlier,
    matters=_is_it,
    result=_value,
    is_ordered=True,
)
"""The value of the first record that has one, by ``order_by`` and then the id."""

LAST: Final = Operation(
    name="last",
    algebra=Algebra.MONOID,
    takes=Takes.A_VALUE,
    gives=Gives.VALUE,
    sorts=frozenset(Sort),
    start=_same,
    add=_later,
    merge=_later,
    matters=_is_it,
    result=_value,
    is_ordered=True,
)
"""The value of the last record that has one, by ``order_by`` and then the id."""


def _tuple(item: Any) -> tuple[Any, ...]:
    return (item,)


def _firsts(most: int, left: tuple[Item, ...], right: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(heapq.nsmallest(most, (*left, *right), key=_place))


def _firsts_with(most: int, state: tuple[Item, ...], item: Item) -> tuple[Item, ...]:
    return _firsts(most, state, (item,))


def _largest(most: int, left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(heapq.nlargest(most, (*left, *right)))


def _largest_with(most: int, state: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    return _largest(most, state, (value,))


def _is_among(state: tuple[Any, ...], gone: tuple[Any, ...]) -> bool:
    return any(one in state for one in gone)


def _at(number: int, state: tuple[Item, ...]) -> Any:
    return state[number - 1][1] if len(state) >= number else None


def _each_times(state: tuple[Any, ...], factor: Fraction) -> tuple[Fraction, ...]:
    return tuple(Fraction(one) * factor for one in state)


def _count(number: Any, what: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise UsageError(f"{what} takes a whole number from 1 on", number)
    return number


@cache
def nth(number: int) -> Operation:
    """The value of the record at this place, from 1, by ``order_by`` and then the id.

    Records without a value have no place; with fewer there is no value. A state has at most
    ``number`` items.
    """
    most = _count(number, "nth")
    return Operation(
        name=f"nth({number})",
        algebra=Algebra.MONOID,
        takes=Takes.A_VALUE,
        gives=Gives.VALUE,
        sorts=frozenset(Sort),
        start=_tuple,
        add=partial(_firsts_with, most),
        merge=partial(_firsts, most),
        matters=_is_among,
        result=partial(_at, most),
        is_ordered=True,
    )


@cache
def largest(number: int) -> Operation:
    """The ``number`` largest values, largest first, fewer where there are no more.

    Equal values of different records are each there.
    """
    most = _count(number, "largest")
    return Operation(
        name=f"largest({number})",
        algebra=Algebra.MONOID,
        takes=Takes.A_VALUE,
        gives=Gives.VALUES,
        sorts=_ORDERED,
        start=_tuple,
        add=partial(_largest_with, most),
        merge=partial(_largest, most),
        matters=_is_among,
        result=_same,
        scaled=_each_times,
    )


def _list(item: Any) -> list[Any]:
    return [item]


def _list_with(state: list[Any], item: Any) -> list[Any]:
    state.append(item)
    return state


def _joined(left: list[Any], right: list[Any]) -> list[Any]:
    small, large = (left, right) if len(left) < len(right) else (right, left)
    large += small
    return large


def _list_times(state: list[Any], factor: Fraction) -> list[Any]:
    return [Fraction(one) * factor for one in state]


def _quantile(share: Fraction, state: list[Any]) -> Fraction:
    """The value below which a share of the values lies, between two of them by proportion."""
    ranked = sorted(state)
    place = share * (len(ranked) - 1)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    below, above = Fraction(ranked[low]), Fraction(ranked[high])
    return below + (above - below) * (place - low)


def _ranked(name: str, share: Fraction) -> Operation:
    return Operation(
        name=name,
        algebra=Algebra.MULTISET,
        takes=Takes.A_VALUE,
        gives=Gives.QUOTIENT,
        sorts=_NUMERIC,
        start=_list,
        add=_list_with,
        merge=_joined,
        result=partial(_quantile, share),
        scaled=_list_times,
    )


MEDIAN: Final = _ranked("median", Fraction(1, 2))
"""The value in the middle, or the mean of the two in the middle."""


@cache
def percentile(percent: int) -> Operation:
    """The value below which so many percent (0 to 100) of the values lie.

    Between two values by proportion of their ranks (Hyndman and Fan 1996, definition 7, which
    spreadsheets and numpy take too): ``percentile(50)`` is the median.
    """
    if isinstance(percent, bool) or not isinstance(percent, int) or not 0 <= percent <= 100:
        raise UsageError("percentile takes a whole number from 0 to 100", percent)
    return _ranked(f"percentile({percent})", Fraction(percent, 100))


def _counted(value: Any) -> Counter[Any]:
    return Counter((value,))


def _counted_with(state: Counter[Any], value: Any) -> Counter[Any]:
    state[value] += 1
    return state


def _counters(left: Counter[Any], right: Counter[Any]) -> Counter[Any]:
    small, large = (left, right) if len(left) < len(right) else (right, left)
    large.update(small)
    return large


def _most(state: Counter[Any]) -> Any:
    often = max(state.values())
    return min((value for value, times in state.items() if times == often), key=sort_key)


MOST_FREQUENT: Final = Operation(
    name="most_frequent",
    algebra=Algebra.MULTISET,
    takes=Takes.A_VALUE,
    gives=Gives.VALUE,
    sorts=frozenset(Sort),
    start=_counted,
    add=_counted_with,
    merge=_counters,
    result=_most,
)
"""The value that most records have; of several the first as values sort. Money is as written."""


def _text(delimiter: str, state: list[Item]) -> str:
    return delimiter.join(value for _, value in sorted(state, key=_place))


def _text_of_each(delimiter: str, state: list[Item]) -> str:
    return delimiter.join(dict.fromkeys(value for _, value in sorted(state, key=_place)))


def _concatenation(name: str, result: Any) -> Operation:
    return Operation(
        name=name,
        algebra=Algebra.MULTISET,
        takes=Takes.A_VALUE,
        gives=Gives.VALUE,
        sorts=frozenset({Sort.TEXT}),
        start=_list,
        add=_list_with,
        merge=_joined,
        result=result,
        is_ordered=True,
    )


@cache
def concatenate(delimiter: str = ", ") -> Operation:
    """The texts of all records with the delimiter between them, by ``order_by``, then the id."""
    return _concatenation("concatenate", partial(_text, _delimiter(delimiter)))


@cache
def concatenate_distinct(delimiter: str = ", ") -> Operation:
    """Each different text once, where it comes first by ``order_by`` and then the id."""
    return _concatenation("concatenate_distinct", partial(_text_of_each, _delimiter(delimiter)))


def _delimiter(given: Any) -> str:
    if not isinstance(given, str):
        raise UsageError("a delimiter is text", given)
    return given


CONCATENATE: Final = concatenate()
"""``concatenate(", ")``."""

CONCATENATE_DISTINCT: Final = concatenate_distinct()
"""``concatenate_distinct(", ")``."""
