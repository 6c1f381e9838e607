"""Past: a repository as it was after one of its commits, read through its journal, never written.

Each snapshot is one of the present with everything taken back that was committed since.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn

from attrs import frozen

from crmcore.changes import Change, ChangeSet, Delete, Insert
from crmcore.entities import Record
from crmcore.errors import UsageError
from crmcore.ports import Commit, HistoryGoneError, Journal, Overlay, Repository, Snapshot
from crmcore.values.ref import Ref


def journal_of(repository: Repository) -> Journal:
    """The journal of a repository; raises ``UsageError`` where it keeps none."""
    # a RowRepository has the method whatever is below it
    if isinstance(repository, Journal) and getattr(repository, "keeps_journal", True):
        return repository
    raise UsageError(
        "this repository keeps no journal",
        type(repository).__name__,
        "use one that is a crmcore.ports.Journal, such as JsonFileRepository",
    )


def kept(journal: Journal) -> tuple[int, Iterator[Commit]]:
    """Every commit that a journal still has, and the number of the one before the first."""
    try:
        return 0, journal.commits()
    except HistoryGoneError as gone:
        return gone.oldest, journal.commits(gone.oldest)


def seq_at(journal: Journal, moment: datetime) -> int:
    """The number of the last commit before the first one that was made after ``moment``.

    A commit without a moment counts as made together with the one before it. Raises
    ``HistoryGoneError`` where the journal begins later.
    """
    oldest, commits = kept(journal)
    seq = oldest
    for one in commits:
        if one.at is not None and one.at > moment:
            break
        seq = one.seq
    if seq == oldest and oldest > 0:
        raise HistoryGoneError(oldest - 1, oldest)
    return seq


@frozen
class _AsOf(Overlay):
    """An overlay that stands at an earlier number than the snapshot below it."""

    number: int = 0

    @property
    def seq(self) -> int:
        return self.number


class PastRepository:
    """A ``Repository`` and ``Journal`` of what ``present`` held after its commit ``seq``.

    Reading costs what it costs in the present, plus one look at each commit since. Every commit
    raises ``UsageError``. Closing it leaves ``present`` open.
    """

    def __init__(self, present: Repository, seq: int) -> None:
        self._present = present
        self._journal = journal_of(present)
        self._seq = seq
        self._read_to = seq
        self._since: dict[Ref[Any], Change] = {}
        self._lock = threading.Lock()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A context that gives the moment after the commit; see ``Repository.snapshot``."""
        with self._present.snapshot() as now:
            yield _AsOf(now, self._taken_back(now.seq), number=self._seq)

    def commit(self, changes: ChangeSet, /) -> NoReturn:
        """Raise ``UsageError``: the past does not change."""
        raise UsageError("the past cannot be changed", str(changes), "write to the present one")

    def commits(self, after: int = 0) -> Iterator[Commit]:
        """The commits up to this moment; see ``Journal.commits``."""
        for one in self._journal.commits(after):
            if one.seq > self._seq:
                return
            yield one

    def close(self) -> None:
        """Do nothing: what is read belongs to the present repository."""

    def _taken_back(self, to: int) -> ChangeSet:
        with self._lock:
            if to > self._read_to:
                for commit in self._journal.commits(self._read_to):
                    if commit.seq > to:
                        break
                    for one in commit.changes:
                        self._since.setdefault(one.ref, one)
                self._read_to = to
            return ChangeSet(map(_back, self._since.values()))


def _back(first: Change) -> Change:
    """What an overlay needs to show a record as it was before the first change since."""
    if isinstance(first, Insert):
        return Delete(first.after)
    before: Record = first.before
    return Insert(before)
