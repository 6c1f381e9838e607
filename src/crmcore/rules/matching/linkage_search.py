"""Linkage search: one linkage rule at work on some records: block, compare, learn, weigh, count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Any, Final

import attrs

from crmcore.entities.record import Record
from crmcore.findings import Finding, Findings, ModelError
from crmcore.model.model import Model
from crmcore.rules.matching.clusters import Pair
from crmcore.rules.matching.duplicate_sets import KeyCount, SkippedBlock
from crmcore.rules.matching.evidence import Evidence, Match
from crmcore.rules.matching.linkage.blocks import Blocks, blocks_of, pairs_of
from crmcore.rules.matching.linkage.engine import Comparing, blind_patterns, grouped
from crmcore.rules.matching.linkage.learn import Scorer, maximise, settled, with_blind_rates
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.subject import Found
from crmcore.rules.matching.linkage.table import Table
from crmcore.rules.matching.linkage.weights import Learnt, probability
from crmcore.rules.matching.readers import Raw, Reader, raw_reader
from crmcore.rules.matching.reading import FieldPath, paths_in
from crmcore.values.ref import Ref

ENOUGH_TO_LEARN: Final = 300
"""A search of fewer records goes by the standard weights, unless its rule has learnt ones."""

_BLIND: Final = 20_000
"""So many pairs are taken blindly to learn how often two entities agree."""


class LinkageSearch:
    """One linkage rule at work; ``counts``, ``skipped`` and ``partners`` tell what it did.

    ``threshold`` is the least score of a match (``None``: the rule's ``likely``). ``learnt`` is
    what it weighed by. ``doubts`` has, after ``run``, the bits for pairs that were compared and
    are no match though both their records have one. Raises ``ModelError`` for a rule that names
    what the model lacks.
    """

    def __init__(
        self,
        rule: LinkageRule,
        *,
        model: Model,
        related: Mapping[Ref[Any], Record],
        threshold: float | None,
        is_cached: bool = True,
        enough: int = ENOUGH_TO_LEARN,
    ) -> None:
        self._enough = enough
        self._is_cached = is_cached
        self._shown_values: dict[Ref[Any], tuple[object, ...]] = {}
        self.rule = rule
        self.threshold: float = rule.likely if threshold is None else threshold
        self.counts: list[KeyCount] = []
        self.skipped: list[SkippedBlock] = []
        self.partners: Counter[Ref[Any]] = Counter()
        self.compared: int = 0
        self.learnt: Learnt = rule.learnt or rule.about.standard
        self.learnt_here: bool = False
        self.doubts: dict[Pair, float] = {}
        self.readers: dict[str, tuple[Reader | None, ...]] = readers(
            rule, model, related, is_cached=is_cached
        )
        self._limits = {kind: _limiter(rule, kind, model, related) for kind in rule.kinds}
        self._subject = rule.about.in_region(model.phone_region)

    def run(self, given: Mapping[Ref[Any], Record], *, block_limit: int) -> Iterator[Match]:
        """Every match among these records, which are in the order of their references."""
        records = [one for ref, one in given.items() if ref.kind in self.rule.kinds]
        if not records:
            return iter(())
        table = Table(self._subject)
        table.fill(records, self.readers)
        middle = None
        if len(self.rule.kinds) > 1:
            middle = sum(one.ref.kind == records[0].ref.kind for one in records)
        allowed = self._allowed(records)
        keyed: list[tuple[Blocks, frozenset[int]]] = []
        for key in self.rule.keys:
            blocks = blocks_of(table, key, limit=block_limit)
            pairs = frozenset(pairs_of(blocks, rows=len(records), middle=middle))
            keyed.append((blocks, pairs if allowed is None else frozenset(filter(allowed, pairs))))
        pairs_found = sorted(frozenset[int]().union(*(pairs for _, pairs in keyed)))
        self.compared = len(pairs_found)
        scores = self._scores(table, pairs_found)
        return self._told(records, scores, keyed, pairs_found)

    def _scores(
        self, table: Table, pairs: Sequence[int]
    ) -> dict[int, tuple[float, float, tuple[Found, ...]]]:
        """The score, the bits and the levels of each pair."""
        rows = len(table.columns[0].ids)
        learns = self.rule.learnt is None and rows >= self._enough
        self.learnt_here = learns
        if learns:
            self.learnt = attrs.evolve(
                self.learnt, records=rows, expected=rows / 5, common=table.common(), usual={}
            )
        comparing = Comparing(table, self.learnt)
        groups = grouped(comparing, pairs)
        if learns:
            patterns: dict[tuple[Found, ...], int] = {}
            for codes, members in groups.items():
                found = comparing.found(codes)
                patterns[found] = patterns.get(found, 0) + len(members)
            blind = blind_patterns(comparing, rows, min(_BLIND, rows * rows))
            self.learnt = with_blind_rates(self.learnt, self._subject, blind)
            self.learnt = maximise(
                self.learnt, self._subject, patterns, table.rare(self.learnt.common)
            )
            self.learnt = settled(self.learnt, self._subject, patterns)
        scorer = Scorer(self._subject, self.learnt)
        scores: dict[int, tuple[float, float, tuple[Found, ...]]] = {}
        for codes, members in groups.items():
            found = comparing.found(codes)
            bits = scorer.total(found)
            made = (min(probability(bits), self._subject.cap(found)), bits, found)
            scores.update(dict.fromkeys(members, made))
        return scores

    def _told(
        self,
        records: Sequence[Record],
        scores: Mapping[int, tuple[float, float, tuple[Found, ...]]],
        keyed: Iterable[tuple[Blocks, frozenset[int]]],
        pairs: Sequence[int],
    ) -> Iterator[Match]:
        size = len(records)
        matched = {both for both in pairs if scores[both][0] >= self.threshold}
        self._count(matched, keyed)
        partners = Counter(chain.from_iterable(divmod(both, size) for both in pairs))
        refs = [one.ref for one in records]
        self.partners = Counter({refs[row]: times for row, times in partners.items()})
        involved = set(chain.from_iterable(divmod(both, size) for both in matched))
        self.doubts = {
            (refs[both // size], refs[both % size]): scores[both][1]
            for both in pairs
            if both not in matched and both // size in involved and both % size in involved
        }
        scorer = Scorer(self._subject, self.learnt)
        return (
            self.made(
                records[both // size],
                records[both % size],
                scores[both][0],
                scores[both][2],
                scorer,
            )
            for both in sorted(matched)
        )

    def _count(
        self, matched: AbstractSet[int], keyed: Iterable[tuple[Blocks, frozenset[int]]]
    ) -> None:
        for blocks, own in keyed:
            self.counts.append(
                KeyCount(
                    rule=self.rule.name,
                    key=blocks.key.name,
                    blocks=len(blocks.rows),
                    pairs=len(own),
                    matches=len(matched & own),
                )
            )
            self.skipped += [
                SkippedBlock(
                    rule=self.rule.name, key=blocks.key.name, value=one.value, size=one.size
                )
                for one in blocks.skipped
            ]

    def made(
        self, one: Record, other: Record, score: float, found: tuple[Found, ...], scorer: Scorer
    ) -> Match:
        """The match of two records in their order."""
        return Match(
            left=one.ref,
            right=other.ref,
            score=score,
            level=self.rule.level(score),
            rule=self.rule.name,
            evidence=self.evidence(one, other, found, scorer),
        )

    def evidence(
        self, one: Record, other: Record, found: tuple[Found, ...], scorer: Scorer
    ) -> tuple[Evidence, ...]:
        """What each group of evidence says of two records."""
        left, right = self._shown_of(one), self._shown_of(other)
        return tuple(
            Evidence(
                field=group.name,
                comparison=group.levels[here[0]].name,
                left=left[at],
                right=right[at],
                similarity=group.levels[here[0]].likeness,
                weight=max(bits, 0.0),
                against=max(-bits, 0.0),
                bits=bits,
            )
            for at, (group, here, bits) in enumerate(
                zip(self._subject.groups, found, scorer.points(found), strict=True)
            )
            if here is not None and bits is not None
        )

    def _shown_of(self, record: Record) -> tuple[object, ...]:
        if not self._is_cached:
            return self._shown(record)
        known = self._shown_values.get(record.ref)
        if known is None:
            known = self._shown_values[record.ref] = self._shown(record)
        return known

    def _shown(self, record: Record) -> tuple[object, ...]:
        """The values that each group of evidence looks at."""
        read = {
            trait.name: None if reader is None else reader(record)
            for trait, reader in zip(
                self._subject.traits, self.readers[record.ref.kind], strict=True
            )
        }
        return tuple(_first(read, group.shows, group.part) for group in self._subject.groups)

    def run_for(self, candidate: Record, others: Mapping[Ref[Any], Record]) -> Iterator[Match]:
        """Every match of one record with these others; none where the rule is not for its kind."""
        kind = candidate.ref.kind
        if kind not in self.rule.kinds:
            return
        wanted = [one for one in self.rule.kinds if one != kind] or [kind]
        chosen = [one for ref, one in others.items() if ref.kind in wanted]
        table = Table(self._subject)
        table.fill([candidate, *chosen], self.readers)
        allowed = self._allowed([candidate, *chosen])
        near: set[int] = set()
        for key in self.rule.keys:
            blocks = blocks_of(table, key, limit=len(chosen) + 1)
            near.update(row for block in blocks.rows if block[0] == 0 for row in block[1:])
        comparing, scorer = Comparing(table, self.learnt), Scorer(self._subject, self.learnt)
        for row in sorted(near):
            if allowed is not None and not allowed(row):
                continue
            match = self._matched(candidate, chosen[row - 1], comparing, row, scorer)
            if match is not None:
                yield match

    def match(self, one: Record, other: Record) -> Match | None:
        """The match of two records, whatever their keys; ``None`` below the threshold."""
        table = Table(self._subject)
        table.fill([one, other], self.readers)
        comparing, scorer = Comparing(table, self.learnt), Scorer(self._subject, self.learnt)
        return self._matched(one, other, comparing, 1, scorer)

    def _matched(
        self, one: Record, other: Record, comparing: Comparing, row: int, scorer: Scorer
    ) -> Match | None:
        found = comparing.found(comparing.pattern(0, row))
        if not any(found):
            return None
        score = min(probability(scorer.total(found)), self._subject.cap(found))
        if score < self.threshold:
            return None
        left, right = (one, other) if one.ref <= other.ref else (other, one)
        return self.made(left, right, score, found, scorer)

    def may_be(self, one: Record, other: Record) -> bool:
        """Whether two records agree in what the rule stays within, and differ in what it links."""
        if not self.rule.within and not self.rule.across:
            return True
        left, right = self._limits[one.ref.kind](one), self._limits[other.ref.kind](other)
        return bool(left[0] == right[0] and (not self.rule.across or left[1] != right[1]))

    def _allowed(self, records: Sequence[Record]) -> Any:  # Any: a predicate of pairs, or None
        if not self.rule.within and not self.rule.across:
            return None
        marks = [self._limits[one.ref.kind](one) for one in records]
        size = len(records)

        def allowed(both: int) -> bool:
            one, other = marks[both // size], marks[both % size]
            return one[0] == other[0] and (not self.rule.across or one[1] != other[1])

        return allowed


def _first(read: Mapping[str, Raw | None], traits: Iterable[str], part: str | None) -> object:
    for name in traits:
        for values in read[name] or ():
            for value in values:
                shown = getattr(value, part, None) if part is not None else value
                if shown is not None:
                    return shown
    return None


def readers(
    rule: LinkageRule, model: Model, related: Mapping[Ref[Any], Record], *, is_cached: bool = True
) -> dict[str, tuple[Reader | None, ...]]:
    """How the records of each kind are read, trait by trait; raises ``ModelError``.

    With ``is_cached`` what a reference leads to is read once: ``related`` must not change then.
    """
    found: list[Finding] = []
    made: dict[str, tuple[Reader | None, ...]] = {}
    for kind in rule.kinds:
        paths: dict[str, tuple[FieldPath, ...]] = {
            meaning: paths_in(fields.get(kind, ()), kind, model, f"fields.{meaning}", found)
            for meaning, fields in rule.fields.items()
        }
        made[kind] = tuple(
            raw_reader((paths.get(one, ()) for one in trait.meanings), related, is_cached=is_cached)
            for trait in rule.about.traits
        )
    if found:
        raise ModelError(f"match rule {rule.name!r}", Findings(found))
    return made


def _limiter(
    rule: LinkageRule, kind: str, model: Model, related: Mapping[Ref[Any], Record]
) -> Any:  # Any: reads any value
    found: list[Finding] = []
    within = paths_in(rule.within.get(kind, ()), kind, model, "within", found)
    across = paths_in(rule.across.get(kind, ()), kind, model, "across", found)
    if found:
        raise ModelError(f"match rule {rule.name!r}", Findings(found))

    def limits(record: Record) -> tuple[tuple[object, ...], tuple[object, ...]]:
        return (
            tuple(one for path in within for one in path.values(record, related)),
            tuple(one for path in across for one in path.values(record, related)),
        )

    return limits
