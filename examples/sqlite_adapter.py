"""SQLiteStore: rows of crmcore in a SQLite file; ``RowRepository`` makes it a repository."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from crmcore import ConflictError, Ref
from crmcore import query as q
from crmcore.adapters.rows import run_rows
from crmcore.errors import StorageError, StoreClosedError, StoreLockedError
from crmcore.ports.rows import Row, RowChange, RowCommit, RowExpect

SCHEMA = """
CREATE TABLE IF NOT EXISTS stored (kind, id, version, data, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS last_commit AS SELECT 0 AS seq;
CREATE INDEX IF NOT EXISTS by_email ON stored (kind, json_extract(data, '$.email'))"""
MOST = 100  # values or terms side by side; SQLite takes about 32,000 in one statement


class SQLiteStore:
    """A ``RowStore`` that threads and processes may share; readers never wait for writers."""

    def __init__(self, path: str) -> None:
        self.path, self._lock, self._is_closed = path, threading.Lock(), False
        self._free = list[sqlite3.Connection]()
        with self._connection() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)

    @contextmanager
    def snapshot(self) -> Iterator[SQLiteSnapshot]:
        with self._connection() as db:
            db.execute("BEGIN")
            yield SQLiteSnapshot(db)

    def commit(self, changes: RowCommit, /) -> int:
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            now = SQLiteSnapshot(db)
            _test(now, changes)
            seq = now.seq + bool(changes.changes)
            for one in changes.changes:
                db.execute("DELETE FROM stored WHERE kind = ? AND id = ?", (one.kind, one.id))
                if one.data is not None:
                    row = (one.kind, one.id, seq, json.dumps(one.data, allow_nan=False))
                    db.execute("INSERT INTO stored VALUES (?, ?, ?, ?)", row)
            db.execute("UPDATE last_commit SET seq = ?", (seq,))
            db.execute("COMMIT")
            return seq

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            while self._free:
                self._free.pop().close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses meanwhile; what it has begun ends with it."""
        with self._lock:
            if self._is_closed:
                raise StoreClosedError("the store was closed", self.path, "open it anew")
            connection = self._free.pop() if self._free else None
        if connection is None:
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA synchronous = FULL")
        try:
            yield connection
        except sqlite3.Error as error:
            kind = StoreLockedError if "locked" in str(error) else StorageError
            raise kind(str(error), self.path) from error
        finally:
            connection.rollback()
            with self._lock:
                connection.close() if self._is_closed else self._free.append(connection)


class SQLiteSnapshot:
    """A ``RowSnapshot``: with its first SELECT a transaction chooses the moment that it reads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.seq: int = connection.execute("SELECT seq FROM last_commit").fetchone()[0]

    def get(self, kind: str, ids: Sequence[str], /) -> Mapping[str, Row]:
        found: dict[str, Row] = {}
        for some in (ids[start : start + MOST] for start in range(0, len(ids), MOST)):
            where = f"kind = ? AND id IN ({', '.join('?' * len(some))})"
            found |= {row.id: row for row in self._rows(where, kind, *some)}
        return found

    def find(self, query: q.Query[Any], /) -> Iterator[Row]:
        if query.where != q.ALL or query.order:
            where, values = lowered(query.where)  # SQL chooses, Python decides and sorts
            return run_rows(query, self._rows(f"kind = ? AND {where}", query.kind, *values))
        after = "" if query.after is None else "AND id > ?"
        values = [*(query.after or ()), -1 if query.limit is None else query.limit]
        return self._rows(f"kind = ? {after} ORDER BY id LIMIT ?", query.kind, *values)

    def _rows(self, where: str, *values: Any) -> Iterator[Row]:
        found = self._connection.execute(f"SELECT * FROM stored WHERE {where}", values)
        return (Row(row[0], row[1], row[2], json.loads(row[3])) for row in found)


def _test(now: SQLiteSnapshot, commit: RowCommit) -> None:
    if commit.expect_seq not in (None, now.seq):
        raise ConflictError(None, f"commit {commit.expect_seq}", f"commit {now.seq}")
    expected: list[RowChange | RowExpect] = [*commit.changes, *commit.expects]
    for one in expected:
        row = now.get(one.kind, [one.id]).get(one.id)
        version = row.version if row else 0
        if one.expect != version and (one.expect is not None or not row):
            raise ConflictError(Ref(one.kind, one.id), f"version {one.expect}", f"{version}")
    own = {(one.kind, one.id) for one in commit.changes}
    for query in commit.none:
        for row in now.find(q.Query(query.kind, query.where)):
            if (row.kind, row.id) not in own:
                raise ConflictError(Ref(row.kind, row.id), f"no {query}", "one that matches")


def lowered(where: q.Filter) -> tuple[str, list[Any]]:
    """SQL, with its values, that is true of each row that ``where`` is true of; maybe of more."""
    if isinstance(where, q.And | q.Or) and 0 < len(where.terms) < MOST:
        parts = [lowered(term) for term in where.terms]
        sql = (" AND " if isinstance(where, q.And) else " OR ").join(part for part, _ in parts)
        return f"({sql})", [value for _, values in parts for value in values]
    steps = getattr(where, "path", q.F).steps or ("?",)
    column = f"json_extract(data, '$.{'.'.join(steps)}')"
    match where if all(re.fullmatch("[a-z_]+", step) for step in steps) else None:
        case q.Missing():
            return f"{column} IS NULL", []
        case q.Compare(_, operator, value) if _is_sure(value):
            return f"{column} {operator.value.rstrip('=')}= ?", [value]  # never too few: >= for >
        case q.In(_, values) if len(values) < MOST and all(map(_is_sure, values)):
            return f"{column} IN ({', '.join('?' * len(values))})", [*values]
        case q.StartsWith(_, text) if _is_sure(text):
            return f"{column} >= ?", [text]
    return "1", []


def _is_sure(value: Any) -> bool:
    """Whether SQL finds what equals it: there a NUL ends a text, and large numbers are rounded."""
    return "\0" not in value if type(value) is str else type(value) is int and abs(value) < 2**53
