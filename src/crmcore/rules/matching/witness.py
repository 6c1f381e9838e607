"""Witness: tells what each group of evidence says of two records by a linkage rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from crmcore.entities.record import Record
from crmcore.rules.matching.evidence import Evidence, Match
from crmcore.rules.matching.linkage.learn import Scorer
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.subject import Found
from crmcore.rules.matching.linkage.weights import Level
from crmcore.rules.matching.readers import Raw
from crmcore.values.ref import Ref

Shown: TypeAlias = tuple[object, ...]
"""For each group of evidence the value that a reader is shown; ``None``: there is none."""


class Witness:
    """Makes the matches of a rule that weighs by ``scorer``."""

    def __init__(self, rule: LinkageRule, scorer: Scorer) -> None:
        self._rule, self._scorer = rule, scorer
        self._lines: dict[tuple[int, int, int], Callable[[object, object], Evidence]] = {}

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
                (self._lines.get((at, *here)) or self._line(at, found))(left[at], right[at])
                for at, here in enumerate(found)
                if here is not None
            ],
        )

    def _line(self, at: int, found: tuple[Found, ...]) -> Callable[[object, object], Evidence]:
        """What makes evidence of two values for the level that was found of a group."""
        here, bits = found[at], self._scorer.points(found)[at]
        level, bucket = here or (0, 0)
        group = self._rule.about.groups[at]
        line = _line(group.name, group.levels[level], bits or 0.0)
        self._lines[at, level, bucket] = line
        return line


def _line(name: str, level: Level, bits: float) -> Callable[[object, object], Evidence]:
    def made(left: object, right: object) -> Evidence:
        return Evidence(
            field=name,
            comparison=level.name,
            left=left,
            right=right,
            similarity=level.likeness,
            weight=max(bits, 0.0),
            against=max(-bits, 0.0),
            bits=bits,
        )

    return made


def shown(rule: LinkageRule, raws: Callable[[str], Raw | None]) -> Shown:
    """What a reader is shown of a record, whose values ``raws`` gives by the name of the trait."""
    known = {name: raws(name) for name in rule.about.shows}
    return tuple(_first(known, group.shows, group.part) for group in rule.about.groups)


class Showing:
    """What a reader is shown of records one by one: only of the evidence that there is.

    ``readers`` has for each kind how the traits of the rule are read.
    """

    def __init__(
        self, rule: LinkageRule, readers: Mapping[str, Sequence[Callable[[Record], Raw] | None]]
    ) -> None:
        places = {trait.name: at for at, trait in enumerate(rule.about.traits)}
        self._groups = {
            kind: tuple(
                (
                    tuple(
                        (rule.about.traits[at].meanings, read)
                        for at in (places[name] for name in group.shows)
                        if (read := reads[at]) is not None
                    ),
                    group.part,
                )
                for group in rule.about.groups
            )
            for kind, reads in readers.items()
        }

    def shown(
        self,
        ref: Ref[Any],
        record: Record,
        found: tuple[Found, ...],
        known: dict[object, Raw] | None = None,
    ) -> Shown:
        """What is shown of a record beside these levels; ``None`` where there is none.

        ``known`` keeps what was read of the record, for the next time that it is shown.
        """
        known = {} if known is None else known
        return tuple(
            [
                None if level is None else _of_group(record, reads, part, known)
                for level, (reads, part) in zip(found, self._groups[ref.kind], strict=True)
            ]
        )


def _of_group(
    record: Record,
    reads: Sequence[tuple[object, Callable[[Record], Raw]]],
    part: str | None,
    known: dict[object, Raw],
) -> object:
    for meanings, read in reads:
        raw = known.get(meanings)
        if raw is None:
            raw = known[meanings] = read(record)
        for values in raw:
            for value in values:
                found = value if part is None else getattr(value, part, None)
                if found is not None:
                    return found
    return None


def _first(raws: Mapping[str, Raw | None], traits: Sequence[str], part: str | None) -> object:
    for name in traits:
        for values in raws[name] or ():
            for value in values:
                found = value if part is None else getattr(value, part, None)
                if found is not None:
                    return found
    return None
