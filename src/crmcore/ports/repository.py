"""Repository: the contract of storage, with entities going in and coming out.

It is written once, here; laws S1 to S10 in ``crmcore.testing`` say the same as tests, and an
adapter is correct when ``crmcore.testing.RepositorySuite`` passes on it. What an adapter can do
beyond these three methods is an ability: it has more methods (``crmcore.ports.Journal``,
``Erasable``), or declares it to the kit (``crmcore.testing.Ability``).
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

    The moment is that of entering the context, whatever is committed before the first read. What a
    snapshot returns is the caller's own: nothing that is done to it, or to what was passed in,
    changes what is stored. It may be used until its context is left, by one thread at a time;
    several answers may be read in turns, and others may commit meanwhile, also from within.
    """

    @property
    def seq(self) -> int:
        """The sequence number of the last commit that this moment contains (0: none yet)."""
        ...

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        """The records of these ids, by id, in any order and number.

        Ids that are not stored are absent from the result; that is no error. Ids are compared
        character by character: ``a`` is not ``A``, nor the account ``a`` the contact ``a``.
        """
        ...

    def find(self, query: Query[R], /) -> Iterator[R]:
        """The records that ``crmcore.query.run`` would select, in the same order (S5, S7).

        That order is total: the keys of the query, missing values first, and the id last,
        ascending even where the keys descend. ``after`` need not be the cursor of a record that is
        still stored. The iterator may be lazy; it stays within this moment while others commit. A
        kind that was never stored has no records. An adapter may answer from an index, or let
        its engine select; what it gives is what ``run`` gives.
        """
        ...


@runtime_checkable
class Repository(Protocol):
    """A store of records: three methods."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """A context that gives the present moment, with every commit that has returned.

        That includes commits through other handles, where the store is shared. An error raised
        inside comes out. Raises ``StoreClosedError`` after ``close``, ``DamagedStoreError`` where
        what is stored is damaged (S10; at the latest when the damage is read).
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

        Otherwise ``ConflictError``. Of a change's ``before`` only the version counts. An empty set
        is legal: it is tested, stores nothing, and returns the number of the last commit. Numbers
        rise for ever, also when everything was deleted and across reopening; they may have gaps.

        After any error nothing of the set is stored, and others can commit (S2):
        ``StoreLockedError`` where another writer holds the store for too long, ``EncodeError`` for
        a value that cannot be stored, ``StorageError`` when the store fails. The exception is
        ``OutcomeUnknownError``: the store cannot tell whether the set was stored, as after a sync
        that failed; it then refuses commits until it is opened anew, and whoever asks then sees
        either all of the set or nothing. A durable store returns only when the set survives a loss
        of power (S3). What an adapter keeps of the set's ``reason``, ``by`` and ``at`` is up to its
        journal.
        """
        ...

    def close(self) -> None:
        """Release what the store holds.

        Closing twice is fine; every other call then raises ``StoreClosedError``.
        """
        ...
