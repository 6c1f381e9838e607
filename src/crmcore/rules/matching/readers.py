"""Readers: how the values of a trait are read from records of a kind, made once for many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, TypeAlias

from crmcore.entities.record import Record
from crmcore.rules.matching.reading import FieldPath
from crmcore.values.ref import Ref

Raw: TypeAlias = tuple[tuple[object, ...], ...]
"""For each meaning of a trait the values of a record."""

Reader: TypeAlias = Callable[[Record], Raw]
"""Reads the values of one trait from a record."""


def raw_reader(
    meanings: Iterable[tuple[FieldPath, ...]],
    related: Mapping[Ref[Any], Record],
    *,
    is_cached: bool,
) -> Reader | None:
    """The reader of these meanings, each with the paths of its values; ``None`` without a path."""
    made = [
        tuple(_getter(path, related, is_cached=is_cached) for path in paths) for paths in meanings
    ]
    if not any(made):
        return None
    if len(made) == 1 and len(made[0]) == 1:
        only = made[0][0]
        return lambda record: (only(record),)
    if len(made) == 1:
        getters = made[0]
        return lambda record: (_joined(getters, record),)
    return lambda record: tuple(_joined(getters, record) for getters in made)


def _joined(
    getters: Iterable[Callable[[Record], tuple[object, ...]]], record: Record
) -> tuple[object, ...]:
    found: tuple[object, ...] = ()
    for getter in getters:
        values = getter(record)
        if values:
            found = found + values if found else values
    return found


def _getter(
    path: FieldPath, related: Mapping[Ref[Any], Record], *, is_cached: bool
) -> Callable[[Record], tuple[object, ...]]:
    steps = path.path.steps
    if path.kind is None and len(steps) == 1:
        get = attrgetter(steps[0])
        return lambda record: _values(get(record))
    if is_cached and path.kind is not None and path.rest is not None and len(steps) == 1:
        get, kind = attrgetter(steps[0]), path.kind
        deeper = _getter(path.rest, related, is_cached=True)
        known: dict[object, tuple[object, ...]] = {}

        def follow(record: Record) -> tuple[object, ...]:
            id_ = get(record)
            if not isinstance(id_, str):
                return tuple(path.values(record, related)) if id_ is not None else ()
            found = known.get(id_)
            if found is None:
                target = related.get(Ref(kind, id_))
                found = known[id_] = () if target is None else deeper(target)
            return found

        return follow
    return lambda record: tuple(path.values(record, related))


def _values(value: object) -> tuple[object, ...]:
    if value is None:
        return ()
    if isinstance(value, tuple | list):
        return tuple(one for one in value if one is not None)
    if isinstance(value, frozenset):
        return tuple(sorted(value, key=str))
    return (value,)
