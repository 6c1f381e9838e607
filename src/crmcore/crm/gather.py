"""Gather: what a rule needs to see, read from a snapshot by way of the schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from crmcore.changes import Change
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Contact,
    OpportunityContactRole,
    Record,
)
from crmcore.fields import CASCADE, KEEP, RESTRICT
from crmcore.model.describe import FieldSchema
from crmcore.model.model import Model
from crmcore.model.references import field_references, references
from crmcore.ports import Snapshot
from crmcore.query import F, Query
from crmcore.query.referring import referring_queries
from crmcore.rules.integrity import must_exist
from crmcore.rules.persons import Persons, check_persons, concerns
from crmcore.rules.tree import tree_fields
from crmcore.values.ref import Ref

Known = dict[Ref[Any], Record]


def fetch(snapshot: Snapshot, refs: Iterable[Ref[Any]], model: Model) -> Known:
    """The stored records among ``refs``, by reference; one read for each kind."""
    by_kind: dict[str, list[str]] = {}
    for ref in dict.fromkeys(refs):
        if model.has(ref.kind):
            by_kind.setdefault(ref.kind, []).append(ref.id)
    found: Known = {}
    for kind, ids in by_kind.items():
        records = snapshot.get(model.schema(kind).entity, ids)
        found.update({record.ref: record for record in records.values()})
    return found


def records_of(snapshot: Snapshot, kinds: Iterable[str]) -> Iterator[Record]:
    """All records of these kinds, kind by kind, by id."""
    for kind in kinds:
        yield from snapshot.find(Query[Record](kind))


def referring(snapshot: Snapshot, refs: Iterable[Ref[Any]], model: Model) -> dict[Ref[Any], Record]:
    """Every record with a reference to one of ``refs``, historic ones included, by reference."""
    targets: dict[str, list[Ref[Any]]] = {}
    for ref in dict.fromkeys(refs):
        targets.setdefault(ref.kind, []).append(ref)
    found: Known = {}
    for target_kind, wanted in targets.items():
        for schema, one in model.referrers(target_kind) if model.has(target_kind) else ():
            for query in referring_queries(schema.kind, one, wanted):
                found.update((record.ref, record) for record in snapshot.find(query))
    return found


def named(snapshot: Snapshot, refs: Iterable[Ref[Any]], model: Model) -> frozenset[Ref[Any]]:
    """Those of ``refs`` that a record refers to now and keeps from being deleted."""
    wanted = sorted(dict.fromkeys(refs))
    found: set[Ref[Any]] = set()
    for kind in model.kinds:
        for one in model.schema(kind).lookups:
            lookup = one.lookup
            if lookup is None or lookup.on_merge is KEEP or lookup.on_delete is not RESTRICT:
                continue
            mine = [ref for ref in wanted if lookup.accepts(ref.kind)]
            for query in referring_queries(kind, one, mine) if mine else ():
                for record in snapshot.find(query):
                    found.update(field_references(record, one))
    return frozenset(found.intersection(wanted))


def deleted_with(snapshot: Snapshot, record: Record, model: Model) -> Known:
    """The records that refer to ``record``, or to one that cascades with it, at any distance."""
    found: Known = {}
    frontier = [record.ref]
    while frontier:
        fresh = referring(snapshot, frontier, model)
        gone = frozenset(frontier)
        frontier = [
            ref
            for ref, row in fresh.items()
            if ref not in found and ref != record.ref and _cascades(row, gone, model)
        ]
        found.update(fresh)
    found.pop(record.ref, None)
    return found


def _cascades(row: Record, gone: frozenset[Ref[Any]], model: Model) -> bool:
    return any(
        one.lookup is not None
        and one.lookup.on_delete is CASCADE
        and not gone.isdisjoint(field_references(row, one))
        for one in model.schema_of(row).lookups
    )


def is_link(record: Record, model: Model) -> bool:
    """Whether a record links others: it goes when one of its ends is deleted."""
    return is_link_kind(record.ref.kind, model)


def is_link_kind(kind: str, model: Model) -> bool:
    """Whether the records of an entity link others; ``False`` for one that the model has not."""
    return model.has(kind) and any(
        one.lookup is not None and one.lookup.on_delete is CASCADE
        for one in model.schema(kind).lookups
    )


def ancestors(snapshot: Snapshot, record: Record, one: FieldSchema) -> list[Record]:
    """The stored records above ``record`` along a reference to its own kind, nearest first.

    A loop is walked once.
    """
    seen = {record.id}
    found: list[Record] = []
    parent = one.value(record)
    while isinstance(parent, str) and parent not in seen:
        seen.add(parent)
        above = snapshot.get(type(record), [parent]).get(parent)
        if above is None:
            break
        found.append(above)
        parent = one.value(above)
    return found


def surroundings(snapshot: Snapshot, written: Iterable[Record], model: Model) -> Known:
    """The records that ``written`` refer to, and all their ancestors in trees."""
    records = [record for record in written if model.has(type(record))]
    known = fetch(
        snapshot, (ref for record in records for _, ref in must_exist(record, model)), model
    )
    walked: set[tuple[str, Ref[Any]]] = set()
    for record in records:
        for one in tree_fields(model.schema_of(record)):
            parent = one.value(record)
            while isinstance(parent, str):
                ref: Ref[Any] = Ref(record.ref.kind, parent)
                if (one.name, ref) in walked:
                    break
                walked.add((one.name, ref))
                if ref not in known:
                    known.update(fetch(snapshot, [ref], model))
                above = known.get(ref)
                parent = None if above is None else one.value(above)
    return known


def rivals(snapshot: Snapshot, written: Iterable[Record]) -> list[Record]:
    """The link rows that share a contact or a deal with a written link row."""
    found: list[Record] = []
    records = tuple(written)
    contacts = {one.contact_id for one in records if isinstance(one, AccountContactRelation)}
    deals = {one.opportunity_id for one in records if isinstance(one, OpportunityContactRole)}
    if contacts:
        found += snapshot.find(Query.of(AccountContactRelation, F.contact_id.in_(sorted(contacts))))
    if deals:
        found += snapshot.find(
            Query.of(OpportunityContactRole, F.opportunity_id.in_(sorted(deals)))
        )
    return found


def persons(snapshot: Snapshot, changes: Iterable[Change], model: Model) -> Persons:
    """What ``changes``, which ``snapshot`` shows already, do to the persons of accounts (X4)."""
    about = concerns(changes)
    if not about.accounts:
        return Persons()
    accounts = tuple(snapshot.get(Account, about.accounts).values())
    ids = [one.id for one in accounts if one.is_person]
    people: Iterable[Contact] = ()
    relations: Iterable[AccountContactRelation] = ()
    if ids:
        people = snapshot.find(Query.of(Contact, F.account_id.in_(ids)))
        relations = snapshot.find(Query.of(AccountContactRelation, F.account_id.in_(ids)))
    return check_persons(about, accounts=accounts, people=people, relations=relations, model=model)


def outgoing(snapshot: Snapshot, record: Record, model: Model) -> dict[str, tuple[Record, ...]]:
    """The stored records that ``record`` refers to, by the path of the reference."""
    pairs = [(one.path, ref) for one, ref in references(record, model.schema_of(record))]
    known = fetch(snapshot, (ref for _, ref in pairs), model)
    found: dict[str, tuple[Record, ...]] = {}
    for path, ref in pairs:
        if ref in known:
            found[path] = (*found.get(path, ()), known[ref])
    return found
