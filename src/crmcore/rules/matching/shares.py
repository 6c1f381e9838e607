"""Shares: how several rules share the comparisons that one record may have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, TypeAlias

Rank: TypeAlias = tuple[int, int, int, int, int]


class Asking(Protocol):
    """A rule that has brought together what it wants to compare."""

    @property
    def partners(self) -> Counter[int]:
        """How many others each record is to be compared with, by its number."""

    def asked(self, numbers: Collection[int], size: int, /) -> Mapping[int, int]:
        """The pairs of one of these records, ``first * size + second``: a bit for each key."""

    def leave_out(self, pairs: Collection[int], size: int, /) -> None:
        """Do not compare these pairs."""


def share(rules: Sequence[Asking], *, size: int, most: int) -> None:
    """Leave out what is too many for one of ``size`` records, over all rules together.

    A record takes part in no more than ``most`` comparisons; a pair that two rules compare is
    compared twice. Those count that share the most keys of their rule, of equal ones those of an
    earlier key, then those that stand nearest, then those of an earlier rule, as ``candidates``
    ranks them for one rule; and a pair is compared where it counts for both its records. So the
    best of a record are kept, whichever rule found them. A single rule has its limit already.
    """
    if len(rules) < 2:
        return
    times = sum((one.partners for one in rules), Counter[int]())
    crowded = {number for number, count in times.items() if count > most}
    if not crowded:
        return
    ranks: defaultdict[int, list[Rank]] = defaultdict(list)
    for which, rule in enumerate(rules):
        for both, shared in rule.asked(crowded, size).items():
            one, other = divmod(both, size)
            rank = (-shared.bit_count(), shared & -shared, other - one, which, both)
            for number in (one, other):
                if number in crowded:
                    ranks[number].append(rank)
    out: list[set[int]] = [set() for _ in rules]
    for found in ranks.values():
        found.sort()
        for *_, which, both in found[most:]:
            out[which].add(both)
    for rule, pairs in zip(rules, out, strict=True):
        rule.leave_out(pairs, size)
