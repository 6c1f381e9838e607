"""Referring: the question which records of an entity refer to given ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from crmcore.model.describe import FieldSchema, Holds
from crmcore.model.references import as_stored
from crmcore.query.filters import F, Filter
from crmcore.query.question import Query
from crmcore.values.ref import Ref


def referring_query(kind: str, one: FieldSchema, ref: Ref[Any]) -> Query[Any]:
    """The query for records of ``kind`` whose field ``one``, a reference, refers to ``ref``."""
    return next(referring_queries(kind, one, (ref,)))


def referring_queries(
    kind: str, one: FieldSchema, refs: Sequence[Ref[Any]]
) -> Iterator[Query[Any]]:
    """The queries for records of ``kind`` whose field ``one`` refers to one of ``refs``.

    A single query where the field holds one reference, else one for each of ``refs``.
    """
    lookup = one.lookup
    single = lookup is not None and lookup.kind is not None
    stored = [as_stored(ref, ref.id if single else ref) for ref in refs]
    path = F.custom[one.name] if one.is_custom else F[one.name]
    if one.holds is not Holds.ONE:
        yield from (Query(kind, path.contains(value)) for value in stored)
    elif stored:
        where: Filter = path == stored[0] if len(stored) == 1 else path.in_(stored)
        yield Query(kind, where)
