"""Indexes: what is computed from the records once and then kept up to date by every commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from crmcore.changes import Change, ChangeSet
from crmcore.ports import HistoryGoneError, Journal, Repository, Snapshot
from crmcore.rules import erasure


class Index(Protocol):
    """Something computed from all records of a moment, which commits can be added to."""

    def build(self, snapshot: Snapshot, /) -> None:
        """Compute it afresh from the records of this moment; what it held before is forgotten."""
        ...

    def apply(self, changes: Iterable[Change], /) -> None:
        """Bring it from the moment before one commit to the moment after it.

        Written records have their stored versions. The commit is stored already: when this
        raises, nobody is told, and the index is built afresh at its next use.
        """
        ...


class Indexes:
    """The indexes of one repository, each at the moment of some sequence number.

    An index is built at its first use. Commits through ``commit`` are added to it at once; those
    of others, in this process or another, are seen by their sequence numbers before it answers,
    and are caught up with from the journal, or the index is built afresh where there is none, or
    where something was erased from it.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._moments: dict[int, tuple[Index, int]] = {}
        self._lock = threading.RLock()

    @contextmanager
    def current(self, index: Index) -> Iterator[Snapshot]:
        """A block in which ``index`` stands at the snapshot given, the present moment.

        One thread at a time is in such a block, and none commits through ``commit`` meanwhile.
        """
        with self._lock, self._repository.snapshot() as snapshot:
            self._catch_up(index, snapshot)
            yield snapshot

    def forget(self, index: Index) -> None:
        """Build ``index`` afresh at its next use."""
        with self._lock:
            self._moments.pop(id(index), None)

    def commit(self, changes: ChangeSet, then: Callable[[], object] | None = None) -> int:
        """Commit to the repository and bring along every index that stands right before it.

        ``then`` is called after that, before anybody else commits here.
        """
        with self._lock:
            seq = self._repository.commit(changes)
            if self._moments and changes:
                self._apply(changes.as_stored(seq).changes, seq)
            if then is not None:
                then()
        return seq

    def _catch_up(self, index: Index, snapshot: Snapshot) -> None:
        seq = self._seq(index)
        if seq is not None and seq < snapshot.seq:
            self._replay(index, seq, snapshot.seq)
            seq = self._seq(index)
        if seq != snapshot.seq:
            self._moments.pop(id(index), None)
            index.build(snapshot)
            self._moments[id(index)] = (index, snapshot.seq)

    def _replay(self, index: Index, after: int, last: int) -> None:
        if not isinstance(self._repository, Journal):
            return
        try:
            for commit in self._repository.commits(after):
                # an erasure took changes out of commits before it, which look whole
                if commit.seq > last or commit.reason == erasure.REASON:
                    return
                self._advance(index, commit.changes, commit.seq)
                if self._seq(index) is None:
                    return
        except HistoryGoneError:
            return

    def _apply(self, changes: tuple[Change, ...], seq: int) -> None:
        # numbers rise by at least one for each commit: without a gap nothing was missed
        for index, stands_at in tuple(self._moments.values()):
            if stands_at == seq - 1:
                self._advance(index, changes, seq)

    def _advance(self, index: Index, changes: Iterable[Change], seq: int) -> None:
        # an index that fails halfway is at no moment at all
        self._moments.pop(id(index), None)
        with suppress(Exception):
            index.apply(changes)
            self._moments[id(index)] = (index, seq)

    def _seq(self, index: Index) -> int | None:
        known = self._moments.get(id(index))
        return None if known is None else known[1]
