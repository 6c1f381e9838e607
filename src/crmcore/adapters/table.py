"""RowTable: the rows of one moment, kept in memory, and what a commit makes of them.

What row stores that keep everything in memory have in common. A table never changes; rows are
copied on the way in and out, so nobody else holds what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from crmcore.adapters.rows import run_rows
from crmcore.changes import ConflictError
from crmcore.errors import UsageError
from crmcore.ports.rows import Json, Row, RowChange, RowCommit, RowExpect
from crmcore.query import Query, matches
from crmcore.values.ref import Ref


@frozen
class RowTable:
    """A ``RowSnapshot``: rows by kind and id, as commit ``seq`` left them."""

    seq: int = 0
    rows: Mapping[str, Mapping[str, Row]] = field(factory=dict)

    def get(self, kind: str, ids: Sequence[str], /) -> Mapping[str, Row]:
        """The rows of these ids, by id; absent ids are absent."""
        stored = self.rows.get(kind, {})
        return {one: _copy(stored[one]) for one in ids if one in stored}

    def find(self, query: Query[Any], /) -> Iterator[Row]:
        """The rows that answer the query, in its order."""
        return map(_copy, run_rows(query, self.rows.get(query.kind, {}).values()))

    def after(self, commit: RowCommit) -> RowTable:
        """The table that ``commit`` leaves; raises ``ConflictError`` where it must not be made.

        Without changes that is this table. Raises ``UsageError`` for data that JSON cannot hold.
        """
        self._test(commit)
        if not commit.changes:
            return self
        seq = self.seq + 1
        rows = {kind: dict(stored) for kind, stored in self.rows.items() if _writes(commit, kind)}
        for one in commit.changes:
            stored = rows.setdefault(one.kind, {})
            if one.data is None:
                stored.pop(one.id, None)
            else:
                stored[one.id] = Row(one.kind, one.id, seq, _plain(one.data, one))
        return RowTable(seq, {**self.rows, **rows})

    def _test(self, commit: RowCommit) -> None:
        if commit.expect_seq is not None and commit.expect_seq != self.seq:
            raise ConflictError(None, f"commit {commit.expect_seq}", f"commit {self.seq}")
        expected: list[RowChange | RowExpect] = [*commit.changes, *commit.expects]
        for one in expected:
            self._test_version(one)
        own = {(one.kind, one.id) for one in commit.changes}
        for query in commit.none:
            for row in self.rows.get(query.kind, {}).values():
                if (row.kind, row.id) not in own and matches(query.where, row.data):
                    raise ConflictError(Ref(row.kind, row.id), f"no {query}", "one that matches")

    def _test_version(self, one: RowChange | RowExpect) -> None:
        stored = self.rows.get(one.kind, {}).get(one.id)
        version = 0 if stored is None else stored.version
        if one.expect == version or (one.expect is None and version):
            return
        expected = {None: "that it exists", 0: "a free id"}.get(one.expect, f"version {one.expect}")
        found = f"version {version}" if version else "no record"
        raise ConflictError(Ref(one.kind, one.id), expected, found)


def _writes(commit: RowCommit, kind: str) -> bool:
    return any(one.kind == kind for one in commit.changes)


def _copy(row: Row) -> Row:
    return Row(row.kind, row.id, row.version, _copied(row.data))


def _copied(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _plain(value: Json, where: RowChange) -> Json:
    """A copy of a value that JSON can hold."""
    if value is None or type(value) in (str, bool, int):
        return value
    if isinstance(value, Mapping) and all(type(key) is str for key in value):
        return {key: _plain(item, where) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, where) for item in value]
    hint = "use None, bool, int, str, lists and mappings with text keys"
    raise UsageError(f"the row {where.kind}:{where.id} has data that JSON cannot hold", value, hint)
