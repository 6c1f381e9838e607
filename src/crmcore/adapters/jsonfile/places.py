"""Places: which values of rows are indexed without being asked, and what a filter asks of them.

References, e-mail addresses, phone numbers (by their digits) and external ids, custom fields
among them. An index only ever narrows down: what it offers is tested against the whole filter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

from attrs import field, frozen

from crmcore.fields import Email, Phone
from crmcore.model.describe import FieldSchema, Holds
from crmcore.model.model import Model
from crmcore.ports.rows import Json
from crmcore.query import And, Compare, Contains, Filter, In, Operator
from crmcore.values import Ref

_DIGITS = re.compile("[0-9]+")


class Normal(Enum):
    """In which form values are looked up."""

    TEXT = "text"
    DIGITS = "digits"
    """Only the digits of a text: equal phone numbers have equal ones, however they are written."""


@frozen(cache_hash=True)
class Place:
    """A value in the rows of a kind that is indexed: the ``path`` to it, and how many there are."""

    kind: str
    path: tuple[str, ...]
    holds: Holds = Holds.ONE
    normal: Normal = Normal.TEXT

    is_plain: bool = field(init=False, eq=False, repr=False)
    """Whether a text in the first step of the path is the key itself."""

    @is_plain.default
    def _is_plain(self) -> bool:
        return len(self.path) == 1 and self.holds is Holds.ONE and self.normal is Normal.TEXT

    name: str = field(init=False, eq=False, repr=False)
    """What the index is called in the file, such as ``contact.email``."""

    @name.default
    def _name(self) -> str:
        ending = {Holds.ONE: "", Holds.MAP: ".*"}.get(self.holds, "[]")
        normal = "" if self.normal is Normal.TEXT else f":{self.normal.value}"
        return f"{self.kind}.{'.'.join(self.path)}{ending}{normal}"

    def keys(self, data: Mapping[str, Json]) -> Iterable[str]:
        """Under what a row with this data is found."""
        value: Json = data
        for step in self.path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value.__class__ is str:
            return (self.key(value),) if self.holds is Holds.ONE else ()
        if value is None or self.holds is Holds.ONE:
            return ()
        if self.holds is Holds.MAP:
            items = value.items() if isinstance(value, Mapping) else ()
            return [f"{key}={item}" for key, item in items if type(item) is str]
        several = value if isinstance(value, list) else ()
        return {self.key(item) for item in several if type(item) is str}

    def key(self, value: str) -> str:
        """Under what a value is found."""
        if self.normal is Normal.DIGITS:
            rest = value.removeprefix("+")
            if rest.isascii() and rest.isdigit():  # as most numbers are
                return rest
            return "".join(_DIGITS.findall(value))
        return value


@frozen(eq=False)
class _Same:
    """A model as the key of a cache: the same object, not an equal one."""

    model: Model

    def __hash__(self) -> int:
        return id(self.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.model is self.model


def places_of(model: Model) -> tuple[Place, ...]:
    """The places that are indexed in the rows of a model's records."""
    return _places_of(_Same(model))


@lru_cache(maxsize=8)
def _places_of(same: _Same) -> tuple[Place, ...]:
    model = same.model
    found = (one for schema in model.schemas for one in _places(schema.kind, schema))
    return tuple(sorted(found, key=lambda one: one.name))


def _places(kind: str, fields: Iterable[FieldSchema]) -> Iterator[Place]:
    for one in fields:
        path = ("custom", one.name) if one.is_custom else (one.name,)
        if one.lookup is not None and issubclass(one.python, Ref):
            if not one.is_custom and one.holds is Holds.ONE:
                yield Place(kind, (*path, "id"))
        elif one.holds is Holds.MAP:
            if one.name == "external_ids":
                yield Place(kind, path, Holds.MAP)
        elif one.lookup is not None or isinstance(one.meaning, Email):
            yield Place(kind, path, one.holds)
        elif isinstance(one.meaning, Phone):
            yield Place(kind, path, one.holds, Normal.DIGITS)


def asked(where: Filter) -> Iterator[tuple[tuple[str, ...], Holds, tuple[str, ...]]]:
    """Conditions that every answer meets: at a path is, or in what is there, one of these texts."""
    match where:
        case And(terms):
            for term in terms:
                yield from asked(term)
        case Compare(path, Operator.EQ, value):
            yield from _equal(path.steps, (value,))
        case In(path, values):
            yield from _equal(path.steps, values)
        case Contains(path, value) if type(value) is str:
            yield path.steps, Holds.TUPLE, (value,)
        case _:
            return


def _equal(
    steps: tuple[str, ...], values: tuple[Any, ...]
) -> Iterator[tuple[tuple[str, ...], Holds, tuple[str, ...]]]:
    if values and all(type(value) is str for value in values):
        yield steps, Holds.ONE, values
        if len(steps) > 1:
            yield steps[:-1], Holds.MAP, tuple(f"{steps[-1]}={value}" for value in values)


@frozen(eq=False)
class Indexed:
    """Places by what filters ask for."""

    places: tuple[Place, ...] = ()
    _known: Mapping[tuple[str, tuple[str, ...], bool, bool], tuple[Place, str]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        known = {(one.kind, one.path, *_shape(one.holds)): (one, one.name) for one in self.places}
        object.__setattr__(self, "_known", known)

    def looked_up(self, kind: str, where: Filter) -> tuple[Place, str, tuple[str, ...]] | None:
        """An index that offers every answer, its name, and the keys to look for.

        ``None`` where none helps.
        """
        for path, holds, values in asked(where):
            found = self._known.get((kind, path, *_shape(holds)))
            if found is not None:
                place, name = found
                return place, name, tuple(dict.fromkeys([place.key(value) for value in values]))
        return None


def _shape(holds: Holds) -> tuple[bool, bool]:
    return holds is Holds.ONE, holds is Holds.MAP
