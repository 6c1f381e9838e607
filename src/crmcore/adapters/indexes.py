"""Indexes: which records hold a reference or an e-mail address, kept beside the records.

An index only ever narrows down: what it offers is still tested against the whole filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from attrs import field, frozen

from crmcore.changes import Change, ChangeSet, Delete, Insert, Update
from crmcore.entities.record import Record, kind_of
from crmcore.fields import Email
from crmcore.model.describe import FieldSchema, Holds, describe
from crmcore.query import And, Compare, Contains, Filter, In, Operator, Query

Place: TypeAlias = tuple[str, str, bool]
"""Kind, field name, and whether its elements are looked up rather than its whole value."""


@frozen
class Indexes:
    """Ids by kind, field and value; never changed, only succeeded."""

    _ids: Mapping[Place, Mapping[Any, frozenset[str]]] = field(factory=dict)

    def candidates(self, query: Query[Any]) -> list[str] | None:
        """The ids among which every answer to ``query`` is; ``None`` where no index helps."""
        offers: list[frozenset[str]] = [
            frozenset[str]().union(*(self._ids[place].get(value, ()) for value in values))
            for place, values in _equalities(query.kind, query.where)
            if place in self._ids
        ]
        if not offers:
            return None
        fewest = min(offers, key=len)
        return sorted(fewest)

    def updated(self, changes: ChangeSet) -> Indexes:
        """The indexes once ``changes`` are stored."""
        new: dict[Place, dict[Any, frozenset[str]]] = {}
        for one in changes:
            for place in _places(one):
                new.setdefault(place, dict(self._ids.get(place, {})))
            for place, value in _entries(one, before=True):
                new[place][value] = new[place].get(value, frozenset()) - {one.ref.id}
            for place, value in _entries(one, before=False):
                new[place][value] = new[place].get(value, frozenset()) | {one.ref.id}
        kept = {
            place: {value: ids for value, ids in entries.items() if ids}
            for place, entries in new.items()
        }
        return Indexes({**self._ids, **kept})


def _indexed(entity: type[Record]) -> Iterator[FieldSchema]:
    for one in describe(entity).fields:
        if one.lookup is not None or isinstance(one.meaning, Email):
            yield one


def _places(change: Change) -> Iterator[Place]:
    for one in _indexed(_class(change)):
        yield change.ref.kind, one.name, one.holds is not Holds.ONE


def _class(change: Change) -> type[Record]:
    return type(change.before if isinstance(change, Delete) else change.after)


def _entries(change: Change, *, before: bool) -> Iterator[tuple[Place, Any]]:
    match change:
        case Insert(after):
            record = None if before else after
        case Update(old, new):
            record = old if before else new
        case Delete(old):
            record = old if before else None
    if record is not None:
        for one in _indexed(type(record)):
            place = (kind_of(type(record)), one.name, one.holds is not Holds.ONE)
            yield from ((place, item) for item in _elements(one.value(record), one.holds))


def _elements(value: Any, holds: Holds) -> Iterable[Any]:
    if holds is Holds.ONE:
        return () if value is None else (value,)
    return frozenset(value)


def _equalities(kind: str, where: Filter) -> Iterator[tuple[Place, tuple[Any, ...]]]:
    """Conditions that every answer meets: the field is, or has in it, one of these values."""
    if isinstance(where, And):
        for term in where.terms:
            yield from _equalities(kind, term)
    elif isinstance(where, Compare) and where.operator is Operator.EQ:
        if len(where.path.steps) == 1:
            yield (kind, where.path.steps[0], False), (where.value,)
    elif isinstance(where, In) and len(where.path.steps) == 1:
        yield (kind, where.path.steps[0], False), where.values
    elif isinstance(where, Contains) and len(where.path.steps) == 1:
        yield (kind, where.path.steps[0], True), (where.value,)
