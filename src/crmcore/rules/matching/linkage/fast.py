"""Fast: blocks, pairs and patterns as arrays, where numpy is installed (the extra ``fast``).

What it gives is what plain Python gives: it sorts and counts whole numbers, and nothing else. On a
busy machine the pairs and patterns of 100,000 contacts took 4.8 seconds of one core instead of 9.1,
what both need for normal forms and comparisons included.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache, cached_property
from itertools import pairwise
from types import ModuleType
from typing import Final, TypeAlias

from attrs import frozen

from crmcore.rules.matching.linkage.blocks import BETWEEN, Skipped
from crmcore.rules.matching.linkage.many import Array, Numpy, distinct, rising
from crmcore.rules.matching.linkage.subject import Key
from crmcore.rules.matching.linkage.table import Column, Table

Listed: TypeAlias = tuple[list[int], list[int], list[int]]

MANY: Final = 2_000
"""From so many rows on arrays are worth their making."""

_CHUNK: Final = 2_000_000
"""So many pairs of a key are held at once with their repetitions."""

_MOST: Final = 2**62


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


@frozen(kw_only=True)
class Texts:
    """The texts of each form by a facet, as numbers: how many each has, and these one by one."""

    counts: Array
    flat: Array
    size: int

    @cached_property
    def starts(self) -> Array:
        """Where the texts of each form begin in ``flat``."""
        return self.counts.cumsum() - self.counts

    def __len__(self) -> int:
        return len(self.counts)

    def firsts(self) -> list[int]:
        """As ``Column.first_texts``."""
        if not self.size:
            return [0] * len(self)
        numbers = self.flat.take(self.starts, mode="clip") + 1
        found: list[int] = (numbers * (self.counts > 0)).tolist()
        return found

    def text(self, np: Numpy, column: Column, name: str, number: int) -> str:
        """The text of a number."""
        at = int(np.argmax(self.flat == number))
        form = int(np.searchsorted(self.starts, at, side="right")) - 1
        return column.trait.facets[name](column.forms[form])[at - int(self.starts[form])]


def texts_of(np: Numpy, column: Column, name: str) -> Texts:
    """The texts of every form of a column by a facet, found once."""
    known = column.arrays.get(name)
    if isinstance(known, Texts) and len(known) == column.size:
        return known
    facet = column.whole_facet(name)
    found = Texts(
        counts=np.asarray(facet.sizes, dtype=np.int32),
        flat=np.asarray(facet.flat, dtype=np.int32),
        size=column.facet_size(name),
    )
    column.arrays[name] = found
    return found


class Filed:
    """The blocks of a table by key, as sorted arrays.

    ``limit`` is the most rows of a block. ``middle``, ``within`` and ``across`` are those of
    ``Limits``.
    """

    def __init__(
        self,
        np: Numpy,
        table: Table,
        *,
        limit: int,
        middle: int | None,
        within: Sequence[int],
        across: Sequence[int],
    ) -> None:
        self._np, self._table, self._limit, self._middle = np, table, limit, middle
        self._marks = [np.asarray(one, dtype=np.int64) if one else None for one in (within, across)]
        self._ids: dict[str, Array] = {}

    def pairs(self, key: Key) -> tuple[Array, int, tuple[Skipped, ...]]:
        """The pairs of a key as ``first * rows + second``, rising; its blocks and what is skipped.

        The pairs of one row of each block after another are made, so that what is held at once is
        bounded by the pairs that are kept.
        """
        np, size = self._np, len(self._table)
        rows, ends, count, skipped = self._blocks(key)
        times = ends - np.arange(len(rows)) - 1
        bounds = np.searchsorted(np.cumsum(times), np.arange(_CHUNK, times.sum() + _CHUNK, _CHUNK))
        made = [np.zeros(0, dtype=np.int64)]
        for begin, end in pairwise([0, *bounds.tolist(), len(rows)]):
            places = np.arange(begin, end)
            first = np.repeat(rows[begin:end], times[begin:end])
            second = rows[np.repeat(places + 1, times[begin:end]) + _runs(np, times[begin:end])]
            kept = first != second
            if self._middle is not None:
                kept = (first < self._middle) & (second >= self._middle)
            for mark, is_same in zip(self._marks, (True, False), strict=True):
                if mark is not None:
                    kept &= (mark[first] == mark[second]) == is_same
            made.append(first[kept] * size + second[kept])
        return rising(np, np.concatenate(made)), count, skipped

    def _blocks(self, key: Key) -> tuple[Array, Array, int, tuple[Skipped, ...]]:
        """The rows of all blocks of a key, for each the end of its block, and what is too large."""
        np = self._np
        columns = [self._column(part)[0] for part in key.parts]
        is_known = all(column.size > 1 for column in columns)  # of any row
        rows = np.arange(len(self._table) if is_known else 0, dtype=np.int64)
        numbers = np.zeros(len(rows), dtype=np.int64)
        for part in key.parts if is_known else ():
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
        return found, bounds, len(rising(np, bounds)), tuple(skipped)

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
        which = order[parts[begins[large]] // (self._texts(split).size + 1)]
        skipped += self._told(key, which.tolist(), sizes[large].tolist())
        return _members(np, rows, begins[small], ends[small])

    def _told(self, key: Key, numbers: Sequence[int], sizes: Sequence[int]) -> list[Skipped]:
        return [
            Skipped(value=self._text(key, number), size=size)
            for number, size in zip(numbers, sizes, strict=True)
        ]

    def _text(self, key: Key, number: int) -> str:
        """The texts of a block, which is numbered by the texts of its key."""
        texts = []
        for part in reversed(key.parts):
            column, name = self._column(part)
            number, last = divmod(number, self._texts(part).size)
            texts.append(self._texts(part).text(self._np, column, name, last))
        return BETWEEN.join(reversed(texts))

    def _spread(
        self, rows: Array, numbers: Array, part: str, *, is_kept: bool = False
    ) -> tuple[Array, Array]:
        """Each row once for each of its texts by a facet, the number of the text joined to its own.

        With ``is_kept`` a row without a text stays, with the number after those of all texts.
        """
        np = self._np
        found, size = self._texts(part), self._texts(part).size + is_kept
        column, _ = self._column(part)
        if column.trait.name not in self._ids:
            self._ids[column.trait.name] = np.asarray(column.ids, dtype=np.int64)
        forms = self._ids[column.trait.name][rows]
        times = found.counts[forms]
        texts = found.flat[np.repeat(found.starts[forms], times) + _runs(np, times)]
        made = np.repeat(rows, times), np.repeat(numbers, times) * size + texts
        if not is_kept:
            return made
        bare = times == 0
        return (
            np.concatenate((made[0], rows[bare])),
            np.concatenate((made[1], numbers[bare] * size + size - 1)),
        )

    def _column(self, part: str) -> tuple[Column, str]:
        trait, _, name = part.partition(".")
        return next(one for one in self._table.columns if one.trait.name == trait), name

    def _texts(self, part: str) -> Texts:
        return texts_of(self._np, *self._column(part))


def _runs_of(np: Numpy, rows: Array, numbers: Array) -> tuple[Array, Array, Array, Array]:
    """Rows and numbers sorted by number, then by row, with begin and end of each number.

    Numbers that only one row has are left out.
    """
    if not len(rows):
        return rows, numbers, rows, rows
    size, most = int(rows.max()) + 1, int(numbers.max()) + 1
    if size * most < _MOST:
        both = np.sort(numbers * size + rows)  # quicker than sorting places by two keys
        numbers = both // size
        rows = both - numbers * size
    else:
        order = np.lexsort((rows, numbers))
        rows, numbers = rows[order], numbers[order]
    is_new = numbers[1:] != numbers[:-1]
    is_begin = np.concatenate(([True], is_new))
    shared = ~(is_begin & np.concatenate((is_new, [True])))
    rows, numbers, is_begin = rows[shared], numbers[shared], is_begin[shared]
    begins = np.flatnonzero(is_begin)
    return rows, numbers, begins, np.concatenate((begins[1:], [len(numbers)]))[: len(begins)]


def _members(np: Numpy, rows: Array, begins: Array, ends: Array) -> tuple[Array, Array]:
    """The rows of these ranges one after the other, and for each where its range ends there."""
    sizes = ends - begins
    return rows[np.repeat(begins, sizes) + _runs(np, sizes)], np.repeat(np.cumsum(sizes), sizes)


def _runs(np: Numpy, times: Array) -> Array:
    """0, 1, ... for each, so many times."""
    return np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)


def united(np: Numpy, found: Sequence[Array], rows: int) -> tuple[Array, Array, Array]:
    """First row, second row and bits of the keys of each pair, in order.

    ``found`` has the pairs of each key, rising. Those of some first rows are joined after another,
    so that what is held at once is bounded by the pairs.
    """
    every = [np.zeros(0, dtype=np.int64)]
    bits = [np.zeros(0, dtype=np.int64)]
    steps = max(1, -(-sum(map(len, found)) // _CHUNK))
    for begin, end in pairwise(rows * rows * step // steps for step in range(steps + 1)):
        parts = [one[slice(*np.searchsorted(one, (begin, end)))] for one in found]
        tagged = np.concatenate([one * len(found) + at for at, one in enumerate(parts)])
        tagged.sort()
        pairs = tagged // len(found)
        starts = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1]))[: len(pairs)])
        if len(starts):
            shared = np.left_shift(1, tagged - pairs * len(found))
            every.append(pairs[starts])
            bits.append(np.bitwise_or.reduceat(shared, starts))
    pairs = np.concatenate(every)
    first = pairs // rows
    return first, pairs - first * rows, np.concatenate(bits)


def crowded(np: Numpy, first: Array, second: Array, rows: int, most: int) -> Array:
    """The places of the pairs one of whose rows is in more pairs than ``most``."""
    many = _partners(np, first, second, rows) > most
    return np.flatnonzero(many[first] | many[second])


def partners(first: Array, second: Array) -> dict[int, int]:
    """As ``Candidates.partners``."""
    np = numpy()
    if np is None or not len(first):
        return {}
    times = _partners(np, first, second, int(second.max()) + 1)
    rows = np.flatnonzero(times)
    return dict(zip(rows.tolist(), times[rows].tolist(), strict=True))


def most_partners(first: Array, second: Array) -> int:
    """As ``Candidates.most_partners``."""
    np = numpy()
    if np is None or not len(first):
        return 0
    return int(_partners(np, first, second, int(second.max()) + 1).max())


def _partners(np: Numpy, first: Array, second: Array, rows: int) -> Array:
    """How many pairs each of so many rows is in."""
    return np.bincount(first, minlength=rows) + np.bincount(second, minlength=rows)


def times(keys: Array, places: Sequence[int] | None) -> Counter[int]:
    """How many pairs each combination of keys brings together, of all or of those in places."""
    np = numpy()
    if np is None:
        return Counter()
    some = keys if places is None else keys[places]
    found, which = distinct(np, some, int(some.max(initial=0)) + 1)
    counts = np.bincount(which, minlength=len(found))
    return Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))


def of(pairs: tuple[Array, Array, Array], rows: Collection[int]) -> list[tuple[int, int, int]]:
    """As ``Candidates.of``."""
    np = numpy()
    if np is None or not len(pairs[0]):
        return []
    is_one = np.zeros(int(pairs[1].max()) + 1, dtype=bool)
    is_one[[row for row in rows if row < len(is_one)]] = True
    places = np.flatnonzero(is_one[pairs[0]] | is_one[pairs[1]])
    return list(zip(*(column[places].tolist() for column in pairs), strict=True))


def taken(columns: Sequence[Array], places: Sequence[int]) -> tuple[Array, ...]:
    """What these columns have in these places."""
    return tuple(column[places] for column in columns)


def near(
    pairs: tuple[Array, Array], is_wanted: Sequence[bool], patterns: Array
) -> tuple[list[int], Listed, tuple[Array, Array, Array], list[int]]:
    """As ``Candidates.near``: what ``Near`` is made of."""
    np = numpy()
    if np is None or not len(patterns):
        return [], ([], [], []), ([], [], []), []
    first, second = pairs
    wanted = np.asarray(is_wanted, dtype=bool)[patterns]
    rows = np.zeros(int(second.max()) + 1, dtype=bool)
    rows[first[wanted]] = rows[second[wanted]] = True
    places, rest = np.flatnonzero(wanted), np.flatnonzero(rows[first] & rows[second] & ~wanted)
    found = (first[places].tolist(), second[places].tolist(), patterns[places].tolist())
    others = (first[rest], second[rest], patterns[rest])
    return places.tolist(), found, others, np.flatnonzero(rows).tolist()


def within(told: tuple[Array, Array, Array], set_of: Mapping[int, int]) -> Listed:
    """As ``Near.rest_within``."""
    np = numpy()
    if np is None or not set_of:
        return [], [], []
    first, second, patterns = told
    sets = np.zeros(1 + max(*set_of, int(second.max(initial=0))), dtype=np.int64)
    sets[list(set_of)] = list(set_of.values())
    kept = (sets[first] == sets[second]) & (sets[first] > 0)
    return first[kept].tolist(), second[kept].tolist(), patterns[kept].tolist()
