"""Plain table: a correct repository with a journal, in memory, for bugs to be planted in."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import attrs
from attrs import frozen

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
from crmcore.codec import Codec
from crmcore.codec.text import read_text_of, write_text_of
from crmcore.entities import Record, kind_of
from crmcore.errors import StoreClosedError
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.ports import Commit, Row
from crmcore.query import Query, matches, run
from crmcore.values import Ref

R = TypeVar("R", bound=Record)


@frozen
class Moment:
    """The records as JSON, by reference, as commit ``seq`` left them."""

    seq: int
    texts: Mapping[Ref[Any], tuple[int, str]]
    codec: Codec

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        """The records of these ids."""
        kind = kind_of(entity)
        found: Mapping[str, Any] = {one: self.stored(Ref(kind, one)) for one in ids}
        return {key: one for key, one in found.items() if one is not None}

    def find(self, query: Query[R], /) -> Iterator[R]:
        """The records that answer."""
        return run(query, self.of_kind(query.kind))

    def of_kind(self, kind: str) -> list[Any]:
        """The records of a kind, in no particular order."""
        return [self.stored(ref) for ref in self.texts if ref.kind == kind]

    def stored(self, ref: Ref[Any]) -> Any:
        """The record of this reference, or ``None``."""
        if ref not in self.texts:
            return None
        version, text = self.texts[ref]
        return self.codec.record(Row(ref.kind, ref.id, version, read_text_of(text)))

    def test(self, changes: ChangeSet) -> None:
        """Raise ``ConflictError`` where the set may not be stored."""
        for one in changes:
            version = self.texts.get(one.ref, (None, ""))[0]
            expected = None if isinstance(one, Insert) else one.before.version
            if version != expected:
                raise ConflictError(one.ref, f"version {expected}", f"version {version}")
        for check in changes.checks:
            self._test(check, changes.refs)

    def _test(
        self, check: CheckVersion | CheckExists | CheckNone, own: frozenset[Ref[Any]]
    ) -> None:
        if isinstance(check, CheckNone):
            for one in self.of_kind(check.query.kind):
                if one.ref not in own and matches(check.query.where, one):
                    raise ConflictError(one.ref, str(check), "a record that matches")
            return
        version = self.texts.get(check.ref, (0, ""))[0]
        if isinstance(check, CheckExists):
            if version == 0:
                raise ConflictError(check.ref, "that it exists", "no record")
        elif version != check.version:
            raise ConflictError(check.ref, f"version {check.version}", f"version {version}")


class PlainTable:
    """A ``Repository`` and ``Journal``, without any cleverness."""

    def __init__(self, model: Model = STANDARD_MODEL) -> None:
        self._codec = Codec(model)
        self._moment = Moment(0, {}, self._codec)
        self._commits: tuple[Commit, ...] = ()
        self._lock = threading.Lock()
        self._is_closed = False

    @contextmanager
    def snapshot(self) -> Iterator[Moment]:
        """The present moment."""
        self._require_open()
        yield self._moment

    def commit(self, changes: ChangeSet, /) -> int:
        """The whole set, or ``ConflictError``."""
        with self._lock:
            self._require_open()
            before = self._moment
            before.test(changes)
            if not changes:
                return before.seq
            seq = before.seq + 1
            texts = dict(before.texts)
            told: list[Change] = []
            for one in changes.as_stored(seq):
                found = before.stored(one.ref)
                told.append(one if found is None else attrs.evolve(one, before=found))
                if isinstance(one, Delete):
                    del texts[one.ref]
                else:
                    texts[one.ref] = (seq, write_text_of(self._codec.row(one.after).data))
            self._moment = Moment(seq, texts, self._codec)
            commit = Commit(seq, changes.at, changes.by, changes.reason, tuple(told))
            self._commits = (*self._commits, commit)
            return seq

    def commits(self, after: int = 0) -> Iterator[Commit]:
        """The commits behind a number."""
        self._require_open()
        return (one for one in self._commits if one.seq > after)

    def close(self) -> None:
        """Refuse every further call."""
        self._is_closed = True

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreClosedError("the repository was closed", "memory", "make a new one")
