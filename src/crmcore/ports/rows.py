"""RowStore: the contract of storage for adapters that deal in plain JSON-ready rows.

``crmcore.adapters.RowRepository`` makes any of them a ``Repository``. An adapter is correct when
``crmcore.testing.RowStoreSuite`` passes on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol, TypeAlias, overload, runtime_checkable

from attrs import field, frozen

from crmcore.entities.record import Record
from crmcore.query import Query

Json: TypeAlias = Any
"""What JSON can hold: ``None``, bool, int, str, lists and mappings with text keys; no floats."""


@frozen
class Row:
    """One stored record: ``data`` is JSON-ready, ``version`` the commit that wrote it.

    Whoever gets a row must not change its data; a store hands out copies, or keeps text.
    """

    kind: str
    id: str
    version: int
    data: Mapping[str, Json]


@frozen
class RowChange:
    """One row to write (``data``) or to remove (``data`` is ``None``).

    ``expect`` is the version it must have in the store (0: it must not be stored).
    """

    kind: str
    id: str
    expect: int
    data: Mapping[str, Json] | None


@frozen
class RowExpect:
    """A row that must have version ``expect`` (0: absent; ``None``: any, but stored)."""

    kind: str
    id: str
    expect: int | None


class NewRows(Sequence[RowChange]):
    """Rows to write that must not be stored yet, as columns: nothing is made for each of them.

    ``texts`` is the canonical JSON text of the data of each, without its id, which is text.
    ``part(record, name)`` gives the stored form of one field of a record, ``None`` where it holds
    nothing; or the data of its row, where the name is ``None``.
    """

    __slots__ = ("ids", "kinds", "part", "records", "texts")

    def __init__(
        self,
        kinds: Sequence[str],
        texts: Sequence[str],
        records: Sequence[Record],
        part: Callable[[Record, str | None], Json],
    ) -> None:
        self.kinds: Sequence[str] = kinds
        self.ids: Sequence[str] = [one.id for one in records]
        self.texts: Sequence[str] = texts
        self.records: Sequence[Record] = records
        self.part: Callable[[Record, str | None], Json] = part

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, at: int) -> RowChange: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[RowChange]: ...
    def __getitem__(self, at: int | slice) -> RowChange | Sequence[RowChange]:
        """The change as stores without a sense for text see it, made anew."""
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return RowChange(self.kinds[at], self.ids[at], 0, self.part(self.records[at], None))


def _changes(given: Iterable[RowChange]) -> Sequence[RowChange]:
    return given if isinstance(given, NewRows) else tuple(given)


def _expects(given: Iterable[RowExpect]) -> tuple[RowExpect, ...]:
    return tuple(given)


def _queries(given: Iterable[Query[Any]]) -> tuple[Query[Any], ...]:
    return tuple(given)


@frozen
class RowCommit:
    """What a row store commits in one step.

    ``none`` are queries that no row outside ``changes`` may match. Their values are JSON scalars,
    and ``Compare`` and ``In`` mean what ``crmcore.query.matches`` says on ``data``; a store without
    a query engine evaluates them with that function.

    ``expect_seq`` is the number of the last commit that the store must still stand at (``None``:
    any). It stands for conditions that only the one who gave it can evaluate, on a snapshot with
    that number.
    """

    changes: Sequence[RowChange] = field(converter=_changes)
    expects: tuple[RowExpect, ...] = field(default=(), converter=_expects)
    none: tuple[Query[Any], ...] = field(default=(), converter=_queries)
    expect_seq: int | None = None
    reason: str | None = None
    by: str | None = None
    at: datetime | None = None


@runtime_checkable
class RowSnapshot(Protocol):
    """One moment of a row store; see ``Snapshot``, whose promises it keeps."""

    @property
    def seq(self) -> int:
        """The sequence number of the last commit that this moment contains (0: none yet)."""
        ...

    def get(self, kind: str, ids: Sequence[str], /) -> Mapping[str, Row]:
        """The rows of these ids, by id; absent ids are absent."""
        ...

    def find(self, query: Query[Any], /) -> Iterator[Row]:
        """The rows whose ``data`` answers the query, in its order, with the id as last key.

        Keys are names, whatever characters they have; kinds need not be known to any model.
        ``crmcore.adapters.rows.run_rows`` evaluates it over rows in any order. Paths go into
        ``data``; the id is in ``data`` too.
        """
        ...


@runtime_checkable
class RowStore(Protocol):
    """A store of rows: three methods, with the promises of ``Repository``."""

    def snapshot(self) -> AbstractContextManager[RowSnapshot]:
        """A context that gives the present moment."""
        ...

    def commit(self, changes: RowCommit, /) -> int:
        """Test everything expected and store every change, or nothing: ``ConflictError``.

        Returns the sequence number, which is the version of each written row. Without changes it
        tests, stores nothing, and returns the number of the last commit.
        """
        ...

    def close(self) -> None:
        """Release what the store holds; closing twice is fine."""
        ...


@runtime_checkable
class KeepsText(Protocol):
    """A row store that keeps rows as canonical JSON text.

    The changes of a commit may then be ``NewRows``, whose texts can be stored as they are.
    """

    @property
    def keeps_text(self) -> bool:
        """Whether it does."""
        ...


@frozen
class RowStep:
    """What one commit did to one row: the row before and after (``None``: it was not stored)."""

    kind: str
    id: str
    before: Row | None
    after: Row | None


@frozen
class RowRecord:
    """One commit as the journal of a row store keeps it."""

    seq: int
    at: datetime | None
    by: str | None
    reason: str | None
    steps: tuple[RowStep, ...]


@runtime_checkable
class RowJournal(Protocol):
    """A row store that keeps its commits, and can forget what rows said in them.

    ``RowRepository`` over it is a ``Journal`` and ``Erasable`` that keep their promises; over
    other row stores it says that its history is gone.
    """

    def row_commits(self, after: int = 0) -> Iterator[RowRecord]:
        """The commits with a higher number than ``after``, in order.

        Raises ``HistoryGoneError`` where these are no longer all kept.
        """
        ...

    def erase_rows(self, rows: Iterable[tuple[str, str]]) -> None:
        """Forget every value that the rows of these kinds and ids had; see ``Erasable.erase``."""
        ...
