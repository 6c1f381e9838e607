"""Bulk: many records taken in at once, each at its own account, before anything stands above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from crmcore.entities.record import Record
from crmcore.model.describe import EntitySchema
from crmcore.rules.rollup.algebra import Algebra
from crmcore.rules.rollup.branch import Branch, know, note
from crmcore.rules.rollup.compiled import Group, Lane, Node, compile_bulk
from crmcore.rules.rollup.reading import Out
from crmcore.rules.rollup.turning import Turning


def fill(
    records: Iterable[Record],
    branches: Sequence[Branch],
    turnings: Sequence[Turning],
    schema: EntitySchema,
    *,
    is_fixed: bool,
) -> None:
    """Take the records of one entity into the branches over it; others are passed over.

    With ``is_fixed`` accounts do not keep their own records where no figure needs them.
    """
    linking = [one for one in branches if one.via is not None]
    columns = {id(one.lane): one for branch in branches for one in branch.figures}

    def hear(record: Record) -> None:
        for turning in turnings:
            turning.put(record)
        for branch in linking:
            know(branch, record)

    def slowly(lane: Lane, node: Node, record: Record) -> None:
        column, item = columns[id(lane)], lane.item_of(record)
        note(column, record, item)
        if item.__class__ is not Out:
            column.walk.take(node, item)

    groups = [
        Group(
            path=one.path,
            lanes=tuple(column.lane for column in one.figures),
            nodes=one.grove.nodes,
            is_plain=one.lookup is not None and one.lookup.kind == one.grove.kind,
            place=one.place,
            own=None if is_fixed and not needs_records(one) else one.own,
            linked=one.linked if one.via is not None else None,
            insert=partial(_insert, one),
        )
        for one in branches
    ]
    heard = hear if turnings or linking else None
    compile_bulk(groups, schema, slowly=slowly, note=heard)(records)


def needs_records(branch: Branch) -> bool:
    """Whether figures are read from the records of an account, or records from links."""
    return branch.via is not None or any(
        one.rollup.aggregate.algebra is Algebra.MULTISET for one in branch.figures
    )


def _insert(branch: Branch, record: Record) -> None:
    """Take in one record that links give to accounts."""
    items = branch.items(record)
    for node in branch.places(record):
        if node[branch.own] is None:
            node[branch.own] = []
        node[branch.own].append(record)
        for column in branch.figures:
            item = items[column.at]
            if item.__class__ is not Out:
                column.walk.take(node, item)
    for column in branch.figures:
        note(column, record, items[column.at])
