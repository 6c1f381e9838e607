"""Pending: a snapshot with changes on top that grows as they are decided.

What ``Overlay`` is for one change set, for thousands that are stored together: adding one costs
what it changes, and references are looked up instead of searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from crmcore.changes import (
    Change,
    ChangeSet,
    Check,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
    Insert,
    change,
)
from crmcore.entities.record import Record, kind_of
from crmcore.model.describe import Holds
from crmcore.model.model import Model
from crmcore.model.references import as_stored, references
from crmcore.ports import Snapshot
from crmcore.query import And, Compare, Contains, Filter, In, Operator, Query, matches, run
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)


class Pending:
    """A ``Snapshot`` that shows the change sets added so far on top of ``snapshot``."""

    def __init__(self, snapshot: Snapshot, model: Model) -> None:
        self._snapshot = snapshot
        self._model = model
        self._starts: dict[Ref[Any], Record | None] = {}
        self._checks: dict[Check, None] = {}
        self._written: dict[str, dict[str, Record | None]] = {}
        self._holders: dict[tuple[str, Any], set[str]] = {}
        self._log: list[Ref[Any]] = []

    @property
    def seq(self) -> int:
        """The sequence number of the snapshot below."""
        return self._snapshot.seq

    def add(self, changes: ChangeSet) -> None:
        """Show these changes too; they were decided on what is shown now.

        Raises ``ConflictError`` where they rely on something that the changes before made untrue.
        """
        for check in changes.checks:
            if isinstance(check, CheckNone):
                self._refuse_offender(check, changes.refs)
        self._checks.update(dict.fromkeys(one for one in changes.checks if self._is_below(one)))
        for one in changes:
            start = None if isinstance(one, Insert) else one.before
            after = None if isinstance(one, Delete) else one.after
            self._starts.setdefault(one.ref, start)
            self._log.append(one.ref)
            self._written.setdefault(one.ref.kind, {})[one.ref.id] = after
            for value in () if after is None else self._values(after):
                self._holders.setdefault((one.ref.kind, value), set()).add(one.ref.id)

    def changes_any(self, refs: Iterable[Ref[Any]]) -> bool:
        """Whether one of these records was written or removed here."""
        return any(ref in self._starts for ref in refs)

    @property
    def length(self) -> int:
        """How many changes were added so far."""
        return len(self._log)

    def since(self, length: int) -> dict[Ref[Any], Record | None]:
        """What the changes from the one of this number on left; ``None``: it is gone."""
        refs = dict.fromkeys(self._log[length:])
        return {ref: self._written[ref.kind][ref.id] for ref in refs}

    def _is_below(self, check: Check) -> bool:
        """Whether a check is for the store: what was written here before was just looked at."""
        return isinstance(check, CheckNone) or check.ref not in self._starts

    def _refuse_offender(self, check: CheckNone, own: frozenset[Ref[Any]]) -> None:
        written = self._written.get(check.query.kind, {})
        for id_ in self._candidates(check.query, written):
            record = written.get(id_)
            if record is not None and record.ref not in own and matches(check.query.where, record):
                raise ConflictError(record.ref, str(check), "a record that matches")

    def changes(self, start: ChangeSet) -> ChangeSet:
        """Everything that was added as one set, with the reason, user and moment of ``start``.

        What ``start.then(...)`` of all of them would be, in time that grows with their number only.
        """
        made: list[Change] = []
        gone: list[Check] = []
        for ref, before in self._starts.items():
            after = self._written[ref.kind][ref.id]
            if before is not None and after is not None:
                after = attrs.evolve(after, version=before.version)
            one = change(before, after)
            if one is None:
                gone.append(CheckVersion(ref, 0))
            else:
                made.append(one)
        return attrs.evolve(start, changes=made, checks=(*self._checks, *gone))

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        """The records of these ids, by id; absent ids are absent."""
        own = self._written.get(kind_of(entity), {})
        below = [one for one in ids if one not in own]
        found: dict[str, Any] = dict(self._snapshot.get(entity, below)) if below else {}
        found.update({one: own[one] for one in ids if own.get(one) is not None})
        return found

    def find(self, query: Query[R], /) -> Iterator[R]:
        """The records that answer ``query``, those of the changes included."""
        own = self._written.get(query.kind)
        if not own:
            return self._snapshot.find(query)
        limit = None if query.limit is None else query.limit + len(own)
        below = self._snapshot.find(attrs.evolve(query, limit=limit))
        mine: list[Any] = [
            record for one in self._candidates(query, own) if (record := own.get(one)) is not None
        ]
        return run(query, [*(one for one in below if one.id not in own), *mine])

    def _candidates(self, query: Query[Any], own: Mapping[str, object]) -> Iterable[str]:
        """The ids among which every answer is that was written: by a reference, or all."""
        offers = [
            set[str]().union(*(self._holders.get((query.kind, value), ()) for value in values))
            for field, values, is_element in _required(query.where)
            if self._is_reference(query.kind, field, is_element=is_element)
        ]
        if not offers:
            return own
        fewest: set[str] = min(offers, key=len)
        return fewest

    def _is_reference(self, kind: str, field: str, *, is_element: bool) -> bool:
        return self._model.has(kind) and any(
            one.name == field and not one.is_custom and is_element is (one.holds is not Holds.ONE)
            for one in self._model.schema(kind).lookups
        )

    def _values(self, record: Record) -> Iterator[Any]:
        if self._model.has(type(record)):
            for one, ref in references(record, self._model.schema_of(record)):
                single = one.lookup is not None and one.lookup.kind is not None
                yield as_stored(ref, ref.id if single else ref)


def _required(where: Filter) -> Iterator[tuple[str, tuple[Any, ...], bool]]:
    """Fields, the values of which every answer has one, and whether as an element."""
    match where:
        case And(terms=terms):
            for term in terms:
                yield from _required(term)
        case Compare(path=path, operator=Operator.EQ, value=value) if len(path.steps) == 1:
            yield path.steps[0], (value,), False
        case In(path=path, values=values) if len(path.steps) == 1:
            yield path.steps[0], tuple(values), False
        case Contains(path=path, value=value) if len(path.steps) == 1:
            yield path.steps[0], (value,), True
