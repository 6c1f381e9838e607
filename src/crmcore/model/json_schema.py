"""JSON Schema: the form of an entity's stored rows, for programs that read or write them.

Of draft 2020-12, derived from the schema; ``crmcore.codec`` writes rows of this form.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from inspect import cleandoc
from typing import Any, TypeAlias

from crmcore.entities.record import Record
from crmcore.fields import Lookup, MultiPicklist, Number, Percent, Picklist, Text, Whole
from crmcore.model.check_value import MAX_TEXT
from crmcore.model.describe import FieldSchema, Holds, value_fields
from crmcore.model.model import Entity, Model
from crmcore.values import Money, Ref

Schema: TypeAlias = dict[str, Any]
"""A JSON Schema, or a part of one."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DECIMAL = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
"""A Decimal: text of plain digits, as JSON numbers are not exact everywhere."""

MOMENT = {"type": "string", "format": "date-time", "pattern": r"\.[0-9]{6}Z$"}
"""A moment: always UTC, always with microseconds, so that the order of texts is that of time."""

TAGS: dict[type, str] = {Decimal: "$decimal", datetime: "$moment", date: "$date"} | {
    Money: "$money",
    Ref: "$ref",
}
"""The tags of custom values whose type plain JSON lacks."""

ANY: Schema = {
    "description": "A value that says what it is: plain, or an object with one $tag.",
    "anyOf": [
        {"type": ["string", "integer", "boolean", "null"]},
        {
            "type": "object",
            "propertyNames": {"pattern": "^[$]"},
            "minProperties": 1,
            "maxProperties": 1,
        },
    ],
}

RECORD: Schema = {
    "type": "object",
    "properties": {
        "kind": {"type": "string"},
        "version": {"type": "integer"},
        "data": {"type": "object"},
    },
    "required": ["kind", "version", "data"],
    "additionalProperties": False,
}
"""A whole record inside another, as receipts keep them."""


def json_schema(model: Model, entity: Entity) -> Schema:
    """The JSON Schema of the row form of an entity: the data of its rows, without the version.

    What is missing may be left out or ``null``. Keys that the model does not know are refused.
    Raises ``UnknownNameError`` for an entity that the model lacks.
    """
    schema = model.schema(entity)
    known: dict[str, Schema] = {}
    properties = {
        one.name: _titled(_field(one, known), one)
        for one in schema.standard
        if one.name not in ("version", "custom")
    }
    properties["custom"] = _object(
        {one.name: _titled(_nullable(_custom(one, known), one), one) for one in schema.custom},
        [one.name for one in schema.custom if one.is_required],
    )
    required = [one.name for one in schema.standard if one.name == "id" or one.is_required]
    if properties["custom"]["required"]:
        required.append("custom")
    written: Schema = {"$schema": DIALECT, "title": schema.label}
    if schema.entity.__doc__:
        written["description"] = cleandoc(schema.entity.__doc__)
    written |= _object(properties, required)
    if known:
        written["$defs"] = {name: known[name] for name in sorted(known)}
    return written


def _object(properties: dict[str, Schema], required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _titled(written: Schema, one: FieldSchema) -> Schema:
    titled = {"title": one.label, **written}
    if one.lookup is not None and one.lookup.kind is not None:
        titled["description"] = f"The id of a record of {one.lookup.kind}."
    return titled


def _field(one: FieldSchema, known: dict[str, Schema]) -> Schema:
    item = _value(one, known)
    if one.holds is Holds.TUPLE:
        item = {"type": "array", "items": item}
    elif one.holds is Holds.SET:
        item = {"type": "array", "items": item, "uniqueItems": True}
    elif one.holds is Holds.MAP:
        item = {"type": "object", "additionalProperties": item}
    return _nullable(item, one)


def _nullable(written: Schema, one: FieldSchema) -> Schema:
    if not one.is_optional or written is ANY:
        return written
    if isinstance(written.get("type"), str) and "enum" not in written:
        return {**written, "type": [written["type"], "null"]}
    return {"anyOf": [written, {"type": "null"}]}


def _value(one: FieldSchema, known: dict[str, Schema]) -> Schema:
    """The form of one value of a declared type."""
    python = one.python
    if issubclass(python, Enum):
        return {"enum": [member.value for member in python]}
    if issubclass(python, Ref):
        return _reference(one.lookup)
    if issubclass(python, Record):
        return RECORD
    if value_fields(python):
        return _defined(python, known)
    for base, write in _SCALARS.items():
        if issubclass(python, base):
            return write(one)
    return ANY


def _defined(python: type, known: dict[str, Schema]) -> Schema:
    name = python.__name__
    if name not in known:
        known[name] = {}  # a type may hold itself
        parts = value_fields(python)
        properties = {part.name: _field(part, known) for part in parts}
        known[name] = _object(properties, [part.name for part in parts if part.is_required])
    return {"$ref": f"#/$defs/{name}"}


def _reference(lookup: Lookup | None) -> Schema:
    kind: Schema = {"type": "string"}
    if lookup is not None and lookup.kinds:
        kind = {"enum": list(lookup.kinds)}
    return _object({"kind": kind, "id": {"type": "string", "minLength": 1}}, ["kind", "id"])


def _custom(one: FieldSchema, known: dict[str, Schema]) -> Schema:
    """The form of a custom value, which says what it is where plain JSON has no such type."""
    item = _value(one, known)
    if one.holds is Holds.SET:
        return _tagged("$set", {"type": "array", "items": item, "uniqueItems": True})
    tag = TAGS.get(one.python)
    return item if tag is None else _tagged(tag, item)


def _tagged(tag: str, written: Schema) -> Schema:
    return _object({tag: written}, [tag])


def _text(one: FieldSchema) -> Schema:
    meaning = one.meaning
    if isinstance(meaning, Picklist | MultiPicklist) and not meaning.open_ended:
        return {"type": "string", "enum": list(meaning.options)}
    most = meaning.max_length if isinstance(meaning, Text) else None
    written: Schema = {"type": "string", "maxLength": MAX_TEXT if most is None else most}
    if one.is_required or one.lookup is not None or one.name == "id":
        written["minLength"] = 1
    if isinstance(meaning, Picklist | MultiPicklist):
        written["examples"] = list(meaning.options)
    return written


def _whole(one: FieldSchema) -> Schema:
    meaning = one.meaning if isinstance(one.meaning, Whole) else Whole()
    bounds = (("minimum", meaning.minimum), ("maximum", meaning.maximum))
    return {"type": "integer"} | {name: bound for name, bound in bounds if bound is not None}


def _decimal(one: FieldSchema) -> Schema:
    if isinstance(one.meaning, Percent):
        return {**DECIMAL, "description": "An exact number from 0 to 100."}
    meaning = one.meaning if isinstance(one.meaning, Number) else Number()
    bounds = (("at least", meaning.minimum), ("at most", meaning.maximum))
    words = [f", {word} {bound}" for word, bound in bounds if bound is not None]
    return {**DECIMAL, "description": f"An exact number{''.join(words)}."}


_SCALARS: dict[type, Callable[[FieldSchema], Schema]] = {
    str: _text,
    bool: lambda _: {"type": "boolean"},
    int: _whole,
    Decimal: _decimal,
    datetime: lambda _: MOMENT,
    date: lambda _: {"type": "string", "format": "date"},
}
"""How the scalar types are written; of two that fit the first counts."""
