"""Integrity: what must hold between records: references, hierarchies, direct and primary links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from crmcore.changes import Check, CheckExists, CheckNone, CheckVersion
from crmcore.entities import AccountContactRelation, Contact, OpportunityContactRole, Record
from crmcore.errors import UnknownNameError
from crmcore.fields import KEEP, Target
from crmcore.findings import Finding, Findings, error, warning
from crmcore.model.describe import FieldSchema
from crmcore.model.model import Model
from crmcore.model.references import field_references, references
from crmcore.query import F, Query
from crmcore.rules.tree import loops, tree_fields
from crmcore.values.ref import Ref


@frozen(kw_only=True)
class Integrity:
    """What was found between records, and what the absence of problems relies on."""

    findings: Findings = Findings()
    checks: tuple[Check, ...] = ()


def must_exist(record: Record, model: Model) -> Iterator[tuple[FieldSchema, Ref[Any]]]:
    """The references of ``record`` whose target must be stored, with their fields."""
    for one, ref in references(record, model.schema_of(record)):
        lookup = one.lookup
        if lookup is not None and lookup.on_merge is not KEEP and lookup.target is Target.STORED:
            yield one, ref


def check_between(
    written: Iterable[Record],
    *,
    before: Mapping[Ref[Any], Record],
    known: Mapping[Ref[Any], Record],
    rivals: Iterable[Record],
    model: Model,
) -> Integrity:
    """Everything wrong between ``written`` and the other records, and the checks to commit with.

    ``before`` has the records that are replaced: of these, only what changed is looked at.
    ``known`` has every record referred to, and every ancestor in a tree, as they will be;
    ``rivals`` the link rows that share a contact or a deal with a written one, as they will be.
    """
    records = [record for record in written if model.has(type(record))]
    missing = _missing(records, before, known, model)
    found = [*missing, *_loops(records, before, known, model)]
    links = {one.ref: one for one in (*rivals, *records)}
    found += _direct(records, links.values(), known)
    found += _primary(records, links.values())
    checks = dict.fromkeys(_relied_on(records, before, known, model))
    return Integrity(findings=Findings(found), checks=tuple(checks))


def _changed_references(
    record: Record, before: Mapping[Ref[Any], Record], model: Model
) -> Iterator[tuple[FieldSchema, Ref[Any]]]:
    old = before.get(record.ref)
    for one, ref in must_exist(record, model):
        if old is None or ref not in tuple(field_references(old, one)):
            yield one, ref


def _missing(
    records: Iterable[Record],
    before: Mapping[Ref[Any], Record],
    known: Mapping[Ref[Any], Record],
    model: Model,
) -> Iterator[Finding]:
    for record in records:
        for one, ref in _changed_references(record, before, model):
            if ref not in known:
                yield error(
                    "reference.missing",
                    f"{one.label}: no such {ref.kind} is stored",
                    ref=record.ref,
                    path=one.path,
                    value=ref.id,
                    suggestion=f"add the {ref.kind} first, or in the same transaction",
                )


def _loops(
    records: Iterable[Record],
    before: Mapping[Ref[Any], Record],
    known: Mapping[Ref[Any], Record],
    model: Model,
) -> Iterator[Finding]:
    starts: dict[tuple[str, FieldSchema], list[str]] = {}
    everything = {**known, **{record.ref: record for record in records}}
    for record in records:
        for one in tree_fields(model.schema_of(record)):
            old = before.get(record.ref)
            value = one.value(record)
            if isinstance(value, str) and (old is None or one.value(old) != value):
                starts.setdefault((record.ref.kind, one), []).append(record.id)
    for (kind, one), ids in starts.items():

        def parent_of(id_: str, kind: str = kind, one: FieldSchema = one) -> str | None:
            record = everything.get(Ref(kind, id_))
            value = None if record is None else one.value(record)
            return value if isinstance(value, str) else None

        for loop in loops(ids, parent_of):
            yield error(
                "hierarchy.loop",
                f"{one.label} makes a loop of {kind} records: {_walk(loop)}",
                ref=Ref(kind, loop[0]),
                path=one.path,
                value=one.value(everything[Ref(kind, loop[0])]),
                suggestion="choose a record that is not below this one, or None",
            )


def _walk(loop: tuple[str, ...]) -> str:
    ids = loop if len(loop) <= 8 else (*loop[:4], "...", *loop[-3:])
    return " -> ".join(ids)


def _direct(
    records: Iterable[Record],
    links: Iterable[Record],
    known: Mapping[Ref[Any], Record],
) -> Iterator[Finding]:
    rows = [row for row in links if isinstance(row, AccountContactRelation)]
    by_contact: dict[str, list[AccountContactRelation]] = {}
    for row in rows:
        by_contact.setdefault(row.contact_id, []).append(row)
    for record in records:
        if not isinstance(record, AccountContactRelation):
            continue
        yield from _relation(record, by_contact[record.contact_id], known)


def _relation(
    record: AccountContactRelation,
    own: Iterable[AccountContactRelation],
    known: Mapping[Ref[Any], Record],
) -> Iterator[Finding]:
    others = [row for row in own if row.id != record.id]
    interval = (record.account_id, record.start_on, record.end_on)
    if any((row.account_id, row.start_on, row.end_on) == interval for row in others):
        yield error(
            "relation.twice",
            "this contact has a relation to this account for the same time already",
            ref=record.ref,
            path="account_id",
            value=record.account_id,
            suggestion="change the other one, for instance its roles",
        )
    if not record.is_direct:
        return
    if any(row.is_direct for row in others):
        yield error(
            "relation.second_direct",
            "a contact has at most one direct relation",
            ref=record.ref,
            path="is_direct",
            value=True,
        )
    contact = known.get(Ref("contact", record.contact_id))
    if isinstance(contact, Contact) and contact.account_id != record.account_id:
        yield error(
            "relation.not_direct",
            "the direct relation is the one to contact.account_id",
            ref=record.ref,
            path="is_direct",
            value=True,
            suggestion="set contact.account_id instead; its direct relation follows",
        )


def missing_relations(records: Iterable[Record]) -> Iterator[Finding]:
    """The contacts among all ``records`` whose account no direct relation mirrors (law X1)."""
    everything = tuple(records)
    direct = {
        (one.contact_id, one.account_id)
        for one in everything
        if isinstance(one, AccountContactRelation) and one.is_direct
    }
    for one in everything:
        if not isinstance(one, Contact) or one.account_id is None:
            continue
        if (one.id, one.account_id) not in direct:
            yield warning(
                "relation.missing",
                "the contact has no direct relation to its account",
                ref=one.ref,
                path="account_id",
                value=one.account_id,
                suggestion="add an AccountContactRelation with is_direct=True",
            )


def _primary(records: Iterable[Record], links: Iterable[Record]) -> Iterator[Finding]:
    primaries: dict[str, list[OpportunityContactRole]] = {}
    for row in links:
        if isinstance(row, OpportunityContactRole) and row.is_primary:
            primaries.setdefault(row.opportunity_id, []).append(row)
    for record in records:
        if not isinstance(record, OpportunityContactRole) or not record.is_primary:
            continue
        others = [row for row in primaries[record.opportunity_id] if row.id != record.id]
        if others:
            yield error(
                "role.second_primary",
                f"the deal has a primary role already: {others[0].id}",
                ref=record.ref,
                path="is_primary",
                value=True,
                suggestion="make the other one not primary in the same transaction, before this",
            )


def _relied_on(
    records: Iterable[Record],
    before: Mapping[Ref[Any], Record],
    known: Mapping[Ref[Any], Record],
    model: Model,
) -> Iterator[Check]:
    """What must still hold at the commit for these records to be right."""
    written = {record.ref for record in records}
    for record in records:
        for _, ref in _changed_references(record, before, model):
            if ref not in written:
                yield CheckExists(ref)
        if record.ref in before:
            yield from _ancestor_versions(record, before[record.ref], known, written, model)
        if isinstance(record, OpportunityContactRole) and record.is_primary:
            primary = (F.opportunity_id == record.opportunity_id) & (F.is_primary == True)  # noqa: E712  # builds a filter
            yield CheckNone(Query("opportunity_contact_role", primary))
        if isinstance(record, AccountContactRelation):
            yield from _only_relation(record, known, written)
        old = before.get(record.ref)
        if isinstance(record, Contact) and isinstance(old, Contact):
            yield from _no_other_direct(record, old)


def _only_relation(
    record: AccountContactRelation, known: Mapping[Ref[Any], Record], written: set[Ref[Any]]
) -> Iterator[Check]:
    """That nobody adds a second relation for the same time, or a second direct one (law X1)."""
    same = (F.contact_id == record.contact_id) & (F.account_id == record.account_id)
    for path, day in ((F.start_on, record.start_on), (F.end_on, record.end_on)):
        same &= path.is_none() if day is None else path == day
    yield CheckNone(Query("account_contact_relation", same))
    if record.is_direct:
        direct = (F.contact_id == record.contact_id) & (F.is_direct == True)  # noqa: E712  # builds a filter
        yield CheckNone(Query("account_contact_relation", direct))
        contact = known.get(Ref("contact", record.contact_id))
        if contact is not None and contact.ref not in written:
            yield CheckVersion(contact.ref, contact.version)  # it still has this account


def _no_other_direct(record: Contact, old: Contact) -> Iterator[Check]:
    """That nobody adds a direct relation to another account than the new one meanwhile."""
    if record.account_id != old.account_id:
        other = (F.contact_id == record.id) & (F.is_direct == True)  # noqa: E712  # builds a filter
        if record.account_id is not None:
            other &= F.account_id != record.account_id
        yield CheckNone(Query("account_contact_relation", other))


def _ancestor_versions(
    record: Record,
    old: Record,
    known: Mapping[Ref[Any], Record],
    written: set[Ref[Any]],
    model: Model,
) -> Iterator[Check]:
    """That nobody moves an ancestor meanwhile, which could close a loop with this move."""
    for one in tree_fields(model.schema_of(record)):
        if one.value(old) == one.value(record):
            continue
        seen = {record.ref}
        parent = one.value(record)
        while isinstance(parent, str):
            ref: Ref[Any] = Ref(record.ref.kind, parent)
            ancestor = known.get(ref)
            if ref in seen or ancestor is None:
                break
            seen.add(ref)
            if ref not in written:
                yield CheckVersion(ref, ancestor.version)
            parent = one.value(ancestor)


def require_kind(entity: type[Record] | str, model: Model) -> str:
    """The stored name of an entity that is in use; raises ``UnknownNameError`` otherwise."""
    schema = model.schema(entity)
    if not model.is_enabled(schema.kind):
        known = tuple(one.kind for one in model.schemas)
        raise UnknownNameError("entity", schema.kind, known, "the model, where it is disabled")
    return schema.kind
