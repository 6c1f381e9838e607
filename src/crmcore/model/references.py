"""References: every reference a record holds, found from the schema, and how to re-point them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from crmcore.entities.record import Record
from crmcore.errors import shown
from crmcore.fields import Lookup
from crmcore.model.describe import EntitySchema, FieldSchema, Holds
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)


def as_ref(value: Any, lookup: Lookup) -> Ref[Any] | None:
    """The reference that a stored value is, or ``None`` where it is none (or bad data)."""
    if isinstance(value, Ref):
        return value
    if isinstance(value, str) and value and lookup.kind is not None:
        return Ref(lookup.kind, value)
    return None


def as_stored(ref: Ref[Any], like: Any) -> Any:
    """The form in which a field stores ``ref``: a ``Ref`` where it held one, else the id."""
    return ref if isinstance(like, Ref) else ref.id


def field_references(record: Record, one: FieldSchema) -> Iterator[Ref[Any]]:
    """The references in one field of ``record``, in their order there (a set: sorted)."""
    if one.lookup is None:
        return
    value = one.value(record)
    if one.holds is Holds.ONE:
        values: Any = (value,)
    elif isinstance(value, tuple | frozenset):
        values = value if one.holds is Holds.TUPLE else sorted(value, key=shown)
    else:
        values = ()  # bad data
    for item in values:
        ref = as_ref(item, one.lookup)
        if ref is not None:
            yield ref


def references(record: Record, schema: EntitySchema) -> Iterator[tuple[FieldSchema, Ref[Any]]]:
    """Every reference of ``record`` with its field, in the order of the fields."""
    for one in schema.lookups:
        for ref in field_references(record, one):
            yield one, ref


def repointed(record: R, one: FieldSchema, target: Callable[[Ref[Any]], Ref[Any] | None]) -> R:
    """The successor of ``record`` in which each reference of one field is what ``target`` says.

    ``None`` clears it. Elements of a tuple that become equal are kept once, the first.
    """
    lookup = one.lookup
    if lookup is None:
        return record
    value = one.value(record)

    def moved(item: Any) -> Any:
        ref = as_ref(item, lookup)
        if ref is None:
            return item
        new = target(ref)
        return None if new is None else as_stored(new, item)

    if one.holds is Holds.ONE:
        successor = moved(value)
    else:
        items = dict.fromkeys(new for new in map(moved, value) if new is not None)
        successor = tuple(items) if one.holds is Holds.TUPLE else frozenset(items)
    return record if successor == value else one.changed(record, successor)  # type: ignore[return-value]  # evolve keeps the class
