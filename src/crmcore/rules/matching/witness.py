"""Witness: tells what each group of evidence says of two records by a linkage rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from crmcore.rules.matching.evidence import Evidence, Match
from crmcore.rules.matching.linkage.learn import Scorer
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.subject import Found
from crmcore.rules.matching.linkage.weights import Level
from crmcore.rules.matching.readers import Raw
from crmcore.values.ref import Ref

Shown: TypeAlias = tuple[object, ...]
"""For each group of evidence the value that a reader is shown; ``None``: there is none."""

Line: TypeAlias = tuple[int, Callable[[object, object], Evidence]]
"""The place of a group of evidence, and what makes evidence of two values."""


class Witness:
    """Makes the matches of a rule that weighs by ``scorer``."""

    def __init__(self, rule: LinkageRule, scorer: Scorer) -> None:
        self._rule, self._scorer = rule, scorer
        self._said: dict[tuple[Found, ...], tuple[Line, ...]] = {}

    def match(
        self,
        refs: tuple[Ref[Any], Ref[Any]],
        shown: tuple[Shown, Shown],
        score: float,
        found: tuple[Found, ...],
    ) -> Match:
        """The match of two records in the order of their references."""
        said = self._said.get(found)
        if said is None:
            said = self._said[found] = self._lines(found)
        left, right = shown
        return Match(
            left=refs[0],
            right=refs[1],
            score=score,
            level=self._rule.level(score),
            rule=self._rule.name,
            evidence=[made(left[at], right[at]) for at, made in said],
        )

    def _lines(self, found: tuple[Found, ...]) -> tuple[Line, ...]:
        """For each group that was compared its place, and what makes its line of two values."""
        lines = []
        points = self._scorer.points(found)
        for at, (group, here) in enumerate(zip(self._rule.about.groups, found, strict=True)):
            bits = points[at]
            if here is not None and bits is not None:
                lines.append((at, _line(group.name, group.levels[here[0]], bits)))
        return tuple(lines)


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


def _first(raws: Mapping[str, Raw | None], traits: Sequence[str], part: str | None) -> object:
    for name in traits:
        for values in raws[name] or ():
            for value in values:
                found = value if part is None else getattr(value, part, None)
                if found is not None:
                    return found
    return None
