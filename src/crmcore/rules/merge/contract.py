"""Contract: the references among merged records, drawn together so that no loop is left.

Where a record is merged with one above it, it takes that one's place in the tree: the path between
them is contracted (laws X2 and M12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.errors import CycleError
from crmcore.fields import KEEP
from crmcore.model.describe import EntitySchema, FieldSchema, Holds
from crmcore.model.references import field_references, repointed
from crmcore.rules.merge.guards import MergeError
from crmcore.rules.tree import ancestors, tree_fields
from crmcore.values.ref import Ref

SELF = "it referred to a record that it is merged with"
"""Why a reference among the merged records is dropped."""

BELOW = "what it referred to stands below the merged record: the path is contracted"
"""Why a reference up the tree is dropped."""


@frozen(kw_only=True)
class Contracted:
    """The merged records, survivor first, as they refer to others once they are one.

    ``merged`` are their references. ``dropped`` has the references that are no more, by record,
    path of the field and target, each with the reason. ``walked`` are the records that were looked
    at on the way up the trees.
    """

    records: tuple[Record, ...]
    merged: frozenset[Ref[Any]]
    dropped: Mapping[tuple[Ref[Any], str, Ref[Any]], str]
    walked: frozenset[Ref[Any]]


def followed(schema: EntitySchema, kind: str) -> tuple[FieldSchema, ...]:
    """The references of an entity that follow a record of ``kind`` into its survivor."""
    return tuple(
        one
        for one in schema.lookups
        if one.lookup is not None and one.lookup.on_merge is not KEEP and one.lookup.accepts(kind)
    )


def contracted(
    records: Sequence[Record], *, schema: EntitySchema, known: Mapping[Ref[Any], Record]
) -> Contracted:
    """The merged records without references to each other and without paths back to them.

    ``records`` has the survivor first; ``known`` everything above them in trees. A reference of a
    record to itself becomes one of the survivor to itself, except in a tree.
    """
    members = {record.ref for record in records}
    trees = tree_fields(schema)
    dropped: dict[tuple[Ref[Any], str, Ref[Any]], str] = {}
    walked: set[Ref[Any]] = set()
    seen = list(records)
    for one in followed(schema, schema.kind):
        below: frozenset[Ref[Any]] = frozenset()
        if one in trees:
            below, met = _below(records, one, known)
            walked |= met
        for index, record in enumerate(records):

            def target(
                ref: Ref[Any],
                own: Ref[Any] = record.ref,
                one: FieldSchema = one,
                below: frozenset[Ref[Any]] = below,
            ) -> Ref[Any] | None:
                if ref in members and (not _may_lack(one) or (ref == own and one not in trees)):
                    return records[0].ref
                if ref in members or ref in below:
                    dropped[own, one.path, ref] = SELF if ref in members else BELOW
                    return None
                return ref

            seen[index] = repointed(seen[index], one, target)
    return Contracted(
        records=tuple(seen),
        merged=frozenset(members),
        dropped=dropped,
        walked=frozenset(walked),
    )


def _may_lack(one: FieldSchema) -> bool:
    return one.is_optional or one.holds is not Holds.ONE


def _parent_of(
    one: FieldSchema, kind: str, known: Mapping[Ref[Any], Record]
) -> Callable[[str], str | None]:
    def parent_of(id_: str) -> str | None:
        record = known.get(Ref(kind, id_))
        parent = None if record is None else one.value(record)
        return parent if isinstance(parent, str) else None

    return parent_of


def _below(
    records: Sequence[Record], one: FieldSchema, known: Mapping[Ref[Any], Record]
) -> tuple[frozenset[Ref[Any]], set[Ref[Any]]]:
    """The records on the ways up from ``records`` that stand below one of them; all that were met.

    Each is met once, however many ways lead through it.
    """
    kind = records[0].ref.kind
    parent_of = _parent_of(one, kind, known)
    stands_below: dict[str, bool] = dict.fromkeys((record.id for record in records), True)
    for record in records:
        way: list[str] = []
        at = parent_of(record.id)
        while at is not None and at not in stands_below:
            stands_below[at] = False
            way.append(at)
            at = parent_of(at)
        if at is not None and stands_below[at]:
            stands_below.update(dict.fromkeys(way, True))
    met = {Ref[Any](kind, id_): below for id_, below in stands_below.items()}
    others = met.keys() - {record.ref for record in records}
    return frozenset(ref for ref in others if met[ref]), set(others)


def require_no_loop(
    golden: Record,
    losers: Iterable[Ref[Any]],
    *,
    schema: EntitySchema,
    known: Mapping[Ref[Any], Record],
) -> frozenset[Ref[Any]]:
    """The records above ``golden`` in its trees, none of which is one of the merged ones.

    Only a value that the caller chose, or a function, can make it otherwise. Raises
    ``CycleError`` with the path; ``MergeError`` where it refers to a loser in another way.
    """
    gone = frozenset(losers)
    walked: set[Ref[Any]] = set()
    trees = tree_fields(schema)
    for one in followed(schema, schema.kind):
        value = one.value(golden)
        if one in trees and isinstance(value, str):
            way = (value, *ancestors(value, _parent_of(one, schema.kind, known)))
            merged = {golden.id, *(ref.id for ref in gone)}
            back = next((at for at, id_ in enumerate(way) if id_ in merged), None)
            if back is not None:
                raise CycleError(schema.kind, (golden.id, *way[:back], golden.id))
            walked |= {Ref(schema.kind, id_) for id_ in way}
        elif lost := gone.intersection(field_references(golden, one)):
            hint = f"choose another value of {one.path}"
            raise MergeError("the survivor would refer to a record that is gone", (*lost,), hint)
    return frozenset(walked)
