"""Witness: tells what each group of evidence says of two records by a linkage rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeAlias

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.rules.matching.evidence import Evidence, Match
from crmcore.rules.matching.linkage.learn import Scorer
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.subject import Found
from crmcore.rules.matching.linkage.weights import Level
from crmcore.rules.matching.readers import Reader
from crmcore.values.ref import Ref

Shown: TypeAlias = tuple[object, ...]
"""For each group of evidence the value that a reader is shown; ``None``: there is none."""


@frozen
class Line:
    """What is said of a group of evidence on one level: all but the values."""

    field: str
    comparison: str
    similarity: float
    bits: float

    def of(self, left: object, right: object) -> Evidence:
        """The evidence of two values."""
        return Evidence(
            field=self.field,
            comparison=self.comparison,
            left=left,
            right=right,
            similarity=self.similarity,
            weight=max(self.bits, 0.0),
            against=max(-self.bits, 0.0),
            bits=self.bits,
        )


class Witness:
    """Makes the matches of a rule that weighs by ``scorer``."""

    def __init__(self, rule: LinkageRule, scorer: Scorer) -> None:
        self._rule, self._scorer = rule, scorer
        self._groups = rule.about.groups
        self._lines: dict[tuple[int, int, int], Line] = {}

    def match(
        self,
        refs: tuple[Ref[Any], Ref[Any]],
        shown: tuple[Shown, Shown],
        score: float,
        found: tuple[Found, ...],
    ) -> Match:
        """The match of two records in the order of their references."""
        left, right = shown
        return Match(
            left=refs[0],
            right=refs[1],
            score=score,
            level=self._rule.level(score),
            rule=self._rule.name,
            evidence=[
                line.of(left[at], right[at])
                for at, line in enumerate(self.lines(found))
                if line is not None
            ],
        )

    def lines(self, found: tuple[Found, ...]) -> tuple[Line | None, ...]:
        """What is said of each group; ``None`` where nothing was compared."""
        return tuple([self.line(at, here) for at, here in enumerate(found)])

    def line(self, at: int, found: Found) -> Line | None:
        """What is said of a group; ``None`` where nothing was compared."""
        if found is None:
            return None
        return self._lines.get((at, *found)) or self._line(at, *found)

    def _line(self, at: int, level: int, bucket: int) -> Line:
        group = self._groups[at]
        line = _line(group.name, group.levels[level], self._scorer.one(at, level, bucket))
        self._lines[at, level, bucket] = line
        return line


def _line(name: str, level: Level, bits: float) -> Line:
    return Line(field=name, comparison=level.name, similarity=level.likeness, bits=bits)


class Showing:
    """What a reader is shown of records one by one: only of the evidence that there is.

    ``readers`` has for each kind how the traits of the rule are read.
    """

    def __init__(self, rule: LinkageRule, readers: Mapping[str, Sequence[Reader | None]]) -> None:
        places = {trait.name: at for at, trait in enumerate(rule.about.traits)}
        self._groups = {
            kind: tuple(
                (
                    tuple(
                        read for name in group.shows if (read := reads[places[name]]) is not None
                    ),
                    group.part,
                )
                for group in rule.about.groups
            )
            for kind, reads in readers.items()
        }

    def shown(self, ref: Ref[Any], record: Record, found: tuple[Found, ...]) -> Shown:
        """What is shown of a record beside these levels; ``None`` where there is none."""
        return tuple(
            [
                None if level is None else _of_group(record, reads, part)
                for level, (reads, part) in zip(found, self._groups[ref.kind], strict=True)
            ]
        )


def _of_group(record: Record, reads: Sequence[Reader], part: str | None) -> object:
    for read in reads:
        found = read.first(record, part)
        if found is not None:
            return found
    return None


def shown_columns(
    rule: LinkageRule, firsts: Callable[[str, str | None], list[object]]
) -> tuple[tuple[object, ...], ...]:
    """For each group what a reader is shown of many records: as ``Showing`` for each of them.

    ``firsts`` gives the first value of each record for a trait, or a part of it.
    """
    shown = {(name, group.part) for group in rule.about.groups for name in group.shows}
    columns = {one: firsts(*one) for one in shown}
    told = [[columns[name, group.part] for name in group.shows] for group in rule.about.groups]
    return tuple(tuple(reduce(_filled, one)) for one in told)


def _filled(ones: Iterable[object], others: Iterable[object]) -> Iterable[object]:
    return [b if a is None else a for a, b in zip(ones, others, strict=True)]
