"""Levels: patterns of codes told as levels of evidence, each different one once, in columns.

A column has for each pattern a small number that stands for what was found of a group, so that
sums over tens of thousands of patterns are loops over lists of numbers, and what is found of a
group is worked out once for each combination of codes that occurs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from attrs import frozen

from crmcore.rules.matching.linkage.codes import CodeColumn, Patterns, mixed_of, parts_of
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
    size = len(patterns.times)
    columns: list[CodeColumn] = []
    for basis in subject.bases:
        given = [patterns.columns[at] for at in basis.traits]
        if len(given) == 1:
            places: Sequence[int] = given[0].of
            codes = [given[0].different]
        else:
            both, places = numbered(mixed_of(given, size))
            codes = [
                list(map(column.different.__getitem__, part))
                for column, part in zip(given, parts_of(both, given), strict=True)
            ]
        levels, numbers = numbered(map(basis.found, *codes))
        columns.append(CodeColumn(levels, list(map(numbers.__getitem__, places))))
    rows, of = numbered(mixed_of(columns, size))
    times = [0] * len(rows)
    for at, count in zip(of, patterns.times, strict=True):
        times[at] += count
    found = tuple(tuple(column.different) for column in columns)
    return Levels(found, tuple(parts_of(rows, columns)), times), of


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
