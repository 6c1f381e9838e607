"""Clusters: the sets of records that pairs hold together, with what must stay apart kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from math import comb
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from crmcore.rules.matching.links import Both, linked, units_for, units_of_doubt
from crmcore.rules.matching.match_rule import Level
from crmcore.values.ref import Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from crmcore.rules.matching.evidence import Match

Pair: TypeAlias = tuple[Ref[Any], Ref[Any]]
"""Two records, the lesser reference first."""


_NO_DOUBTS: Final[Mapping[Pair, float]] = MappingProxyType({})


def pair(first: Ref[Any], second: Ref[Any]) -> Pair:
    """The two records in their order."""
    return (first, second) if first <= second else (second, first)


def by_score(match: Match) -> tuple[float, str, str, str, str]:
    """A key to sort by falling score, then by reference."""
    left, right = match.left, match.right
    return -match.score, left.kind, left.id, right.kind, right.id


@frozen(kw_only=True)
class Cluster:
    """Records that may all be one, in the order of references; two at least.

    ``level`` is that of the least sure of all its pairs, so a cluster is *sure* only where every
    two of its records are: one that merely hangs on by a third makes it *possible* at best.
    """

    members: tuple[Ref[Any], ...]
    level: Level

    def __len__(self) -> int:
        return len(self.members)

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.members))} ({self.level.name.lower()})"


def clusters(
    matches: Iterable[Match],
    *,
    joined: Collection[Pair] = (),
    apart: Collection[Pair] = (),
    doubts: Mapping[Pair, float] = _NO_DOUBTS,
) -> tuple[Cluster, ...]:
    """The clusters of these pairs: the largest first, then by their first record.

    Linkage: two records are in one cluster if a chain of pairs leads from one to the other
    (connected components). ``joined`` are pairs that somebody judged to be one, linked before all
    others and as sure as can be. Two records of a pair in ``apart`` are never in one cluster:
    pairs are taken by falling score, then by reference, and one that would bring such two together
    is left out. So is one that would bring two sets together against the weight of evidence:
    ``doubts`` has the bits (negative: against, a third of which counts) for pairs that were
    compared and are no match, and where the sum of these and of the matches between two sets is
    not above 0, they stay apart. So the result does not depend on the order of what is given.
    """
    best: dict[Pair, Match] = {}
    for match in sorted(matches, key=by_score):
        best.setdefault(match.refs, match)
    refs = sorted({ref for both in (*best, *joined) for ref in both})
    number = dict(zip(refs, range(len(refs)), strict=True))

    def numbers(pairs: Iterable[Pair]) -> list[Both]:
        known = number.keys()
        return [(number[a], number[b]) for a, b in pairs if a in known and b in known]

    def told(_: Mapping[int, int]) -> Mapping[Both, int]:
        known = number.keys()
        return {
            (number[a], number[b]): units_of_doubt(bits)
            for (a, b), bits in doubts.items()
            if a in known and b in known
        }

    return clusters_of(
        refs,
        numbers(best),
        scores=[match.score for match in best.values()],
        levels=[match.level for match in best.values()],
        joined=numbers(joined),
        apart=numbers(apart),
        doubts=told if doubts else None,
    )


def clusters_of(
    refs: Sequence[Ref[Any]],
    pairs: Sequence[Both],
    *,
    scores: Sequence[float],
    levels: Sequence[Level],
    joined: Collection[Both] = (),
    apart: Collection[Both] = (),
    doubts: Callable[[Mapping[int, int]], Mapping[Both, int]] | None = None,
) -> tuple[Cluster, ...]:
    """As ``clusters``, of pairs of places in ``refs``, which are in order; best first, each once.

    ``doubts`` is that of ``linked``.
    """
    known = {score: units_for(score) for score in set(scores)} if doubts else {}
    units = list(map(known.__getitem__, scores)) if doubts else []
    sets = linked(pairs, units, joined=joined, apart=apart, doubts=doubts)
    for some in sets:
        some.sort()
    sets.sort(key=lambda some: (-len(some), some))
    place = {one: at for at, some in enumerate(sets) for one in some}
    found = [0] * len(sets)
    least = [Level.SURE] * len(sets)
    judged = frozenset(joined)
    told = chain(zip(pairs, levels, strict=True), ((both, Level.SURE) for both in judged))
    for at, (both, level) in enumerate(told):
        own = place.get(both[0])
        if own is None or own != place.get(both[1]) or (at < len(pairs) and both in judged):
            continue
        found[own] += 1
        least[own] = min(least[own], level)
    return tuple(
        Cluster(
            members=tuple([refs[one] for one in some]),
            level=_least(own, level, len(some)),
        )
        for some, own, level in zip(sets, found, least, strict=True)
    )


def _least(found: int, level: Level, size: int) -> Level:
    """The level of a cluster; a pair that was not found makes it possible at best."""
    return level if found == comb(size, 2) else min(level, Level.POSSIBLE)
