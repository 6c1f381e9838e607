"""Document: a model as text for people and programs: diagram, data dictionary, JSON Schema.

Everything is derived from the schemas, in an order that never varies; disabled entities are left
out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import cleandoc

from crmcore.entities.record import Record
from crmcore.fields import (
    Composite,
    Currency,
    Lookup,
    MultiPicklist,
    Number,
    Picklist,
    Target,
    Text,
    Whole,
)
from crmcore.model.describe import EntitySchema, FieldSchema, Holds, describe, words
from crmcore.model.json_schema import json_schema
from crmcore.model.model import Model

__all__ = ["data_dictionary", "er_diagram", "json_schema"]


def er_diagram(model: Model) -> str:
    """The entities and the references between them, as a Mermaid ``erDiagram``.

    A reference to one of several kinds has a line for each. References to records of any kind, or
    that may live elsewhere, are named in comments.
    """
    shown = {schema.kind for schema in model.schemas}
    common = describe(Record).fields
    lines = ["erDiagram"]
    lines += [f'    {schema.kind}["{_unquoted(schema.label)}"]' for schema in model.schemas]
    for one in common:
        lines += _edges("every record", one, shown)
    for schema in model.schemas:
        for one in schema.fields:
            if one not in common:
                lines += _edges(schema.kind, one, shown)
    return "\n".join(lines) + "\n"


def _edges(kind: str, one: FieldSchema, shown: set[str]) -> Iterator[str]:
    lookup = one.meaning
    if not isinstance(lookup, Lookup):
        return
    where = " that may live elsewhere" if lookup.target is Target.ANYWHERE else ""
    if where or not lookup.kinds:
        kinds = " or ".join(lookup.kinds) or "record of any kind"
        yield f"    %% {one.path} of {kind} names a {kinds}{where}"
        return
    far = "||" if one.is_required and lookup.kind is not None else "|o"
    if one.holds is not Holds.ONE:
        far = "}o"
    for target in lookup.kinds:
        if target in shown:
            yield f'    {target} {far}--o{{ {kind} : "{one.path}"'


def _unquoted(label: str) -> str:
    return label.replace('"', "'")


COLUMNS = ("field", "label", "type", "required", "refers to", "on merge", "on delete")


def data_dictionary(model: Model) -> str:
    """Every field of every entity, as Markdown with a table for each entity.

    The id comes first, then the fields of the entity, its custom ones, and those that every record
    has.
    """
    return "\n".join(["# Data dictionary", *(_chapter(schema) for schema in model.schemas)])


def _chapter(schema: EntitySchema) -> str:
    lines = ["", f"## {_escaped(schema.label)} (`{schema.kind}`)", ""]
    if schema.entity.__doc__:
        lines += [cleandoc(schema.entity.__doc__).partition("\n\n")[0], ""]
    common = {one.name for one in describe(Record).fields}
    fields = sorted(
        schema.fields,
        key=lambda one: (one.path != "id", not one.is_custom and one.name in common),
    )
    lines += [_row(COLUMNS), _row("---" for _ in COLUMNS)]
    lines += [_row(map(_escaped, _cells(one))) for one in fields]
    return "\n".join([*lines, ""])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").split())


def _cells(one: FieldSchema) -> tuple[str, ...]:
    lookup = one.lookup
    required = "yes" if one.is_required else ""
    if lookup is None:
        return (f"`{one.path}`", one.label, type_name(one), required, "", "", "")
    kinds = ", ".join(lookup.kinds) or "any"
    return (
        f"`{one.path}`",
        one.label,
        type_name(one),
        required,
        kinds,
        lookup.on_merge.value,
        lookup.on_delete.value,
    )


def type_name(one: FieldSchema) -> str:
    """What a field holds, in words: ``text``, ``set of picklist: customer, supplier ...``."""
    name = _meaning_name(one)
    containers = {Holds.TUPLE: "list of", Holds.SET: "set of", Holds.MAP: "mapping to"}
    return f"{containers[one.holds]} {name}" if one.holds in containers else name


def _meaning_name(one: FieldSchema) -> str:
    meaning = one.meaning
    if isinstance(meaning, Lookup):
        return "reference"
    if isinstance(meaning, Picklist | MultiPicklist):
        more = " ..." if meaning.open_ended else ""
        return f"picklist: {', '.join(meaning.options)}{more}"
    if isinstance(meaning, Text):
        limit = "" if meaning.max_length is None else f" of at most {meaning.max_length:,}"
        return f"{'text of several lines' if meaning.multiline else 'text'}{limit}"
    if isinstance(meaning, Whole | Number):
        name = "whole number" if isinstance(meaning, Whole) else "exact number"
        bounds = (("from", meaning.minimum), ("to", meaning.maximum))
        return " ".join([name, *(f"{word} {end}" for word, end in bounds if end is not None)])
    if isinstance(meaning, Currency):
        return "money"
    if isinstance(meaning, Composite):
        return "anything" if one.python is object else words(_spaced(one.python.__name__)).lower()
    return _NAMES.get(type(meaning).__name__, type(meaning).__name__.lower())


_NAMES = {"Email": "e-mail", "DateTime": "moment", "Url": "web address"}


def _spaced(name: str) -> str:
    return "".join(f"_{char}" if char.isupper() else char for char in name).removeprefix("_")
