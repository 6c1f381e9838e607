"""Candidates: the pairs of rows that are worth comparing, a stated number for each row at most."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TypeAlias

import attrs
from attrs import frozen

from crmcore.rules.matching.linkage import fast
from crmcore.rules.matching.linkage.blocks import Skipped, blocks_of, pairs_of
from crmcore.rules.matching.linkage.many import Array, Numpy
from crmcore.rules.matching.linkage.subject import Key
from crmcore.rules.matching.linkage.table import Table


@frozen(kw_only=True)
class Limits:
    """Which rows may be compared, and how often.

    ``block`` is the most rows of a block, and ``partners`` the most rows that one is compared with.
    ``middle`` is the first row of the second kind, whose rows only meet those of the first.
    ``within`` and ``across`` have a number for each row (empty: no matter): two rows are compared
    where the first are equal and the second differ.
    """

    block: int
    partners: int
    middle: int | None = None
    within: Sequence[int] = ()
    across: Sequence[int] = ()

    def allow(self, one: int, other: int) -> bool:
        """Whether two rows may be compared."""
        if self.within and self.within[one] != self.within[other]:
            return False
        return not self.across or self.across[one] != self.across[other]


@frozen(kw_only=True)
class Candidates:
    """Pairs in their order, ``first`` having the lesser row of each and ``second`` the greater.

    ``keys`` has for each pair a bit for each key that brings it together: bit 0 is the first key.
    ``blocks`` and ``skipped`` are by key: how many blocks have a pair, and which were too large.
    ``left_out`` counts the pairs that share a key but are not compared, because one of their rows
    shares more keys with as many others as it may be compared with.
    """

    first: Sequence[int]
    second: Sequence[int]
    keys: Sequence[int]
    blocks: tuple[int, ...]
    skipped: tuple[tuple[Skipped, ...], ...]
    left_out: int = 0

    def partners(self) -> Counter[int]:
        """How many others each row is compared with."""
        if not isinstance(self.first, list):
            return Counter(fast.partners(self.first, self.second))
        return Counter(chain(self.first, self.second))

    def most_partners(self) -> int:
        """How many others the row is compared with that is compared most often."""
        if not isinstance(self.first, list):
            return fast.most_partners(self.first, self.second)
        return max(self.partners().values(), default=0)

    def of(self, rows: Collection[int]) -> list[tuple[int, int, int]]:
        """The rows and keys of the pairs that have one of these rows."""
        if not isinstance(self.first, list):
            return fast.of((self.first, self.second, self.keys), rows)
        told = zip(self.first, self.second, self.keys, strict=True)
        return [one for one in told if one[0] in rows or one[1] in rows]

    def without(self, pairs: Collection[tuple[int, int]]) -> Candidates:
        """All pairs but these, which are left out."""
        gone = frozenset(pairs)
        told = zip(_listed(self.first), _listed(self.second), strict=True)
        kept = [at for at, both in enumerate(told) if both not in gone]
        columns: Sequence[Sequence[int]] = (self.first, self.second, self.keys)
        if isinstance(self.first, list):
            first, second, keys = ([column[at] for at in kept] for column in columns)
        else:
            first, second, keys = fast.taken(columns, kept)
        left_out = self.left_out + len(self.first) - len(kept)
        return attrs.evolve(self, first=first, second=second, keys=keys, left_out=left_out)

    def near(self, is_wanted: Sequence[bool], patterns: Sequence[int]) -> Near:
        """The pairs that have a wanted pattern, and all others of two rows that are in one.

        ``patterns`` has the pattern of each pair, and ``is_wanted`` says which are wanted.
        """
        if not isinstance(self.first, list):
            return Near(*fast.near((self.first, self.second), is_wanted, patterns))
        wanted = list(map(is_wanted.__getitem__, patterns))
        places = [at for at, found in enumerate(wanted) if found]
        rows = {self.first[at] for at in places} | {self.second[at] for at in places}
        told = enumerate(zip(self.first, self.second, wanted, strict=True))
        rest = [
            at for at, (one, other, found) in told if not found and one in rows and other in rows
        ]
        columns = (self.first, self.second, patterns)
        return Near(places, _taken(columns, places), _taken(columns, rest), sorted(rows))

    def by_key(self, places: Sequence[int] | None = None) -> tuple[int, ...]:
        """How many pairs each key brings together, of all or of those in these places."""
        if isinstance(self.keys, list):
            keys = self.keys
            times = Counter(keys if places is None else map(keys.__getitem__, places))
        else:
            times = fast.times(self.keys, places)
        return tuple(
            sum(count for shared, count in times.items() if shared >> at & 1)
            for at in range(len(self.blocks))
        )


@frozen
class Near:
    """Pairs that have a wanted pattern: their ``places``, and columns of rows and patterns.

    ``rest`` has likewise all other pairs of two of their ``rows``, which rise.
    """

    places: list[int]
    wanted: tuple[list[int], list[int], list[int]]
    rest: tuple[Sequence[int], Sequence[int], Sequence[int]]
    rows: list[int]

    def rest_within(self, set_of: Mapping[int, int]) -> tuple[list[int], list[int], list[int]]:
        """The rest as far as both rows are in one set; ``set_of`` numbers them, from 1."""
        if not isinstance(self.rest[0], list):
            return fast.within(self.rest, set_of)
        first, second, _ = self.rest
        rows = enumerate(zip(first, second, strict=True))
        kept = [at for at, (a, b) in rows if set_of.get(a, 0) == set_of.get(b, -1)]
        return _taken(self.rest, kept)


def _taken(
    columns: tuple[Sequence[int], Sequence[int], Sequence[int]], places: Sequence[int]
) -> tuple[list[int], list[int], list[int]]:
    first, second, third = ([column[at] for at in places] for column in columns)
    return first, second, third


def _listed(numbers: Sequence[int]) -> list[int]:
    # the items of an array are slow to handle one by one
    return numbers if isinstance(numbers, list) else fast.listed(numbers)


@frozen(kw_only=True)
class KeyPairs:
    """What one key brings together: pairs as ``first * rows + second``, which may be repeated."""

    pairs: Sequence[int]
    blocks: int
    skipped: tuple[Skipped, ...]


def candidates(table: Table, keys: Sequence[Key], limits: Limits) -> Candidates:
    """The pairs that share a key, each once.

    Of a row that shares keys with more than ``limits.partners`` others, those count that share the
    most keys with it, of equal ones those of an earlier key, then those that stand nearest to it.
    A pair is compared where it counts for both its rows. So no row is ever compared more often,
    however many records are equal, and the order of keys and blocks does not matter.
    """
    return chosen([task() for task in finders(table, keys, limits)], len(table), limits)


def finders(table: Table, keys: Sequence[Key], limits: Limits) -> list[Callable[[], KeyPairs]]:
    """For each key a task that finds its pairs; any process may do it."""
    np = fast.numpy() if len(table) >= fast.MANY else None
    if np is None:
        return [partial(_key_pairs, table, key, limits) for key in keys]
    filed = fast.Filed(
        np,
        table,
        limit=limits.block,
        middle=limits.middle,
        within=limits.within,
        across=limits.across,
    )
    return [partial(_filed_pairs, filed, key) for key in keys]


def _key_pairs(table: Table, key: Key, limits: Limits) -> KeyPairs:
    blocks, rows = blocks_of(table, key, limit=limits.block), len(table)
    pairs: Iterable[int] = pairs_of(blocks, rows=rows, middle=limits.middle)
    if limits.within or limits.across:
        pairs = (both for both in pairs if limits.allow(*divmod(both, rows)))
    return KeyPairs(
        pairs=array("q", pairs),  # small to send
        blocks=len(blocks.rows),
        skipped=blocks.skipped,
    )


def _filed_pairs(filed: fast.Filed, key: Key) -> KeyPairs:
    pairs, blocks, skipped = filed.pairs(key)
    return KeyPairs(pairs=pairs, blocks=blocks, skipped=skipped)


def chosen(found: Sequence[KeyPairs], rows: int, limits: Limits) -> Candidates:
    """What ``candidates`` gives, of what each key brings together."""
    np = fast.numpy() if rows >= fast.MANY else None
    united = _by_hand if np is None else partial(_by_arrays, np)
    first, second, keys, too_many = united([one.pairs for one in found], rows, limits.partners)
    return Candidates(
        first=first,
        second=second,
        keys=keys,
        blocks=tuple(one.blocks for one in found),
        skipped=tuple(one.skipped for one in found),
        left_out=too_many,
    )


_Chosen: TypeAlias = tuple[Sequence[int], Sequence[int], Sequence[int], int]
"""The rows and keys of the pairs that are compared, and how many are not."""


def _by_hand(found: Sequence[Sequence[int]], rows: int, most: int) -> _Chosen:
    shared: dict[int, int] = {}
    known = shared.get
    for at, pairs in enumerate(found):
        bit = 1 << at
        for both in pairs:
            shared[both] = known(both, 0) | bit
    pairs = sorted(shared)
    first, second = [both // rows for both in pairs], [both % rows for both in pairs]
    times = Counter(first)
    times.update(second)
    if max(times.values(), default=0) <= most:
        return first, second, list(map(shared.__getitem__, pairs)), 0
    too_many = left_out(shared, rows, most)
    pairs = [both for both in pairs if both not in too_many]
    return (
        [both // rows for both in pairs],
        [both % rows for both in pairs],
        list(map(shared.__getitem__, pairs)),
        len(too_many),
    )


def _by_arrays(np: Numpy, found: Sequence[Array], rows: int, most: int) -> _Chosen:
    first, second, shared = fast.united(np, found, rows)
    crowded = fast.crowded(np, first, second, rows, most)
    if not len(crowded):
        return first, second, shared, 0
    codes = first[crowded] * rows + second[crowded]
    too_many = left_out(
        dict(zip(codes.tolist(), shared[crowded].tolist(), strict=True)), rows, most
    )
    out = np.asarray(sorted(too_many), dtype=np.int64)
    kept = np.isin(first * rows + second, out, invert=True, assume_unique=True)
    return first[kept], second[kept], shared[kept], len(too_many)


def left_out(found: Mapping[int, int], rows: int, most: int) -> set[int]:
    """The pairs that are too many for one of their rows, as ``candidates`` says.

    ``found`` has for each pair, as ``first * rows + second``, a bit for each key it shares.
    """
    ends = chain.from_iterable(divmod(both, rows) for both in found)
    crowded = {row for row, times in Counter(ends).items() if times > most}
    if not crowded:
        return set()
    partners: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
    for both, shared in found.items():
        one, other = divmod(both, rows)
        rank = (-shared.bit_count(), shared & -shared, other - one, both)
        for row in (one, other):
            if row in crowded:
                partners[row].append(rank)
    return {rank[3] for ranks in partners.values() for rank in _after(ranks, most)}


def _after(
    ranks: list[tuple[int, int, int, int]], most: int
) -> Iterable[tuple[int, int, int, int]]:
    ranks.sort()
    return ranks[most:]
