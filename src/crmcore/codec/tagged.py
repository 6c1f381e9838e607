"""Tagged values: values without a declared type, in a stored form that says what they are.

Text, flags, whole numbers and ``None`` stand for themselves; anything else is an object with one
key: ``{"$decimal": "1.5"}``, ``{"$money": {"amount": "100.5", "currency": "EUR"}}``. An enum or a
value class is named by a field that declares it, as in
``{"$value": ["judgement.verdict", "duplicate"]}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

from crmcore.codec.containers import each, each_value, ordered, read_items, read_map
from crmcore.codec.errors import Misfit
from crmcore.codec.scalars import Form, whole, write_text
from crmcore.entities.record import Record
from crmcore.ports.rows import Json
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref

TAGS: Mapping[str, type] = {
    "$decimal": Decimal,
    "$moment": datetime,
    "$date": date,
    "$money": Money,
    "$ref": Ref,
    "$address": Address,
    "$name": PersonName,
    "$record": Record,
}
"""The tags of the types that are written in their declared form."""

CONTAINERS: dict[str, type[Any]] = {"$tuple": tuple, "$set": frozenset, "$map": FrozenMap}
"""The tags of the containers, whose values are tagged in turn."""


class Forms(Protocol):
    """What tagged values need to know of declared types."""

    def of(self, hint: Any, /) -> Form:
        """The form of a type."""
        ...

    def declared_name(self, python: type, /) -> str | None:
        """A field that declares values of this class, such as ``judgement.verdict``."""
        ...

    def declared(self, name: str, /) -> type | None:
        """The enum or value class that the field of this name declares."""
        ...


def write_tagged(value: Any, forms: Forms) -> Json:
    """The stored form of a value that says what it is."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return write_text(value)
    if isinstance(value, int) and not isinstance(value, Enum):
        return whole(value)
    for tag, container in CONTAINERS.items():
        if isinstance(value, container):
            return {tag: _write_items(value, forms)}
    for tag, python in TAGS.items():
        if isinstance(value, python):
            return {tag: forms.of(python).write(value)}
    name = forms.declared_name(type(value))
    if name is not None:
        return {"$value": [name, forms.of(type(value)).write(value)]}
    why = "use Decimal, floats are not exact" if isinstance(value, float) else "it cannot be stored"
    raise Misfit(value, f"a value of type {type(value).__name__}: {why}")


def _write_items(value: Any, forms: Forms) -> Json:
    if isinstance(value, FrozenMap):
        return each_value(value, lambda item: write_tagged(item, forms))
    written = each(value, lambda item: write_tagged(item, forms))
    return ordered(written) if isinstance(value, frozenset) else written


def read_tagged(stored: Json, forms: Forms) -> Any:
    """The value that ``write_tagged`` wrote."""
    if stored is None or isinstance(stored, str | bool):
        return stored
    if isinstance(stored, int):
        return whole(stored)
    if not isinstance(stored, Mapping) or len(stored) != 1:
        raise Misfit(stored, "this must be text, a flag, a whole number or an object with one $tag")
    (tag, inner), *_ = stored.items()
    if tag == "$value":
        return _read_declared(inner, forms)
    if tag in TAGS:
        return forms.of(TAGS[tag]).read(inner)
    if tag == "$map":
        return read_map(inner, lambda item: read_tagged(item, forms))
    if tag not in CONTAINERS:
        raise Misfit(stored, f"{tag!r} is not a tag that is known here")
    items = read_items(inner, lambda item: read_tagged(item, forms))
    return tuple(items) if tag == "$tuple" else frozenset(items)


def _read_declared(stored: Json, forms: Forms) -> Any:
    match stored:
        case [str(name), value]:
            python = forms.declared(name)
        case _:
            raise Misfit(stored, "this must be the name of a field and a value of its class")
    if python is None:
        raise Misfit(name, "no field of this name declares a class of values")
    return forms.of(python).read(value)
