"""Fast: blocks, pairs and patterns as arrays, where numpy is installed (the extra ``fast``).

What it gives is what plain Python gives: it sorts and counts whole numbers, and nothing else. On a
busy machine the pairs and patterns of 100,000 contacts took 4.8 seconds of one core instead of 9.1,
what both need for normal forms and comparisons included.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from types import ModuleType
from typing import Any, Final, TypeAlias

from crmcore.rules.matching.linkage.blocks import Skipped, block_text
from crmcore.rules.matching.linkage.subject import Key
from crmcore.rules.matching.linkage.table import Column, Table

Numpy: TypeAlias = Any  # Any: numpy need not be there to check types
Array: TypeAlias = Any  # Any: likewise

MANY: Final = 2_000
"""From so many rows on arrays are worth their making."""

_CHUNK: Final = 250_000
"""The pairs of so many rows are held at once with their repetitions."""


@cache
def numpy() -> ModuleType | None:
    """The module, where it is installed."""
    try:
        import numpy as np  # noqa: PLC0415  # optional, and loaded at first use
    except ImportError:
        return None
    return np


def listed(numbers: Array) -> list[int]:
    """The numbers of an array."""
    found: list[int] = numbers.tolist()
    return found


class Filed:
    """The blocks of all keys of a table: an inverted index in sorted arrays."""

    def __init__(self, np: Numpy, table: Table, keys: Sequence[Key], *, limit: int) -> None:
        self._np, self._table, self._limit = np, table, limit
        self._ids: dict[str, Array] = {}
        self._facets: dict[str, tuple[Array, Array, Array]] = {}
        made = [self._key(key) for key in keys]
        self._blocks: list[tuple[Array, Array]] = [(rows, ends) for rows, ends, _, _ in made]
        self.blocks: tuple[int, ...] = tuple(count for _, _, count, _ in made)
        self.skipped: tuple[tuple[Skipped, ...], ...] = tuple(skipped for *_, skipped in made)

    def pairs(
        self, middle: int | None, within: Sequence[int], across: Sequence[int]
    ) -> tuple[Array, Array, Array]:
        """First row, second row and bits of the keys of each pair, in order."""
        np, rows = self._np, len(self._table)
        marks = [np.asarray(one, dtype=np.int64) if one else None for one in (within, across)]
        found = [
            self._chunk(begin, min(begin + _CHUNK, rows), middle, marks)
            for begin in range(0, rows, _CHUNK)
        ]
        first, second, shared = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return first, second, shared

    def _chunk(
        self, begin: int, end: int, middle: int | None, marks: Sequence[Array | None]
    ) -> tuple[Array, Array, Array]:
        """The pairs whose first row is one of these."""
        np, size, keys = self._np, len(self._table), len(self._blocks)
        made = [np.zeros(0, dtype=np.int64)]
        for at, (rows, ends) in enumerate(self._blocks):
            places = np.flatnonzero((rows >= begin) & (rows < end))
            times = ends[places] - places - 1
            first = np.repeat(rows[places], times)
            second = rows[np.repeat(places + 1, times) + _runs(np, times)]
            kept = first != second
            if middle is not None:
                kept = (first < middle) & (second >= middle)
            for mark, is_same in zip(marks, (True, False), strict=True):
                if mark is not None:
                    kept &= (mark[first] == mark[second]) == is_same
            made.append((first[kept].astype(np.int64) * size + second[kept]) * keys + at)
        tagged = np.unique(np.concatenate(made))
        codes, at = tagged // keys, tagged % keys
        starts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
        if not len(codes):
            return codes, codes, codes
        shared = np.bitwise_or.reduceat(np.left_shift(1, at), starts)
        both = codes[starts]
        return both // size, both % size, shared

    def _key(self, key: Key) -> tuple[Array, Array, int, tuple[Skipped, ...]]:
        """The rows of all blocks of a key, for each the end of its block, and what is too large."""
        np = self._np
        rows = np.arange(len(self._table), dtype=np.int64)
        numbers = np.zeros(len(rows), dtype=np.int64)
        for part in key.parts:
            rows, numbers = self._spread(rows, numbers, part)
        rows, numbers, begins, ends = _runs_of(np, rows, numbers)
        sizes = ends - begins
        small, large = (sizes > 1) & (sizes <= self._limit), sizes > self._limit
        kept = [_members(np, rows, begins[small], ends[small])]
        skipped: list[Skipped] = []
        if key.split is None:
            which = numbers[begins[large]].tolist()
            skipped += self._told(key, which, sizes[large].tolist())
        elif large.any():
            many, _ = _members(np, rows, begins[large], ends[large])
            of = np.repeat(numbers[begins[large]], sizes[large])
            kept.append(self._split(key, key.split, (many, of), skipped))
        begin = len(kept[0][0])
        found = np.concatenate([one for one, _ in kept])
        bounds = np.concatenate([kept[0][1], *(one + begin for _, one in kept[1:])])
        skipped.sort(key=lambda one: (one.value, one.size))
        return found, bounds, len(np.unique(bounds)), tuple(skipped)

    def _split(
        self, key: Key, split: str, filed: tuple[Array, Array], skipped: list[Skipped]
    ) -> tuple[Array, Array]:
        """The parts of large blocks by the second facet, a part of its own for rows without."""
        np = self._np
        order, places = np.unique(filed[1], return_inverse=True)
        rows, parts = self._spread(filed[0], places, split, is_kept=True)
        rows, parts, begins, ends = _runs_of(np, rows, parts)
        sizes = ends - begins
        small, large = (sizes > 1) & (sizes <= self._limit), sizes > self._limit
        column, name = self._column(split)
        which = order[parts[begins[large]] // (column.facet_size(name) + 1)]
        skipped += self._told(key, which.tolist(), sizes[large].tolist())
        return _members(np, rows, begins[small], ends[small])

    def _told(self, key: Key, numbers: Sequence[int], sizes: Sequence[int]) -> list[Skipped]:
        return [
            Skipped(value=block_text(self._table, key, number), size=size)
            for number, size in zip(numbers, sizes, strict=True)
        ]

    def _spread(
        self, rows: Array, numbers: Array, part: str, *, is_kept: bool = False
    ) -> tuple[Array, Array]:
        """Each row once for each of its texts by a facet, the number of the text joined to its own.

        With ``is_kept`` a row without a text stays, with the number after those of all texts.
        """
        np = self._np
        counts, flat, starts = self._facet(part)
        column, name = self._column(part)
        size = column.facet_size(name) + is_kept
        if part.partition(".")[0] not in self._ids:
            self._ids[part.partition(".")[0]] = np.asarray(column.ids, dtype=np.int64)
        forms = self._ids[part.partition(".")[0]][rows]
        times = counts[forms]
        texts = flat[np.repeat(starts[forms], times) + _runs(np, times)]
        found = np.repeat(rows, times), np.repeat(numbers, times) * size + texts
        if not is_kept:
            return found
        bare = times == 0
        return (
            np.concatenate((found[0], rows[bare])),
            np.concatenate((found[1], numbers[bare] * size + size - 1)),
        )

    def _column(self, part: str) -> tuple[Column, str]:
        trait, _, name = part.partition(".")
        return next(one for one in self._table.columns if one.trait.name == trait), name

    def _facet(self, part: str) -> tuple[Array, Array, Array]:
        if part not in self._facets:
            np = self._np
            column, name = self._column(part)
            made = column.facet(name)
            counts = np.fromiter(map(len, made), dtype=np.int64, count=len(made))
            flat = np.fromiter((one for texts in made for one in texts), dtype=np.int64)
            self._facets[part] = counts, flat, np.cumsum(counts) - counts
        return self._facets[part]


def _runs_of(np: Numpy, rows: Array, numbers: Array) -> tuple[Array, Array, Array, Array]:
    """Rows and numbers sorted by number, then by row, with begin and end of each number."""
    order = np.lexsort((rows, numbers))
    rows, numbers = rows[order], numbers[order]
    begins = np.flatnonzero(np.concatenate(([True], numbers[1:] != numbers[:-1])))[: len(numbers)]
    return rows, numbers, begins, np.concatenate((begins[1:], [len(numbers)]))[: len(begins)]


def _members(np: Numpy, rows: Array, begins: Array, ends: Array) -> tuple[Array, Array]:
    """The rows of these ranges one after the other, and for each where its range ends there."""
    sizes = ends - begins
    return rows[np.repeat(begins, sizes) + _runs(np, sizes)], np.repeat(np.cumsum(sizes), sizes)


def _runs(np: Numpy, times: Array) -> Array:
    """0, 1, ... for each, so many times."""
    return np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)


def crowded(np: Numpy, first: Array, second: Array, rows: int, most: int) -> Array:
    """The places of the pairs one of whose rows is in more pairs than ``most``."""
    times = np.bincount(first, minlength=rows) + np.bincount(second, minlength=rows)
    many = times > most
    return np.flatnonzero(many[first] | many[second])


def near(
    pairs: tuple[Array, Array], which: Collection[int], patterns: Array
) -> tuple[set[int], list[tuple[int, int, int, int]]]:
    """As ``Candidates.near``."""
    np = numpy()
    if np is None or not len(patterns):
        return set(), []
    first, second = pairs
    wanted = np.zeros(int(patterns.max()) + 1, dtype=bool)
    wanted[list(which)] = True
    is_wanted = wanted[patterns]
    rows = np.zeros(int(second.max()) + 1, dtype=bool)
    rows[first[is_wanted]] = rows[second[is_wanted]] = True
    kept = np.flatnonzero(rows[first] & rows[second])
    told = (kept, first[kept], second[kept], patterns[kept])
    return set(np.flatnonzero(rows).tolist()), list(
        zip(*(one.tolist() for one in told), strict=True)
    )


def codes_of(
    np: Numpy,
    ids: Array,
    pairs: tuple[Array, Array],
    decide: Callable[[Sequence[int], Sequence[int]], Sequence[int]],
) -> tuple[Array, list[int]]:
    """For each pair the place of its code among the codes that occur, and these, rising.

    ``decide`` gives the codes of the forms of these numbers, which are different pairs, the lesser
    number first; a pair with the number 0 has nothing to compare, and the code 0.
    """
    if not ids.any():
        return np.zeros(len(pairs[0]), dtype=np.int64), [0]
    one, other = ids[pairs[0]], ids[pairs[1]]
    size = int(ids.max()) + 1
    lesser, greater = np.minimum(one, other), np.maximum(one, other)
    both = lesser * size + greater
    both[lesser == 0] = 0
    different, places = np.unique(both, return_inverse=True)
    first = np.searchsorted(different, 1)
    decided = np.zeros(len(different), dtype=np.int64)
    known = different[first:]
    decided[first:] = decide((known // size).tolist(), (known % size).tolist())
    # codes are small numbers: to mark those that occur is quicker than to sort them
    occurs = np.zeros(int(decided.max(initial=0)) + 1, dtype=bool)
    occurs[decided] = True
    codes = np.flatnonzero(occurs)
    return np.searchsorted(codes, decided)[places], codes.tolist()


_MOST: Final = 2**62


def joined(
    np: Numpy, columns: Sequence[tuple[Array, list[int]]]
) -> tuple[list[tuple[int, ...]], Array]:
    """The different rows of these columns of codes, rising, and the place of each row's own."""
    found: list[tuple[int, ...]] = [()]
    places, size = np.zeros(len(columns[0][0]), dtype=np.int64), 1
    held: list[list[int]] = []
    for at, codes in columns:
        if size * len(codes) >= _MOST:
            found, places = _different(np, found, places, held)
            size, held = len(found), []
        if len(codes) > 1:
            places = places * len(codes) + at
        size *= len(codes)
        held.append(codes)
    return _different(np, found, places, held)


def _different(
    np: Numpy, found: Sequence[tuple[int, ...]], mixed: Array, held: Sequence[list[int]]
) -> tuple[list[tuple[int, ...]], Array]:
    """The different rows, and the place of each, of numbers made of places in these columns."""
    different, places = np.unique(mixed, return_inverse=True)
    columns = []
    for codes in reversed(held):
        different, at = np.divmod(different, len(codes))
        columns.append(np.asarray(codes, dtype=np.int64)[at].tolist())
    begun = map(found.__getitem__, different.tolist())
    ends = zip(*reversed(columns), strict=True) if columns else [()] * len(different)
    return [(*begin, *end) for begin, end in zip(begun, ends, strict=True)], places
