"""SQLiteStore: rows of crmcore in a SQLite database; ``RowRepository`` makes it a repository."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crmcore.adapters.rows import run_rows
from crmcore.changes import ConflictError
from crmcore.errors import StorageError, StoreClosedError, StoreLockedError
from crmcore.ports import Row, RowChange, RowCommit
from crmcore.ports.rows import RowExpect
from crmcore.query import ALL, And, Compare, Filter, In, Missing, Operator, Or, Path as Place, Query
from crmcore.query import StartsWith
from crmcore.values import Ref

SCHEMA = """
CREATE TABLE IF NOT EXISTS stored (
    kind TEXT, id TEXT, version INTEGER, data TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS last_commit AS SELECT 0 AS seq;
"""
MOST_VALUES = 500  # a statement takes about 32,000 parameters; a longer list is read as a whole


class SQLiteStore:
    """A ``RowStore`` in a SQLite file. Threads and processes may share it; readers never wait.

    ``indexed`` are the fields that queries should find quickly. A writer waits ``wait`` seconds
    for its turn before it raises ``StoreLockedError``.
    """

    def __init__(
        self, path: Path, *, indexed: Sequence[str] = ("email", "account_id"), wait: float = 10
    ) -> None:
        self.path = path
        self._wait = wait
        self._lock = threading.Lock()
        self._free: list[sqlite3.Connection] = []
        self._is_closed = False
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript("BEGIN IMMEDIATE;" + SCHEMA + "COMMIT")
            for name in indexed:
                found = f"ON stored (kind, {_value(Place(name))})"
                connection.execute(f"CREATE INDEX IF NOT EXISTS by_{name} {found}")

    @contextmanager
    def snapshot(self) -> Iterator[SQLiteSnapshot]:
        with self._connection() as connection:
            connection.execute("BEGIN")
            yield SQLiteSnapshot(connection)

    def commit(self, changes: RowCommit, /) -> int:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            now = SQLiteSnapshot(connection)
            _test(now, changes)
            if not changes.changes:
                return now.seq
            for one in changes.changes:
                if one.data is None:
                    gone = "DELETE FROM stored WHERE kind = ? AND id = ?"
                    connection.execute(gone, (one.kind, one.id))
                else:
                    row = (one.kind, one.id, now.seq + 1, json.dumps(one.data, allow_nan=False))
                    connection.execute("REPLACE INTO stored VALUES (?, ?, ?, ?)", row)
            connection.execute("UPDATE last_commit SET seq = seq + 1")
            connection.execute("COMMIT")
            return now.seq + 1

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
                raise StoreClosedError("the store was closed", str(self.path), "open it anew")
            connection = self._free.pop() if self._free else self._connected()
        try:
            yield connection
        except sqlite3.Error as error:
            kind = StoreLockedError if "locked" in str(error) else StorageError
            raise kind(str(error), str(self.path)) from error
        finally:
            if connection.in_transaction:
                connection.rollback()
            with self._lock:
                connection.close() if self._is_closed else self._free.append(connection)

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self._wait, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = FULL")
        return connection


class SQLiteSnapshot:
    """A ``RowSnapshot`` that lasts as long as the transaction of its connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # SQLite begins to read, and so chooses the moment, with the first SELECT.
        self.seq: int = connection.execute("SELECT seq FROM last_commit").fetchone()[0]

    def get(self, kind: str, ids: Sequence[str], /) -> Mapping[str, Row]:
        found: dict[str, Row] = {}
        for start in range(0, len(ids), MOST_VALUES):
            some = ids[start : start + MOST_VALUES]
            where = f"kind = ? AND id IN ({', '.join('?' * len(some))})"
            found |= {row.id: row for row in self._rows(where, [kind, *some])}
        return found

    def find(self, query: Query[Any], /) -> Iterator[Row]:
        sql, values = _lowered(query.where)
        if query.where != ALL or query.order:  # SQL chooses, Python decides and sorts
            return run_rows(query, self._rows(f"kind = ? AND {sql}", [query.kind, *values]))
        where, after = ("id > ?", query.after) if query.after else (sql, ())
        limit = -1 if query.limit is None else query.limit
        return self._rows(f"kind = ? AND {where} ORDER BY id LIMIT ?", [query.kind, *after, limit])

    def _rows(self, where: str, values: Sequence[Any]) -> Iterator[Row]:
        columns = "SELECT kind, id, version, data FROM stored WHERE"
        for kind, key, version, data in self._connection.execute(f"{columns} {where}", values):
            yield Row(kind, key, version, json.loads(data))


def _test(now: SQLiteSnapshot, commit: RowCommit) -> None:
    if commit.expect_seq not in (None, now.seq):
        raise ConflictError(None, f"commit {commit.expect_seq}", f"commit {now.seq}")
    for one in (*commit.changes, *commit.expects):
        row = now.get(one.kind, [one.id]).get(one.id)
        version = row.version if row else 0
        if one.expect != version and (one.expect is not None or not row):
            raise ConflictError(Ref(one.kind, one.id), f"version {one.expect}", f"{version}")
    own = {(one.kind, one.id) for one in commit.changes}
    for query in commit.none:
        for row in now.find(Query(query.kind, query.where)):
            if (row.kind, row.id) not in own:
                raise ConflictError(Ref(row.kind, row.id), f"no {query}", "one that matches")


def _lowered(where: Filter) -> tuple[str, list[Any]]:
    """SQL that is true of every row that ``where`` is true of, and perhaps of more."""
    match where:
        case And(terms) | Or(terms) if terms:
            parts = [_lowered(term) for term in terms[:MOST_VALUES]]
            joint = " AND " if isinstance(where, And) else " OR "
            if isinstance(where, And) or len(parts) == len(terms):
                sql = joint.join(part for part, _ in parts)
                return f"({sql})", [value for _, values in parts for value in values]
        case Missing(path) if _value(path):
            return f"{_value(path)} IS NULL", []
        case Compare(path, operator, value) if _value(path) and _is_sure(value):
            sign = operator.value.removesuffix("=") + "="  # >= for >: a NUL ends a text in JSON
            return f"{_value(path)} {sign} ?", [value]
        case In(path, values) if _value(path) and all(map(_is_sure, values)):
            if len(values) < MOST_VALUES:
                return f"{_value(path)} IN ({', '.join('?' * len(values))})", [*values]
        case StartsWith(path, text) if _value(path) and _is_sure(text):
            return f"{_value(path)} >= ?", [text]
    return "1", []


def _value(path: Place) -> str:
    """The value at a path, as SQL; nothing where its name could mean something else there."""
    if path.steps == ("id",):
        return "id"
    plain = all(re.fullmatch(r"[a-z_]+", step) for step in path.steps) and path.steps
    return f"json_extract(data, '$.{'.'.join(path.steps)}')" if plain else ""


def _is_sure(value: Any) -> bool:
    """Whether SQLite finds at least what Python finds equal, less or greater."""
    if isinstance(value, str):
        return "\0" not in value and len(value) < 1_000_000
    return isinstance(value, int) and abs(value) < 2**53
