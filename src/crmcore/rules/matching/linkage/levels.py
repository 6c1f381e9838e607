"""Levels: patterns of codes told as levels of evidence, each different one once, in columns.

A column has for each pattern a small number that stands for what was found of a group, so that
sums over tens of thousands of patterns are loops over lists of numbers, and what is found of a
group is worked out once for each combination of codes that occurs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import starmap
from typing import TypeVar

from attrs import frozen

from crmcore.rules.matching.linkage.engine import Patterns
from crmcore.rules.matching.linkage.subject import Found, Subject

T = TypeVar("T")


@frozen
class Levels:
    """Different patterns of levels, in the order in which they came up, and how many pairs have it.

    ``found`` has for each group what was found of it in any pattern, and ``columns`` for each group
    and pattern the place of that.
    """

    found: tuple[tuple[Found, ...], ...]
    columns: tuple[Sequence[int], ...]
    times: Sequence[int]

    def __len__(self) -> int:
        return len(self.times)

    def patterns(self) -> Iterator[tuple[Found, ...]]:
        """The level of each group, pattern by pattern."""
        told = zip(self.found, self.columns, strict=True)
        return zip(*(map(found.__getitem__, column) for found, column in told), strict=True)


def levels_of(subject: Subject, patterns: Patterns) -> tuple[Levels, list[int]]:
    """The levels of these patterns of codes, and which of them each pattern of codes has."""
    codes = list(zip(*patterns.codes, strict=True)) or [()] * len(subject.traits)
    found: list[tuple[Found, ...]] = []
    columns: list[Sequence[int]] = []
    for basis in subject.bases:
        given = [codes[at] for at in basis.traits]
        if len(given) == 1:
            seen, places = numbered(given[0])
            levels, numbers = numbered(map(basis.found, seen))
        else:
            both, places = numbered(zip(*given, strict=True))
            levels, numbers = numbered(starmap(basis.found, both))
        found.append(tuple(levels))
        columns.append(list(map(numbers.__getitem__, places)))
    rows, of = numbered(zip(*columns, strict=True))
    times = [0] * len(rows)
    for at, count in zip(of, patterns.times, strict=True):
        times[at] += count
    return Levels(tuple(found), tuple(zip(*rows, strict=True)) or ((),) * len(found), times), of


def as_levels(subject: Subject, patterns: Mapping[tuple[Found, ...], int]) -> Levels:
    """The same of patterns whose levels are known, with how many pairs have each."""
    made = [numbered(found[at] for found in patterns) for at in range(len(subject.groups))]
    return Levels(
        tuple(tuple(found) for found, _ in made),
        tuple(tuple(column) for _, column in made),
        list(patterns.values()),
    )


def numbered(values: Iterable[T]) -> tuple[list[T], list[int]]:
    """The different values in the order in which they come, and for each value its place there."""
    given = list(values)
    different = list(dict.fromkeys(given))
    places = dict(zip(different, range(len(different)), strict=True))
    return different, list(map(places.__getitem__, given))
