"""Clusters: the sets of records that pairs hold together, with what must stay apart kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb, log2
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from crmcore.rules.matching.match_rule import Level
from crmcore.values.ref import Ref

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from crmcore.rules.matching.evidence import Match

Pair: TypeAlias = tuple[Ref[Any], Ref[Any]]
"""Two records, the lesser reference first."""


_MOST_BITS: Final = 10.0
_DOUBTED: Final = 3
"""A doubt counts so much less than a match; chosen by trial on labelled sets of people, where
doubts at full weight split more entities than they kept apart."""

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
    given = tuple(matches)
    links = _Links(apart, _weights(given, doubts) if doubts else {})
    for one in sorted(joined):
        links.join(*one, is_judged=True)
    best = sorted(given, key=by_score)
    for match in best:
        links.join(match.left, match.right)
    found = {match.refs: match.level for match in reversed(best)}
    return _clusters(links.sets(), found | dict.fromkeys(joined, Level.SURE))


def _weights(matches: Iterable[Match], doubts: Mapping[Pair, float]) -> Mapping[Pair, float]:
    """The bits for each pair, none of them more than what one look can outweigh."""
    known = {both: max(bits, -_MOST_BITS) / _DOUBTED for both, bits in doubts.items()}
    for match in matches:
        odds = match.score / max(1 - match.score, 1e-9)
        known[match.refs] = min(max(log2(odds), 0.0), _MOST_BITS)
    return known


def _clusters(
    sets: Iterable[tuple[Ref[Any], ...]], levels: Mapping[Pair, Level]
) -> tuple[Cluster, ...]:
    ordered = sorted(sets, key=lambda one: (-len(one), one))
    place = {ref: at for at, members in enumerate(ordered) for ref in members}
    inside: list[list[Level]] = [[] for _ in ordered]
    for (first, second), level in levels.items():
        if first in place and place[first] == place.get(second):
            inside[place[first]].append(level)
    return tuple(
        Cluster(members=members, level=_least(found, len(members)))
        for members, found in zip(ordered, inside, strict=True)
    )


def _least(found: list[Level], size: int) -> Level:
    """The level of a cluster; a pair that was not found makes it possible at best."""
    return min(found if len(found) == comb(size, 2) else [*found, Level.POSSIBLE])


class _Links:
    """Sets of linked records that grow by joining two of them, unless that is forbidden."""

    def __init__(self, apart: Iterable[Pair], weights: Mapping[Pair, float]) -> None:
        self._weights = weights
        self._set_of: dict[Ref[Any], list[Ref[Any]]] = {}
        self._foes: dict[Ref[Any], set[Ref[Any]]] = {}
        for first, second in apart:
            self._foes.setdefault(first, set()).add(second)
            self._foes.setdefault(second, set()).add(first)

    def join(self, first: Ref[Any], second: Ref[Any], *, is_judged: bool = False) -> None:
        one = self._set_of.setdefault(first, [first])
        other = self._set_of.setdefault(second, [second])
        if one is other or self._forbidden(one, other):
            return
        if not is_judged and self._outweighed(one, other):
            return
        smaller, larger = sorted((one, other), key=len)
        larger.extend(smaller)
        for ref in smaller:
            self._set_of[ref] = larger

    def _forbidden(self, one: list[Ref[Any]], other: list[Ref[Any]]) -> bool:
        if not self._foes:
            return False
        smaller, larger = sorted((one, other), key=len)
        return any(
            self._set_of.get(foe) is larger for ref in smaller for foe in self._foes.get(ref, ())
        )

    def _outweighed(self, one: list[Ref[Any]], other: list[Ref[Any]]) -> bool:
        """Whether the evidence between two sets, one of them of several records, is against."""
        if not self._weights or len(one) == len(other) == 1:
            return False
        return sum(self._weights.get(pair(a, b), 0.0) for a in one for b in other) <= 0

    def sets(self) -> list[tuple[Ref[Any], ...]]:
        different = {id(one): one for one in self._set_of.values() if len(one) > 1}
        return [tuple(sorted(one)) for one in different.values()]
