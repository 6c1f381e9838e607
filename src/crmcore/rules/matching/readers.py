"""Readers: how the values of a trait are read from records of a kind, made once for many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final, TypeAlias

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.query import Path, value_at
from crmcore.rules.matching.reading import FieldPath
from crmcore.rules.similarity.each import each
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ref import Ref

Raw: TypeAlias = tuple[tuple[object, ...], ...]
"""For each meaning of a trait the values of a record."""


@frozen
class Reader:
    """Reads the values of one trait: the fields of each meaning, each in two steps.

    The first step gets what a field holds, quickly, for every record; the second makes values of
    it.
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

    def of_fields(self, held: Any) -> Raw:  # Any: a tuple where there are several fields
        """The values of a record whose fields hold this."""
        if len(self.fields) == 1 and len(self.fields[0]) == 1:
            return (self.fields[0][0].values(held),)
        given = iter(held if sum(map(len, self.fields)) > 1 else (held,))
        return tuple(
            [_joined([one.values(next(given)) for one in fields]) for fields in self.fields]
        )

    def held(self, records: Sequence[Record]) -> Sequence[object]:
        """What each of these records holds, of which ``raw`` makes its values.

        Where values of one meaning are read this is the value of a record that has one, and a tuple
        of them where it has several.
        """
        if len(self.fields) == 1 and len(self.fields[0]) == 1:
            return self.fields[0][0].held(records)
        made = [_joint([one.held(records) for one in fields]) for fields in self.fields]
        return made[0] if len(made) == 1 else list(zip(*made, strict=True))

    def first(self, record: Record, part: str | None) -> object:
        """The first value of a record, or the first that has this part: the part; else ``None``."""
        for fields in self.fields:
            for one in fields:
                held = one.get(record)
                if held is not None:
                    for value in one.values(held):
                        found = value if part is None else getattr(value, part, None)
                        if found is not None:
                            return found
        return None

    def firsts(self, records: Sequence[Record], part: str | None) -> list[object]:
        """The first value of each of these records, or the first that has this part: the part.

        ``None`` for a record without one.
        """
        held = self.held(records)
        if len(self.fields) > 1 or not _SEVERAL.isdisjoint(map(type, held)):
            return [first_of(self.raw(one), part) for one in held]
        return list(held) if part is None else [getattr(one, part, None) for one in held]

    def raw(self, held: Any) -> Raw:  # Any: a tuple where there are several meanings
        """The values of what a record holds."""
        if len(self.fields) == 1:
            return (_values(held),)
        return tuple(map(_values, held))


@frozen
class _Field:
    get: Callable[[Record], object]
    values: Callable[[Any], tuple[object, ...]]  # Any: what the field holds
    is_followed: bool = False

    def held(self, records: Sequence[Record]) -> Sequence[object]:
        """What the field of each record holds, or where it is a reference the values it leads to.

        A value for one value, ``None`` for none, a tuple for several.
        """
        found = list(map(self.get, records))
        return each(self._lone, found) if self.is_followed else found

    def _lone(self, held: object) -> object:
        found = self.values(held)
        is_lone = len(found) == 1 and not isinstance(found[0], tuple | list | frozenset)
        return found[0] if is_lone else found


def _joint(fields: Sequence[Sequence[object]]) -> Sequence[object]:
    """What each record holds in all of these fields; one that nothing is in is not looked at."""
    filled = [held for held in fields if not _is_empty(held)]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        return [None] * len(fields[0]) if fields else ()
    return [_together(row) for row in zip(*filled, strict=True)]


def _is_empty(held: Sequence[object]) -> bool:
    return not any(held) and _HOLDS_NOTHING.issuperset(map(type, held))


_HOLDS_NOTHING: Final = frozenset({type(None), tuple, list, frozenset})
"""What is empty and of these types has no values; other such things, as 0, are a value."""


_SEVERAL: Final = _HOLDS_NOTHING - {type(None)}


def first_of(raw: Raw, part: str | None) -> object:
    """The first value, or the first that has this part: the part; ``None`` for none."""
    for values in raw:
        for value in values:
            found = value if part is None else getattr(value, part, None)
            if found is not None:
                return found
    return None


def _together(row: tuple[object, ...]) -> object:
    present = [one for one in row if one is not None and one != ()]
    if len(present) == 1:
        return present[0]
    return tuple([value for one in present for value in _values(one)]) or None


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
    elif len(place.steps) == _IN_A_MAP:
        get = _in_a_map(*place.steps)
    if path.kind is None or path.rest is None:
        return _Field(get, _values)
    return _Field(
        get, _followed(path.kind, path.rest, related, is_cached=is_cached), is_followed=True
    )


_IN_A_MAP: Final = 2
"""So many steps has the path of a custom value."""


def _in_a_map(name: str, key: str) -> Callable[[Record], object]:
    """As ``value_at``; much quicker where there is a map without the key, as often is."""
    of = attrgetter(name)
    rest = Path(key)

    def get(record: Record) -> object:
        held = of(record)
        if type(held) is FrozenMap:
            return held[key] if key in held else None  # noqa: SIM401  # get is twice as slow
        return value_at(held, rest)

    return get


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
