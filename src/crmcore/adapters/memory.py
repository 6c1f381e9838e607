"""MemoryRepository: the reference implementation of the repository contract, in memory.

A commit costs what it changes, however much is stored: records have versions, and a snapshot
takes those of its moment. Questions about references, e-mail addresses, telephone numbers and
external ids are answered from indexes, and so are those about fields that were declared.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, TypeVar

import attrs
from attrs import frozen

from crmcore.adapters.indexes import Declared, Indexes, Page
from crmcore.adapters.versions import Versions
from crmcore.changes import (
    Change,
    ChangeSet,
    CheckExists,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
    Insert,
)
from crmcore.entities.record import Record, kind_of
from crmcore.errors import StoreClosedError, UsageError
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.ports.journal import Commit, HistoryGoneError
from crmcore.query import Query, matches, predicate, run, sieve, sort_key, value_at
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)


class MemoryRepository:
    """A ``Repository`` that keeps everything in memory, with a journal of its commits.

    One writer at a time; any number of readers, each in a moment of its own. ``model`` says which
    fields are references, e-mail addresses and telephone numbers: these, and external ids, have an
    index; ``indexes`` names further ones, such as ``[(Opportunity, F.stage)]``. Conditions of
    equality, of several values, of a range and of the beginning of a text use them.
    ``keep_commits`` is how many commits, the latest ones, the journal keeps (``None``: all).
    """

    def __init__(
        self,
        model: Model = STANDARD_MODEL,
        *,
        indexes: Iterable[Declared] = (),
        keep_commits: int | None = None,
    ) -> None:
        if keep_commits is not None and keep_commits < 0:
            raise UsageError("a number of commits is 0 or more", keep_commits)
        self._lock = threading.RLock()
        self._versions = Versions(self._lock)
        self._indexes = Indexes(model, indexes)
        self._commits: deque[Commit] = deque(maxlen=keep_commits)
        self._seq = 0
        self._is_closed = False

    @contextmanager
    def snapshot(self) -> Iterator[Moment]:
        """A context that gives the present moment; see ``Repository.snapshot``."""
        with self._lock:
            self._require_open()
            moment = self._now()
            self._versions.hold(moment.seq)
        try:
            yield moment
        finally:
            self._versions.release(moment.seq)

    def commit(self, changes: ChangeSet, /) -> int:
        """Store the whole set, or nothing of it; see ``Repository.commit``."""
        with self._lock:
            self._require_open()
            now = self._now()
            _test(now, changes)
            if not changes:
                return self._seq
            seq = self._seq + 1
            stored = _as_found(now, changes).as_stored(seq)
            self._indexes.add_all(stored.written)
            removed = [one.before for one in stored if isinstance(one, Delete)]
            self._versions.put_all(stored.written, removed, seq)
            commit = Commit(seq, changes.at, changes.by, changes.reason, stored.changes)
            self._seq = seq
            self._commits.append(commit)
            for gone, kept in self._versions.dropped(seq):
                self._indexes.discard(gone, kept)
            return seq

    def commits(self, after: int = 0) -> Iterator[Commit]:
        """The commits with a higher number than ``after``; see ``Journal.commits``."""
        with self._lock:
            self._require_open()
            after, oldest = max(after, 0), self._seq - len(self._commits)
            if after < oldest:
                raise HistoryGoneError(after, oldest)
            return iter(tuple(islice(self._commits, after - oldest, None)))

    def erase(self, refs: Iterable[Ref[Any]]) -> None:
        """Forget every value that these records had; see ``Erasable.erase``."""
        gone = frozenset(refs)
        with self._lock:
            self._require_open()
            for at, one in enumerate(self._commits):
                kept = tuple(change for change in one.changes if change.ref not in gone)
                if len(kept) < len(one.changes):
                    self._commits[at] = attrs.evolve(one, changes=kept)

    def close(self) -> None:
        """Refuse every further call; see ``Repository.close``."""
        self._is_closed = True

    def _now(self) -> Moment:
        return Moment(self._seq, self._versions, self._indexes, self._lock)

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreClosedError("the repository was closed", "memory", "make a new one")


@frozen
class Moment:
    """Everything stored at one moment."""

    seq: int
    versions: Versions
    indexes: Indexes
    lock: threading.RLock

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        """The records of these ids, by id; absent ids are absent."""
        kind = kind_of(entity)
        found = ((one, self.versions.get(kind, one, self.seq)) for one in ids)
        return {one: record for one, record in found if record is not None}  # type: ignore[misc]  # kind fixes the class

    def find(self, query: Query[R], /) -> Iterator[R]:
        """What ``query`` answers; lazily where there is nothing to sort."""
        ids = self._candidates(query)
        if ids is not None:
            among = self._among(query.kind, ids)
            if len(ids) > 1 or query.after is not None:
                return run(query, among)
            return islice(filter(predicate(query.where), among), query.limit)  # nothing to sort
        if not query.order:
            last = None if query.after is None else query.after[0]
            chunks = self.versions.chunks(query.kind, self.seq, last)
            return islice(chain.from_iterable(map(sieve(query.where), chunks)), query.limit)
        walk = self._walk(query)
        if walk is None:
            return run(query, self._among(query.kind, None))
        return islice(filter(predicate(query.where), walk), query.limit)  # type: ignore[arg-type]  # the kind fixes the class

    def stored(self, ref: Ref[Any]) -> Record | None:
        """The record that ``ref`` names, or ``None``."""
        return self.versions.get(ref.kind, ref.id, self.seq)

    def offender(self, check: CheckNone, own: frozenset[Ref[Any]]) -> Ref[Any] | None:
        """A record that ``check`` forbids, or ``None``; ``own`` are exempt."""
        query = check.query
        for record in self._among(query.kind, self._candidates(query)):
            if record.ref not in own and matches(query.where, record):
                return record.ref  # type: ignore[no-any-return]  # candidates are records
        return None

    def _walk(self, query: Query[Any]) -> Iterator[Record] | None:
        """The records in the order of ``query`` behind its cursor; ``None``: they need sorting."""
        with self.lock:
            pages = self.indexes.pages(query, self.lock)
        return None if pages is None else self._paged(query, pages)

    def _paged(self, query: Query[Any], pages: Iterator[Page]) -> Iterator[Record]:
        path = query.order[0].path
        for key, ids in pages:
            for record in self._among(query.kind, ids):
                # an id is in the pages of every value that its versions have
                if sort_key(value_at(record, path)) == key:
                    yield record

    def _candidates(self, query: Query[Any]) -> list[str] | None:
        with self.lock:
            return self.indexes.candidates(query)

    def _among(self, kind: str, ids: list[str] | None) -> Iterator[Any]:
        if ids is None:
            return self.versions.walk(kind, self.seq)
        found = (self.versions.get(kind, one, self.seq) for one in ids)
        return (one for one in found if one is not None)


def _subject(change: Change) -> Record:
    """The record that a change is about, as it is when the change is done, or before it is gone."""
    return change.before if isinstance(change, Delete) else change.after


def _state(record: Record | None) -> str:
    return "no record" if record is None else f"version {record.version}"


def _test(moment: Moment, changes: ChangeSet) -> None:
    for one in changes:
        subject = _subject(one)
        stored = moment.versions.get(kind_of(type(subject)), subject.id, moment.seq)
        if isinstance(one, Insert):
            if stored is not None:
                raise ConflictError(one.ref, "a free id", _state(stored))
        elif stored is None or stored.version != one.before.version:
            raise ConflictError(one.ref, f"version {one.before.version}", _state(stored))
    own = changes.refs if changes.checks else frozenset()
    for check in changes.checks:
        _test_check(moment, check, own)


def _test_check(
    moment: Moment, check: CheckVersion | CheckExists | CheckNone, own: frozenset[Ref[Any]]
) -> None:
    if isinstance(check, CheckNone):
        offender = moment.offender(check, own)
        if offender is not None:
            raise ConflictError(offender, str(check), "a record that matches")
        return
    stored = moment.stored(check.ref)
    if isinstance(check, CheckExists):
        if stored is None:
            raise ConflictError(check.ref, "that it exists", "no record")
    elif (0 if stored is None else stored.version) != check.version:
        raise ConflictError(check.ref, f"version {check.version}", _state(stored))


def _as_found(moment: Moment, changes: ChangeSet) -> ChangeSet:
    """The set with each record as it is stored; a change is tested by its version only."""
    if all(isinstance(one, Insert) for one in changes):
        return changes
    exact: list[Change] = []
    for one in changes:
        stored = moment.stored(one.ref)
        if isinstance(one, Insert) or stored is None:
            exact.append(one)
        else:
            exact.append(attrs.evolve(one, before=stored))
    return attrs.evolve(changes, changes=exact)
