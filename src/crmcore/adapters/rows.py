"""RowRepository: a repository on top of any row store; the codec and what goes with it, once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from types import TracebackType
from typing import Any, TypeVar

import attrs
from attrs import define

from crmcore.adapters.lowering import OPEN, lower
from crmcore.adapters.row_fields import RowFields, asked
from crmcore.changes import (
    Change,
    ChangeSet,
    CheckExists,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
    Insert,
    Update,
)
from crmcore.codec import Codec
from crmcore.codec.errors import Misfit
from crmcore.codec.row_text import RowText, plain_data
from crmcore.entities.record import Record, kind_of
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.ports.journal import Commit, HistoryGoneError
from crmcore.ports.repository import Snapshot
from crmcore.ports.rows import (
    Json,
    KeepsText,
    Row,
    RowChange,
    RowCommit,
    RowExpect,
    RowJournal,
    RowRecord,
    RowSnapshot,
    RowStep,
    RowStore,
)
from crmcore.query import Filter, Query, predicate, run
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)

CACHE_SIZE = 100_000
"""How many decoded records a repository keeps unless it is told otherwise."""

_MOST_TRIES = 100


def run_rows(query: Query[Any], rows: Iterable[Row]) -> Iterator[Row]:
    """What ``query`` answers over the data of ``rows``: the reference meaning of a row query.

    The rows may be in any order; those of other kinds are passed over.
    """
    asked = [(row, plain_data(row.data)) for row in rows if row.kind == query.kind]
    by_data = {id(data): row for row, data in asked}
    return (by_data[id(one)] for one in run(query, [data for _, data in asked]))


class RowRepository:
    """A ``Repository`` that keeps its records as rows in ``store``.

    Rows are decoded once and kept, up to ``cache_size`` of them. What a filter asks is left to the
    store as far as rows can tell, and tested on the records beyond that. Keys of a stored row that
    its entity does not know, at any depth, are written back when the record is updated (and lost
    when it is deleted); rows of entities that the model lacks are left alone. Reading a row that
    does not fit the model raises ``DecodeError``, writing what cannot be stored ``EncodeError``.
    """

    def __init__(
        self, store: RowStore, model: Model = STANDARD_MODEL, *, cache_size: int = CACHE_SIZE
    ) -> None:
        self._store = store
        self._codec = Codec(model)
        self._cache = _Cache(self._codec, cache_size)
        self._keeps_text = isinstance(store, KeepsText) and store.keeps_text

    @property
    def model(self) -> Model:
        """The model whose entities are stored."""
        return self._codec.model

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """A context that gives the present moment; see ``Repository.snapshot``."""
        return _Within(self._store.snapshot(), self.at)

    def at(self, rows: RowSnapshot) -> Snapshot:
        """The records of a moment of the store, which is used as long as that may be."""
        return _Snapshot(rows, self._cache, self.model)

    def commit(self, changes: ChangeSet, /) -> int:
        """Store the whole set, or nothing of it; see ``Repository.commit``."""
        above: list[CheckNone] = []
        expects: list[RowExpect] = []
        none: list[Query[Any]] = []
        for check in changes.checks:
            if not isinstance(check, CheckNone):
                expects.append(_expected(check))
                continue
            lowered = lower(Query(check.query.kind, check.query.where), self.model)
            if lowered.is_exact:
                none.append(lowered.query)
            else:
                above.append(check)
        commit = RowCommit(
            self._rows(changes),
            expects,
            none,
            reason=changes.reason,
            by=changes.by,
            at=changes.at,
        )
        return self._committed(commit, above, changes.refs) if above else self._store.commit(commit)

    @property
    def keeps_journal(self) -> bool:
        """Whether the store keeps its commits, so that ``commits`` and ``erase`` do something."""
        return isinstance(self._store, RowJournal)

    def commits(self, after: int = 0) -> Iterator[Commit]:
        """The commits with a higher number than ``after``; see ``Journal.commits``.

        Raises ``HistoryGoneError`` also where the store keeps none. Rows of entities that the
        model lacks are passed over.
        """
        if isinstance(self._store, RowJournal):
            return map(self._told, self._store.row_commits(after))
        with self._store.snapshot() as rows:
            if after >= rows.seq:
                return iter(())
            raise HistoryGoneError(after, rows.seq)

    def erase(self, refs: Iterable[Ref[Any]]) -> None:
        """Forget every value that these records ever had; see ``Erasable.erase``.

        A store without a journal has kept none.
        """
        rows = frozenset((one.kind, one.id) for one in refs)
        self._cache.forget(rows)
        if isinstance(self._store, RowJournal):
            self._store.erase_rows(rows)

    def close(self) -> None:
        """Close the store; see ``Repository.close``."""
        self._store.close()

    def _told(self, one: RowRecord) -> Commit:
        found = (self._change(step) for step in one.steps if self.model.has(step.kind))
        changes = tuple(change for change in found if change is not None)
        return Commit(one.seq, one.at, one.by, one.reason, changes)

    def _change(self, step: RowStep) -> Change | None:
        before = None if step.before is None else self._cache.record(step.before)
        after = None if step.after is None else self._cache.record(step.after)
        if before is None:
            return None if after is None else Insert(after)
        return Delete(before) if after is None else Update(before, after)

    def _rows(self, changes: ChangeSet) -> Sequence[RowChange]:
        inserted = [one.after for one in changes.changes if isinstance(one, Insert)]
        if self._keeps_text and len(inserted) == len(changes):
            new = self._codec.new_rows(inserted)
            if new is not None:
                return new
        known: list[Row | None] = []
        asked_for: dict[str, list[str]] = {}
        for one in changes.changes:
            row = self._cache.row(one.before) if isinstance(one, Update) else None
            if row is None and isinstance(one, Update):
                asked_for.setdefault(kind_of(type(one.before)), []).append(one.before.id)
            known.append(row)
        stored = self._stored(asked_for) if asked_for else {}
        return [
            self._row(one, row or stored.get((one.ref.kind, one.ref.id)))
            for one, row in zip(changes.changes, known, strict=True)
        ]

    def _stored(self, ids: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], Row]:
        """The rows of these ids, as they are now."""
        with self._store.snapshot() as rows:
            found = {kind: rows.get(kind, some) for kind, some in ids.items()}
        return {(kind, id_): row for kind, some in found.items() for id_, row in some.items()}

    def _row(self, change: Change, stored: Row | None) -> RowChange:
        if isinstance(change, Insert):
            row = self._codec.row(change.after)
            return RowChange(row.kind, row.id, 0, row.data)
        kind, id_, expect = kind_of(type(change.before)), change.before.id, change.before.version
        if expect == 0:
            # To a row store this would mean that there must be none.
            raise ConflictError(change.ref, "a stored version", "a record that was never stored")
        if isinstance(change, Delete):
            return RowChange(kind, id_, expect, None)
        data = self._codec.row(change.after).data
        if stored is not None:
            data = self._codec.kept(stored, dict(data))
        return RowChange(kind, id_, expect, data)

    def _committed(
        self, commit: RowCommit, checks: Iterable[CheckNone], own: frozenset[Ref[Any]]
    ) -> int:
        """Commit under checks that only records can answer, as often as others come between."""
        for _ in range(_MOST_TRIES):
            with self.snapshot() as moment:
                for check in checks:
                    _test(check, moment, own)
                seq = moment.seq
            try:
                return self._store.commit(attrs.evolve(commit, expect_seq=seq))
            except ConflictError:
                with self._store.snapshot() as rows:
                    if rows.seq == seq:
                        raise
        raise ConflictError(None, "a moment without other commits", f"{_MOST_TRIES} of them")


def _expected(check: CheckVersion | CheckExists) -> RowExpect:
    version = check.version if isinstance(check, CheckVersion) else None
    return RowExpect(check.ref.kind, check.ref.id, version)


def _test(check: CheckNone, moment: Snapshot, own: frozenset[Ref[Any]]) -> None:
    found: Query[Any] = Query(check.query.kind, check.query.where)
    for record in moment.find(found):
        if record.ref not in own:
            raise ConflictError(record.ref, str(check), "a record that matches")


class _Within(AbstractContextManager[Snapshot]):
    """The context of a moment of rows, giving the records of it."""

    __slots__ = ("_at", "_rows")

    def __init__(
        self, rows: AbstractContextManager[RowSnapshot], at: Callable[[RowSnapshot], Snapshot]
    ) -> None:
        self._rows = rows
        self._at = at

    def __enter__(self) -> Snapshot:
        return self._at(self._rows.__enter__())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return self._rows.__exit__(kind, error, trace)


@define(eq=False)
class _Snapshot:
    """A moment of a row store, seen as records."""

    rows: RowSnapshot
    cache: _Cache
    model: Model

    @property
    def seq(self) -> int:
        """The sequence number of the last commit that this moment contains."""
        return self.rows.seq

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        """The records of these ids, by id; absent ids are absent."""
        found = self.rows.get(kind_of(entity), ids)
        return {id_: self.cache.record(row) for id_, row in found.items()}

    def find(self, query: Query[R], /) -> Iterator[R]:
        """The records that answer ``query``, in its order; lazy where the order is the store's."""
        lowered = lower(query, self.model)
        rows = self.rows.find(lowered.query)
        if lowered.is_exact:
            found: Iterator[Any] = map(self.cache.record, rows)
            return found if lowered.is_ordered else run(query, found)
        found = self.cache.matching(query.kind, lowered.rest, rows)
        return islice(found, query.limit) if lowered.is_ordered else run(query, found)


