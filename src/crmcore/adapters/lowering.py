"""Lowering: a query for records turned into a weaker one for their rows.

What is lowered selects every row that the records' query selects, and perhaps more. Only values
whose row form has the same equality and order are compared in rows: text, flags, whole numbers,
dates, moments, and the parts of names, addresses and references. A record's field is never
compared with a value of another type there, since types fall together in JSON.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any

import attrs
from attrs import frozen

from crmcore.codec.errors import Misfit
from crmcore.codec.scalars import write_date, write_moment
from crmcore.entities.record import Record
from crmcore.model.describe import FieldSchema, Holds, defaults, describe, parts
from crmcore.model.model import Model
from crmcore.ports.rows import Json
from crmcore.query import (
    ALL,
    Always,
    And,
    Compare,
    Contains,
    F,
    Filter,
    In,
    Missing,
    Not,
    Operator,
    Or,
    Path,
    Query,
    StartsWith,
    matches,
)
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref

OPEN = (Address, Money, PersonName, Ref)
"""Values whose parts stand in rows as they do in records, and are ``None`` by default."""

_NOTHING: tuple[Any, ...] = (None, (), frozenset(), FrozenMap())
"""Defaults that a row leaves out."""


@frozen
class Lowered:
    """A row query that selects at least what the records' query selects.

    ``is_exact`` says that it selects nothing else; ``is_ordered`` that it has the order and the
    cursor of the records' query, and, where it is exact, the limit. ``rest`` is what is to be
    tested on the records of what it selects.
    """

    query: Query[Any]
    is_exact: bool
    is_ordered: bool
    rest: Filter = ALL


def lower(query: Query[Any], model: Model) -> Lowered:
    """The row query for ``query``; everything of its kind where the model lacks the entity."""
    if not model.has(query.kind):
        return Lowered(Query(query.kind), is_exact=False, is_ordered=False, rest=query.where)
    entity = model.schema(query.kind).entity
    term = _lower(query.where, entity)
    if term.is_exact and term.where is query.where and not query.order and query.after is None:
        return Lowered(query, is_exact=True, is_ordered=True)
    rest = ALL if term.is_exact else _rest(query.where, entity)
    after = _cursor(query, entity)
    if after is None:
        return Lowered(Query(query.kind, term.where), term.is_exact, is_ordered=False, rest=rest)
    limit = query.limit if term.is_exact else None
    ordered: Query[Any] = Query(query.kind, term.where, query.order, after or None, limit)
    return Lowered(ordered, term.is_exact, is_ordered=True, rest=rest)


def _rest(where: Filter, entity: type[Record]) -> Filter:
    """The terms that rows cannot tell exactly."""
    if not isinstance(where, And):
        return where
    terms = tuple(term for term in where.terms if not _lower(term, entity).is_exact)
    return terms[0] if len(terms) == 1 else And(terms)


@frozen
class _Term:
    where: Filter
    is_exact: bool = True


_ANYTHING = _Term(ALL, is_exact=False)


def _lower(where: Filter, entity: type[Record]) -> _Term:
    match where:
        case Always():
            return _Term(where)
        case And(terms):
            return _all([_lower(term, entity) for term in terms])
        case Or(terms):
            return _any([_lower(term, entity) for term in terms])
        case Not(term):
            inner = _lower(term, entity)
            return _Term(Not(inner.where)) if inner.is_exact else _ANYTHING
    place = _place(where.path.steps, entity)
    if place is None:
        return _ANYTHING
    lowered = _missing(where, place) if isinstance(where, Missing) else _comparison(where, place)
    if lowered is None:
        return _ANYTHING
    if place.has_value and matches(where, {place.field.name: place.default}):
        # A row written before the field was added lacks it, and is read with the default.
        absent = Missing(F[place.field.name])
        return _Term(Or((lowered, absent)), is_exact=not place.field.is_optional)
    return _Term(lowered)


def _all(terms: list[_Term]) -> _Term:
    kept = [term.where for term in terms if term.where != ALL]
    is_exact = all(term.is_exact for term in terms)
    if not kept:
        return _Term(ALL, is_exact)
    only, *others = kept
    return _Term(And(tuple(kept)) if others else only, is_exact)


def _any(terms: list[_Term]) -> _Term:
    if any(term.where == ALL for term in terms):
        return _Term(ALL, is_exact=any(term == _Term(ALL) for term in terms))
    return _Term(Or(tuple(term.where for term in terms)), all(term.is_exact for term in terms))


@frozen
class _Place:
    """The field that a path begins with, and the class of what it leads to."""

    field: FieldSchema
    python: type
    holds: Holds
    default: Any
    has_value: bool
    """Whether leaving the field out of a row means something."""


def _place(steps: tuple[str, ...], entity: type[Record]) -> _Place | None:
    """Where a path leads; ``None`` where rows may tell another story than records."""
    key: Any = entity  # Any: mypy does not see that every class is hashable
    return _found(steps, key)


@lru_cache(maxsize=1024)
def _found(steps: tuple[str, ...], entity: type[Record]) -> _Place | None:
    name, *rest = steps or ("",)
    schema = describe(entity)
    if name == "version" or not schema.has(name) or len(rest) > 1:
        return None
    one = schema.field(name)
    default = defaults(entity)[name]
    if default is attrs.NOTHING and name != "id" and not one.is_required:
        return None
    has_value = default is not attrs.NOTHING and default not in _NOTHING
    if not rest:
        return _Place(one, one.python, one.holds, default, has_value)
    if one.holds is Holds.MAP:
        return _Place(one, one.python, Holds.ONE, default, has_value)
    python = parts(one.python).get(rest[0]) if one.python in OPEN else None
    if python is None or one.holds is not Holds.ONE:
        return None
    return _Place(one, python, Holds.ONE, default, has_value)


def _missing(where: Missing, place: _Place) -> Filter | None:
    """Only a field that is never an empty collection is missing where its row lacks it."""
    return where if place.holds is Holds.ONE and not place.has_value else None


def _comparison(where: Filter, place: _Place) -> Filter | None:
    """The same condition on the row; ``None`` where it cannot be told there."""
    match where:
        case Compare(path, operator, value) if place.holds is Holds.ONE:
            if type(value) is str and place.python is str:
                return where
            return _compare(path, operator, value, place.python)
        case In(path, values) if place.holds is Holds.ONE:
            lowered = [_in_row(value, place.python) for value in values]
            return None if None in lowered else In(path, tuple(lowered))
        case StartsWith(path, text) if place.holds is Holds.ONE and place.python in (str, object):
            return StartsWith(path, str.__str__(text))
        case Contains(path, str(text)) if place.python is str and place.holds is not Holds.MAP:
            return Contains(path, str.__str__(text))
        case _:
            return None


def _compare(path: Path, operator: Operator, value: Any, python: type) -> Filter | None:
    if python is Ref and isinstance(value, Ref) and operator is Operator.EQ:
        return And((path["kind"] == value.kind, path["id"] == value.id))
    lowered = _in_row(value, python)
    if lowered is None or (operator is not Operator.EQ and not _is_sorted(python)):
        return None
    return Compare(path, operator, lowered)


def _is_sorted(python: type) -> bool:
    """Whether the stored forms of this class have the order of its values."""
    return python in (date, datetime, object) or issubclass(python, str | int)


def _in_row(value: Any, python: type) -> Json:
    """The stored form of a value that a field of this class is compared with.

    ``None`` where it has none with the same equality. Numbers in fields without a declared type
    have none, since 2 equals a decimal 2.00 there.
    """
    if python is object:
        return value if type(value) in (str, bool) else None
    if python is bool:
        return value if type(value) is bool else None
    if issubclass(python, str):
        return str.__str__(value) if isinstance(value, str) else None
    if issubclass(python, int):
        return int(value) if isinstance(value, int) and not isinstance(value, bool) else None
    if issubclass(python, Enum):
        return value.value if isinstance(value, python) and type(value.value) is str else None
    if python is date:
        with suppress(Misfit):
            return write_date(value)
    if python is datetime:
        with suppress(Misfit):
            return write_moment(value)
    return None


def _cursor(query: Query[Any], entity: type[Record]) -> tuple[Json, ...] | None:
    """The cursor as rows have it, ``()`` for none; ``None`` where rows have another order."""
    places = [_place(one.path.steps, entity) for one in query.order]
    lowered: list[Json] = []
    for place, value in zip(places, query.after or (None,) * len(places), strict=False):
        if place is None or place.has_value or place.holds is not Holds.ONE:
            return None
        if place.python is object or not _is_sorted(place.python):
            return None
        lowered.append(None if value is None else _in_row(value, place.python))
        if lowered[-1] is None and value is not None:
            return None
    if query.after is None:
        return ()
    last = query.after[-1]
    return (*lowered, last) if isinstance(last, str) else None
