"""Learn: the weights of a subject, estimated from records that nobody has labelled.

u, the share of pairs of two entities that agree, comes from pairs taken blindly, and for a value
that is shared from its frequency. m, the share of pairs of one entity that agree, and the number of
such pairs come from expectation maximisation over the patterns of the pairs that share a key, with
the odds of a pair taken blindly: what shares no key is held to be two entities. Source: Winkler,
Using the EM Algorithm for Weight Computation in the Fellegi-Sunter Model (2000).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add, mul, sub
from typing import Final

import attrs
from attrs import frozen

from crmcore.rules.matching.linkage.levels import Levels, as_levels
from crmcore.rules.matching.linkage.subject import Found, Subject
from crmcore.rules.matching.linkage.weights import (
    RARE,
    Group,
    Learnt,
    Weigher,
    count_of,
    probability,
)

ROUNDS: Final = 12
_DOUBT: Final = 15.0
"""So many pairs of the standard weights are mixed into what is learnt of m."""

_DOUBT_RARE: Final = 50.0
_DOUBT_OF_U: Final = 2_000.0
_DOUBT_WITHIN: Final = 1_000.0
_LEAST_EXPECTED: Final = 0.01
_MOST_EXPECTED: Final = 20.0
_ENOUGH: Final = 1e-3
_MORE_PROBABLE: Final = 0.5
_GATE: Final = 0.5
"""A cap below this is a gate: whatever agrees, such pairs are never held to be one."""

_FOOTING: Final = 0.75
"""So much of what is expected must be pairs that can be named: it is 0.95 or more on every set of
records measured, and 0.6 or less where nearly all names are one slip apart."""


def with_blind_rates(learnt: Learnt, subject: Subject, blind: Levels) -> Learnt:
    """The successor whose u is that of pairs taken blindly, given by their patterns."""
    rates: dict[str, tuple[float, ...]] = {}
    for at, group in enumerate(subject.groups):
        counts = _counts(blind, at, len(group.levels))
        rates[group.name] = tuple(
            level.u
            if level.is_counted or at in subject.within
            else (count + _DOUBT_OF_U * level.u) / (total + _DOUBT_OF_U)
            for count, total, level in zip(
                counts, _totals(counts, group), group.levels, strict=True
            )
        )
    return attrs.evolve(learnt, u=rates)


def maximise(
    learnt: Learnt, subject: Subject, patterns: Levels, values: Mapping[str, int]
) -> Learnt:
    """The successor with m, and the expected number of pairs, of these candidate pairs.

    ``values`` has for each table the number of different values that are rare.
    """
    rounds = _Rounds(subject, patterns)
    for _ in range(ROUNDS):
        after = _learnt(learnt, subject, rounds.tally(learnt), values)
        moved = abs(after.expected - learnt.expected) / learnt.expected
        learnt = after
        if moved < _ENOUGH:
            break
    return learnt


def from_labelled(
    learnt: Learnt,
    subject: Subject,
    *,
    ones: Mapping[tuple[Found, ...], int],
    twos: Mapping[tuple[Found, ...], int],
) -> Learnt:
    """The successor with m of pairs labelled as one entity, given by their patterns.

    m of a level is ``(n + 15 s) / (N + 15)``, where n of the N pairs that can be compared show it
    and s is its standard m. Where one value follows from another (``subject.within``), u is that
    of the pairs labelled as two that are alike, smoothed by 50 pairs of what was learnt.
    """
    m, u = dict(learnt.m), dict(learnt.u)
    named = as_levels(subject, ones)
    alike = {found: times for found, times in twos.items() if subject.is_alike(found)}
    near = as_levels(subject, alike)
    for at, group in enumerate(subject.groups):
        m[group.name] = _shares(_counts(named, at, len(group.levels)), group)
        if at in subject.within:
            other = _counts(near, at, len(group.levels))
            total = sum(other) + _DOUBT_RARE
            u[group.name] = tuple(
                (count + _DOUBT_RARE * rate) / total if level.case == "one name" else rate
                for count, rate, level in zip(other, u[group.name], group.levels, strict=True)
            )
    return attrs.evolve(learnt, m=m, u=u, has_footing=True)


def _counts(patterns: Levels, group: int, levels: int) -> list[float]:
    """How many pairs show each level of a group."""
    counts = [0.0] * levels
    found = patterns.found[group]
    for number, times in zip(patterns.columns[group], patterns.times, strict=True):
        here = found[number]
        if here is not None:
            counts[here[0]] += times
    return counts


def _totals(counts: Sequence[float], group: Group) -> list[float]:
    """For each level the pairs of which its count is a share: all, or as many of its case."""
    every = sum(counts)
    if not group.is_by_case:
        return [every] * len(counts)
    cases: dict[str | None, float] = {}
    for count, level in zip(counts, group.levels, strict=True):
        cases[level.case] = cases.get(level.case, 0.0) + count
    some = every - cases.get(None, 0.0)
    return [
        every if level.case is None or not some else cases[level.case] * every / some
        for level in group.levels
    ]


def _shares(counts: Sequence[float], group: Group) -> tuple[float, ...]:
    """The share m of each level of a group, of which so many pairs of one entity show it."""
    return tuple(
        (count + _DOUBT * level.m) / (total + _DOUBT)
        for count, total, level in zip(counts, _totals(counts, group), group.levels, strict=True)
    )


def settled(learnt: Learnt, subject: Subject, patterns: Levels) -> Learnt:
    """``learnt``, or where it found no footing the standard m, which says so.

    It has none where less than three quarters of the pairs that it expects are pairs that it can
    name, each more probable than not: then it has spread them thinly over many pairs that are all
    alike, as where nearly all names are one slip apart. What was counted stays: records, common
    values, and the number of pairs expected, of which no more are kept than the standard share. u
    is what was learnt of it or the standard one, whichever is greater.
    """
    expected = named = 0.0
    for bits, times in zip(totals(patterns, subject, learnt), patterns.times, strict=True):
        share = times * probability(bits)
        expected += share
        named += share if share > _MORE_PROBABLE * times else 0.0
    if expected <= _LEAST_EXPECTED * learnt.records or named >= _FOOTING * expected:
        return learnt
    standard = subject.standard
    return attrs.evolve(
        learnt,
        m=standard.m,
        u={name: map(max, rates, standard.u[name]) for name, rates in learnt.u.items()},
        rare=standard.rare,
        apart=standard.apart,
        expected=min(learnt.expected, standard.expected / standard.records * learnt.records),
        has_footing=False,
    )


def totals(patterns: Levels, subject: Subject, learnt: Learnt) -> list[float]:
    """The prior and the bits of all groups, pattern by pattern: those of ``Scorer.total``."""
    weigher = Weigher(subject.groups, learnt)
    bits = [learnt.prior] * len(patterns)
    for at, (kinds, column) in enumerate(zip(patterns.found, patterns.columns, strict=True)):
        own = [0.0 if here is None else weigher.bits(at, *here) for here in kinds]
        if any(own):
            bits = list(map(add, bits, map(own.__getitem__, column)))
    return bits


@frozen(kw_only=True)
class _Tally:
    """Pairs by group and level: those of one entity, those of two that are alike, and rare ones.

    ``apart`` are pairs of two entities that share a rare value, and ``told`` the share of the
    pairs with such a value that can teach that, because something else is known of both. ``shared``
    has the share of two entities among the pairs that share a value of each bucket above.
    """

    ones: list[list[float]]
    twos: list[list[float]]
    apart: list[float]
    told: list[float]
    shared: list[tuple[float, ...]]
    expected: float


class _Rounds:
    """What the rounds over some patterns have in common, worked out once."""

    def __init__(self, subject: Subject, patterns: Levels) -> None:
        self._subject, self._patterns = subject, patterns
        told = list(patterns.patterns())
        self._gates = [at for at, found in enumerate(told) if subject.cap(found) < _GATE]
        self._alike = [at for at, found in enumerate(told) if subject.is_alike(found)]
        self._is_bare = [len(found) - found.count(None) == 1 for found in told]
        self._levels: dict[int, list[int]] = {}
        self._rare: dict[int, list[int]] = {}
        self._told: dict[int, float] = {}
        self._shared: dict[int, dict[int, list[int]]] = {}
        for at, group in enumerate(subject.groups):
            kinds, column = patterns.found[at], patterns.columns[at]
            if any(kinds):
                # one more than there are levels, for patterns in which nothing was compared
                level = [len(group.levels) if here is None else here[0] for here in kinds]
                self._levels[at] = list(map(level.__getitem__, column))
                self._note(at, group)

    def _note(self, at: int, group: Group) -> None:
        """Note which patterns share a value of each bucket, as far as they can teach of it."""
        kinds, shared = self._patterns.found[at], dict[int, list[int]]()
        buckets = [
            here[1] if here is not None and group.levels[here[0]].is_counted else 0
            for here in kinds
        ]
        for one, kind in enumerate(self._patterns.columns[at]):
            if buckets[kind]:
                shared.setdefault(buckets[kind], []).append(one)
        rare = teaching = shared.pop(RARE, [])
        if group.rare is not None:
            teaching = self._known_by_more(rare)
            self._shared[at] = {
                bucket: known
                for bucket, every in sorted(shared.items())
                if (known := self._known_by_more(every))
            }
        self._rare[at] = teaching
        every = self._times(rare)
        self._told[at] = self._times(teaching) / every if every else 1.0

    def _known_by_more(self, patterns: Iterable[int]) -> list[int]:
        return [one for one in patterns if not self._is_bare[one]]

    def _times(self, patterns: Iterable[int]) -> float:
        return float(sum(map(self._patterns.times.__getitem__, patterns)))

    def tally(self, learnt: Learnt) -> _Tally:
        """The pairs of one entity and of two, as far as what was learnt tells them apart."""
        times = self._patterns.times
        bits = totals(self._patterns, self._subject, learnt)
        shares = [1 / (1 + 2.0 ** -max(min(one, 60.0), -60.0)) for one in bits]
        for at in self._gates:
            shares[at] = 0.0  # spouses and twins would teach what they share
        same = list(map(mul, shares, times))
        other = list(map(sub, times, same))
        alike = list(map(other.__getitem__, self._alike))
        ones, twos, apart = [], [], []
        for at, group in enumerate(self._subject.groups):
            levels = self._levels.get(at, [])
            ones.append(_added(levels, same if levels else (), len(group.levels)))
            is_within = at in self._subject.within and levels
            near = map(levels.__getitem__, self._alike) if is_within else ()
            twos.append(_added(near, alike if is_within else (), len(group.levels)))
            apart.append(_sum(map(other.__getitem__, self._rare.get(at, ()))))
        groups = range(len(self._subject.groups))
        return _Tally(
            ones=ones,
            twos=twos,
            apart=apart,
            told=[self._told.get(at, 1.0) for at in groups],
            shared=[self._apart(at, other) for at in groups],
            expected=_sum(same),
        )

    def _apart(self, at: int, other: Sequence[float]) -> tuple[float, ...]:
        """The shares of ``_Tally.shared``, which begin with what was held before."""
        shared, before = self._shared.get(at, {}), self._subject.groups[at].apart
        made = []
        for place in range(max(max(shared, default=RARE) - RARE, len(before))):
            pairs = shared.get(RARE + 1 + place, [])
            held = before[place] if place < len(before) else 1.0
            two = _sum(map(other.__getitem__, pairs))
            made.append((two + _DOUBT_RARE * held) / (self._times(pairs) + _DOUBT_RARE))
        return tuple(made)


def _added(places: Iterable[int], numbers: Iterable[float], size: int) -> list[float]:
    """For each place below ``size`` its numbers added up, from the first to the last."""
    sums = [0.0] * (size + 1)
    for at, number in zip(places, numbers, strict=True):
        sums[at] += number
    return sums[:size]


def _sum(numbers: Iterable[float]) -> float:
    # ``sum`` rounds differently from Python 3.12 on
    return reduce(add, numbers, 0.0)


def _learnt(learnt: Learnt, subject: Subject, tally: _Tally, values: Mapping[str, int]) -> Learnt:
    ones, twos, apart = tally.ones, tally.twos, tally.apart
    m: dict[str, tuple[float, ...]] = {}
    u = dict(learnt.u)
    for at, group in enumerate(subject.groups):
        m[group.name] = _shares(ones[at], group)
        if at in subject.within:
            total = sum(twos[at]) + _DOUBT_WITHIN
            u[group.name] = tuple(
                (count + _DOUBT_WITHIN * level.u) / total if level.case == "one name" else level.u
                for count, level in zip(twos[at], group.levels, strict=True)
            )
    rare = {
        group.name: min(
            (2 * apart[at] + _DOUBT_RARE * (1.0 if group.rare is None else group.rare))
            / (values.get(group.table, 0) * tally.told[at] + _DOUBT_RARE),
            count_of(RARE),
        )
        for at, group in enumerate(subject.groups)
        if group.table is not None
    }
    least, most = _LEAST_EXPECTED * learnt.records, _MOST_EXPECTED * learnt.records
    return attrs.evolve(
        learnt,
        m=m,
        u=u,
        rare=rare,
        apart={
            group.name: shares
            for group, shares in zip(subject.groups, tally.shared, strict=True)
            if shares
        },
        expected=min(max(tally.expected, least), most),
    )


class Scorer:
    """The bits of patterns, each level weighed once."""

    def __init__(self, subject: Subject, learnt: Learnt) -> None:
        self._weigher = Weigher(subject.groups, learnt)
        self._known: dict[tuple[int, int, int], float] = {}
        self._prior = learnt.prior

    def total(self, found: tuple[Found, ...]) -> float:
        """The prior and the bits of all groups."""
        total = self._prior
        for at, here in enumerate(found):
            if here is not None:
                total += self.one(at, *here)
        return total

    def one(self, group: int, level: int, bucket: int) -> float:
        """The bits of a group on a level, for a value of a bucket."""
        key = (group, level, bucket)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._weigher.bits(*key)
        return known
