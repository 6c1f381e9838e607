"""Erasing: everything that a person's data may stand in, found from the schema and the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from crmcore.crm import gather, reading
from crmcore.entities import (
    LEDGER,
    Account,
    Contact,
    ConversionReceipt,
    Lead,
    MergeReceipt,
    Record,
    UnmergeReceipt,
)
from crmcore.errors import UsageError
from crmcore.model.model import Model
from crmcore.ports import Erasable, Journal, Repository, Snapshot
from crmcore.query import F, Query
from crmcore.rules.erasure import Erasure, Forgotten, is_about
from crmcore.rules.erasure import erase as decide
from crmcore.rules.integrity import require_kind
from crmcore.rules.rule import Context
from crmcore.values.ref import Ref

_RECEIPTS = (MergeReceipt, UnmergeReceipt, ConversionReceipt)


def erase(snapshot: Snapshot, context: Context, entity: type[Record], id_: str) -> Erasure:
    """Decide the erasure of a person; see ``Crm.erase``."""
    model = context.model
    kind = require_kind(entity, model)
    if kind in LEDGER:
        raise UsageError("a ledger row is nobody's record", kind, "erase the record it is about")
    record = reading.get(snapshot, model, entity, id_)
    subjects: dict[Ref[Any], Record] = {record.ref: record}
    gone: set[Ref[Any]] = set()
    fresh: list[Record] = [record]
    while fresh:
        sources = _sources(snapshot, [one.ref for one in fresh])
        gone |= sources
        origins = _origins(snapshot, fresh, sources)
        fresh = [one for one in origins if one.ref not in subjects]
        subjects.update((one.ref, one) for one in fresh)
    own = frozenset((*subjects, *gone))
    around = gather.referring(snapshot, sorted(own), model)
    around |= {one.ref: one for one in _receipts(snapshot, own)}
    stored = gather.fetch(snapshot, gone - subjects.keys(), model)
    return decide(
        subjects.values(),
        around=around.values(),
        gone=gone - stored.keys(),
        context=context,
    )


def _sources(snapshot: Snapshot, refs: Iterable[Ref[Any]]) -> set[Ref[Any]]:
    """The records that were merged into these, over any number of merges in force."""
    found: set[Ref[Any]] = set()
    fresh = set(refs)
    while fresh:
        merges = tuple(snapshot.find(Query.of(MergeReceipt, F.survivor.in_(sorted(fresh)))))
        ids = [one.id for one in merges]
        rows = snapshot.find(Query.of(UnmergeReceipt, F.merge_id.in_(ids))) if ids else iter(())
        undone = {one.merge_id for one in rows}
        losers = {ref for one in merges if one.id not in undone for ref in one.losers}
        fresh = losers - found
        found |= losers
    return found


def _origins(
    snapshot: Snapshot, records: Iterable[Record], gone: Iterable[Ref[Any]]
) -> list[Record]:
    """The leads that became these records, and the person accounts that stand for them."""
    people = [one for one in records if isinstance(one, Contact)]
    ids = sorted({*(one.id for one in people), *(ref.id for ref in gone if ref.kind == "contact")})
    found: list[Record] = []
    if ids:
        found += snapshot.find(Query.of(Lead, F.converted_contact_id.in_(ids)))
    accounts = sorted({one.account_id for one in people if one.account_id is not None})
    found += [one for one in snapshot.get(Account, accounts).values() if one.is_person]
    persons = [one.id for one in records if isinstance(one, Account) and one.is_person]
    if persons:
        found += snapshot.find(Query.of(Contact, F.account_id.in_(persons)))
    return found


def _receipts(snapshot: Snapshot, own: frozenset[Ref[Any]]) -> Iterable[Record]:
    """The receipts that hold an image or a value of one of these; all receipts are read."""
    for entity in _RECEIPTS:
        yield from (row for row in snapshot.find(Query.of(entity)) if is_about(row, own))


def forgotten(erasure: Erasure, repository: Repository, model: Model) -> Erasure:
    """The erasure once the store has forgotten its past, or cannot."""
    refs = [one for one in (*erasure.changes.refs, *erasure.subjects) if model.has(one.kind)]
    if isinstance(repository, Erasable):
        repository.erase(dict.fromkeys(refs))
        return attrs.evolve(erasure, journal=Forgotten.DONE)
    keeps = isinstance(repository, Journal)
    return attrs.evolve(erasure, journal=Forgotten.CANNOT if keeps else Forgotten.NO_PAST)
