"""Linkage search: one linkage rule at work on some records: block, compare, learn, weigh, count."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Final

import attrs

from crmcore.entities.record import Record, kind_of
from crmcore.findings import Finding, Findings, ModelError
from crmcore.model.model import Model
from crmcore.rules.matching.duplicate_sets import KeyCount, SkippedBlock
from crmcore.rules.matching.evidence import Match
from crmcore.rules.matching.given import Given, Refs
from crmcore.rules.matching.hits import Hits
from crmcore.rules.matching.later import Later
from crmcore.rules.matching.linkage import shared_table, spread
from crmcore.rules.matching.linkage.blocks import blocks_of
from crmcore.rules.matching.linkage.candidates import (
    Candidates,
    KeyPairs,
    Limits,
    Near,
    chosen,
    finders,
)
from crmcore.rules.matching.linkage.codes import Patterns
from crmcore.rules.matching.linkage.engine import MANY, Codes, Comparing, blind_pairs
from crmcore.rules.matching.linkage.learn import (
    Scorer,
    maximise,
    settled,
    totals,
    with_blind_rates,
)
from crmcore.rules.matching.linkage.levels import Levels, levels_of, numbered
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.table import Table, Values, together
from crmcore.rules.matching.linkage.weights import Learnt, probability
from crmcore.rules.matching.matches import Made, Pattern, Told
from crmcore.rules.matching.progress import Progress
from crmcore.rules.matching.readers import Reader, raw_reader
from crmcore.rules.matching.reading import FieldPath, paths_in
from crmcore.rules.matching.witness import Showing, Witness, shown_columns
from crmcore.values.ref import Ref

ENOUGH_TO_LEARN: Final = 300
"""A search of fewer records goes by the standard weights, unless its rule has learnt ones."""

_BLIND: Final = 20_000
"""So many pairs are taken blindly to learn how often two entities agree."""


class LinkageSearch:
    """One linkage rule at work, in two steps: ``pair`` and ``weigh``.

    ``counts``, ``skipped``, ``compared`` and ``left_out`` tell of it. ``threshold`` is the least
    score of a match (``None``: the rule's ``likely``). ``learnt`` is what it weighed by. Raises
    ``ModelError`` for a rule that names what the model lacks.
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
        workers: int = 1,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._enough, self._workers, self._progress = enough, workers, progress
        self.rule = rule
        self.threshold: float = rule.likely if threshold is None else threshold
        self.counts: list[KeyCount] = []
        self.skipped: list[SkippedBlock] = []
        self.compared: int = 0
        self.left_out: int = 0
        self.learnt: Learnt = rule.learnt or rule.about.standard
        self.learnt_here: bool = False
        self.readers: dict[str, tuple[Reader | None, ...]] = readers(
            rule, model, related, is_cached=is_cached
        )
        self._limits = {kind: _limiter(rule, kind, model, related) for kind in rule.kinds}
        self._subject = rule.about.in_region(model.phone_region)
        self._records: Sequence[Record] = ()
        self._numbers: Sequence[int] = ()
        self._values = Values()
        self._table: Table | None = None
        self._pairs = Candidates(first=[], second=[], keys=[], blocks=(), skipped=())
        self._near = Near([], ([], [], []), ([], [], []), [])
        self._bits: Sequence[float] = ()

    def pair(self, given: Given, *, block_limit: int, partner_limit: int) -> None:
        """Bring together what is to be compared."""
        self._records, self._numbers = given.of(self.rule.kinds), given.numbers(self.rule.kinds)
        if not self._records:
            return
        table = self._table = self._filled(self._records)
        self._tell("read", 1.0)
        limits = self._limited(self._records, block=block_limit, partners=partner_limit)
        self.learnt_here = self.rule.learnt is None and len(table) >= self._enough
        tasks: list[Callable[[], KeyPairs | Values]] = []
        tasks += table.counters() if self.learnt_here else []
        tasks += finders(table, self.rule.keys, limits)
        found = spread.done(tasks, self._workers if len(table) >= MANY else 1)
        table.let_go()
        pairs = [one for one in found if isinstance(one, KeyPairs)]
        self._pairs = chosen(pairs, len(table), limits)
        self._values = together(one for one in found if isinstance(one, Values))
        self._tell("paired", 1.0)

    def _filled(self, records: Sequence[Record]) -> Table:
        """The records as a table, whose columns several processes make where there are many."""
        if self._workers > 1 and len(records) >= MANY:
            return shared_table.filled(
                self._subject,
                records,
                self.readers,
                keys=self.rule.keys,
                workers=self._workers,
            )
        table = Table(self._subject)
        table.fill(records, self.readers)
        return table

    def weigh(self) -> Hits:
        """Compare what was brought together, learn, and tell what was found."""
        table, pairs = self._table, self._pairs
        if table is None:
            return Hits(source=Made(()))
        self.compared, self.left_out = len(pairs.first), pairs.left_out
        patterns = self._patterns(table, pairs)
        levels, of = levels_of(self._subject, patterns)
        if self.learnt_here:
            self.learnt = maximise(self.learnt, self._subject, levels, self._values.rare)
            self.learnt = settled(self.learnt, self._subject, levels)
        self._tell("learnt", 1.0)
        return self._told(pairs, patterns.of, (levels, of))

    def _patterns(self, table: Table, pairs: Candidates) -> Patterns:
        """The patterns of the pairs, and what pairs taken blindly teach."""
        rows, learns = len(table), self.learnt_here
        if learns:
            self.learnt = attrs.evolve(
                self.learnt, records=rows, expected=rows / 5, common=self._values.common, usual={}
            )
        comparing = Comparing(table, self.learnt, workers=self._workers)
        blind = blind_pairs(rows, min(_BLIND, rows * rows)) if learns else ([], [])
        patterns, taught = comparing.patterns(
            (pairs.first, pairs.second), blind, told=lambda share: self._tell("compared", share)
        )
        if learns:
            levels, _ = levels_of(self._subject, taught)
            self.learnt = with_blind_rates(self.learnt, self._subject, levels)
        return patterns

    def _told(
        self,
        pairs: Candidates,
        patterns: Sequence[int],
        levels: tuple[Levels, Sequence[int]],
    ) -> Hits:
        """What was found, given the pattern of codes of each pair, and the levels of these."""
        different, of = levels
        told = list(different.patterns())
        bits = totals(different, self._subject, self.learnt)
        scores = [
            min(probability(total), self._subject.cap(found))
            for total, found in zip(bits, told, strict=True)
        ]
        self._bits = list(map(bits.__getitem__, of))
        is_match = [score >= self.threshold for score in scores]
        near = pairs.near([is_match[one] for one in of], patterns)
        self._near = near
        self._count(pairs, near.places)
        made = self._made(near, levels, scores)
        self._tell("found", 1.0)
        return Hits(
            source=made,
            first=list(map(self._numbers.__getitem__, near.wanted[0])),
            second=list(map(self._numbers.__getitem__, near.wanted[1])),
            scores=[made.patterns[one].score for one in made.pattern],
            levels=[made.patterns[one].level for one in made.pattern],
        )

    def _made(
        self,
        near: Near,
        levels: tuple[Levels, Sequence[int]],
        scores: Sequence[float],
    ) -> Told:
        """What makes the matches when they are asked for."""
        witness = Witness(self.rule, Scorer(self._subject, self.learnt))
        different, pattern = numbered(map(levels[1].__getitem__, near.wanted[2]))
        lines = []
        for at, (kinds, column) in enumerate(zip(levels[0].found, levels[0].columns, strict=True)):
            said = [witness.line(at, here) for here in kinds]
            lines.append([said[column[one]] for one in different])
        place = dict(zip(near.rows, range(len(near.rows)), strict=True))
        records = list(map(self._records.__getitem__, near.rows))
        return Told(
            rule=self.rule.name,
            refs=Refs(
                (kind_of(kind), [one.id for one in some]) for kind, some in groupby(records, type)
            ),
            shown=Later(partial(_shown, self.rule, records, self.readers)),
            patterns=tuple(
                Pattern(scores[one], self.rule.level(scores[one]), said)
                for one, said in zip(different, zip(*lines, strict=True), strict=True)
            ),
            left=array("i", map(place.__getitem__, near.wanted[0])),
            right=array("i", map(place.__getitem__, near.wanted[1])),
            pattern=array("i", pattern),
        )

    @property
    def has_doubts(self) -> bool:
        """Whether there are pairs that are no match though both their records have one."""
        return len(self._near.rest[0]) > 0

    def doubts(self, set_of: Mapping[int, int]) -> dict[tuple[int, int], float]:
        """The bits of such pairs, as far as both records are in one set, by their numbers."""
        numbers, bits = self._numbers, self._bits
        rows = {row: set_of[at] for row in self._near.rows if (at := numbers[row]) in set_of}
        return {
            (numbers[one], numbers[other]): bits[pattern]
            for one, other, pattern in zip(*self._near.rest_within(rows), strict=True)
        }

    @property
    def partners(self) -> Counter[int]:
        """How many others each record is compared with, by its number."""
        numbers = self._numbers
        return Counter({numbers[row]: times for row, times in self._pairs.partners().items()})

    @property
    def most_compared(self) -> int:
        """How many others the record is compared with that is compared most often."""
        return self._pairs.most_partners()

    def asked(self, numbers: Collection[int], size: int) -> dict[int, int]:
        """As ``Asking.asked``."""
        own = self._numbers
        rows = {row for row, number in enumerate(own) if number in numbers}
        return {own[a] * size + own[b]: shared for a, b, shared in self._pairs.of(rows)}

    def leave_out(self, pairs: Collection[int], size: int) -> None:
        """As ``Asking.leave_out``."""
        if pairs:
            row = {number: at for at, number in enumerate(self._numbers)}
            gone = [(row[both // size], row[both % size]) for both in pairs]
            self._pairs = self._pairs.without(gone)

    def _count(self, pairs: Candidates, matched: Sequence[int]) -> None:
        """Note what each key did."""
        every, found = pairs.by_key(), pairs.by_key(matched)
        for at, key in enumerate(self.rule.keys):
            self.counts.append(
                KeyCount(
                    rule=self.rule.name,
                    key=key.name,
                    blocks=pairs.blocks[at],
                    pairs=every[at],
                    matches=found[at],
                )
            )
            self.skipped += [
                SkippedBlock(rule=self.rule.name, key=key.name, value=one.value, size=one.size)
                for one in pairs.skipped[at]
            ]

    def run_for(self, candidate: Record, others: Mapping[Ref[Any], Record]) -> Iterator[Match]:
        """Every match of one record with these others; none where the rule is not for its kind."""
        kind = candidate.ref.kind
        if kind not in self.rule.kinds:
            return
        wanted = [one for one in self.rule.kinds if one != kind] or [kind]
        records = [candidate, *(one for ref, one in others.items() if ref.kind in wanted)]
        table = Table(self._subject)
        table.fill(records, self.readers)
        limits = self._limited(records, block=len(records), partners=len(records))
        near: set[int] = set()
        for key in self.rule.keys:
            blocks = blocks_of(table, key, limit=limits.block)
            near.update(row for block in blocks.rows if block[0] == 0 for row in block[1:])
        comparing, scorer = Comparing(table, self.learnt), Scorer(self._subject, self.learnt)
        for row in sorted(near):
            if limits.allow(0, row):
                match = self._matched(candidate, records[row], comparing.pattern(0, row), scorer)
                if match is not None:
                    yield match

    def match(self, one: Record, other: Record) -> Match | None:
        """The match of two records, whatever their keys; ``None`` below the threshold."""
        table = Table(self._subject)
        table.fill([one, other], self.readers)
        comparing, scorer = Comparing(table, self.learnt), Scorer(self._subject, self.learnt)
        return self._matched(one, other, comparing.pattern(0, 1), scorer)

    def _matched(self, one: Record, other: Record, codes: Codes, scorer: Scorer) -> Match | None:
        found = self._subject.classify(codes)
        if not any(found):
            return None
        score = min(probability(scorer.total(found)), self._subject.cap(found))
        if score < self.threshold:
            return None
        left, right = (one, other) if one.ref <= other.ref else (other, one)
        refs, showing = (left.ref, right.ref), Showing(self.rule, self.readers)
        both = showing.shown(refs[0], left, found), showing.shown(refs[1], right, found)
        return Witness(self.rule, scorer).match(refs, both, score, found)

    def may_be(self, one: Record, other: Record) -> bool:
        """Whether two records agree in what the rule stays within, and differ in what it links."""
        if not self.rule.within and not self.rule.across:
            return True
        left, right = self._limits[one.ref.kind](one), self._limits[other.ref.kind](other)
        return bool(left[0] == right[0] and (not self.rule.across or left[1] != right[1]))

    def _limited(self, records: Sequence[Record], *, block: int, partners: int) -> Limits:
        """Which rows may be compared."""
        middle = None
        if len(self.rule.kinds) > 1:
            middle = sum(one.ref.kind == records[0].ref.kind for one in records)
        marks: list[tuple[object, object]] = []
        if self.rule.within or self.rule.across:
            marks = [self._limits[one.ref.kind](one) for one in records]
        return Limits(
            block=block,
            partners=partners,
            middle=middle,
            within=_numbered([one for one, _ in marks]) if self.rule.within else (),
            across=_numbered([other for _, other in marks]) if self.rule.across else (),
        )

    def _tell(self, stage: str, share: float) -> None:
        if self._progress is not None:
            self._progress(Progress(rule=self.rule.name, stage=stage, share=share))


def _numbered(values: Sequence[object]) -> list[int]:
    """A number for each value, the same for equal ones; bad data goes by what it is shown as."""
    numbers: dict[object, int] = {}
    found: list[int] = []
    for value in values:
        try:
            found.append(numbers.setdefault(value, len(numbers)))
        except TypeError:
            found.append(numbers.setdefault(repr(value), len(numbers)))
    return found


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


def _shown(
    rule: LinkageRule,
    records: Sequence[Record],
    readers: Mapping[str, Sequence[Reader | None]],
) -> tuple[tuple[object, ...], ...]:
    """For each group of evidence what a reader is shown of each of these records."""
    places = {trait.name: at for at, trait in enumerate(rule.about.traits)}

    def firsts(trait: str, part: str | None) -> list[object]:
        """The first value that a trait is read from, or a part of it, of each record."""
        found: list[object] = []
        for kind, group in groupby(records, key=type):
            some, read = list(group), readers[kind_of(kind)][places[trait]]
            found += [None] * len(some) if read is None else read.firsts(some, part)
        return found

    return shown_columns(rule, firsts)


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
