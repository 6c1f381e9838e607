"""Codes: those of many pairs by one trait after the other, put together to patterns of codes.

A column of codes has each different code once, and for each pair a small number that stands for
it: so it is quick to send from one process to another.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate, chain, pairwise
from operator import add
from typing import Any, Final

from attrs import frozen

from crmcore.rules.matching.linkage import fast
from crmcore.rules.matching.linkage.many import Array, Numpy, distinct

_MOST: Final = 2**62


@frozen
class CodeColumn:
    """The different codes of some pairs by one trait, rising, and which of them each pair has."""

    different: Sequence[Any]
    of: Any  # Any: a sequence of numbers or an array of numpy


@frozen
class Patterns:
    """The different codes of some pairs, rising, how many pairs have them, and which a pair has.

    ``columns`` has for each trait the code of each pattern.
    """

    columns: tuple[CodeColumn, ...]
    times: Sequence[int]
    of: Sequence[int]

    @property
    def codes(self) -> list[tuple[int, ...]]:
        """The codes of all traits, pattern by pattern."""
        codes = (map(one.different.__getitem__, one.of) for one in self.columns)
        return list(zip(*codes, strict=True))


def column_of(
    np: Numpy,
    ids: Array,
    pairs: tuple[Sequence[int], Sequence[int]],
    decide: Callable[[Array, Array], Array],
) -> CodeColumn:
    """The codes of pairs of rows, ``ids`` being the numbers of their forms.

    ``decide`` gives the codes of pairs of forms, the lesser number first; a pair with the number 0
    has nothing to compare, and the code 0.
    """
    if not ids.any():
        return CodeColumn([0], np.zeros(len(pairs[0]), dtype=np.uint8))
    one, other = ids[pairs[0]], ids[pairs[1]]
    codes = np.zeros(len(one), dtype=np.int64)
    compared = np.flatnonzero((one > 0) & (other > 0))
    if len(compared):
        one, other = one[compared], other[compared]
        codes[compared] = decide(np.minimum(one, other), np.maximum(one, other))
    different, of = distinct(np, codes, int(codes.max(initial=0)) + 1)
    return CodeColumn(different.tolist(), of.astype(np.min_scalar_type(len(different))))


def put_together(parts: Sequence[CodeColumn]) -> CodeColumn:
    """The codes of all pairs, which were compared in parts."""
    if len(parts) == 1:
        return parts[0]
    different = sorted({code for part in parts for code in part.different})
    number = dict(zip(different, range(len(different)), strict=True)).__getitem__
    places = [list(map(number, part.different)) for part in parts]
    return CodeColumn(different, placed([part.of for part in parts], places))


def placed(parts: Sequence[Any], places: Sequence[Sequence[int]]) -> Any:  # Any: as ``of``
    """The numbers of all parts one after the other, each turned into the place it stands for."""
    np = fast.numpy()
    if np is None or not isinstance(parts[0], np.ndarray):
        turned = (map(of.__getitem__, part) for part, of in zip(parts, places, strict=True))
        return array("I", chain.from_iterable(turned))
    small = np.min_scalar_type(max(chain.from_iterable(places), default=0))
    return np.concatenate(
        [np.asarray(of, dtype=small)[part] for part, of in zip(parts, places, strict=True)]
    )


def parted(columns: Sequence[CodeColumn], sizes: Sequence[int]) -> list[list[CodeColumn]]:
    """The columns of the first so many pairs, of so many after them, and so on."""
    ends = accumulate(sizes, initial=0)
    return [
        [CodeColumn(column.different, column.of[begin:end]) for column in columns]
        for begin, end in pairwise(ends)
    ]


def patterns_of(columns: Sequence[CodeColumn]) -> Patterns:
    """The patterns of pairs whose codes these are.

    The codes of a pair are put together to one number, as digits are.
    """
    mixed = mixed_of(columns, len(columns[0].of))
    times = Counter(mixed)
    different = sorted(times)
    places = dict(zip(different, range(len(different)), strict=True))
    return Patterns(
        tuple(map(_occurring, columns, parts_of(different, columns))),
        [times[one] for one in different],
        list(map(places.__getitem__, mixed)),
    )


def mixed_of(columns: Sequence[CodeColumn], size: int) -> list[int]:
    """Of columns of so many rows a number for each row, the same for equal rows."""
    mixed = [0] * size
    for column in columns:
        many = len(column.different)
        if many > 1:
            mixed = list(map(add, map(many.__mul__, mixed), column.of))
    return mixed


def parts_of(mixed: Sequence[int], columns: Sequence[CodeColumn]) -> list[list[int]]:
    """For each column the places that ``mixed_of`` put together to these numbers."""
    parts = list[list[int]]()
    for column in reversed(columns):
        many = len(column.different)
        parts.append([one % many for one in mixed])
        mixed = [one // many for one in mixed]
    return parts[::-1]


def _occurring(column: CodeColumn, places: Sequence[int]) -> CodeColumn:
    """The column of these places, of codes that occur there."""
    occur = sorted(set(places))
    number = dict(zip(occur, range(len(occur)), strict=True)).__getitem__
    return CodeColumn([column.different[at] for at in occur], list(map(number, places)))


def patterns_by_arrays(np: Numpy, columns: Sequence[CodeColumn]) -> Patterns:
    """As ``patterns_of``; the numbers are made smaller where they would grow too large."""
    mixed, size = np.zeros(len(columns[0].of), dtype=np.int64), 1
    for column in columns:
        many = len(column.different)
        if size * many >= _MOST:
            different, mixed = np.unique(mixed, return_inverse=True)
            size = len(different)
        if many > 1:
            mixed, size = mixed * many + column.of, size * many
    different, places = distinct(np, mixed, size)
    first = np.zeros(len(different), dtype=np.int64)
    first[places] = np.arange(len(places))
    made = []
    for column in columns:
        occur, of = distinct(np, column.of[first], len(column.different))
        codes = [column.different[at] for at in occur.tolist()]
        made.append(CodeColumn(codes, of.tolist()))
    times = np.bincount(places, minlength=len(different))
    return Patterns(tuple(made), times.tolist(), places)
