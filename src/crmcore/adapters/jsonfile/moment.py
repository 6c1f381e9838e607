"""Moment: the rows of a file as one commit left them: the sorted part with the tail on top."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from attrs import field, frozen

from crmcore.adapters.jsonfile.base import Base
from crmcore.adapters.jsonfile.batch import key_text
from crmcore.adapters.jsonfile.lines import is_text
from crmcore.adapters.jsonfile.needles import needle
from crmcore.adapters.jsonfile.places import Indexed
from crmcore.adapters.jsonfile.tail import Tail, Version
from crmcore.adapters.rows import run_rows
from crmcore.changes import ConflictError
from crmcore.codec.row_text import plain_data
from crmcore.ports.rows import NewRows, Row, RowChange, RowCommit, RowExpect
from crmcore.query import ALL, Query, matches, predicate
from crmcore.values.ref import Ref


@frozen(eq=False)
class Moment:
    """A ``RowSnapshot`` of the commit ``seq``; ``base`` is ``None`` where there is no file yet."""

    base: Base | None
    tail: Tail
    seq: int
    indexed: Indexed = field(factory=Indexed)

    def get(self, kind: str, ids: Sequence[str], /) -> Mapping[str, Row]:
        """The rows of these ids, by id; absent ids are absent."""
        found: dict[str, Row] = {}
        for id_ in ids:
            row = self.row(kind, id_)
            if row is not None:
                found[id_] = row
        return found

    def find(self, query: Query[Any], /) -> Iterator[Row]:
        """The rows that answer the query, in its order."""
        offered = self._offered(query)
        if offered is not None:
            if len(offered) > 1 or query.after is not None:
                return run_rows(query, offered)
            found = (one for one in offered if matches(query.where, plain_data(one.data)))
            return islice(found, query.limit)  # nothing to sort
        after = None if query.after is None else query.after[-1]
        if query.order or not self._is_sorted or not (after is None or is_text(after)):
            return run_rows(query, self._scanned(query, None))
        scanned = self._scanned(query, after)
        if query.where != ALL:
            test = predicate(query.where)
            scanned = (row for row in scanned if test(plain_data(row.data)))
        return islice(scanned, query.limit)

    def row(self, kind: str, id_: str) -> Row | None:
        """One row; ``None`` where it is not stored."""
        version = self.tail.version(kind, id_, self.seq)
        if version is not None:
            return version.row(kind, id_)
        return None if self.base is None else self.base.row(kind, id_)

    def all_of(self, kind: str) -> Iterator[Row]:
        """Every row of a kind."""
        return self.find(Query(kind))

    def kinds(self) -> list[str]:
        """The kinds that have, or once had, rows."""
        return sorted({*self.tail.kinds(), *(() if self.base is None else self.base.kinds())})

    def test(self, commit: RowCommit) -> None:
        """Raise ``ConflictError`` where this moment is not what a commit expects."""
        if commit.expect_seq is not None and commit.expect_seq != self.seq:
            raise ConflictError(None, f"commit {commit.expect_seq}", f"commit {self.seq}")
        expected: list[RowChange | RowExpect] = [*self._not_free(commit), *commit.expects]
        for one in expected:
            self._test_version(one)
        own = {(one.kind, one.id) for one in commit.changes} if commit.none else set()
        for query in commit.none:
            for row in self.find(Query(query.kind, query.where)):
                if (row.kind, row.id) not in own:
                    raise ConflictError(Ref(row.kind, row.id), f"no {query}", "one that matches")

    def _not_free(self, commit: RowCommit) -> Iterable[RowChange]:
        """The changes, but for new rows of which there surely never was one with their keys."""
        new = commit.changes
        if not isinstance(new, NewRows):
            return new
        if self.base is not None:
            try:
                keys = sorted(map(key_text, new.kinds, new.ids))
                if not self.base.lacks(keys):
                    return new
            except UnicodeEncodeError:  # a lone surrogate, which is told later
                return new
        ever = {kind: self.tail.ever(kind) for kind in set(new.kinds)}
        pairs = enumerate(zip(new.kinds, new.ids, strict=True))
        return [new[at] for at, (kind, id_) in pairs if id_ in ever[kind]]

    @property
    def _is_sorted(self) -> bool:
        return self.base is None or self.base.head.is_plain

    def _test_version(self, one: RowChange | RowExpect) -> None:
        row = self.row(one.kind, one.id)
        version = 0 if row is None else row.version
        if one.expect == version or (one.expect is None and version):
            return
        expected = {None: "that it exists", 0: "a free id"}.get(one.expect, f"version {one.expect}")
        found = f"version {version}" if version else "no record"
        raise ConflictError(Ref(one.kind, one.id), expected, found)

    def _offered(self, query: Query[Any]) -> list[Row] | None:
        """The rows that an index offers, all answers among them; ``None`` where none helps."""
        found = self.indexed.looked_up(query.kind, query.where)
        if found is None:
            return None
        place, name, keys = found
        rows: dict[str, Row] = {}
        if self.base is not None:
            number = self.base.indexes().get(name)
            if number is None:
                return None
            for key in keys:
                for at in self.base.places(number, key):
                    row = self.base.row_at(at)
                    if self.tail.version(row.kind, row.id, self.seq) is None:
                        rows[row.id] = row
        for id_ in self.tail.ids(place, keys):
            row_or_none = self.row(place.kind, id_)
            if row_or_none is not None:
                rows[id_] = row_or_none
        return list(rows.values())

    def _scanned(self, query: Query[Any], after: str | None) -> Iterator[Row]:
        """The rows of a kind, those that cannot answer left out; by id where the base is so."""
        written = self.tail.rows(query.kind, self.seq)
        fresh = _fresh(query.kind, written, after)
        if self.base is None:
            return fresh
        pattern = needle(query.where)
        if pattern is None or after is not None:
            below = self.base.rows(query.kind, after)
        else:
            below = self.base.rows_with(query.kind, pattern)
        if not written:
            return below
        kept = (row for row in below if row.id not in written)
        return heapq.merge(kept, fresh, key=lambda row: row.id)


def _fresh(kind: str, written: Mapping[str, Version], after: str | None) -> Iterator[Row]:
    for id_ in sorted(written):
        row = written[id_].row(kind, id_)
        if row is not None and (after is None or id_ > after):
            yield row
