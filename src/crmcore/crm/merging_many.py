"""Merging many: sets of duplicates merged one after the other, each with a receipt of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Any, TypeAlias

from attrs import frozen

from crmcore import render
from crmcore.crm import gather, reading
from crmcore.crm.choices import Target
from crmcore.entities import Record
from crmcore.entities.ledger import Verdict
from crmcore.errors import CrmError, NotFoundError
from crmcore.findings import Finding, Findings, warning
from crmcore.model.model import Model
from crmcore.ports import Snapshot
from crmcore.rules.matching import DuplicateSets, verdicts
from crmcore.rules.matching.clusters import clusters, pair
from crmcore.rules.matching.match_rule import Level
from crmcore.rules.merge import Merge
from crmcore.rules.merge.golden import is_present
from crmcore.values.ref import Ref

Sets: TypeAlias = DuplicateSets | Iterable[Iterable[Target]]
"""What a search for duplicates found, or sets of records of one's own."""

Members: TypeAlias = tuple[Target, ...]


@frozen(kw_only=True)
class LeftSet:
    """A set that was not merged, and why."""

    members: tuple[Ref[Any] | str, ...]
    why: str


@frozen(kw_only=True)
class MergedSets:
    """What became of sets of duplicates: ``merges`` in the order given, and those ``left``."""

    merges: tuple[Merge, ...] = ()
    left: tuple[LeftSet, ...] = ()

    @property
    def findings(self) -> Findings:
        """The findings of all merges, then one for each set left."""
        found: list[Finding] = [one for merge in self.merges for one in merge.findings]
        return Findings([*found, *map(_finding, self.left)])

    def __str__(self) -> str:
        return render.key_values(self._rows())

    def _repr_html_(self) -> str:
        return render.html_table(self._rows(), columns=("set", "what became of it"))

    def _rows(self) -> Iterator[tuple[str, str]]:
        for one in self.merges:
            yield str(one.receipt.survivor), f"merged with {len(one.receipt.losers)}: {one.id}"
        for left in self.left:
            yield ", ".join(map(str, left.members)), f"left: {left.why}"


def _finding(left: LeftSet) -> Finding:
    first = left.members[0] if left.members else None
    return warning(
        "merge.set_left",
        f"these records were not merged: {left.why}",
        ref=first if isinstance(first, Ref) else None,
        value=", ".join(map(str, left.members)),
    )


def sets_of(given: Sets, threshold: float | None) -> tuple[list[Members], list[LeftSet]]:
    """The sets to merge, and those that are not sure enough.

    Of a search without a threshold, these are the sets of which every two records are surely one.
    With a threshold they are those that its pairs with at least this score make.
    """
    if not isinstance(given, DuplicateSets):
        return [_members(one) for one in given], []
    if threshold is None:
        sure = [one.members for one in given.clusters if one.level >= Level.SURE]
        why = "not every two of them are surely one; give a threshold to merge it nevertheless"
        rest = [one.members for one in given.clusters if one.level < Level.SURE]
        return list(sure), [LeftSet(members=one, why=why) for one in rest]
    enough = [one for one in given.pairs if one.score >= threshold]
    found = clusters(enough, joined=given.joined, apart=given.apart)
    kept = {ref for one in found for ref in one.members}
    why = f"no two of them have a score of {threshold} or more"
    left = [one.members for one in given.clusters if kept.isdisjoint(one.members)]
    return [one.members for one in found], [LeftSet(members=one, why=why) for one in left]


def _members(one: Iterable[Target] | Any) -> Members:
    return tuple(getattr(one, "members", one))


def chosen(snapshot: Snapshot, model: Model, members: Members) -> tuple[Ref[Any], ...]:
    """The records of a set as they are today, the survivor first.

    It is the one with the most values; of several the one made first, then by reference. Raises
    ``NotFoundError`` where fewer than two are left, and ``LeftError`` for a set with two records
    that somebody judged not to be one.
    """
    refs = dict.fromkeys(reading.locate(snapshot, model, one) for one in members)
    judged = verdicts(reading.judgements(snapshot)) if len(refs) > 1 else {}
    for first, second in combinations(sorted(refs), 2) if judged else ():
        if judged.get(pair(first, second)) is Verdict.NOT_DUPLICATE:
            raise LeftError(f"{first} and {second} were judged not to be one")
    if len(refs) < 2:
        raise LeftError("they are one record already")
    records = gather.fetch(snapshot, refs, model)
    return tuple(sorted(refs, key=lambda ref: _rank(records[ref], model)))


@frozen
class LeftError(CrmError):
    """A set that is not to be merged."""

    why: str

    def __str__(self) -> str:
        return self.why


def _rank(record: Record, model: Model) -> tuple[int, bool, float, Ref[Any]]:
    fields = (one for one in model.schema_of(record) if not one.is_system)
    values = sum(is_present(one.value(record)) for one in fields)
    at = record.created_at
    return -values, at is None, 0.0 if at is None else at.timestamp(), record.ref


def merge_sets(
    sets: list[Members],
    left: list[LeftSet],
    merge: Callable[[Members], Merge],
    progress: Callable[[int, int], object] | None,
) -> MergedSets:
    """Every set merged by ``merge``; one that is refused is left, and the others go on.

    ``progress`` gets how many sets are done and how many there are, after each of them.
    """
    merges: list[Merge] = []
    for done, members in enumerate(sets, 1):
        try:
            merges.append(merge(members))
        except (CrmError, NotFoundError) as problem:
            names = tuple(one.ref if isinstance(one, Record) else one for one in members)
            left = [*left, LeftSet(members=names, why=str(problem))]
        if progress is not None:
            progress(done, len(sets))
    return MergedSets(merges=tuple(merges), left=tuple(left))
