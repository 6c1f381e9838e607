"""Shared table: records as columns that several processes make, each a trait at a time."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.rules.matching.linkage import fast, spread
from crmcore.rules.matching.linkage.subject import Key, Subject
from crmcore.rules.matching.linkage.table import Reader, Table


@frozen
class _Made:
    """One column: the number of each row's form, the forms, and with numpy its facets."""

    ids: array[int]
    forms: list[Any]
    arrays: Mapping[str, object]


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
    places = [at for at, _ in enumerate(subject.traits) if any(one[at] for one in readers.values())]
    facets = {part for key in keys for part in (*key.parts, key.split) if part is not None}
    make = partial(_made, subject, records, readers, facets)
    done = dict(
        zip(places, spread.done([partial(make, at) for at in places], workers), strict=True)
    )
    for at, column in enumerate(table.columns):
        made = done.get(at)
        if made is None:
            column.ids += [0] * len(records)
        else:
            column.take(made.ids.tolist(), made.forms)
            column.arrays.update(made.arrays)
    return table


def _made(
    subject: Subject,
    records: Sequence[Record],
    readers: Mapping[str, Sequence[Reader | None]],
    facets: set[str],
    place: int,
) -> _Made:
    table = Table(subject)
    table.fill(records, readers, places=[place])
    column = table.columns[place]
    np = fast.numpy() if len(records) >= fast.MANY else None
    if np is not None:
        for name in column.trait.facets:
            if f"{column.trait.name}.{name}" in facets:
                fast.texts_of(np, column, name)
    return _Made(array("q", column.ids), column.forms, column.arrays)
