"""Plain file: a correct row store in one file of checksummed lines, for bugs to be planted in."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from crmcore.changes import ConflictError
from crmcore.errors import DamagedStoreError, StorageError, StoreClosedError
from crmcore.ports import Row, RowChange, RowCommit
from crmcore.ports.rows import RowExpect
from crmcore.query import Query, matches, run
from crmcore.values import Ref


@frozen
class Moment:
    """The rows as JSON, by kind and id, as commit ``seq`` left them."""

    seq: int
    rows: Mapping[tuple[str, str], tuple[int, str]]

    def get(self, kind: str, ids: Sequence[str], /) -> Mapping[str, Row]:
        """The rows of these ids."""
        return {key: self._row(kind, key) for key in ids if (kind, key) in self.rows}

    def find(self, query: Query[Any], /) -> Iterator[Row]:
        """The rows that answer."""
        of_kind = [self._row(*key) for key in self.rows if key[0] == query.kind]
        rows = {id(row.data): row for row in of_kind}
        data: Any = [row.data for row in of_kind]
        return (rows[id(one)] for one in run(query, data))

    def _row(self, kind: str, key: str) -> Row:
        version, text = self.rows[kind, key]
        return Row(kind, key, version, json.loads(text))

    def test(self, commit: RowCommit) -> None:
        """Raise ``ConflictError`` where the commit may not be made."""
        if commit.expect_seq not in (None, self.seq):
            raise ConflictError(None, f"commit {commit.expect_seq}", f"commit {self.seq}")
        expected: list[RowChange | RowExpect] = [*commit.changes, *commit.expects]
        for one in expected:
            version = self.rows.get((one.kind, one.id), (0, ""))[0]
            if one.expect != version and (one.expect is not None or version == 0):
                raise ConflictError(Ref(one.kind, one.id), f"version {one.expect}", f"{version}")
        own = {(one.kind, one.id) for one in commit.changes}
        for query in commit.none:
            for row in self.find(Query(query.kind)):
                if (row.kind, row.id) not in own and matches(query.where, row.data):
                    raise ConflictError(Ref(row.kind, row.id), f"no {query}", "one that matches")

    def after(self, seq: int, changes: Any) -> Moment:
        """The moment that a line of changes leaves."""
        rows = dict(self.rows)
        for kind, key, data in changes:
            if data is None:
                rows.pop((kind, key), None)
            else:
                rows[kind, key] = (seq, data)
        return Moment(seq, rows)


class PlainFileStore:
    """A ``RowStore``: each commit is a line, with a checksum over itself and all before it."""

    def __init__(self, path: Path) -> None:
        self.path: Path = Path(path)
        self._turn = threading.RLock()
        self._is_closed = False
        self._start_again()
        with self._writing():
            self._refresh()

    def _start_again(self) -> None:
        self._moment, self._end, self._crc = Moment(0, {}), 0, 0

    @contextmanager
    def snapshot(self) -> Iterator[Moment]:
        """The present moment."""
        self._require_open()
        with self._turn:
            moment = self._refresh()
        yield moment

    def commit(self, changes: RowCommit, /) -> int:
        """One line more, or ``ConflictError``."""
        with self._writing():
            self._require_open()
            moment = self._refresh()
            moment.test(changes)
            if not changes.changes:
                return moment.seq
            lines = [
                [one.kind, one.id, None if one.data is None else json.dumps(one.data)]
                for one in changes.changes
            ]
            self._append([moment.seq + 1, lines])
            return self._refresh().seq

    def close(self) -> None:
        """A last line tells damage from a line that was cut by a crash."""
        if self._is_closed:
            return
        with self._writing():
            self._refresh()
            self._append(None)
        self._is_closed = True

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreClosedError("the store was closed", str(self.path), "open it anew")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._turn, Path(f"{self.path}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _append(self, line: Any) -> None:
        text = json.dumps(line)
        crc = zlib.crc32(text.encode(), self._crc)
        is_new = not self.path.exists()
        try:
            with self.path.open("ab") as file:
                file.truncate(self._end)
                file.write(f"{crc:08x} {text}\n".encode())
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                self._sync_folder()
        except OSError as error:
            raise StorageError(str(error), str(self.path)) from error

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _refresh(self) -> Moment:
        if not self.path.exists():
            return self._moment
        with self.path.open("rb") as file:
            file.seek(self._end)
            *lines, _torn = file.read().split(b"\n")
        for line in lines:
            self._read(line)
        return self._moment

    def _read(self, line: bytes) -> None:
        crc = zlib.crc32(line[9:], self._crc)
        if line[:9] != f"{crc:08x} ".encode():
            where = f"{self.path}, byte {self._end}"
            raise DamagedStoreError("the line has another checksum", where)
        change = json.loads(line[9:])
        if change is not None:
            self._moment = self._moment.after(*change)
        self._end += len(line) + 1
        self._crc = crc
