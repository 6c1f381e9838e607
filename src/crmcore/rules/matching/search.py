"""Search: one match rule at work on some records: block, compare, weigh, count."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain, combinations
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
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from crmcore.entities.record import Record
    from crmcore.model.model import Model
    from crmcore.rules.matching.match_rule import MatchRule
    from crmcore.rules.matching.reading import Forms, Values
    from crmcore.values.ref import Ref


class Search:
    """One rule at work, in two steps: ``pair`` and ``weigh``.

    ``counts``, ``skipped``, ``compared`` and ``left_out`` tell of it. ``threshold`` is the least
    score of a match (``None``: the rule's ``likely``). Raises ``ModelError`` for a rule that names
    what the model lacks.
    """

    def __init__(
        self, rule: MatchRule, *, model: Model, forms: Forms, threshold: float | None
    ) -> None:
        self.rule = rule
        self.threshold: float = rule.likely if threshold is None else threshold
        self.counts: list[KeyCount] = []
        self.skipped: list[SkippedBlock] = []
        self.left_out: int = 0
        self._forms = forms
        self._readers = {kind: reader(rule, kind, model) for kind in rule.kinds}
        self._records: Mapping[Ref[Any], Record] = {}
        self._refs: Sequence[Ref[Any]] = ()
        self._filed: list[tuple[int, dict[int, None]]] = []
        self._shared: dict[int, int] = {}
        self._results: dict[Pair, Match | None] = {}
        self._values: dict[Ref[Any], Values] = {}

    @property
    def partners(self) -> Counter[int]:
        """How many others each record is compared with, by its number."""
        size = len(self._refs)
        return Counter(chain.from_iterable(divmod(both, size) for both in self._shared))

    @property
    def compared(self) -> int:
        """The number of different pairs compared."""
        return len(self._results)

    def pair(
        self, given: Mapping[Ref[Any], Record], *, block_limit: int, partner_limit: int
    ) -> None:
        """Bring together what is to be compared; ``given`` is in the order of references."""
        self._refs = list(given)
        self._records = given
        size = len(given)
        number = {ref: at for at, ref in enumerate(given) if ref.kind in self._readers}
        keys = {ref: self._keys(given[ref]) for ref in number}
        for at, key in enumerate(self.rule.keys):
            blocks: dict[str, list[Ref[Any]]] = defaultdict(list)
            for ref, made in keys.items():
                for value in made[at]:
                    blocks[value].append(ref)
            kept = list(self._kept(key.name, blocks, block_limit))
            pairs = dict.fromkeys(
                number[one] * size + number[other]
                for members in kept
                for one, other in self._pairs(members)
            )
            for both in pairs:
                self._shared[both] = self._shared.get(both, 0) | 1 << at
            self._filed.append((len(kept), pairs))
        self.leave_out(left_out(self._shared, size, partner_limit), size)

    def asked(self, numbers: Collection[int], size: int) -> dict[int, int]:
        """As ``Asking.asked``."""
        return {
            both: shared
            for both, shared in self._shared.items()
            if both // size in numbers or both % size in numbers
        }

    def leave_out(self, pairs: Collection[int], _: int) -> None:
        """As ``Asking.leave_out``."""
        self.left_out += len(pairs)
        for both in pairs:
            del self._shared[both]

    def weigh(self) -> Hits:
        """Compare what was brought together, and tell what was found."""
        refs, size = self._refs, len(self._refs)
        found: dict[int, Match] = {}
        for key, (count, pairs) in zip(self.rule.keys, self._filed, strict=False):
            compared = [both for both in pairs if both in self._shared]
            matches = 0
            for both in compared:
                match = self._match((refs[both // size], refs[both % size]), self._records)
                if match is not None:
                    matches += 1
                    found[both] = match
            self.counts.append(
                KeyCount(
                    rule=self.rule.name,
                    key=key.name,
                    blocks=count,
                    pairs=len(compared),
                    matches=matches,
                )
            )
        return Hits(
            source=Made(tuple(found.values())),
            first=[both // size for both in found],
            second=[both % size for both in found],
            scores=[match.score for match in found.values()],
            levels=[match.level for match in found.values()],
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
