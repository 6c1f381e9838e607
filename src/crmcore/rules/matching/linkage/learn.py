"""Learn: the weights of a subject, estimated from records that nobody has labelled.

u, the share of pairs of two entities that agree, comes from pairs taken blindly, and for a value
that is shared from its frequency. m, the share of pairs of one entity that agree, and the number of
such pairs come from expectation maximisation over the patterns of the pairs that share a key, with
the odds of a pair taken blindly: what shares no key is held to be two entities. Source: Winkler,
Using the EM Algorithm for Weight Computation in the Fellegi-Sunter Model (2000).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs
from attrs import frozen

from crmcore.rules.matching.linkage.subject import Found, Subject
from crmcore.rules.matching.linkage.weights import RARE, Learnt, Weigher, count_of, probability

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
_FOOTING: Final = 0.75
"""So much of what is expected must be pairs that can be named: it is 0.95 or more on every set of
records measured, and 0.6 or less where nearly all names are one slip apart."""


def with_blind_rates(
    learnt: Learnt, subject: Subject, blind: Mapping[tuple[Found, ...], int]
) -> Learnt:
    """The successor whose u is that of pairs taken blindly, given by their patterns."""
    rates: dict[str, tuple[float, ...]] = {}
    for at, group in enumerate(subject.groups):
        counts = _counts(blind, at, len(group.levels))
        total = sum(counts) + _DOUBT_OF_U
        rates[group.name] = tuple(
            level.u
            if level.is_counted or at in subject.within
            else (count + _DOUBT_OF_U * level.u) / total
            for count, level in zip(counts, group.levels, strict=True)
        )
    return attrs.evolve(learnt, u=rates)


def maximise(
    learnt: Learnt,
    subject: Subject,
    patterns: Mapping[tuple[Found, ...], int],
    values: Mapping[str, int],
) -> Learnt:
    """The successor with m, and the expected number of pairs, of these candidate pairs.

    ``values`` has for each table the number of different values that are rare.
    """
    for _ in range(ROUNDS):
        after = _round(learnt, subject, patterns, values)
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
    for at, group in enumerate(subject.groups):
        same = _counts(ones, at, len(group.levels))
        total = sum(same) + _DOUBT
        m[group.name] = tuple(
            (count + _DOUBT * level.m) / total
            for count, level in zip(same, group.levels, strict=True)
        )
        if at in subject.within:
            alike = {found: times for found, times in twos.items() if subject.is_alike(found)}
            other = _counts(alike, at, len(group.levels))
            total = sum(other) + _DOUBT_RARE
            u[group.name] = tuple(
                (count + _DOUBT_RARE * rate) / total if level.case == "one name" else rate
                for count, rate, level in zip(other, u[group.name], group.levels, strict=True)
            )
    return attrs.evolve(learnt, m=m, u=u, has_footing=True)


def _counts(patterns: Mapping[tuple[Found, ...], int], group: int, levels: int) -> list[float]:
    """How many pairs show each level of a group."""
    counts = [0.0] * levels
    for found, times in patterns.items():
        here = found[group]
        if here is not None:
            counts[here[0]] += times
    return counts


def settled(learnt: Learnt, subject: Subject, patterns: Mapping[tuple[Found, ...], int]) -> Learnt:
    """``learnt``, or where it found no footing its u with the standard m, which says so.

    It has none where less than three quarters of the pairs that it expects are pairs that it can
    name, each more probable than not: then it has spread them thinly over many pairs that are all
    alike, as where nearly all names are one slip apart. What was counted stays: records, common
    values, how often pairs taken blindly agree, and the number of pairs expected, of which no more
    are kept than the standard share.
    """
    bits = Scorer(subject, learnt)
    expected = named = 0.0
    for found, times in patterns.items():
        share = times * probability(bits.total(found))
        expected += share
        named += share if share > _MORE_PROBABLE * times else 0.0
    if expected <= _LEAST_EXPECTED * learnt.records or named >= _FOOTING * expected:
        return learnt
    standard = subject.standard
    return attrs.evolve(
        learnt,
        m=standard.m,
        rare={},
        expected=min(learnt.expected, standard.expected / standard.records * learnt.records),
        has_footing=False,
    )


def _round(
    learnt: Learnt,
    subject: Subject,
    patterns: Mapping[tuple[Found, ...], int],
    values: Mapping[str, int],
) -> Learnt:
    tally = _tally(learnt, subject, patterns)
    return _learnt(learnt, subject, tally, values)


@frozen
class _Tally:
    """Pairs by group and level: those of one entity, those of two that are alike, and rare ones."""

    ones: list[list[float]]
    twos: list[list[float]]
    apart: list[float]
    expected: float


def _tally(learnt: Learnt, subject: Subject, patterns: Mapping[tuple[Found, ...], int]) -> _Tally:
    bits = Scorer(subject, learnt)
    ones = [[0.0] * len(group.levels) for group in subject.groups]
    twos = [[0.0] * len(group.levels) for group in subject.groups]
    apart = [0.0] * len(subject.groups)
    expected = 0.0
    for found, times in patterns.items():
        total = bits.total(found)
        share = 1 / (1 + 2.0 ** -max(min(total, 60.0), -60.0))
        if subject.cap(found) < _MORE_PROBABLE:
            share = 0.0  # never one by themselves: spouses and twins would teach what they share
        one = share * times
        expected += one
        is_alike = subject.is_alike(found)
        for at, here in enumerate(found):
            if here is not None:
                ones[at][here[0]] += one
                if here[1] == RARE and subject.groups[at].levels[here[0]].is_counted:
                    apart[at] += times - one
                if is_alike and at in subject.within:
                    twos[at][here[0]] += times - one
    return _Tally(ones, twos, apart, expected)


def _learnt(learnt: Learnt, subject: Subject, tally: _Tally, values: Mapping[str, int]) -> Learnt:
    ones, twos, apart = tally.ones, tally.twos, tally.apart
    m: dict[str, tuple[float, ...]] = {}
    u = dict(learnt.u)
    for at, group in enumerate(subject.groups):
        total = sum(ones[at]) + _DOUBT
        m[group.name] = tuple(
            (count + _DOUBT * level.m) / total
            for count, level in zip(ones[at], group.levels, strict=True)
        )
        if at in subject.within:
            total = sum(twos[at]) + _DOUBT_WITHIN
            u[group.name] = tuple(
                (count + _DOUBT_WITHIN * level.u) / total if level.case == "one name" else level.u
                for count, level in zip(twos[at], group.levels, strict=True)
            )
    rare = {
        group.name: min(
            (2 * apart[at] + _DOUBT_RARE) / (values.get(group.table, 0) + _DOUBT_RARE),
            count_of(RARE),
        )
        for at, group in enumerate(subject.groups)
        if group.table is not None
    }
    least, most = _LEAST_EXPECTED * learnt.records, _MOST_EXPECTED * learnt.records
    return attrs.evolve(learnt, m=m, u=u, rare=rare, expected=min(max(tally.expected, least), most))


class Scorer:
    """The bits of patterns, each level weighed once."""

    def __init__(self, subject: Subject, learnt: Learnt) -> None:
        self._weigher = Weigher(subject.groups, learnt)
        self._known: dict[tuple[int, int, int], float] = {}
        self._prior = learnt.prior

    def points(self, found: tuple[Found, ...]) -> tuple[float | None, ...]:
        """The bits of each group; ``None`` where nothing was compared."""
        return tuple(
            None if here is None else self._one(at, *here) for at, here in enumerate(found)
        )

    def total(self, found: tuple[Found, ...]) -> float:
        """The prior and the bits of all groups."""
        total = self._prior
        for at, here in enumerate(found):
            if here is not None:
                total += self._one(at, *here)
        return total

    def _one(self, group: int, level: int, bucket: int) -> float:
        key = (group, level, bucket)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._weigher.bits(*key)
        return known
