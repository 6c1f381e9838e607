"""Held: the records of a file kept decoded in memory, and brought along by its commits.

Nothing here is believed for longer than the file is as it was: before each snapshot the store
looks whether there is more in the file, which is then read, or another file, which is held anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeVar

from attrs import define, frozen

from crmcore.adapters.indexes import Indexes
from crmcore.adapters.jsonfile.moment import Moment
from crmcore.adapters.jsonfile.tail import Tail
from crmcore.adapters.memory import Moment as HeldMoment
from crmcore.adapters.versions import Versions
from crmcore.codec import DecodeError
from crmcore.codec.row_text import RowText
from crmcore.entities.record import Record, kind_of
from crmcore.model.model import Model
from crmcore.ports.repository import Snapshot
from crmcore.ports.rows import Row
from crmcore.query import Query

R = TypeVar("R", bound=Record)


class Reading(Enum):
    """What becomes of the records of a file that were read."""

    LAZY = "lazy"
    """They are decoded when they are touched; the latest ones are kept. Opening costs nothing."""
    HELD = "held"
    """All records of an entity are decoded when the first of them is read, and kept in memory.

    They are then as quick to find as in a ``MemoryRepository``, for its memory.
    """


@define(eq=False)
class _File:
    """One file, as far as its commits were followed, and since which of them each kind is held."""

    tail: Tail
    seq: int
    versions: Versions
    indexes: Indexes
    since: dict[str, float]


_NEVER = float("inf")
"""Since when a kind is held that holds a row nobody can decode."""


class Held:
    """The records of the file of a store, held by kind from the first use of each.

    ``present`` gives the present moment of the store, ``lazy`` reads one without holding anything,
    ``record`` decodes a row. A kind of which a row cannot be decoded is not held, so that reading
    another row of it is no error here either.
    """

    def __init__(
        self,
        present: Callable[[], Moment],
        lazy: Callable[[Moment], Snapshot],
        record: Callable[[Row], Any],
        model: Model,
    ) -> None:
        self._present = present
        self._lazy = lazy
        self._record = record
        self._model = model
        self._lock = threading.RLock()
        self._file: _File | None = None

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A context that gives the present moment; see ``Repository.snapshot``."""
        with self._lock:
            rows = self._present()
            file = self._file
            if file is None or file.tail is not rows.tail:
                indexes = Indexes(self._model)
                file = self._file = _File(rows.tail, rows.seq, Versions(self._lock), indexes, {})
            elif file.seq < rows.seq:
                self._follow(file, file.seq, rows.seq, frozenset(file.since))
                file.seq = rows.seq
            file.versions.hold(rows.seq)
        try:
            yield HeldSnapshot(rows, self._lazy(rows), self, file)
        finally:
            file.versions.release(rows.seq)

    def kind(self, kind: str, rows: Moment, file: _File) -> HeldMoment | None:
        """The records of a kind at a moment; ``None`` where they are not held since then."""
        since = file.since.get(kind)
        if since is None:
            if not self._model.has(kind):
                return None
            with self._lock:
                since = file.since.get(kind)
                if since is None:
                    since = self._hold(kind, rows, file)
        if rows.seq < since:
            return None
        return HeldMoment(rows.seq, file.versions, file.indexes, self._lock)

    def _hold(self, kind: str, rows: Moment, file: _File) -> float:
        """Hold a kind from a moment on; since when that is."""
        try:
            found = [(row.version, self._record(row)) for row in rows.all_of(kind)]
        except DecodeError:
            file.since[kind] = _NEVER
            return _NEVER
        file.indexes.add_all(record for _, record in found)
        for version, record in found:
            file.versions.put(kind, record.id, record, version)
        file.since[kind] = rows.seq
        self._follow(file, rows.seq, file.seq, frozenset({kind}))
        return file.since[kind]

    def _follow(self, file: _File, after: int, last: int, kinds: frozenset[str]) -> None:
        """Bring kinds along with the commits behind one, up to another."""
        for commit in file.tail.commits(after, last):
            for one in commit.rows:
                if one.kind not in kinds or file.since[one.kind] == _NEVER:
                    continue
                record: Record | None = None
                try:
                    if one.data is not None:
                        data = RowText(one.data, one.id)
                        decoded = self._record(Row(one.kind, one.id, commit.seq, data))
                        file.indexes.add(decoded)
                        record = decoded
                except DecodeError:
                    file.since[one.kind] = _NEVER
                    continue
                file.versions.put(one.kind, one.id, record, commit.seq)
            for gone, kept in file.versions.dropped(commit.seq):
                file.indexes.discard(gone, kept)


@frozen(eq=False)
class HeldSnapshot:
    """A moment of a file whose records are answered from memory, as far as they are held."""

    rows: Moment
    lazy: Snapshot
    held: Held
    file: _File

    @property
    def seq(self) -> int:
        """The sequence number of the last commit that this moment contains."""
        return self.rows.seq

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        """The records of these ids, by id; absent ids are absent."""
        moment = self.held.kind(kind_of(entity), self.rows, self.file)
        return (self.lazy if moment is None else moment).get(entity, ids)

    def find(self, query: Query[R], /) -> Iterator[R]:
        """The records that answer ``query``, in its order."""
        moment = self.held.kind(query.kind, self.rows, self.file)
        return (self.lazy if moment is None else moment).find(query)
