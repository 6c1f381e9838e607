"""Versions: the records of every moment that somebody still reads, none of them copied.

Each id has a chain of versions, newest first. A reader at some sequence number takes the first
version that is not newer. What no reader can reach any more is dropped as later commits come.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import define

from crmcore.adapters.sorted_keys import SortedKeys
from crmcore.entities.record import Record, kind_of

CHUNK = 256
"""How many ids a walk takes at a time."""


@define(eq=False)
class _Version:
    seq: int
    record: Record | None
    older: _Version | None


class Versions:
    """Records by kind and id; one thread writes at a time, any number read.

    ``lock`` is held while the tables change, and while ids are taken from them.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._tables: dict[str, dict[str, _Version]] = {}
        self._ids: dict[str, SortedKeys[str]] = {}
        self._readers: Counter[int] = Counter()
        self._written: dict[str, int] = {}
        self._whole: dict[str, tuple[int, list[list[Record]]]] = {}
        self._superseded: deque[tuple[int, str, str]] = deque()

    def hold(self, seq: int) -> None:
        """Keep the versions of this moment until ``release``."""
        with self._lock:
            self._readers[seq] += 1

    def release(self, seq: int) -> None:
        """Have one reader less of this moment."""
        with self._lock:
            self._readers[seq] -= 1
            if not self._readers[seq]:
                del self._readers[seq]

    def get(self, kind: str, id_: str, seq: int) -> Record | None:
        """The record of an id at a moment, or ``None``."""
        table = self._tables.get(kind)
        version = None if table is None else table.get(id_)
        while version is not None and version.seq > seq:
            version = version.older
        return None if version is None else version.record

    def walk(self, kind: str, seq: int, after: str | None = None) -> Iterator[Record]:
        """The records of a moment by id, those after ``after``; lazily."""
        for chunk in self.chunks(kind, seq, after):
            yield from chunk

    def chunks(self, kind: str, seq: int, after: str | None = None) -> Iterator[list[Record]]:
        """The same, many at a time; whoever gets them must not change the lists.

        What a whole walk has found is kept until the next write of the kind, so that the next one
        is four times as fast.
        """
        with self._lock:
            ids, last, known = (
                self._ids.get(kind),
                self._written.get(kind, 0),
                self._whole.get(kind),
            )
        whole: list[list[Record]] | None = [] if after is None and seq >= last else None
        if whole is not None and known is not None and known[0] == last:
            yield from known[1]
            return
        while ids is not None:
            with self._lock:
                chunk = ids.after(after, CHUNK)
            found: list[Record] = []
            for newest in map(self._tables[kind].get, chunk):
                version: _Version | None = newest
                while version is not None and version.seq > seq:
                    version = version.older
                if version is not None and version.record is not None:
                    found.append(version.record)
            if whole is not None:
                whole.append(found)
            yield found
            if len(chunk) < CHUNK:
                break
            after = chunk[-1]
        with self._lock:
            if whole is not None and self._written.get(kind, 0) == last:
                self._whole[kind] = last, whole

    def put(self, kind: str, id_: str, record: Record | None, seq: int) -> None:
        """Add a version (``None``: the record was deleted); the lock is held."""
        if self._put(kind, id_, record, seq):
            self._ids.setdefault(kind, SortedKeys()).add(id_)
        self._touch(kind, seq)

    def put_all(self, written: Iterable[Record], gone: Iterable[Record], seq: int) -> None:
        """Add what a commit has written, and what it has removed; the lock is held."""
        fresh: dict[str, list[str]] = {}
        for records, is_written in ((written, True), (gone, False)):
            for record in records:
                kind, id_ = kind_of(type(record)), record.id
                ids = fresh.setdefault(kind, [])
                if self._put(kind, id_, record if is_written else None, seq):
                    ids.append(id_)
        for kind, ids in fresh.items():
            self._ids.setdefault(kind, SortedKeys()).add_all(ids)
            self._touch(kind, seq)

    def _put(self, kind: str, id_: str, record: Record | None, seq: int) -> bool:
        """Whether the id is new."""
        table = self._tables.get(kind)
        if table is None:
            table = self._tables[kind] = {}
        older = table.get(id_)
        table[id_] = _Version(seq, record, older)
        if older is not None:
            self._superseded.append((seq, kind, id_))
        return older is None

    def _touch(self, kind: str, seq: int) -> None:
        """Forget what a whole walk over a kind has found."""
        self._written[kind] = max(seq, self._written.get(kind, 0))
        self._whole.pop(kind, None)

    def dropped(self, now: int) -> Iterator[tuple[list[Record], list[Record]]]:
        """Drop what nobody reads any more; the lock is held.

        Gives the versions dropped of a record, and those that stay. ``now`` is the moment of the
        last commit.
        """
        oldest = min(self._readers, default=now)
        while self._superseded and self._superseded[0][0] <= oldest:
            _, kind, id_ = self._superseded.popleft()
            version: _Version | None = self._tables[kind].get(id_)
            kept: list[Record] = []
            while version is not None:
                if version.record is not None:
                    kept.append(version.record)
                if version.seq <= oldest:
                    break
                version = version.older
            if version is None:
                continue
            gone = list(_records(version.older))
            version.older = None
            if version is self._tables[kind][id_] and version.record is None:
                del self._tables[kind][id_]
                self._ids[kind].discard(id_)
            yield gone, kept


def _records(version: Any) -> Iterator[Record]:
    while version is not None:
        if version.record is not None:
            yield version.record
        version = version.older