class _Cache:
    """Decoded records by kind, id and version, the latest ``size`` of them.

    A row is compared with the one that was decoded: a file put back from a copy may give a
    version twice.
    """

    def __init__(self, codec: Codec, size: int) -> None:
        self._codec = codec
        self._size = size
        self._kept: dict[tuple[str, str, int], tuple[Mapping[str, Json], Any]] = {}
        self._lock = threading.Lock()

    def row(self, record: Record) -> Row | None:
        """The row that this very object was decoded from; ``None`` where that is not kept."""
        kind = kind_of(type(record))
        kept = self._kept.get((kind, record.id, record.version))
        if kept is None or kept[1] is not record:
            return None
        return Row(kind, record.id, record.version, kept[0])

    def matching(self, kind: str, where: Filter, rows: Iterable[Row]) -> Iterator[Any]:
        """The records of those rows of a kind that a filter is true of."""
        test = predicate(where)
        form = self._codec.forms.entity(kind) if self._codec.model.has(kind) else None
        fields = None if form is None else asked(where, form, OPEN)
        if form is None or fields is None:
            yield from filter(test, map(self.record, rows))
            return
        for row in rows:
            known = self._known(row)
            try:
                if known is not None:
                    is_answer = test(known)
                else:
                    is_answer = test(RowFields(plain_data(row.data), form, fields))
            except Misfit:  # decoding all of it tells more
                is_answer = test(self.record(row))
            if is_answer:
                yield self.record(row)

    def forget(self, rows: frozenset[tuple[str, str]]) -> None:
        """Keep nothing of these rows, by kind and id."""
        with self._lock:
            for key in [key for key in self._kept if key[:2] in rows]:
                del self._kept[key]

    def record(self, row: Row) -> Any:
        """The record of a row; see ``Codec.record``."""
        known = self._known(row)
        if known is not None:
            return known
        record = self._codec.record(row)
        data = row.data
        if isinstance(data, RowText):  # without what was decoded of it, which is as large again
            data = RowText(data.text, row.id)
        with self._lock:
            self._kept[row.kind, row.id, row.version] = (data, record)
            while len(self._kept) > self._size:
                del self._kept[next(iter(self._kept))]
        return record

    def _known(self, row: Row) -> Any:
        """The record that was decoded from this row; ``None`` where none is kept."""
        kept = self._kept.get((row.kind, row.id, row.version))
        if kept is None or not (kept[0] is row.data or kept[0] == row.data):
            return None
        return kept[1]
