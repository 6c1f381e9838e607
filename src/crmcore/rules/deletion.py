"""Deletion: what goes with a record, what is let go of, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from crmcore.changes import Change, ChangeSet, Check, CheckNone, Delete, Update
from crmcore.entities.record import Record
from crmcore.fields import CASCADE, CLEAR, KEEP, RESTRICT, Target
from crmcore.findings import Finding, Findings, error
from crmcore.model.describe import FieldSchema
from crmcore.model.model import Model
from crmcore.model.references import field_references, repointed
from crmcore.query.referring import referring_query
from crmcore.rules.rule import Decision
from crmcore.values.ref import Ref


def binding_lookups(model: Model, kind: str) -> Iterator[tuple[str, FieldSchema]]:
    """Entity and field of every reference that may point to ``kind`` and is bound to it.

    Historic references and those whose target may live elsewhere are not bound.
    """
    for each in model.kinds:
        for one in model.schema(each).lookups:
            lookup = one.lookup
            if (
                lookup is not None
                and lookup.accepts(kind)
                and lookup.on_merge is not KEEP
                and lookup.target is Target.STORED
            ):
                yield each, one


def cascade(record: Record, model: Model, targets: Iterable[Ref[Any]]) -> bool:
    """Whether ``record`` is deleted together with one of ``targets``."""
    gone = frozenset(targets)
    return any(
        one.lookup is not None
        and one.lookup.on_delete is CASCADE
        and not gone.isdisjoint(field_references(record, one))
        for one in model.schema_of(record).lookups
    )


def delete(record: Record, *, referring: Iterable[Record], model: Model) -> Decision:
    """The decision to delete a record, with everything that cascades.

    ``referring`` has every record that refers to it, or to one that is deleted with it. Link rows
    go with it, references that clear are set to ``None``, and what restricts is a finding each.
    """
    rows = {row.ref: row for row in referring}
    doomed: dict[Ref[Any], Record] = {record.ref: record}
    growing = True
    while growing:
        more = {
            ref: row
            for ref, row in rows.items()
            if ref not in doomed and cascade(row, model, doomed)
        }
        doomed.update(more)
        growing = bool(more)
    rest = [row for ref, row in rows.items() if ref not in doomed]
    found = [one for row in rest for one in _restricting(row, doomed, model)]
    changes: list[Change] = [Delete(row) for row in reversed(doomed.values())]
    cleared = [(row, _cleared(row, doomed, model)) for row in rest]
    changes += [Update(row, new) for row, new in cleared if new is not row]
    return Decision(
        ChangeSet(changes, checks=tuple(_checks(doomed, model)), reason="delete"), Findings(found)
    )


def _restricting(row: Record, doomed: dict[Ref[Any], Record], model: Model) -> Iterator[Finding]:
    for one in model.schema_of(row).lookups:
        lookup = one.lookup
        if lookup is None or lookup.on_merge is KEEP or lookup.on_delete is not RESTRICT:
            continue
        if lookup.target is not Target.STORED:
            continue
        for ref in field_references(row, one):
            if ref in doomed:
                yield error(
                    "delete.restricted",
                    f"this {row.ref.kind} still refers to {ref}",
                    ref=row.ref,
                    path=one.path,
                    value=ref.id,
                    suggestion="delete it or point it elsewhere first",
                )


def _cleared(row: Record, doomed: dict[Ref[Any], Record], model: Model) -> Record:
    new = row
    for one in model.schema_of(row).lookups:
        if one.lookup is not None and one.lookup.on_delete is CLEAR:
            new = repointed(new, one, lambda ref: None if ref in doomed else ref)
    return new


def _checks(doomed: dict[Ref[Any], Record], model: Model) -> Iterator[Check]:
    for ref in doomed:
        for each, one in binding_lookups(model, ref.kind):
            yield CheckNone(referring_query(each, one, ref))
