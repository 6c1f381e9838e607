"""Indexes: which records have a value in a field, so that a question need not look at all.

An index only ever narrows down: it may offer records that no longer have the value, and what it
offers is tested against the whole filter. It never leaves one out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from attrs import define, field, frozen

from crmcore.adapters.sorted_keys import SortedKeys
from crmcore.entities.record import Record, kind_of
from crmcore.fields import Email, Phone
from crmcore.model.describe import FieldSchema, Holds, describe
from crmcore.model.model import Entity, Model, kind_name
from crmcore.query import (
    And,
    Compare,
    Contains,
    Filter,
    In,
    Operator,
    Or,
    Path,
    Query,
    StartsWith,
    sort_key,
    value_at,
)

Key: TypeAlias = tuple[Any, ...]
"""What ``sort_key`` makes of a value: equal values have equal keys."""


class _Top:
    """Greater than any id: the end of the pairs of a key."""

    def __gt__(self, other: object) -> bool:
        return True

    def __lt__(self, other: object) -> bool:
        return False


TOP: Any = _Top()  # Any: it stands where ids do


@define(eq=False)
class _Index:
    """The ids by key of one field; the keys are put in order when that is first asked for.

    Of most keys there is one id, which stands for itself: a dictionary takes 200 bytes.
    """

    _ids: dict[Key, str | dict[str, None]] = field(factory=dict)
    order: SortedKeys[Key] | None = None

    def add(self, key: Key, id_: str) -> None:
        ids = self._ids.setdefault(key, id_)
        if ids is id_:
            if self.order is not None:
                self.order.add(key)
        elif isinstance(ids, dict):
            ids[id_] = None
        elif ids != id_:
            self._ids[key] = {ids: None, id_: None}

    def discard(self, key: Key, id_: str) -> None:
        ids = self._ids.get(key)
        if isinstance(ids, dict):
            ids.pop(id_, None)
        if ids in (id_, {}):
            del self._ids[key]
            if self.order is not None:
                self.order.discard(key)

    def at(self, key: Key) -> Collection[str]:
        ids = self._ids.get(key, ())
        return (ids,) if isinstance(ids, str) else ids

    def equal(self, key: Key) -> list[Collection[str]]:
        return [self.at(key)] if key in self._ids else []

    def between(self, low: Key, high: Key) -> list[Collection[str]]:
        return [self.at(key) for key in self.ordered().between(low, high)]

    def ordered(self) -> SortedKeys[Key]:
        if self.order is None:
            self.order = SortedKeys(self._ids)
        return self.order

    def following(self, key: Key | None, *, descending: bool) -> Key | None:
        if descending:
            return self.ordered().last_before(key)
        return next(iter(self.ordered().after(key, 1)), None)


@frozen
class _Place:
    """Where an index looks: the path, whether it has the elements found there, or what is missing.

    An index that also knows where a value is missing can put all records in order.
    """

    path: Path
    has_elements: bool = False
    has_missing: bool = False

    def keys(self, record: Record) -> Iterable[Key]:
        value = value_at(record, self.path)
        if self.has_elements:
            return {sort_key(one) for one in value} if isinstance(value, Iterable) else ()
        return () if value is None and not self.has_missing else (sort_key(value),)


Declared: TypeAlias = tuple[Entity, Path]
"""An index of one's own: an entity and the path of a value, such as ``(Opportunity, F.stage)``."""


Page: TypeAlias = tuple[Key, list[str]]
"""The ids that have, or had, the value of a key."""


