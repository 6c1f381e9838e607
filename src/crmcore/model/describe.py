"""Describe: an entity class read into a schema; nothing else inspects attrs.

Checks, merges, the codec, strategies, diagrams and column labels all read the schema.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import field, frozen

from crmcore.entities.record import SYSTEM_FIELDS, Record, kind_of
from crmcore.errors import UnknownNameError
from crmcore.fields import (
    Checkbox,
    Composite,
    Currency,
    CustomField,
    Date,
    DateTime,
    Email,
    FieldType,
    Lookup,
    MultiPicklist,
    Number,
    Percent,
    Phone,
    Picklist,
    Text,
    Url,
    Whole,
)
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.money import Money
from crmcore.values.ref import Ref


class Holds(Enum):
    """How many values a field holds, and in what."""

    ONE = "one"
    TUPLE = "tuple"
    SET = "set"
    MAP = "map"


@frozen(kw_only=True)
class FieldSchema:
    """One field of an entity.

    ``meaning`` is what it means and ``python`` the class of one value. ``is_optional`` says that
    ``None`` is allowed, ``is_required`` that there is no default. A custom field's value is in
    ``record.custom``. ``lookup`` is the reference that it is, or ``None`` where it is none.
    """

    name: str
    label: str
    meaning: FieldType
    python: type
    holds: Holds = Holds.ONE
    is_optional: bool = False
    is_required: bool = False
    is_custom: bool = False
    lookup: Lookup | None = field(init=False, eq=False, repr=False)
    """The reference that it is, or ``None`` where it is none."""

    def __attrs_post_init__(self) -> None:
        # asked for with every record that is written, so not worked out each time
        reference = self.meaning if isinstance(self.meaning, Lookup) else None
        object.__setattr__(self, "lookup", reference)

    @property
    def path(self) -> str:
        """Its place in a record: ``email``, or ``custom.tier``."""
        return f"custom.{self.name}" if self.is_custom else self.name

    @property
    def is_system(self) -> bool:
        """Whether the library writes it, rather than people."""
        return not self.is_custom and self.name in SYSTEM_FIELDS

    def value(self, record: Record) -> Any:
        """Its value in ``record``; ``None`` where a custom value is missing."""
        return record.custom.get(self.name) if self.is_custom else getattr(record, self.name)

    def changed(self, record: Record, value: Any) -> Record:
        """The successor of ``record`` with this value; a custom value ``None`` is left out."""
        if not self.is_custom:
            return attrs.evolve(record, **{self.name: value})
        custom = record.custom.without(self.name)
        return attrs.evolve(
            record, custom=custom if value is None else custom.with_items({self.name: value})
        )


@frozen(kw_only=True)
class EntitySchema:
    """One entity: its stored name, class, labels and fields, standard ones first.

    ``standard`` are the fields of the class, ``custom`` those that the model adds, and ``lookups``
    those of both that are references.
    """

    kind: str
    entity: type[Record]
    label: str
    plural: str
    fields: tuple[FieldSchema, ...]
    standard: tuple[FieldSchema, ...] = field(init=False, eq=False, repr=False)
    """The fields of the class."""
    custom: tuple[FieldSchema, ...] = field(init=False, eq=False, repr=False)
    """The fields that the model adds."""
    lookups: tuple[FieldSchema, ...] = field(init=False, eq=False, repr=False)
    """The fields that are references."""
    _by_name: Mapping[str, FieldSchema] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        # computed once, as every command asks for them again and again
        told = {
            "standard": tuple(one for one in self.fields if not one.is_custom),
            "custom": tuple(one for one in self.fields if one.is_custom),
            "lookups": tuple(one for one in self.fields if one.lookup is not None),
        }
        for name, fields in told.items():
            object.__setattr__(self, name, fields)
        by_name = {one.name: one for one in reversed(self.fields)}
        object.__setattr__(self, "_by_name", by_name)

    def __iter__(self) -> Iterator[FieldSchema]:
        return iter(self.fields)

    def field(self, name: str) -> FieldSchema:
        """The field of this name; ``custom.tier`` or ``tier`` finds a custom field.

        Raises ``UnknownNameError`` with the nearest name.
        """
        if not self.has(name):
            raise UnknownNameError("field", name, tuple(one.path for one in self.fields), self.kind)
        return self._by_name[name.removeprefix("custom.")]

    def has(self, name: str) -> bool:
        """Whether there is a field of this name."""
        plain = name.removeprefix("custom.")
        found = self._by_name.get(plain)
        return found is not None and (found.is_custom or plain == name)


def words(name: str) -> str:
    """A label made from a name: ``parent_id`` gives ``Parent``, ``close_on`` ``Close date``."""
    stem = name.removeprefix("is_")
    for ending, word in (("_id", ""), ("_on", " date"), ("_at", " time")):
        if stem.endswith(ending) and stem != ending:
            stem = stem.removesuffix(ending) + word
            break
    return stem.replace("_", " ").strip().capitalize()


def _label(name: str, meaning: FieldType) -> str:
    """The label of a field: the ``_id`` of what is no reference is a word of it."""
    is_number = name.endswith("_id") and not isinstance(meaning, Lookup)
    return f"{words(name)} id" if is_number else words(name)


def _plural(label: str) -> str:
    if re.search(r"[^aeiou]y$", label):
        return f"{label[:-1]}ies"
    return f"{label}es" if re.search(r"(s|x|z|ch|sh)$", label) else f"{label}s"


_BY_PYTHON: tuple[tuple[type, FieldType], ...] = (
    (bool, Checkbox()),
    (str, Text()),
    (int, Whole()),
    (Decimal, Number()),
    (datetime, DateTime()),
    (date, Date()),
    (Money, Currency()),
    (Ref, Lookup()),
)
_PYTHON_OF: dict[type, type] = {
    Text: str,
    Email: str,
    Phone: str,
    Url: str,
    Picklist: str,
    MultiPicklist: str,
    Whole: int,
    Number: Decimal,
    Percent: Decimal,
    Currency: Money,
    Date: date,
    DateTime: datetime,
    Checkbox: bool,
    Composite: object,
}


def unwrapped(hint: Any) -> tuple[Any, FieldType | None, bool]:
    """A hint without ``Annotated`` and ``None``: the rest, the meaning found, whether optional."""
    meaning: FieldType | None = None
    optional = False
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            hint, *extras = get_args(hint)
            meaning = next((one for one in extras if isinstance(one, FieldType)), meaning)
        elif origin in (Union, types.UnionType) and type(None) in get_args(hint):
            optional = True
            rest = [one for one in get_args(hint) if one is not type(None)]
            hint = Union[tuple(rest)]  # noqa: UP007  # built at run time
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        else:
            return hint, meaning, optional or hint is Any


def container(hint: Any) -> tuple[Any, Holds]:
    """The type of one value, and how many ``tuple[X, ...]`` or ``FrozenMap[X]`` and so on hold."""
    origin = get_origin(hint)
    inner = get_args(hint)
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        return inner[0], Holds.TUPLE
    if origin is frozenset:
        return inner[0], Holds.SET
    if origin is FrozenMap:
        return inner[0], Holds.MAP
    return hint, Holds.ONE


def _class_of(hint: Any) -> type:
    plain = get_origin(hint) or hint
    return plain if isinstance(plain, type) and plain is not Any else object


def _field_schema(attribute: attrs.Attribute[Any], hint: Any) -> FieldSchema:
    rest, meaning, optional = unwrapped(hint)
    rest, holds = container(rest)
    rest, inner_meaning, _ = unwrapped(rest)
    python = _class_of(rest)
    by_type = (one for base, one in _BY_PYTHON if issubclass(python, base))
    found = meaning or inner_meaning or next(by_type, Composite())
    return FieldSchema(
        name=attribute.name,
        label=_label(attribute.name, found),
        meaning=found,
        python=python,
        holds=holds,
        is_optional=optional,
        is_required=attribute.default is attrs.NOTHING,
    )


def custom_schema(one: CustomField) -> FieldSchema:
    """The schema of a custom field."""
    if isinstance(one.type, Lookup):
        python: type = str if one.type.kind else Ref
    else:
        python = _PYTHON_OF[type(one.type)]
    return FieldSchema(
        name=one.name,
        label=one.label or _label(one.name, one.type),
        meaning=one.type,
        python=python,
        holds=Holds.SET if isinstance(one.type, MultiPicklist) else Holds.ONE,
        is_optional=not one.required,
        is_required=one.required,
        is_custom=True,
    )


def describe(entity: type[Record]) -> EntitySchema:
    """The schema of an entity as its class declares it, without a model's additions."""
    key: Any = entity  # Any: mypy does not see that this class is hashable
    return _described(key)


