"""Matches: what a search found as a sequence of matches, each of which is made when asked for.

A search of a million contacts finds some hundred thousand matches with half a million pieces of
evidence, of which a reader looks at a few. Kept are whole numbers, and what is needed to make a
match: the values shown of each record, which are read once the first match is asked for, and what
is said of each pattern of evidence.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, Protocol, TypeAlias, overload

from attrs import field, frozen

from crmcore.rules.matching.evidence import Match
from crmcore.rules.matching.later import Later
from crmcore.rules.matching.match_rule import Level
from crmcore.rules.matching.witness import Line
from crmcore.values.ref import Ref

Outline: TypeAlias = tuple[Ref[Any], Ref[Any], float]
"""The two records of a match, and its score."""


class Source(Protocol):
    """Some matches, by their places."""

    def __len__(self) -> int:
        """How many there are."""

    def match(self, at: int, /) -> Match:
        """The match in a place."""

    def outline(self, at: int, /) -> Outline:
        """What it is about, without its evidence."""


@frozen
class Made:
    """Matches that are made already."""

    matches: tuple[Match, ...]

    def __len__(self) -> int:
        return len(self.matches)

    def match(self, at: int) -> Match:
        """The match in a place."""
        return self.matches[at]

    def outline(self, at: int) -> Outline:
        """What it is about, without its evidence."""
        found = self.matches[at]
        return found.left, found.right, found.score


@frozen
class Pattern:
    """What the matches of one pattern of evidence have in common."""

    score: float
    level: Level
    lines: tuple[Line | None, ...]


@frozen(kw_only=True)
class Told:
    """The matches of a linkage rule.

    ``refs`` are the records that have one, in the order of references, and ``shown`` gives for each
    group of evidence what a reader is shown of each. A match is the places of its records there,
    and that of its pattern.
    """

    rule: str
    refs: Sequence[Ref[Any]]
    shown: Later[tuple[tuple[object, ...], ...]]
    patterns: tuple[Pattern, ...]
    left: array[int]
    right: array[int]
    pattern: array[int]

    def __len__(self) -> int:
        return len(self.left)

    def match(self, at: int) -> Match:
        """The match in a place."""
        left, right, pattern = self.left[at], self.right[at], self.patterns[self.pattern[at]]
        return Match(
            left=self.refs[left],
            right=self.refs[right],
            score=pattern.score,
            level=pattern.level,
            rule=self.rule,
            evidence=[
                line.of(shown[left], shown[right])
                for line, shown in zip(pattern.lines, self.shown(), strict=True)
                if line is not None
            ],
        )

    def outline(self, at: int) -> Outline:
        """What it is about, without its evidence."""
        score = self.patterns[self.pattern[at]].score
        return self.refs[self.left[at]], self.refs[self.right[at]], score


def _starts(sources: Sequence[Source]) -> tuple[int, ...]:
    return tuple(accumulate(map(len, sources), initial=0))


@frozen(eq=False, repr=False)
class Matches(Sequence[Match]):
    """Matches of one or several sources: equal to the tuple of them, and hashed and shown as it is.

    ``places`` has the place of each in the sources taken one after the other. Each look makes a
    match anew; keep it where it is needed again.
    """

    sources: tuple[Source, ...]
    places: array[int]
    _starts: tuple[int, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_starts", _starts(self.sources))

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, at: int) -> Match: ...

    @overload
    def __getitem__(self, at: slice) -> Matches: ...

    def __getitem__(self, at: int | slice) -> Match | Matches:
        if isinstance(at, slice):
            return Matches(self.sources, self.places[at])
        source, place = self._found(self.places[at])
        return source.match(place)

    def __iter__(self) -> Iterator[Match]:
        for place in self.places:
            source, at = self._found(place)
            yield source.match(at)

    def outlines(self) -> Iterator[Outline]:
        """What each is about, in order, without its evidence: quick."""
        for place in self.places:
            source, at = self._found(place)
            yield source.outline(at)

    def _found(self, place: int) -> tuple[Source, int]:
        if len(self.sources) == 1:
            return self.sources[0], place
        which = bisect_right(self._starts, place) - 1
        return self.sources[which], place - self._starts[which]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Matches | tuple):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def __add__(self, other: Sequence[Match]) -> tuple[Match, ...]:
        return (*self, *other)

    def __radd__(self, other: Sequence[Match]) -> tuple[Match, ...]:
        return (*other, *self)


def as_matches(given: Sequence[Match]) -> Sequence[Match]:
    """The matches as they are, or as a tuple."""
    return given if isinstance(given, Matches) else tuple(given)


def outlines(matches: Sequence[Match]) -> Iterator[Outline]:
    """What each match is about, without its evidence."""
    if isinstance(matches, Matches):
        return matches.outlines()
    return ((one.left, one.right, one.score) for one in matches)
