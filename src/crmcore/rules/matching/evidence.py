"""Evidence: why two records are held to be one, comparison by comparison, and the score of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from crmcore import render
from crmcore.rules.matching.linkage.weights import Learnt, probability
from crmcore.rules.matching.match_rule import Comparison, Level, MatchRule
from crmcore.values.ref import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcore.rules.matching.linkage.rule import LinkageRule


@frozen(kw_only=True)
class Evidence:
    """One comparison that was made.

    ``field`` is the name of the comparison in its rule, ``comparison`` that of the comparer.
    ``left`` and ``right`` are the values of the two records, those that are most alike where there
    are several. ``similarity`` is in [0, 1]. ``weight`` times it counts for the pair, ``against``
    counts against it where it is 0. A linkage rule counts ``bits`` whatever the similarity, and
    ``comparison`` is then the name of the level.
    """

    field: str
    comparison: str
    left: Any
    right: Any
    similarity: float
    weight: float
    against: float
    bits: float | None = None

    @property
    def points(self) -> float:
        """What it counts: above 0 for the pair, below 0 against it; of a linkage rule in bits."""
        if self.bits is not None:
            return self.bits
        return self.weight * self.similarity if self.similarity else -self.against


def _evidence(given: Iterable[Evidence]) -> tuple[Evidence, ...]:
    return tuple(given)


@frozen(kw_only=True)
class Match:
    """Two records that may be one, ``left`` before ``right`` in the order of references.

    ``score`` is in [0, 1] and ``level`` says what it means by ``rule``. ``evidence`` is in the
    order of the rule's comparisons; ``score_of`` gives the score again.
    """

    left: Ref[Any]
    right: Ref[Any]
    score: float
    level: Level
    rule: str
    evidence: tuple[Evidence, ...] = field(converter=_evidence)

    @property
    def refs(self) -> tuple[Ref[Any], Ref[Any]]:
        """Both records."""
        return self.left, self.right

    def __str__(self) -> str:
        head = f"{self.left} and {self.right}: {self.score:.3f} {self.level.name.lower()}"
        return f"{render.cut(f'{head} ({self.rule})', 80)}\n{evidence_table(self.evidence)}"

    def _repr_html_(self) -> str:
        rows = zip(_rows(self.evidence), bars(self.evidence), strict=True)
        return render.html_table(
            [(*row, shown) for row, shown in rows],
            columns=(*_COLUMNS, "for and against"),
            right=_NUMBERS,
            caption=str(self).splitlines()[0],
        )


_COLUMNS = ("field", "left", "right", "comparison", "similarity", "points")
_NUMBERS = ("similarity", "points")
_BAR = 12
"""So many characters stand for the most points that one comparison has."""


def bars(evidence: Iterable[Evidence]) -> list[str]:
    """For each comparison a bar as long as it counts, with a minus before what is against."""
    given = tuple(evidence)
    most = max((abs(one.points) for one in given), default=0.0) or 1.0
    return [
        f"{'-' if one.points < 0 else '+'} {render.bar(abs(one.points) / most, _BAR)}"
        for one in given
    ]


def _rows(evidence: Iterable[Evidence]) -> list[tuple[object, ...]]:
    return [
        (
            one.field,
            one.left,
            one.right,
            one.comparison,
            f"{one.similarity:.2f}",
            f"{one.points:+.2f}",
        )
        for one in evidence
    ]


def evidence_table(evidence: Iterable[Evidence]) -> str:
    """The evidence as a table of at most 80 columns."""
    return render.table(_rows(evidence), columns=_COLUMNS, right=_NUMBERS)


def score_of(
    evidence: Iterable[Evidence], rule: MatchRule | LinkageRule, learnt: Learnt | None = None
) -> float | None:
    """The score that this evidence gives by the rule; ``None`` where nothing was compared.

    ``learnt`` is what a linkage rule weighed by, where that is not what it holds itself.
    """
    if not isinstance(rule, MatchRule):
        return linked_score(tuple(evidence), rule, learnt or rule.learnt or rule.about.standard)
    found = {one.field: one.similarity for one in evidence}
    return weighed(rule, tuple(found.get(one.name) for one in rule.comparisons))


def linked_score(evidence: tuple[Evidence, ...], rule: LinkageRule, learnt: Learnt) -> float | None:
    """As ``score_of``, of a linkage rule: the prior and the bits, no more than the cap."""
    if not evidence:
        return None
    told = {one.field: one for one in evidence}
    found = tuple(
        None
        if group.name not in told
        else (
            next(
                at
                for at, level in enumerate(group.levels)
                if level.name == told[group.name].comparison
            ),
            0,
        )
        for group in rule.about.groups
    )
    bits = learnt.prior
    for group in rule.about.groups:
        if group.name in told:
            bits += told[group.name].points
    return min(probability(bits), rule.about.cap(found))


def weighed(rule: MatchRule, similarities: tuple[float | None, ...]) -> float | None:
    """The score of the similarities of a rule's comparisons, ``None`` being *not compared*.

    ``F / (max(enough, F) + A)``, where F is the sum of weight times similarity and A the sum of
    ``against`` over the comparisons that differ; no more than the gates allow. So a value that
    agrees never lowers a score, and one that differs never raises it. A comparison that weighs
    nothing only serves a gate; alone it is nothing to go by.
    """
    if rule.clauses:
        return _equated(rule, similarities)
    favour = hindrance = 0.0
    compared = False
    for one, similarity in zip(rule.comparisons, similarities, strict=True):
        if similarity is not None:
            compared = compared or bool(one.weight or one.against)
            if similarity:
                favour += one.weight * similarity
            else:
                hindrance += one.against
    if not compared:
        return None
    score = favour / (max(rule.enough, favour) + hindrance)
    return min(score, _allowed(rule, similarities))


def _equated(rule: MatchRule, similarities: tuple[float | None, ...]) -> float | None:
    """The score by the clauses of an equation."""
    if all(one is None for one in similarities):
        return None
    found = {one.name: alike for one, alike in zip(rule.comparisons, similarities, strict=True)}
    best = 0.0
    for clause in rule.clauses:
        held = [
            (1.0 if name in clause.blanks else 0.0) if found[name] is None else found[name] or 0.0
            for name in clause.needs
        ]
        if all(alike >= least for alike, least in zip(held, clause.needs.values(), strict=True)):
            best = max(best, min(held))
    return min(best, _allowed(rule, similarities))


def _allowed(rule: MatchRule, similarities: tuple[float | None, ...]) -> float:
    """The most that the gates of a rule allow."""
    allowed = 1.0
    for gate in rule.gates:
        similarity = similarities[_place(rule.comparisons, gate.comparison)]
        if gate.is_for_missing if similarity is None else similarity < gate.at_least:
            allowed = min(allowed, gate.cap)
    return allowed


def _place(comparisons: tuple[Comparison, ...], name: str) -> int:
    return next(at for at, one in enumerate(comparisons) if one.name == name)