@cache
def _described(entity: type[Record]) -> EntitySchema:
    hints = get_type_hints(entity, include_extras=True)
    kind = kind_of(entity)
    label = words(kind)
    return EntitySchema(
        kind=kind,
        entity=entity,
        label=label,
        plural=_plural(label),
        fields=tuple(_field_schema(one, hints[one.name]) for one in attrs.fields(entity)),
    )


def value_fields(python: type) -> tuple[FieldSchema, ...]:
    """The fields of a value type, such as an address; empty for types without parts."""
    key: Any = python  # Any: mypy does not see that every class is hashable
    return _value_fields(key)


@cache
def _value_fields(python: type) -> tuple[FieldSchema, ...]:
    if not attrs.has(python) or issubclass(python, Record):
        return ()
    hints = get_type_hints(python, include_extras=True)
    return tuple(_field_schema(one, hints[one.name]) for one in attrs.fields(python))


def parts(python: type) -> Mapping[str, type]:
    """The named parts of a value type, such as the city of an address, with their classes.

    Empty for types without parts.
    """
    key: Any = python  # Any: mypy does not see that every class is hashable
    return _parts(key)


@cache
def _parts(python: type) -> Mapping[str, type]:
    return {one.name: one.python for one in value_fields(python)}


_EMPTY: Mapping[Any, Any] = {tuple: (), frozenset: frozenset(), FrozenMap: FrozenMap()}


