"""Columns: which column of a table fills which field of a record, checked before a row is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.errors import UnknownNameError, UsageError
from crmcore.findings import Finding, error
from crmcore.interchange.cells import CellError, cell_text, cell_value
from crmcore.model.describe import EntitySchema, FieldSchema, Holds, parts
from crmcore.model.model import Model
from crmcore.values.address import Address
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.person import PersonName
from crmcore.values.text import normal_text

COMPOSITES: Mapping[type, tuple[str, ...]] = {
    one: tuple(parts(one)) for one in (PersonName, Address)
}
"""Values that a table has a column for each part of, such as ``address.city``."""


@frozen
class Filled:
    """The values that a row gives, by field, and what is wrong with its cells."""

    values: FrozenMap[Any] = FrozenMap()
    findings: tuple[Finding, ...] = ()


@frozen
class Columns:
    """Field paths by column: ``email``, ``name.given``, ``custom.tier``, ``external_ids.sap``."""

    schema: EntitySchema
    paths: FrozenMap[str]
    currency: str

    @classmethod
    def named(cls, model: Model, kind: str, columns: Mapping[str, str]) -> Columns:
        """The columns given, each to its field path.

        Raises ``UnknownNameError`` for a path that the entity has not, and ``UsageError`` for a
        field that two columns fill.
        """
        schema = model.schema(kind)
        known = tuple(paths_of(schema))
        for path in columns.values():
            if path not in known and not path.startswith("external_ids."):
                raise UnknownNameError("field", path, known, schema.label)
        twice = [path for path in columns.values() if list(columns.values()).count(path) > 1]
        if twice:
            raise UsageError("two columns would fill one field", twice[0], "leave one of them out")
        return cls(schema, FrozenMap(columns), model.currency)

    @classmethod
    def guessed(cls, model: Model, kind: str, columns: tuple[str, ...]) -> Columns:
        """The columns that are named like a field: by its path, its name or its label.

        The usual names of parts, such as *First Name* or *Zip*, are known as well.
        """
        schema = model.schema(kind)
        names: dict[str, str] = {}
        for path in reversed(tuple(paths_of(schema))):
            names[_plain(path.removeprefix("custom."))] = path
            names[_plain(path)] = path
        for one in schema:
            if one.path in names.values():
                names.setdefault(_plain(one.label), one.path)
        fields = frozenset(paths_of(schema))
        for usual, path in _USUAL.items():
            if path in fields:
                names.setdefault(usual, path)
        found: dict[str, str] = {}
        for column in columns:
            named = names.get(_plain(column))
            if named is not None and named not in found.values():
                found[column] = named
        return cls(schema, FrozenMap(found), model.currency)

    def read(self, cells: Mapping[str, str], place: str) -> Filled:
        """The values of one row; ``place`` names the row in what is found. Blank cells say nothing.

        A bad cell is an error, and the others are read all the same.
        """
        values: dict[str, Any] = {}
        split: dict[str, dict[str, Any]] = {}
        found: list[Finding] = []
        for column, path in self.paths.items():
            text = cells.get(column, "").strip()
            if not text:
                continue
            head, _, part = path.partition(".")
            one = self.schema.field(path if head == "custom" else head)
            try:
                if part and head != "custom":
                    split.setdefault(head, {})[part] = text
                else:
                    values[path] = cell_value(one, text, currency=self.currency)
            except CellError as problem:
                found.append(_bad(problem, column, place))
        for head, given in split.items():
            values[head] = _composed(self.schema.field(head), given)
        return Filled(FrozenMap(values), tuple(found))


def _bad(problem: CellError, column: str, place: str) -> Finding:
    return error(
        "import.cell",
        f"{place}: column {column!r} is no {problem.field}",
        path=problem.field,
        value=problem.text,
        suggestion=f"write {problem.wanted}",
    )


def _composed(one: FieldSchema, given: Mapping[str, str]) -> Any:
    if one.holds is Holds.MAP:
        return FrozenMap(given)
    return one.python(**given)


_USUAL: Mapping[str, str] = {
    "firstname": "name.given",
    "givenname": "name.given",
    "lastname": "name.family",
    "surname": "name.family",
    "familyname": "name.family",
    "middlename": "name.middle",
    "salutation": "name.salutation",
    "emailaddress": "email",
    "phonenumber": "phone",
    "telephone": "phone",
    "companyname": "company",
    "organisation": "company",
    "organization": "company",
    "jobtitle": "title",
    "leadsource": "source",
    "street": "address.street",
    "city": "address.city",
    "state": "address.state",
    "zip": "address.postal_code",
    "postcode": "address.postal_code",
    "postalcode": "address.postal_code",
    "country": "address.country",
}
"""The fields of columns that are not named like them, by plain name; the first of a file counts."""


def _plain(name: str) -> str:
    return normal_text(name.replace("_", " ").replace(".", " ")).replace(" ", "")


def paths_of(schema: EntitySchema) -> Iterator[str]:
    """The paths that a column may fill, in the order of the fields."""
    for one in schema:
        if one.name == "custom" or (one.is_system and one.name != "id"):
            continue
        yield one.path
        if one.holds is Holds.ONE:
            yield from (f"{one.path}.{part}" for part in COMPOSITES.get(one.python, ()))


def made(schema: EntitySchema, values: Mapping[str, Any]) -> Record:
    """The record that these values make; raises ``TypeError`` where a required one is missing."""
    standard = {path: value for path, value in values.items() if not path.startswith("custom.")}
    custom = {
        path.removeprefix("custom."): value
        for path, value in values.items()
        if path.startswith("custom.")
    }
    return schema.entity(custom=custom, **standard)


def row_of(schema: EntitySchema, record: Record) -> dict[str, str]:
    """The cells of a record, by field path, those that are empty left out."""
    cells: dict[str, str] = {}
    for one in schema:
        value = None if one.name == "custom" else one.value(record)
        if value is None:
            continue
        if isinstance(value, PersonName | Address):
            for part in COMPOSITES[type(value)]:
                cells[f"{one.path}.{part}"] = cell_text(getattr(value, part))
        elif isinstance(value, Mapping):
            cells.update({f"{one.path}.{key}": cell_text(item) for key, item in value.items()})
        else:
            cells[one.path] = cell_text(value)
    return {path: text for path, text in cells.items() if text}
