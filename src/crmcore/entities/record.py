"""Record: the frozen base of every entity, with what all records have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Self, TypeVar

import attrs
from attrs import field, frozen

from crmcore.errors import safe_repr
from crmcore.fields import DateTime, Lookup, Target
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ids import UserId, new_id
from crmcore.values.ref import Ref

R = TypeVar("R", bound="Record")
T = TypeVar("T")


@cache
def _kind(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def kind_of(entity: type[Record]) -> str:
    """The stored name of an entity: ``AccountContactRelation`` is ``account_contact_relation``."""
    return _kind(entity.__name__)


def text_set(values: Iterable[str]) -> frozenset[str]:
    """The frozen set of these texts; a lone text counts as one element.

    What is no iterable of texts comes back as it is, for the check to report.
    """
    if isinstance(values, str):
        return frozenset((values,))
    given = plain_tuple(values)
    try:
        return frozenset(given)
    except TypeError:  # one of them is unhashable, or there are none
        return given  # type: ignore[return-value]  # bad data passes


def text_tuple(values: Iterable[str]) -> tuple[str, ...]:
    """The tuple of these texts, in order; a lone text counts as one element.

    What is no iterable of texts comes back as it is, for the check to report.
    """
    return (values,) if isinstance(values, str) else plain_tuple(values)


def plain_tuple(values: Iterable[T]) -> tuple[T, ...]:
    """The tuple of these values; what is no iterable comes back as it is, for the check."""
    return tuple(values) if isinstance(values, Iterable) else values


def custom_values(values: Mapping[str, Any]) -> FrozenMap[Any]:
    """The frozen map of these custom values; what is no mapping comes back as it is."""
    plain = isinstance(values, Mapping) and not isinstance(values, FrozenMap)
    try:
        return FrozenMap(values) if plain else values  # type: ignore[return-value]  # bad data passes
    except (RecursionError, TypeError):  # it holds itself, or a set of what cannot be frozen
        return values  # type: ignore[return-value]  # bad data passes


def source_ids(values: Mapping[str, str]) -> FrozenMap[str]:
    """The frozen map from source system to the record's id there."""
    return custom_values(values)


def exact_number(value: Decimal | int | None) -> Decimal | None:
    """A whole number as a Decimal; everything else as it is, for the check to report."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return Decimal(value) if whole else value  # type: ignore[arg-type, return-value]  # bad data passes


def _is_told(one: attrs.Attribute[Any], record: Record) -> bool:
    value = getattr(record, one.name)
    return type(value) is not type(one.default) or value != one.default


@frozen(kw_only=True)
class Record:
    """What every record has.

    ``version`` is the sequence number of the commit that last wrote it (0: never stored).
    ``owner_id`` is the user who works on it (``None``: nobody). ``external_ids`` maps a source
    system to the record's id there. ``created_at`` and ``updated_at`` are aware moments in UTC,
    ``None`` until stored. Building a record never fails on its content; ``crm.check`` reports it.
    """

    id: str = field(factory=new_id)
    version: int = 0
    owner_id: Annotated[UserId | None, Lookup("user", target=Target.ANYWHERE)] = None
    labels: frozenset[str] = field(default=frozenset(), converter=text_set)
    custom: FrozenMap[Any] = field(default=FrozenMap(), converter=custom_values)
    external_ids: FrozenMap[str] = field(default=FrozenMap(), converter=source_ids)
    created_at: Annotated[datetime | None, DateTime()] = None
    updated_at: Annotated[datetime | None, DateTime()] = None

    def __init_subclass__(cls) -> None:
        """Keep attrs from writing a ``__repr__`` of its own, which would list every default."""
        if "__repr__" not in vars(cls):
            cls.__repr__ = cls.__repr__  # type: ignore[method-assign]  # the inherited one

    def __repr__(self) -> str:
        """The id and what differs from the defaults: the entity's own fields, then the others."""
        common = {one.name for one in attrs.fields(Record)}
        told = [one for one in attrs.fields(type(self)) if one.repr and _is_told(one, self)]
        told.sort(key=lambda one: (one.name != "id", one.name in common))
        values = (f"{one.alias}={safe_repr(getattr(self, one.name))}" for one in told)
        return f"{type(self).__qualname__}({', '.join(values)})"

    @property
    def ref(self) -> Ref[Self]:
        """The typed reference to this record."""
        return Ref(kind_of(type(self)), self.id)


SYSTEM_FIELDS = frozenset({"id", "version", "created_at", "updated_at"})
"""Fields that the library writes; what people enter is in the others."""