def defaults(python: type) -> Mapping[str, Any]:
    """What each attribute of an attrs class is when it is left out, in their order.

    ``attrs.NOTHING`` where it must be given, or is made anew each time. Empty for other classes.
    """
    key: Any = python  # Any: mypy does not see that every class is hashable
    return _defaults(key)


@cache
def _defaults(python: type) -> Mapping[str, Any]:
    return {one.name: _default(one) for one in attrs.fields(python)} if attrs.has(python) else {}


def _default(attribute: attrs.Attribute[Any]) -> Any:
    factory = getattr(attribute.default, "factory", None)
    return attribute.default if factory is None else _EMPTY.get(factory, attrs.NOTHING)


@frozen
class Slot:
    """One field of a class whose constructor does nothing but fill its fields.

    ``put(value, one)`` fills it; ``default`` is what it holds where nothing is given
    (``attrs.NOTHING``: it must be), ``converter`` what becomes of what is given (``None``: itself).
    """

    name: str
    put: Callable[[Any, Any], None]
    default: Any
    converter: Callable[[Any], Any] | None


def slots(python: type) -> tuple[Slot, ...] | None:
    """The fields of an attrs class, for building its values without its constructor.

    ``None`` for classes whose constructor tests values, or does anything else.
    """
    key: Any = python  # Any: mypy does not see that every class is hashable
    return _slots(key)


_HOOKS = ("__attrs_pre_init__", "__attrs_post_init__", "__attrs_init__", "_attrs_cached_hash")


@cache
def _slots(python: type) -> tuple[Slot, ...] | None:
    init = vars(python).get("__init__")
    made = getattr(getattr(init, "__code__", None), "co_filename", "")
    if not made.startswith("<attrs generated") or any(hasattr(python, one) for one in _HOOKS):
        return None
    found: list[Slot] = []
    for one in attrs.fields(python):
        slot = getattr(python, one.name, None)
        if not isinstance(slot, types.MemberDescriptorType) or not one.init:
            return None
        if one.validator is not None or isinstance(one.converter, attrs.Converter):
            return None
        default = _default(one)
        if one.converter is not None and default is not attrs.NOTHING:
            default = one.converter(default)
        found.append(Slot(one.name, slot.__set__, default, one.converter))
    return tuple(found)