class Indexes:
    """The indexes of a repository.

    There is one for each reference (custom ones too), e-mail address, telephone number and
    external id that ``model`` knows of, and one for each that was declared. Who calls sees to it
    that one thread at a time does.
    """

    def __init__(self, model: Model, declared: Iterable[Declared] = ()) -> None:
        self._model = model
        self._declared: dict[str, list[_Place]] = {}
        for entity, path in declared:
            self._declared.setdefault(kind_name(entity), []).append(_Place(path, has_missing=True))
        self._places: dict[str, tuple[_Place, ...]] = {}
        self._indexes: dict[tuple[str, _Place], _Index] = {}
        self._external: dict[tuple[str, str], _Index] = {}

    def add(self, record: Record) -> None:
        """Take in a version of a record."""
        self.add_all((record,))

    def add_all(self, records: Iterable[Record]) -> None:
        """Take in versions of records, place by place: most places are empty in most records."""
        by_class: dict[type[Record], list[Record]] = {}
        for one in records:
            by_class.setdefault(type(one), []).append(one)
        for entity, some in by_class.items():
            kind = kind_of(entity)
            for place in self._places_of(kind, entity):
                self._add_at(kind, place, some)
            for one in some:
                for index, key in self._external_entries(kind, one) if one.external_ids else ():
                    index.add(key, one.id)

    def _add_at(self, kind: str, place: _Place, records: Sequence[Record]) -> None:
        first = place.path.steps[0]
        is_plain = len(place.path.steps) == 1 and not place.has_elements
        index: _Index | None = None
        for record in records:
            value = getattr(record, first, None)
            if value is None and not place.has_missing:
                continue
            keys: Iterable[Key]
            keys = (sort_key(value),) if value.__class__ is str and is_plain else place.keys(record)
            if keys:
                if index is None:
                    index = self._indexes.setdefault((kind, place), _Index())
                for key in keys:
                    index.add(key, record.id)

    def discard(self, records: Iterable[Record], kept: Iterable[Record]) -> None:
        """Forget versions of one record, apart from what those that are kept have in common."""
        needed = {(id(index), key) for one in kept for index, key in self._entries(one)}
        for one in records:
            for index, key in self._entries(one):
                if (id(index), key) not in needed:
                    index.discard(key, one.id)

    def candidates(self, query: Query[Any]) -> list[str] | None:
        """The ids among which every answer to ``query`` is; ``None`` where no index helps."""
        offer = self._offer(query.kind, query.where)
        if offer is None:
            return None
        return list(dict.fromkeys(id_ for ids in offer for id_ in ids))

    def pages(self, query: Query[Any], lock: AbstractContextManager[Any]) -> Iterator[Page] | None:
        """The ids by key in the order of ``query`` from its cursor on, each page sorted.

        ``None`` where no declared index has that order. ``lock`` is held while a page is made.
        """
        path = query.order[0].path
        known = _Place(path, has_missing=True) in self._declared.get(query.kind, ())
        if not known or len(query.order) > 1:
            return None
        place = _Place(path, has_missing=True)
        return _pages(self._indexes.get((query.kind, place), _Index()), query, lock)

    def _entries(self, record: Record) -> Iterator[tuple[_Index, Key]]:
        kind = kind_of(type(record))
        for place in self._places_of(kind, type(record)):
            keys = place.keys(record)
            if keys:
                index = self._indexes.setdefault((kind, place), _Index())
                yield from ((index, key) for key in keys)
        yield from self._external_entries(kind, record)

    def _external_entries(self, kind: str, record: Record) -> Iterator[tuple[_Index, Key]]:
        for system, value in record.external_ids.items():
            yield self._external.setdefault((kind, system), _Index()), sort_key(value)

    def _places_of(self, kind: str, entity: type[Record]) -> tuple[_Place, ...]:
        places = self._places.get(kind)
        if places is None:
            schema = self._model.schema(kind) if self._model.has(kind) else describe(entity)
            found = (_place(one) for one in schema if _is_indexed(one))
            places = tuple(dict.fromkeys((*found, *self._declared.get(kind, ()))))
            self._places[kind] = places
        return places

    def _index(self, kind: str, path: Path, *, has_elements: bool = False) -> _Index | None:
        steps = path.steps
        if not has_elements and len(steps) == 2 and steps[0] == "external_ids":
            return self._external.get((kind, steps[1]), _Index())
        known = self._places.get(kind, ())
        for place in (_Place(path, has_elements), _Place(path, has_elements, has_missing=True)):
            if place in known:
                return self._indexes.get((kind, place), _Index())
        return None

    def _offer(self, kind: str, where: Filter) -> list[Collection[str]] | None:
        match where:
            case And(terms):
                offers = [one for term in terms if (one := self._offer(kind, term)) is not None]
                return min(offers, key=_size, default=None)
            case Or(terms):
                each = [self._offer(kind, term) for term in terms]
                return None if None in each else [ids for one in each if one for ids in one]
            case Compare(path, operator, value):
                index = self._index(kind, path)
                return None if index is None else _compared(index, operator, value)
            case In(path, values):
                index = self._index(kind, path)
                return None if index is None else _any(index, values)
            case Contains(path, value):
                index = self._index(kind, path, has_elements=True)
                return None if index is None else index.equal(sort_key(value))
            case StartsWith(path, text) if text:
                index = self._index(kind, path)
                return None if index is None else index.between(sort_key(text), _past(text))
            case _:
                return None


def _pages(index: _Index, query: Query[Any], lock: AbstractContextManager[Any]) -> Iterator[Page]:
    descending = query.order[0].descending
    key: Key | None = None
    if query.after is not None:
        key, last = sort_key(query.after[0]), query.after[1]
        with lock:
            ids = sorted(id_ for id_ in index.at(key) if id_ > last)
        yield key, ids
    while True:
        with lock:
            key = index.following(key, descending=descending)
            if key is None:
                return
            ids = sorted(index.at(key))
        yield key, ids


def _is_indexed(one: FieldSchema) -> bool:
    return one.lookup is not None or isinstance(one.meaning, Email | Phone)


def _place(one: FieldSchema) -> _Place:
    steps = ("custom", one.name) if one.is_custom else (one.name,)
    return _Place(Path(*steps), one.holds is not Holds.ONE)


def _size(offer: Iterable[Collection[str]]) -> int:
    return sum(map(len, offer))


def _any(index: _Index, values: Iterable[Any]) -> list[Collection[str]]:
    keys = dict.fromkeys(map(sort_key, values))
    return [ids for key in keys for ids in index.equal(key)]


def _compared(index: _Index, operator: Operator, value: Any) -> list[Collection[str]]:
    key = sort_key(value)
    if operator is Operator.EQ:
        return index.equal(key)
    low, high = _LIMITS[operator](key)
    return index.between(low, high)


def _least(key: Key) -> Key:
    """Less than the keys of all values that compare with this one (of one currency, for money)."""
    return key[:-1]


def _most(key: Key) -> Key:
    """Greater than the keys of all values that compare with this one."""
    return (*key[:-1], TOP)


_LIMITS: dict[Operator, Callable[[Key], tuple[Key, Key]]] = {
    Operator.LT: lambda key: (_least(key), key),
    Operator.LE: lambda key: (_least(key), (*key, TOP)),
    Operator.GT: lambda key: ((*key, TOP), _most(key)),
    Operator.GE: lambda key: (key, _most(key)),
}


def _past(text: str) -> Key:
    """The key before which all texts that begin with ``text`` are, and no greater ones."""
    kept = text.rstrip("\U0010ffff")
    if not kept:
        return _most(sort_key(text))
    # no text has a surrogate in it, so what follows U+D7FF is U+E000
    following = 0xE000 if ord(kept[-1]) == 0xD7FF else ord(kept[-1]) + 1
    return sort_key(kept[:-1] + chr(following))
