"""Duplicate sets: what a search for duplicates found, why, and what it looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from crmcore import render
from crmcore.findings import Findings, warning
from crmcore.rules.matching.clusters import Cluster, Pair
from crmcore.rules.matching.evidence import Match, bars
from crmcore.rules.matching.linkage.weights import Learnt
from crmcore.rules.matching.matches import as_matches, outlines
from crmcore.values.frozenmap import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crmcore.values.ref import Ref

SETS_SHOWN = 10
PAIRS_SHOWN = 3
HTML_PAIRS = 200


@frozen(kw_only=True)
class KeyCount:
    """What one blocking key of a rule did.

    ``blocks`` is the number of keys that two records or more share, blocks skipped left out;
    ``pairs`` the number of different pairs in them that were compared, and ``matches`` how many of
    these were found.
    A pair that several keys bring together counts under each of them.
    """

    rule: str
    key: str
    blocks: int
    pairs: int
    matches: int


@frozen(kw_only=True)
class SkippedBlock:
    """A block that was not compared, because ``size`` records share the key ``value``."""

    rule: str
    key: str
    value: str
    size: int


@frozen(kw_only=True)
class DuplicateSets:
    """What a search for duplicates found.

    ``pairs`` are the matches at or above the threshold, best first, each made when it is asked
    for; until the first is, the records are kept that its evidence shows. ``clusters`` are the sets
    that they make, largest first. ``apart`` are the pairs that a judgement kept out, ``joined``
    those that a judgement put in. ``records`` counts the records looked at, ``compared`` the
    different pairs compared (by each rule), and ``most_compared`` those of the record with the
    most, by all rules together; ``left_out`` counts the pairs that share a key but were not
    compared, because one of the two
    records shares more keys with as many others as it may be compared with.
    ``learnt`` has for each linkage rule, by name, what it weighed by where that was learnt in this
    search: ``rule.with_learnt(...)`` keeps it. ``skipped`` lists the blocks that were too large;
    duplicates in them may be missing.
    """

    pairs: Sequence[Match] = field(default=(), converter=as_matches)
    clusters: tuple[Cluster, ...] = ()
    apart: tuple[Pair, ...] = ()
    joined: tuple[Pair, ...] = ()
    thresholds: FrozenMap[float] = field(default=FrozenMap())
    learnt: FrozenMap[Learnt] = field(default=FrozenMap())
    counts: tuple[KeyCount, ...] = ()
    skipped: tuple[SkippedBlock, ...] = ()
    records: int = 0
    compared: int = 0
    most_compared: int = 0
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.clusters)

    def __bool__(self) -> bool:
        return bool(self.clusters)

    def of(self, ref: Ref[Any]) -> tuple[Match, ...]:
        """The pairs that a record is in, best first."""
        return self._pairs(lambda left, right: ref in (left, right))

    def within(self, cluster: Cluster) -> tuple[Match, ...]:
        """The pairs of two records of a cluster, best first."""
        members = frozenset(cluster.members)
        return self._pairs(lambda left, right: left in members and right in members)

    def _pairs(self, is_wanted: Callable[[Ref[Any], Ref[Any]], bool]) -> tuple[Match, ...]:
        told = enumerate(outlines(self.pairs))
        return tuple(self.pairs[at] for at, (left, right, _) in told if is_wanted(left, right))

    def to_rows(self) -> tuple[dict[str, object], ...]:
        """One row for each pair, best first, of plain values.

        ``set`` numbers the cluster that has both records, from 1; ``None``: none has.
        """
        number = {ref: at for at, cluster in enumerate(self.clusters, 1) for ref in cluster.members}
        return tuple(
            {
                "set": _shared(number.get(one.left), number.get(one.right)),
                "left_kind": one.left.kind,
                "left_id": one.left.id,
                "right_kind": one.right.kind,
                "right_id": one.right.id,
                "score": one.score,
                "level": one.level.name.lower(),
                "rule": one.rule,
                "evidence": "; ".join(
                    f"{point.field} {point.similarity:.2f}" for point in one.evidence
                ),
            }
            for one in self.pairs
        )

    @property
    def findings(self) -> Findings:
        """What to know of this search: ``rule.no_footing`` where nothing could be learnt."""
        return Findings(
            warning(
                "rule.no_footing",
                f"too many of {learnt.records:,} records are nearly alike to learn weights from",
                path=name,
                suggestion="the standard weights were used: look at the pairs before merging, or"
                " learn from labelled pairs",
            )
            for name, learnt in sorted(self.learnt.items())
            if not learnt.has_footing
        )

    @property
    def summary(self) -> str:
        """One line: how many sets and pairs, of how many records."""
        return (
            f"{_count(len(self.clusters), 'set')} of duplicates ({_count(len(self.pairs), 'pair')})"
            f" in {_count(self.records, 'record')}, {_count(self.compared, 'comparison')}"
        )

    def __str__(self) -> str:
        parts = [render.cut(self.summary, 80)]
        for number, cluster in enumerate(self.clusters[:SETS_SHOWN], 1):
            parts.append(f"\n{render.cut(f'{number}. {cluster}', 80)}")
            pairs = self.within(cluster)
            parts += [str(one) for one in pairs[:PAIRS_SHOWN]]
            parts += _more(len(pairs) - PAIRS_SHOWN, "pair")
        parts += _more(len(self.clusters) - SETS_SHOWN, "set")
        return "\n".join([*parts, *self._notes(), "", self._counts_table()])

    def _notes(self) -> Iterable[str]:
        yield from (render.cut(one.message, 80) for one in self.findings)
        if self.apart:
            yield f"{_count(len(self.apart), 'pair')} kept apart by a judgement"
        if self.joined:
            yield f"{_count(len(self.joined), 'pair')} put together by a judgement"
        if self.left_out:
            yield f"{_count(self.left_out, 'pair')} not compared: too many for one record"
        if self.skipped:
            largest = max(self.skipped, key=lambda one: one.size)
            yield render.cut(
                f"{_count(len(self.skipped), 'block')} too large (see .skipped), the largest: "
                f"{_count(largest.size, 'record')} of one {largest.key}",
                80,
            )

    def _counts(self) -> list[tuple[object, ...]]:
        return [
            (one.rule, one.key, one.blocks, one.pairs, one.matches)
            for one in self.counts
            if one.blocks
        ]

    def _counts_table(self) -> str:
        return render.table(self._counts(), columns=_COLUMNS, right=_NUMBERS)

    def _repr_html_(self) -> str:
        rows = [
            (
                row["set"] or "",
                match.left,
                match.right,
                f"{match.score:.3f}",
                match.level.name.lower(),
                point.field,
                point.left,
                point.right,
                point.comparison,
                f"{point.points:+.2f}",
                shown,
            )
            for row, match in zip(self.to_rows(), self.pairs[:HTML_PAIRS], strict=False)
            for point, shown in zip(match.evidence, bars(match.evidence), strict=True)
        ]
        columns = (
            *("set", "left", "right", "score", "level"),
            *("field", "one", "other", "comparison", "points", "for and against"),
        )
        notes = [*_more(len(self.pairs) - HTML_PAIRS, "pair"), *self._notes()]
        return render.html_section(
            self.summary,
            render.html_table(rows, columns=columns, right=("score", "points")),
            *(f"<p>{render.escape(note)}</p>" for note in notes),
            render.html_table(self._counts(), columns=_COLUMNS, right=_NUMBERS),
        )


_COLUMNS = ("rule", "blocking key", "blocks", "pairs", "matches")
_NUMBERS = ("blocks", "pairs", "matches")


def _shared(one: int | None, other: int | None) -> int | None:
    return one if one == other else None


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _more(number: int, noun: str) -> list[str]:
    return [f"... {_count(number, f'more {noun}')}"] if number > 0 else []
