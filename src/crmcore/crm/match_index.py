"""Match index: the records of a repository filed to be asked whether one is there already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmcore.changes import Change, Delete
from crmcore.crm import gather, reading
from crmcore.crm.desk import Desk
from crmcore.crm.indexes import Indexes
from crmcore.entities import Lead, Record
from crmcore.entities.ledger import Verdict
from crmcore.model.model import Model
from crmcore.ports import Overlay, Snapshot
from crmcore.rules import matching
from crmcore.rules.matching import Catalogue, Match, Matches
from crmcore.rules.matching.judge import verdicts
from crmcore.values.ref import Ref


class MatchIndex:
    """Every record that a match rule of the book compares, filed by its keys: an ``Index``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.catalogue: Catalogue = self._empty()

    @property
    def model(self) -> Model:
        """The model of the records."""
        return self._desk.model

    def build(self, snapshot: Snapshot, /) -> None:
        """File every record of this moment."""
        self.catalogue = self._empty()
        every = gather.records_of(snapshot, sorted(self.catalogue.kinds))
        self.catalogue.put_all(one for one in every if not is_history(one))

    def apply(self, changes: Iterable[Change], /) -> None:
        """File what one commit wrote, and take out what it deleted."""
        for change in changes:
            if isinstance(change, Delete):
                self.catalogue.drop(change.ref)
            else:
                self._put(change.after)

    def _put(self, record: Record) -> None:
        if is_history(record):
            self.catalogue.drop(record.ref)
        else:
            self.catalogue.put(record)

    def _empty(self) -> Catalogue:
        model = self._desk.model
        enabled = {schema.kind for schema in model.schemas if model.is_enabled(schema.kind)}
        rules = (one for one in self._desk.rules.match_rules if enabled.issuperset(one.kinds))
        return Catalogue(rules, model=model)


def is_history(record: Record) -> bool:
    """Whether a record only tells of the past: a converted lead is a contact by now."""
    return isinstance(record, Lead) and record.converted_at is not None


def similar(
    index: MatchIndex,
    indexes: Indexes,
    snapshot: Snapshot,
    records: Iterable[Record],
    *,
    threshold: float | None = None,
) -> dict[Ref[Any], Matches]:
    """For each of ``records``, stored or not, the records that it may be.

    ``snapshot`` is what the command sees: what an ``Overlay`` changes counts as it will be. Reads
    only the records that share a blocking key. Pairs judged not to be one are left out, and so
    are the records given, one of which is not the duplicate of another.
    """
    given = tuple(records)
    changed = _changed(snapshot)
    hidden = frozenset(changed) | {one.ref for one in given}
    with indexes.current(index) as present:
        catalogue = index.catalogue
        found = {
            one.ref: catalogue.matches(one, threshold=threshold, without=hidden - {one.ref})
            for one in given
        }
        own = {one.ref for one in given}
        pending = [
            one
            for ref, one in changed.items()
            if one is not None and not is_history(one) and ref not in own
        ]
        if pending:
            aside = _aside([*pending, *given], present, index)
            extra = {one.ref for one in pending}
            for one in given:
                more = aside.matches(one, threshold=threshold)
                kept = (match for match in more if extra.intersection(match.refs))
                found[one.ref] = _joined(found[one.ref], kept)
    if any(found.values()):
        said = verdicts(reading.judgements(snapshot))
        no = {both for both, verdict in said.items() if verdict is Verdict.NOT_DUPLICATE}
        found = {ref: _without(matches, no) for ref, matches in found.items()}
    return found


def _changed(snapshot: Snapshot) -> dict[Ref[Any], Record | None]:
    """What overlays change of the stored records; ``None``: it is gone."""
    changed: dict[Ref[Any], Record | None] = {}
    while isinstance(snapshot, Overlay):
        own = {one.ref: None if isinstance(one, Delete) else one.after for one in snapshot.changes}
        changed = own | changed
        snapshot = snapshot.snapshot
    return changed


def _aside(records: Iterable[Record], snapshot: Snapshot, index: MatchIndex) -> Catalogue:
    """A catalogue of these records alone, with what they refer to."""
    aside = Catalogue(index.catalogue.rules, model=index.model)
    file_with_accounts(aside, records, snapshot, index.model)
    return aside


def file_with_accounts(
    catalogue: Catalogue, records: Iterable[Record], snapshot: Snapshot, model: Model
) -> None:
    """File records after those that they refer to."""
    for one in _with_accounts(snapshot, records, model):
        catalogue.put(one)


def _with_accounts(snapshot: Snapshot, records: Iterable[Record], model: Model) -> Iterable[Record]:
    """The records after those that they refer to."""
    given = tuple(records)
    own = {one.ref for one in given}
    for record in given:
        for group in gather.outgoing(snapshot, record, model).values():
            for one in group:
                if one.ref not in own:
                    own.add(one.ref)
                    yield one
    yield from given


def _joined(one: Matches, more: Iterable[Match]) -> Matches:
    found = sorted((*one.found, *more), key=matching.by_score)
    return Matches(found=found, skipped=one.skipped, compared=one.compared)


def _without(matches: Matches, no: Iterable[tuple[Ref[Any], Ref[Any]]]) -> Matches:
    kept = (one for one in matches if one.refs not in no)
    return Matches(found=kept, skipped=matches.skipped, compared=matches.compared)
