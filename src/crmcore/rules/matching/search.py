"""Search: one match rule at work on some records: block, compare, weigh, count."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

from crmcore.rules.matching.clusters import Pair, pair
from crmcore.rules.matching.duplicate_sets import KeyCount, SkippedBlock
from crmcore.rules.matching.evidence import Evidence, Match, weighed
from crmcore.rules.matching.hits import Hits
from crmcore.rules.matching.linkage.candidates import left_out
from crmcore.rules.matching.matches import Made
from crmcore.rules.matching.reading import reader
from crmcore.rules.similarity import COMPARERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcore.entities.record import Record
    from crmcore.model.model import Model
    from crmcore.rules.matching.match_rule import MatchRule
    from crmcore.rules.matching.reading import Forms, Values
    from crmcore.values.ref import Ref


def _left_out(
    filed: Sequence[Mapping[Pair, None]], refs: Sequence[Ref[Any]], most: int
) -> set[Pair]:
    """The pairs that are too many for one of their records, by the rule of ``left_out``."""
    row = {ref: at for at, ref in enumerate(refs)}
    size = len(refs)
    shared: dict[int, int] = {}
    for at, pairs in enumerate(filed):
        for one, other in pairs:
            both = row[one] * size + row[other]
            shared[both] = shared.get(both, 0) | 1 << at
    return {(refs[both // size], refs[both % size]) for both in left_out(shared, size, most)}


class Search:
    """One rule at work, in two steps: ``pair`` and ``weigh``.

    ``counts``, ``skipped`` and ``partners`` tell what it did. ``threshold`` is the least score of a match (``None``: the rule's ``likely``). Raises ``ModelError`` for a rule that
    names what the model lacks.
    """

    def __init__(
        self, rule: MatchRule, *, model: Model, forms: Forms, threshold: float | None
    ) -> None:
        self.rule = rule
        self.threshold: float = rule.likely if threshold is None else threshold
        self.counts: list[KeyCount] = []
        self.skipped: list[SkippedBlock] = []
        self._partners: Counter[Ref[Any]] = Counter()
        self.left_out: int = 0
        self._forms = forms
        self._readers = {kind: reader(rule, kind, model) for kind in rule.kinds}
        self._records: Mapping[Ref[Any], Record] = {}
        self._number: Mapping[Ref[Any], int] = {}
        self._filed: list[tuple[int, dict[Pair, None]]] = []
        self._out: set[Pair] = set()
        self._results: dict[Pair, Match | None] = {}
        self._values: dict[Ref[Any], Values] = {}

    @property
    def partners(self) -> Counter[int]:
        """How many others each record was compared with, by its number."""
        return Counter({self._number[ref]: times for ref, times in self._partners.items()})

    @property
    def most(self) -> int:
        """How often the record was compared that was compared most often."""
        return max(self._partners.values(), default=0)

    @property
    def compared(self) -> int:
        """The number of different pairs compared."""
        return len(self._results)

    def pair(
        self, given: Mapping[Ref[Any], Record], *, block_limit: int, partner_limit: int
    ) -> None:
        """Bring together what is to be compared; ``given`` is in the order of references."""
        self._records = {ref: one for ref, one in given.items() if ref.kind in self._readers}
        self._number = {ref: at for at, ref in enumerate(given) if ref.kind in self._readers}
        keys = {ref: self._keys(record) for ref, record in self._records.items()}
        for at, key in enumerate(self.rule.keys):
            blocks: dict[str, list[Ref[Any]]] = defaultdict(list)
            for ref, made in keys.items():
                for value in made[at]:
                    blocks[value].append(ref)
            kept = list(self._kept(key.name, blocks, block_limit))
            pairs = dict.fromkeys(both for members in kept for both in self._pairs(members))
            self._filed.append((len(kept), pairs))
        every = [pairs for _, pairs in self._filed]
        self._out = _left_out(every, list(self._records), partner_limit)
        self.left_out = len(self._out)

    def weigh(self) -> Hits:
        """Compare what was brought together, and tell what was found."""
        for key, (count, pairs) in zip(self.rule.keys, self._filed, strict=False):
            compared = [both for both in pairs if both not in self._out]
            matches = sum(self._match(both, self._records) is not None for both in compared)
            self.counts.append(
                KeyCount(
                    rule=self.rule.name,
                    key=key.name,
                    blocks=count,
                    pairs=len(compared),
                    matches=matches,
                )
            )
        found = tuple(match for match in self._results.values() if match is not None)
        return Hits(
            source=Made(found),
            first=[self._number[match.left] for match in found],
            second=[self._number[match.right] for match in found],
            scores=[match.score for match in found],
            levels=[match.level for match in found],
        )

    def run_for(self, candidate: Record, others: Mapping[Ref[Any], Record]) -> Iterator[Match]:
        """Every match of one record with these others; none where the rule is not for its kind."""
        if candidate.ref.kind not in self._readers:
            return
        own = [frozenset(made) for made in self._keys(candidate)]
        wanted = [kind for kind in self._readers if kind != candidate.ref.kind] or self._readers
        for ref, record in others.items():
            if ref.kind in wanted and any(
                mine.intersection(theirs)
                for mine, theirs in zip(own, self._keys(record), strict=True)
            ):
                match = self.match(record, candidate)
                if match is not None:
                    yield match

    def match(self, one: Record, other: Record) -> Match | None:
        """The match of two records, whatever their keys; ``None`` below the threshold."""
        return self._match(pair(one.ref, other.ref), {one.ref: one, other.ref: other})

    def _keys(self, record: Record) -> tuple[tuple[str, ...], ...]:
        return self._forms.keys(record, self._readers[record.ref.kind])

    def _kept(
        self, key: str, blocks: Mapping[str, list[Ref[Any]]], limit: int
    ) -> Iterator[list[Ref[Any]]]:
        """The blocks that have a pair to compare; those above the limit are noted as skipped."""
        for value, members in sorted(blocks.items()):
            if next(self._pairs(members), None) is None:
                continue
            if len(members) <= limit:
                yield members
            else:
                self.skipped.append(
                    SkippedBlock(rule=self.rule.name, key=key, value=value, size=len(members))
                )

    def _pairs(self, members: Sequence[Ref[Any]]) -> Iterator[Pair]:
        if len(self._readers) == 1:
            return combinations(members, 2)
        # In the order of references, those of one kind stand before those of the other.
        middle = sum(ref.kind == members[0].kind for ref in members)
        return ((one, other) for one in members[:middle] for other in members[middle:])

    def _match(self, both: Pair, records: Mapping[Ref[Any], Record]) -> Match | None:
        """The match of two records, or ``None`` below the threshold; each pair is compared once."""
        if both not in self._results:
            self._results[both] = self._compared(both, records)
            self._partners.update(both)
        return self._results[both]

    def _compared(self, both: Pair, records: Mapping[Ref[Any], Record]) -> Match | None:
        left, right = (self._values_of(records[ref]) for ref in both)
        best = tuple(
            _best(one.how, mine, theirs)
            for one, mine, theirs in zip(self.rule.comparisons, left, right, strict=True)
        )
        score = weighed(self.rule, tuple(None if one is None else one[0] for one in best))
        if score is None or score < self.threshold:
            return None
        return Match(
            left=both[0],
            right=both[1],
            score=score,
            level=self.rule.level(score),
            rule=self.rule.name,
            evidence=tuple(
                Evidence(
                    field=one.name,
                    comparison=one.how,
                    left=found[1],
                    right=found[2],
                    similarity=found[0],
                    weight=one.weight,
                    against=one.against,
                )
                for one, found in zip(self.rule.comparisons, best, strict=True)
                if found is not None
            ),
        )

    def _values_of(self, record: Record) -> Values:
        ref = record.ref
        if ref not in self._values:
            self._values[ref] = self._forms.values(record, self._readers[ref.kind])
        return self._values[ref]


def _best(
    how: str, left: Sequence[tuple[object, Any]], right: Sequence[tuple[object, Any]]
) -> tuple[float, object, object] | None:
    """The highest similarity of a value of each side, and these values; the first of equal ones."""
    best: tuple[float, object, object] | None = None
    alike = COMPARERS[how].alike
    for value, form in left:
        for other_value, other_form in right:
            likeness = alike(form, other_form)
            if likeness is not None and (best is None or likeness > best[0]):
                best = likeness, value, other_value
    return best
