"""Links: sets of numbered records that grow by pairs, as far as what stands against them allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import log2
from typing import Final, TypeAlias

Both: TypeAlias = tuple[int, int]
"""Two records by their numbers, the lesser one first."""

_MOST_BITS: Final = 10.0
_DOUBTED: Final = 3
"""A doubt counts so much less than a match; chosen by trial on labelled sets of people, where
doubts at full weight split more entities than they kept apart."""

_UNIT: Final = 2**32
"""Bits are added up in whole numbers of so many parts: so no order of adding matters."""


def units_for(score: float) -> int:
    """What a match of this score counts for a set: its bits, no more than one look can outweigh."""
    odds = score / max(1 - score, 1e-9)
    return _DOUBTED * round(min(max(log2(odds), 0.0), _MOST_BITS) * _UNIT)


def units_of_doubt(bits: float) -> int:
    """What a pair that was compared and is no match counts, mostly against a set: a third."""
    return round(max(bits, -_MOST_BITS) * _UNIT)


def linked(
    pairs: Sequence[Both],
    units: Sequence[int],
    *,
    joined: Collection[Both],
    apart: Iterable[Both],
    doubts: Callable[[Mapping[int, int]], Mapping[Both, int]] | None,
) -> list[list[int]]:
    """The sets that these pairs make, taken in order, each pair once; the members in any order.

    ``joined`` come first and are never outweighed; no two of ``apart`` come into one set. With
    ``doubts`` the evidence between two sets, one of them of several records, must be above 0:
    ``units`` are those of the pairs, and ``doubts`` gives those of pairs compared in vain, for
    records of which it is told in which group they are; it need tell none across groups.

    Sets never grow beyond what all pairs together connect, so only groups in which something stands
    against a pair are looked at pair by pair. Of 13,000 groups of 100,000 contacts these are some
    hundred.
    """
    ordered = sorted(joined)
    groups = components((*ordered, *pairs))
    group_of = {one: at for at, some in enumerate(groups, 1) for one in some}
    against: Mapping[Both, int] = {}
    if doubts is not None:  # between two single records it does not count
        large = (at for at, some in enumerate(groups, 1) if len(some) > 2)
        against = doubts({one: at for at in large for one in groups[at - 1]})
    foes = [(a, b) for a, b in apart if a in group_of and group_of[a] == group_of.get(b)]
    unsure = {group_of[one] for one, _ in (*against, *foes)}
    if doubts is not None:
        unsure |= {group_of[a] for (a, _), own in zip(pairs, units, strict=True) if own <= 0}
    if not unsure:
        return groups
    inside = [at for at, (one, _) in enumerate(pairs) if group_of[one] in unsure]
    own = {} if doubts is None else {pairs[at]: units[at] for at in inside}
    links = Links(foes, {**against, **own}, weighs=doubts is not None)
    for both in ordered:
        if group_of[both[0]] in unsure:
            links.join(*both, is_judged=True)
    for at in inside:
        links.join(*pairs[at])
    sure = [some for at, some in enumerate(groups, 1) if at not in unsure]
    return sure + links.sets()


def components(pairs: Iterable[Both]) -> list[list[int]]:
    """The sets that chains of pairs connect, the smaller one of two joined to the larger."""
    set_of: dict[int, list[int]] = {}
    for first, second in pairs:
        one, other = set_of.get(first), set_of.get(second)
        if one is None:
            one = set_of[first] = [first]
        if other is None:
            other = set_of[second] = [second]
        if one is not other:
            smaller, larger = (one, other) if len(one) < len(other) else (other, one)
            larger += smaller
            for member in smaller:
                set_of[member] = larger
    return _different(set_of)


def _different(set_of: Mapping[int, list[int]]) -> list[list[int]]:
    return [some for some in {id(one): one for one in set_of.values()}.values() if len(some) > 1]


class Links:
    """Sets that grow by joining two of them, unless that is forbidden or outweighed.

    For each two sets the sum of what counts between them is kept, and moved with the smaller one
    when sets are joined: so a set of n records costs some n log n steps, however many pairs of
    members two sets have.
    """

    def __init__(
        self,
        foes: Iterable[Both] = (),
        units: Mapping[Both, int] | None = None,
        *,
        weighs: bool = False,
    ) -> None:
        self.moved: int = 0
        self._weighs = weighs
        self._set_of: dict[int, list[int]] = {}
        self._foes: defaultdict[int, set[int]] = defaultdict(set)
        self._between: defaultdict[int, dict[int, int]] = defaultdict(dict)
        for one, other in foes:
            self._foes[one].add(other)
            self._foes[other].add(one)
        for (one, other), own in (units or {}).items():
            self._between[one][other] = self._between[other][one] = own

    def join(self, first: int, second: int, *, is_judged: bool = False) -> None:
        """Bring the sets of two records together; ``is_judged``: however they are outweighed."""
        one = self._set_of.setdefault(first, [first])
        other = self._set_of.setdefault(second, [second])
        if one is other or other[0] in self._foes.get(one[0], ()):
            return
        if not is_judged and self._outweighed(one, other):
            return
        # what is told of a set is told under its first member
        smaller, larger = sorted((one, other), key=self._size)
        self._move(smaller[0], larger[0])
        larger.extend(smaller)
        for member in smaller:
            self._set_of[member] = larger

    def _outweighed(self, one: list[int], other: list[int]) -> bool:
        """Whether the evidence between two sets, one of them of several records, is against."""
        if not self._weighs or len(one) == len(other) == 1:
            return False
        return self._between.get(one[0], {}).get(other[0], 0) <= 0

    def _size(self, some: list[int]) -> int:
        first = some[0]
        between, foes = self._between.get(first, ()), self._foes.get(first, ())
        return len(some) + len(between) + len(foes)

    def _move(self, old: int, new: int) -> None:
        """What stands between a set and others stands between its successor and these."""
        self.moved += 1
        sums = self._between.pop(old, None)
        if sums:
            self.moved += len(sums)
            mine = self._between[new]
            mine.pop(old, None)
            sums.pop(new, None)
            for third, own in sums.items():
                theirs = self._between[third]
                del theirs[old]
                mine[third] = theirs[new] = mine.get(third, 0) + own
        for third in self._foes.pop(old, ()):
            self.moved += 1
            self._foes[third].discard(old)
            self._foes[third].add(new)
            self._foes[new].add(third)

    def sets(self) -> list[list[int]]:
        """The sets of two records or more."""
        return _different(self._set_of)
