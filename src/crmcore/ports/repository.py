"""Repository: the contract of storage, with entities going in and coming out.

An adapter is correct when ``crmcore.testing.RepositorySuite`` passes on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar, runtime_checkable

from crmcore.changes import ChangeSet
from crmcore.entities.record import Record
from crmcore.query import Query

R = TypeVar("R", bound=Record)


@runtime_checkable
class Snapshot(Protocol):
    """One moment of the store, however long it is read (law S6).

    What it returns is frozen; nothing a caller does to it changes what is stored. It may be used
    until the context it came from is left, by one thread at a time.
    """

    @property
    def seq(self) -> int:
        """The sequence number of the last commit that this moment contains (0: none yet)."""
        ...

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        """The records of these ids, by id. Ids that are not stored are absent from the result."""
        ...

    def find(self, query: Query[R], /) -> Iterator[R]:
        """The records that ``crmcore.query.run`` would select, in the same order (S5, S7).

        The iterator may be lazy; it stays within this moment while others commit. A kind that was
        never stored has no records.
        """
        ...


@runtime_checkable
class Repository(Protocol):
    """A store of records: three methods."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """A context that gives the present moment, with every commit that has returned.

        Raises ``StoreClosedError`` after ``close``.
        """
        ...

    def commit(self, changes: ChangeSet, /) -> int:
        """Store the whole set, or nothing of it; return its sequence number, which rises.

        In one step that no other commit comes between (S2, S4):

        1. every change fits: an inserted id is free, an updated or deleted record is stored with
           the version of the change's ``before``;
        2. every check of the set holds; a ``CheckNone`` looks at the records that the set does not
           itself write;
        3. the changes are stored, each written record with the sequence number as its ``version``.

        Otherwise ``ConflictError``. An empty set is legal, stores nothing, and returns the number
        of the last commit. ``StorageError`` (nothing stored) is raised when the store fails, and
        ``OutcomeUnknownError`` when it cannot tell whether the set was stored; after that it
        refuses commits until it is opened anew. What an adapter keeps of the set's ``reason``,
        ``by`` and ``at`` is up to its journal.
        """
        ...

    def close(self) -> None:
        """Release what the store holds. Closing twice is fine; every other call then raises."""
        ...
