"""Readers: how the values of a trait are read from records of a kind, made once for many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.query import value_at
from crmcore.rules.matching.reading import FieldPath
from crmcore.values.ref import Ref

Raw: TypeAlias = tuple[tuple[object, ...], ...]
"""For each meaning of a trait the values of a record."""


@frozen
class Reader:
    """Reads the values of one trait: the fields of each meaning, each in two steps.

    The first step gets what a field holds, quickly, for every record; the second makes values of
    it, which need be done only once for all records that hold the same.
    """

    fields: tuple[tuple[_Field, ...], ...]

    def __call__(self, record: Record) -> Raw:
        """The values of one record."""
        if len(self.fields) == 1 and len(self.fields[0]) == 1:  # most are, and are read often
            only = self.fields[0][0]
            return (only.values(only.get(record)),)
        return tuple(
            [_joined([one.values(one.get(record)) for one in fields]) for fields in self.fields]
        )

    def held(self, records: Sequence[Record]) -> list[object]:
        """What the fields of each of these records hold; ``of_held`` makes values of it."""
        gets = [one.get for fields in self.fields for one in fields]
        if len(gets) == 1:
            return list(map(gets[0], records))
        return list(zip(*(map(get, records) for get in gets), strict=True))

    def of_held(self, held: Iterable[Any]) -> list[Raw]:  # Any: a tuple where there are fields
        """The values of what the fields of records hold, for each."""
        if len(self.fields) == 1 and len(self.fields[0]) == 1:
            values = self.fields[0][0].values
            return [(values(one),) for one in held]
        if len(self.fields) == 1:
            values_of = [one.values for one in self.fields[0]]
            return [
                (tuple([one for make, part in zip(values_of, row) for one in make(part)]),)  # noqa: B905  # as many, and it is done often
                for row in held
            ]
        return [self._of_row(row) for row in held]

    def _of_row(self, held: Any) -> Raw:  # Any: a tuple where there are several fields
        row = held if sum(map(len, self.fields)) > 1 else (held,)
        found, at = [], 0
        for fields in self.fields:
            found.append(_joined([one.values(row[at + n]) for n, one in enumerate(fields)]))
            at += len(fields)
        return tuple(found)


@frozen
class _Field:
    get: Callable[[Record], object]
    values: Callable[[Any], tuple[object, ...]]  # Any: what the field holds


def raw_reader(
    meanings: Iterable[tuple[FieldPath, ...]],
    related: Mapping[Ref[Any], Record],
    *,
    is_cached: bool,
) -> Reader | None:
    """The reader of these meanings, each with the paths of its values; ``None`` without a path."""
    made = tuple(
        tuple(_field(path, related, is_cached=is_cached) for path in paths) for paths in meanings
    )
    return Reader(made) if any(made) else None


def _joined(found: Sequence[tuple[object, ...]]) -> tuple[object, ...]:
    if len(found) == 1:
        return found[0]
    return tuple(one for values in found for one in values)


def _field(path: FieldPath, related: Mapping[Ref[Any], Record], *, is_cached: bool) -> _Field:
    place = path.path
    get: Callable[[Record], object] = partial(value_at, path=place)
    if len(place.steps) == 1:
        get = attrgetter(place.steps[0])  # much quicker
    if path.kind is None or path.rest is None:
        return _Field(get, _values)
    return _Field(get, _followed(path.kind, path.rest, related, is_cached=is_cached))


def _followed(
    kind: str, rest: FieldPath, related: Mapping[Ref[Any], Record], *, is_cached: bool
) -> Callable[[object], tuple[object, ...]]:
    """The values in the record that a reference leads to, which with ``is_cached`` is read once."""
    known: dict[object, tuple[object, ...]] = {}

    def follow(held: object) -> tuple[object, ...]:
        found: tuple[object, ...] = ()
        for one in _values(held):
            if isinstance(one, str | Ref):
                target = related.get(one if isinstance(one, Ref) else Ref(kind, one))
                if target is not None:
                    found += tuple(rest.values(target, related))
        return found

    def once(held: object) -> tuple[object, ...]:
        if not isinstance(held, str):
            return follow(held)
        found = known.get(held)
        if found is None:
            found = known[held] = follow(held)
        return found

    return once if is_cached else follow


def _values(value: object) -> tuple[object, ...]:
    if value is None:
        return ()
    if isinstance(value, tuple | list):
        return tuple(one for one in value if one is not None)
    if isinstance(value, frozenset):
        return tuple(sorted(value, key=str))
    return (value,)
