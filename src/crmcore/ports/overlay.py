"""Overlay: a snapshot as it will be once a change set is committed.

Transactions, batches and dry runs plan on one, and so read their own writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs
from attrs import field, frozen

from crmcore.changes import ChangeSet, Delete
from crmcore.entities.record import Record, kind_of
from crmcore.ports.repository import Snapshot
from crmcore.query import ALL, Query, predicate, run

R = TypeVar("R", bound=Record)


@frozen
class Overlay:
    """A ``Snapshot`` that shows ``changes`` on top of ``snapshot``.

    A record inserted has the version 0; one updated keeps the version that it has in the store.
    """

    snapshot: Snapshot
    changes: ChangeSet
    _written: Mapping[tuple[str, str], Record | None] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        written = {
            (one.ref.kind, one.ref.id): None if isinstance(one, Delete) else one.after
            for one in self.changes
        }
        object.__setattr__(self, "_written", written)

    @property
    def seq(self) -> int:
        """The sequence number of the snapshot below."""
        return self.snapshot.seq

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        """The records of these ids, by id; absent ids are absent."""
        kind = kind_of(entity)
        below = [one for one in ids if (kind, one) not in self._written]
        found: dict[str, Any] = dict(self.snapshot.get(entity, below)) if below else {}
        for one in ids:
            record = self._written.get((kind, one))
            if record is not None:
                found[one] = record
        return found

    def find(self, query: Query[R], /) -> Iterator[R]:
        """The records that answer ``query``, those of the change set included."""
        test = predicate(query.where)  # of many values, a load has as many as records
        mine: list[Any] = [
            record
            for (kind, _), record in self._written.items()
            if kind == query.kind and record is not None and test(record)
        ]
        hidden = {one for kind, one in self._written if kind == query.kind}
        if not hidden:
            return self.snapshot.find(query)
        limit = None if query.limit is None else query.limit + len(hidden)
        below = self.snapshot.find(attrs.evolve(query, limit=limit))
        among = attrs.evolve(query, where=ALL)  # they answer it already
        return run(among, [*(one for one in below if one.id not in hidden), *mine])
