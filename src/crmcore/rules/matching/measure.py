"""Measure: precision and recall of what was found against pairs that somebody labelled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, Final

from attrs import field, frozen

from crmcore import render
from crmcore.errors import UsageError
from crmcore.rules.matching.clusters import Pair, pair
from crmcore.rules.matching.duplicate_sets import DuplicateSets
from crmcore.rules.matching.evidence import Match
from crmcore.rules.matching.matches import outlines
from crmcore.values.ref import Ref

THRESHOLDS: Final = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


@frozen(kw_only=True)
class Quality:
    """What was found, against what is true.

    ``right`` pairs are found and true, ``found`` and ``true`` are all that are found or true.
    ``threshold`` is the least score of what was found; ``None``: the clusters.
    """

    threshold: float | None
    found: int
    true: int
    right: int

    @property
    def precision(self) -> float | None:
        """The share of what was found that is true, in [0, 1]; ``None`` where nothing was."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """The share of what is true that was found, in [0, 1]; ``None`` where nothing is."""
        return self.right / self.true if self.true else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; ``None`` where nothing is found or true."""
        both = self.found + self.true
        return 2 * self.right / both if both else None


def _rows(given: Iterable[Quality]) -> tuple[Quality, ...]:
    return tuple(given)


@frozen(kw_only=True)
class Evaluation:
    """Precision and recall of the pairs at several thresholds, and of the clusters."""

    pairs: tuple[Quality, ...] = field(converter=_rows)
    clusters: Quality

    def to_rows(self) -> tuple[dict[str, object], ...]:
        """One row for each threshold, rising, and one for the clusters, of plain values."""
        return tuple(
            {
                "threshold": one.threshold,
                "found": one.found,
                "right": one.right,
                "precision": one.precision,
                "recall": one.recall,
                "f1": one.f1,
            }
            for one in (*self.pairs, self.clusters)
        )

    def _table(self) -> list[tuple[object, ...]]:
        return [
            (
                "clusters" if one.threshold is None else f"{one.threshold:.2f}",
                one.found,
                one.right,
                *("" if share is None else f"{share:.4f}" for share in _shares(one)),
            )
            for one in (*self.pairs, self.clusters)
        ]

    def __str__(self) -> str:
        return render.table(self._table(), columns=_COLUMNS, right=_COLUMNS[1:])

    def _repr_html_(self) -> str:
        return render.html_table(self._table(), columns=_COLUMNS, right=_COLUMNS[1:])


_COLUMNS: Final = ("at least", "found", "right", "precision", "recall", "F1")


def _shares(one: Quality) -> tuple[float | None, ...]:
    return one.precision, one.recall, one.f1


def evaluate(
    sets: DuplicateSets,
    pairs: Iterable[tuple[Ref[Any], Ref[Any]]],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
) -> Evaluation:
    """What a search found, against ``pairs``: all that are one, whichever record comes first.

    Only scores from that of the search on can be told apart: search with a low threshold to see
    what lies below. A chain of pairs makes one entity. Raises ``UsageError`` for a pair of one
    record with itself.
    """
    true: set[Pair] = set()
    for one, other in pairs:
        if one == other:
            raise UsageError("a pair has two records", one)
        true.add(pair(one, other))
    least = min(sets.thresholds.values(), default=0.0)
    at = sorted({*(one for one in thresholds if one > least), least})
    found = [((left, right), score) for left, right, score in outlines(sets.pairs)]
    inside = {
        pair(one, other) for each in sets.clusters for one, other in combinations(each.members, 2)
    }
    return Evaluation(
        pairs=(_quality(t, {both for both, score in found if score >= t}, true) for t in at),
        clusters=_quality(None, inside, true),
    )


def _quality(threshold: float | None, found: set[Pair], true: set[Pair]) -> Quality:
    return Quality(threshold=threshold, found=len(found), true=len(true), right=len(found & true))


def worth_labelling(sets: DuplicateSets, count: int = 20) -> tuple[Match, ...]:
    """The pairs that a word of yours would teach most: the least certain ones first.

    Of the pairs with one pattern of evidence only the first, until every pattern has had its turn.
    Search with a low threshold, such as 0.05, so that there are pairs on both sides.
    """
    ordered = sorted(sets.pairs, key=lambda one: (abs(one.score - 0.5), one.left, one.right))
    seen: set[tuple[tuple[str, str], ...]] = set()
    first: list[Match] = []
    later: list[Match] = []
    for match in ordered:
        pattern = tuple((one.field, one.comparison) for one in match.evidence)
        (later if pattern in seen else first).append(match)
        seen.add(pattern)
    return tuple([*first, *later][:count])
