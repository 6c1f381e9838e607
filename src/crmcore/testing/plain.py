"""Plain store: the contract of a repository over one dictionary, to compare adapters with.

It is written for reading: no indexes, no locks, no moments. Laws and the state machine let an
adapter and a plain store do the same, and ask for the same answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcore.changes import (
    ChangeSet,
    CheckExists,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
    Insert,
)
from crmcore.entities import Record, kind_of
from crmcore.query import Query, matches, run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcore.values import Ref


class PlainStore:
    """All records by reference, and the number of the last commit."""

    def __init__(self) -> None:
        self.seq: int = 0
        self.records: dict[Ref[Any], Record] = {}

    def commit(self, changes: ChangeSet, seq: int | None = None) -> int:
        """Store the set as every repository must; ``ConflictError`` where it may not.

        ``seq`` is the number that the repository gave it (``None``: the next one).
        """
        for one in changes:
            expected = 0 if isinstance(one, Insert) else one.before.version
            self._expect(one.ref, expected, exists=not isinstance(one, Insert))
        for check in changes.checks:
            match check:
                case CheckVersion(ref, version):
                    self._expect(ref, version, exists=version != 0)
                case CheckExists(ref):
                    if ref not in self.records:
                        raise ConflictError(ref, "that it exists", "no record")
                case CheckNone(query):
                    self._expect_none(query, changes.refs)
        if changes:
            self.seq = self.seq + 1 if seq is None else seq
        for one in changes.as_stored(self.seq):
            if isinstance(one, Delete):
                del self.records[one.ref]
            else:
                self.records[one.ref] = one.after
        return self.seq

    def copied(self) -> PlainStore:
        """Another store with the same content."""
        copy = PlainStore()
        copy.seq, copy.records = self.seq, dict(self.records)
        return copy

    def find(self, query: Query[Any]) -> list[Record]:
        """What every repository must answer."""
        return list(run(query, self.of_kind(query.kind)))

    def of_kind(self, kind: str) -> list[Record]:
        """The records of one kind, in no particular order."""
        return [one for ref, one in self.records.items() if ref.kind == kind]

    def everything(self, entities: Iterable[type[Record]]) -> list[Record]:
        """All records of these entities, by entity and id."""
        return [one for entity in entities for one in self.find(Query(kind_of(entity)))]

    def _expect(self, ref: Ref[Any], version: int, *, exists: bool) -> None:
        found = self.records.get(ref)
        if (found is not None) is not exists or (found is not None and found.version != version):
            raise ConflictError(ref, f"version {version}", str(found and found.version))

    def _expect_none(self, query: Query[Any], own: frozenset[Ref[Any]]) -> None:
        for one in self.of_kind(query.kind):
            if one.ref not in own and matches(query.where, one):
                raise ConflictError(one.ref, f"no {query}", "a record that matches")
