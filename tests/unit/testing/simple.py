"""A small correct repository, made of one frozen moment after another, to plant bugs in."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import attrs
from attrs import field, frozen

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
from crmcore.errors import StoreClosedError
from crmcore.ports.journal import Commit
from crmcore.query import Compare, F, Query, matches, run
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)


@frozen
class _Moment:
    """Everything stored at one moment; nothing in it ever changes."""

    seq: int = 0
    records: Mapping[str, Mapping[str, Record]] = field(factory=dict)
    indexes: Mapping[str, frozenset[str]] = field(factory=dict)
    """Ids by e-mail address."""

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        stored = self.records.get(kind_of(entity), {})
        return {one: stored[one] for one in ids if one in stored}  # type: ignore[misc]  # kind fixes the class

    def find(self, query: Query[R], /) -> Iterator[R]:
        return run(query, self._candidates(query))

    def stored(self, ref: Ref[Any]) -> Record | None:
        return self.records.get(ref.kind, {}).get(ref.id)

    def _candidates(self, query: Query[Any]) -> Iterator[Any]:
        stored = self.records.get(query.kind, {})
        where = query.where
        if isinstance(where, Compare) and where == (F.email == where.value):
            ids = self.indexes.get(where.value, frozenset())
            return (stored[one] for one in sorted(ids) if one in stored)
        return iter(stored.values())

    def offender(self, check: CheckNone, own: frozenset[Ref[Any]]) -> Ref[Any] | None:
        for record in self._candidates(check.query):
            if record.ref not in own and matches(check.query.where, record):
                return record.ref  # type: ignore[no-any-return]  # candidates are records
        return None


class SimpleRepository:
    """A ``Repository`` and ``Journal`` that copies what it changes."""

    def __init__(self) -> None:
        self._moment = _Moment()
        self._commits: list[Commit] = []
        self._lock = threading.Lock()
        self._is_closed = False

    @contextmanager
    def snapshot(self) -> Iterator[_Moment]:
        """A context that gives the present moment; see ``Repository.snapshot``."""
        self._require_open()
        yield self._moment

    def commit(self, changes: ChangeSet, /) -> int:
        """Store the whole set, or nothing of it; see ``Repository.commit``."""
        with self._lock:
            self._require_open()
            _test(self._moment, changes)
            if not changes:
                return self._moment.seq
            seq = self._moment.seq + 1
            stored = _as_found(self._moment, changes).as_stored(seq)
            moment = _applied(self._moment, stored, seq)
            commit = Commit(seq, changes.at, changes.by, changes.reason, stored.changes)
            self._moment = moment
            self._commits.append(commit)
            return seq

    def commits(self, after: int = 0) -> Iterator[Commit]:
        """The commits with a higher number than ``after``; see ``Journal.commits``."""
        self._require_open()
        return iter(self._commits[max(after, 0) : self._moment.seq])

    def close(self) -> None:
        """Refuse every further call; see ``Repository.close``."""
        self._is_closed = True

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreClosedError("the repository was closed", "memory", "make a new one")


def _state(record: Record | None) -> str:
    return "no record" if record is None else f"version {record.version}"


def _test(moment: _Moment, changes: ChangeSet) -> None:
    for one in changes:
        stored = moment.stored(one.ref)
        if isinstance(one, Insert):
            if stored is not None:
                raise ConflictError(one.ref, "a free id", _state(stored))
        elif stored is None or stored.version != one.before.version:
            raise ConflictError(one.ref, f"version {one.before.version}", _state(stored))
    own = changes.refs
    for check in changes.checks:
        _test_check(moment, check, own)


def _test_check(
    moment: _Moment, check: CheckVersion | CheckExists | CheckNone, own: frozenset[Ref[Any]]
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


def _as_found(moment: _Moment, changes: ChangeSet) -> ChangeSet:
    """The set with each record as it is stored; a change is tested by its version only."""
    exact: list[Change] = []
    for one in changes:
        stored = moment.stored(one.ref)
        if isinstance(one, Insert) or stored is None:
            exact.append(one)
        else:
            exact.append(attrs.evolve(one, before=stored))
    return attrs.evolve(changes, changes=exact)


def _applied(moment: _Moment, changes: ChangeSet, seq: int) -> _Moment:
    kinds = {ref.kind for ref in changes.refs}
    records = {**moment.records}
    for kind in kinds:
        new = dict(records.get(kind, {}))
        for one in changes:
            if one.ref.kind != kind:
                continue
            if isinstance(one, Delete):
                del new[one.ref.id]
            else:
                new[one.ref.id] = one.after
        records[kind] = new
    return attrs.evolve(moment, seq=seq, records=records, indexes=_indexed(moment.indexes, changes))


def _indexed(
    indexes: Mapping[str, frozenset[str]], changes: ChangeSet
) -> Mapping[str, frozenset[str]]:
    new = dict(indexes)
    for one in changes:
        before = None if isinstance(one, Insert) else getattr(one.before, "email", None)
        after = None if isinstance(one, Delete) else getattr(one.after, "email", None)
        if before is not None:
            new[before] = new[before] - {one.ref.id}
        if after is not None:
            new[after] = new.get(after, frozenset()) | {one.ref.id}
    return new
