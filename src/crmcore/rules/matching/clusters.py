"""Clusters: the sets of records that pairs hold together, with what must stay apart kept apart."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import frozen

from crmcore.rules.matching.match_rule import Level
from crmcore.values.ref import Ref

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from crmcore.rules.matching.evidence import Match

Pair: TypeAlias = tuple[Ref[Any], Ref[Any]]
"""Two records, the lesser reference first."""


def pair(first: Ref[Any], second: Ref[Any]) -> Pair:
    """The two records in their order."""
    return (first, second) if first <= second else (second, first)


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
    matches: Iterable[Match], *, joined: Collection[Pair] = (), apart: Collection[Pair] = ()
) -> tuple[Cluster, ...]:
    """The clusters of these pairs: the largest first, then by their first record.

    Linkage: two records are in one cluster if a chain of pairs leads from one to the other
    (connected components). ``joined`` are pairs that somebody judged to be one, linked before all
    others and as sure as can be. Two records of a pair in ``apart`` are never in one cluster:
    pairs are taken by falling score, then by reference, and one that would bring such two together
    is left out. So the result does not depend on the order of what is given.
    """
    links = _Links(apart)
    for one in sorted(joined):
        links.join(*one)
    best = sorted(matches, key=lambda one: (-one.score, one.left, one.right))
    for match in best:
        links.join(match.left, match.right)
    found = {match.refs: match.level for match in reversed(best)}
    return _clusters(links.sets(), found | dict.fromkeys(joined, Level.SURE))


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

    def __init__(self, apart: Iterable[Pair]) -> None:
        self._set_of: dict[Ref[Any], list[Ref[Any]]] = {}
        self._foes: dict[Ref[Any], set[Ref[Any]]] = {}
        for first, second in apart:
            self._foes.setdefault(first, set()).add(second)
            self._foes.setdefault(second, set()).add(first)

    def join(self, first: Ref[Any], second: Ref[Any]) -> None:
        one = self._set_of.setdefault(first, [first])
        other = self._set_of.setdefault(second, [second])
        if one is other or self._forbidden(one, other):
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

    def sets(self) -> list[tuple[Ref[Any], ...]]:
        different = {id(one): one for one in self._set_of.values() if len(one) > 1}
        return [tuple(sorted(one)) for one in different.values()]
