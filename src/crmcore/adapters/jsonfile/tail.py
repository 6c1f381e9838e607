"""Tail: what commits wrote since the sorted part of the file was made, as they stand in it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable

from attrs import frozen

from crmcore.adapters.jsonfile.lines import CommitLine
from crmcore.adapters.jsonfile.places import Place
from crmcore.codec.row_text import RowText
from crmcore.ports.rows import Row


@frozen
class Version:
    """A row as one commit left it; ``text`` is its data, ``None`` where it was removed."""

    seq: int
    text: str | None

    def row(self, kind: str, id_: str) -> Row | None:
        """The row; ``None`` where it was removed."""
        return None if self.text is None else Row(kind, id_, self.seq, RowText(self.text, id_))


class Tail:
    """The commits of a tail; it only ever grows, so every number up to the last is a moment."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, tuple[Version, ...]]] = {}
        self._commits: list[CommitLine] = []
        self._log: dict[str, list[tuple[str, str]]] = {}
        self._indexes: dict[Place, tuple[int, dict[str, set[str]]]] = {}
        self._lock = threading.Lock()

    def add(self, commit: CommitLine) -> None:
        """Add the commit that follows the last one."""
        with self._lock:
            for one in commit.rows:
                self._put(one.kind, one.id, Version(commit.seq, one.data))
            self._commits.append(commit)

    def put(self, row: Row, text: str) -> None:
        """Add a row that no commit here wrote, as a file of the old format has them."""
        with self._lock:
            self._put(row.kind, row.id, Version(row.version, text))

    def _put(self, kind: str, id_: str, version: Version) -> None:
        rows = self._rows.setdefault(kind, {})
        rows[id_] = (*rows.get(id_, ()), version)
        if version.text is not None:
            self._log.setdefault(kind, []).append((id_, version.text))

    def version(self, kind: str, id_: str, seq: int) -> Version | None:
        """What was written last, up to a commit; ``None`` where nothing was."""
        rows = self._rows.get(kind)
        versions = None if rows is None else rows.get(id_)
        for one in reversed(versions or ()):
            if one.seq <= seq:
                return one
        return None

    def rows(self, kind: str, seq: int) -> dict[str, Version]:
        """What was written of a kind up to a commit, by id."""
        with self._lock:
            versions = dict(self._rows.get(kind, {}))
        found = {
            id_: next((one for one in reversed(every) if one.seq <= seq), None)
            for id_, every in versions.items()
        }
        return {id_: one for id_, one in found.items() if one is not None}

    def ever(self, kind: str) -> Collection[str]:
        """The ids of a kind that any commit has written; they only become more."""
        return self._rows.get(kind, {}).keys()

    def kinds(self) -> list[str]:
        """The kinds that anything was written of."""
        with self._lock:
            return sorted(self._rows)

    def commits(self, after: int, seq: int) -> list[CommitLine]:
        """The commits with numbers above ``after`` and up to ``seq``."""
        with self._lock:
            first = self._commits[0].seq if self._commits else 0  # numbers follow one another
            return self._commits[max(after + 1 - first, 0) : max(seq + 1 - first, 0)]

    def ids(self, place: Place, keys: Iterable[str]) -> list[str]:
        """The ids of rows that have, or once had, one of these keys, in order."""
        with self._lock:
            upto, index = self._indexes.get(place, (0, {}))
            log = self._log.get(place.kind, [])
            for id_, text in log[upto:]:
                for key in place.keys(RowText(text, id_).decoded()):
                    index.setdefault(key, set()).add(id_)
            self._indexes[place] = len(log), index
            found: set[str] = set()
            for key in keys:
                found |= index.get(key, set())
        return sorted(found)

    def plus(self, commit: CommitLine) -> Tail:
        """Another tail, which has this commit too."""
        other = Tail()
        with self._lock:
            other._rows = {kind: dict(rows) for kind, rows in self._rows.items()}
            other._commits = list(self._commits)
            other._log = {kind: list(log) for kind, log in self._log.items()}
        other.add(commit)
        return other
