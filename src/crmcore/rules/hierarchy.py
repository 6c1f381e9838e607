"""Hierarchy: records that stand above one another, and the one command that moves them.

Accounts make groups by ``parent_id``, contacts and users report by ``reports_to_id`` and
``manager_id``: every reference that the schema calls a tree. The walks over ids are those of
``crmcore.rules.tree``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from crmcore.changes import ChangeSet, CheckVersion, Update
from crmcore.errors import CycleError, UsageError
from crmcore.findings import Finding, Findings, Severity, warning
from crmcore.rules.rule import Context, Decision
from crmcore.rules.tree import (
    ChildrenOf,
    Forest,
    ParentOf,
    ancestors,
    children_index,
    common,
    depth,
    descendants,
    forest,
    forest_findings,
    loops,
    parents_of,
    path,
    tree_field,
    tree_fields,
    ultimate_parent,
    would_loop,
)
from crmcore.values.ref import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcore.entities.record import Record
    from crmcore.model.describe import EntitySchema, FieldSchema

__all__ = [
    "ChildrenOf",
    "Forest",
    "ParentOf",
    "ancestors",
    "children_index",
    "common",
    "depth",
    "descendants",
    "flaws",
    "forest",
    "forest_findings",
    "loops",
    "parents_of",
    "path",
    "repair",
    "reparent",
    "tree_field",
    "tree_fields",
    "ultimate_parent",
    "would_loop",
]


def reparent(
    record: Record,
    parent: Record | None,
    *,
    context: Context,
    ancestors_of_parent: Iterable[Record] = (),
    former_line: Iterable[Record] = (),
    along: str | None = None,
) -> Decision:
    """Decide that ``record`` stands below ``parent`` (``None``: below nobody).

    ``ancestors_of_parent`` are the records above ``parent``, in any order; one that is left out
    counts as not stored. The changes rely on each of them, and on the parent, being as given, so
    that two moves decided at once cannot together make a loop (law X2). Taking the move back relies
    in the same way on ``former_line``, the present parent and all above it. ``along`` names the
    field where an entity has several trees (``None``: the first). Nothing changes where the record
    stands there already.

    Raises ``CycleError`` with the path where the record would be above itself, and ``UsageError``
    for a parent of another entity, or an entity without a tree.
    """
    schema = context.model.schema_of(record)
    field = _field(schema, along)
    above = _above(parent, ancestors_of_parent, schema)

    def parent_of(one: str) -> str | None:
        known = above.get(one)
        return None if known is None else field.value(known)

    new = None if parent is None else parent.id
    way: tuple[str, ...] = ()
    if new is not None:
        loop = would_loop(record.id, new, parent_of)
        if loop is not None:
            raise CycleError(schema.kind, loop)
        way = (new, *ancestors(new, parent_of))
    if field.value(record) == new:
        return Decision()
    changes = ChangeSet(
        [Update(record, field.changed(record, new))],
        [_as_given(Ref(schema.kind, one), above.get(one)) for one in way],
        undo_checks=[_as_given(one.ref, one) for one in former_line],
        by=context.by,
        at=context.now,
    )
    return Decision(changes, Findings(_loop_above(record, way, parent_of, field)))


def repair(records: Iterable[Record], *, context: Context, along: str | None = None) -> Decision:
    """Decide what makes trees of records of one entity that are none: all of them are given.

    Of each loop the record with the smallest id becomes a top, and so does every record whose
    parent is not there; nothing else changes. The findings are those of ``flaws``, for the record.
    """
    given = {one.id: one for one in records}
    if not given:
        return Decision()
    field = _field(context.model.schema_of(next(iter(given.values()))), along)
    found = forest(parents_of(given.values(), field))
    freed = dict.fromkeys([*(loop[0] for loop in found.loops), *(one for one, _ in found.missing)])
    changes = ChangeSet(
        [Update(given[one], field.changed(given[one], None)) for one in freed],
        reason="repair of a hierarchy",
        by=context.by,
        at=context.now,
    )
    kind = context.model.schema_of(next(iter(given.values()))).kind
    told = forest_findings(found, kind=kind, field=field.path)
    return Decision(changes, Findings(attrs.evolve(one, severity=Severity.INFO) for one in told))


def flaws(records: Iterable[Record], *, context: Context, along: str | None = None) -> Findings:
    """The loops and missing parents among all records of one entity."""
    given = list(records)
    if not given:
        return Findings()
    schema = context.model.schema_of(given[0])
    field = _field(schema, along)
    return forest_findings(forest(parents_of(given, field)), kind=schema.kind, field=field.path)


def _field(schema: EntitySchema, along: str | None) -> FieldSchema:
    field = tree_field(schema, along)
    if field is None:
        raise UsageError(
            "records of this entity make no tree",
            schema.kind,
            "give it a field Lookup(its own kind, shape=Shape.TREE)",
        )
    return field


def _above(
    parent: Record | None, rest: Iterable[Record], schema: EntitySchema
) -> dict[str, Record]:
    if parent is None:
        return {}
    for one in (parent, *(rest := tuple(rest))):
        if one.ref.kind != schema.kind:
            raise UsageError("a parent is of the same entity", one.ref)
    return {one.id: one for one in (*rest, parent)}


def _as_given(ref: Ref[Any], record: Record | None) -> CheckVersion:
    """The check that a record is as it was, or still not stored."""
    return CheckVersion(ref, 0 if record is None else record.version)


def _loop_above(
    record: Record, way: tuple[str, ...], parent_of: ParentOf, field: FieldSchema
) -> Iterable[Finding]:
    for loop in loops(way[:1], parent_of):
        yield warning(
            "hierarchy.loop",
            "the records above are in a loop already",
            ref=record.ref,
            path=field.path,
            value=" -> ".join(loop),
            suggestion="give one of them another parent, or none",
        )
