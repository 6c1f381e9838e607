"""Shared table: records as columns that several processes make, each a trait at a time."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.rules.matching.linkage import fast, spread
from crmcore.rules.matching.linkage.subject import Key, Subject
from crmcore.rules.matching.linkage.table import Firsts, Reader, Table

_MOST: Final = 3
"""Facets of a trait beyond so many are made by another process, which makes the forms as well."""


@frozen
class _Task:
    """One column to be made, or with ``is_whole`` unset only these facets of it."""

    place: int
    facets: Sequence[str]
    is_whole: bool = True


@frozen
class _Made:
    """One column: the number of each row's form, the forms, and with numpy some of its facets.

    The forms are packed, as the process that gets them seldom needs them.
    """

    ids: array[int]
    packed: bytes
    size: int
    arrays: Mapping[str, Firsts]


def filled(
    subject: Subject,
    records: Sequence[Record],
    readers: Mapping[str, Sequence[Reader | None]],
    *,
    keys: Sequence[Key],
    workers: int,
) -> Table:
    """A table of these records, made by so many processes; with numpy the facets of ``keys``, too.

    The same as one process makes by ``Table.fill``.
    """
    table = Table(subject)
    parts = [part for key in keys for part in (*key.parts, key.split) if part is not None]
    tasks: list[_Task] = []
    for at, trait in enumerate(subject.traits):
        if any(one[at] for one in readers.values()):
            facets = [name for name in trait.facets if f"{trait.name}.{name}" in parts]
            tasks.append(_Task(at, facets[:_MOST]))
            if len(facets) > _MOST and fast.numpy() is not None:
                tasks.append(_Task(at, facets[_MOST:], is_whole=False))
    make = partial(_made, subject, records, readers)
    made = spread.done([partial(make, task) for task in tasks], workers)
    for task, one in zip(tasks, made, strict=True):
        column = table.columns[task.place]
        if task.is_whole:
            column.take(one.ids, one.packed, one.size)
        column.arrays.update(one.arrays)
    for column in table.columns:
        if not column.ids:  # nobody says where it is kept
            column.ids.frombytes(bytes(column.ids.itemsize * len(records)))
    return table


def _made(
    subject: Subject,
    records: Sequence[Record],
    readers: Mapping[str, Sequence[Reader | None]],
    task: _Task,
) -> _Made:
    table = Table(subject)
    table.fill(records, readers, places=[task.place])
    column = table.columns[task.place]
    np = fast.numpy() if len(records) >= fast.MANY else None
    if np is not None:
        for name in task.facets:
            fast.texts_of(np, column, name)
    if not task.is_whole:
        return _Made(array("i"), b"", 0, column.arrays)
    return _Made(column.ids, column.packed(), column.size, column.arrays)
