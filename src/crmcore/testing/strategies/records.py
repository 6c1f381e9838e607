"""Records: strategies for valid records of any entity, derived from its schema.

Few of the optional fields have a value, so that examples are small and a failure shrinks to the
fields it needs. Only what several fields must say together stands here by name.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from crmcore.entities import Record
from crmcore.fields import (
    Email,
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
from crmcore.model.check import INTERVALS
from crmcore.model.describe import EntitySchema, FieldSchema, Holds, value_fields
from crmcore.model.model import STANDARD_MODEL, Entity, Model
from crmcore.model.pipeline import ForecastCategory
from crmcore.model.policies import ContactAccount
from crmcore.testing.strategies import values as given
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

R = TypeVar("R", bound=Record)

MOST_OPTIONAL = 8
"""How many of the optional fields of one record have a value, at most."""

_BY_PYTHON: dict[type, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    str: given.texts(),
    int: given.wholes(),
    Decimal: given.numbers(),
    datetime: given.moments(),
    date: given.dates(),
    Money: given.moneys(),
    Address: given.addresses(),
    PersonName: given.person_names(),
    Ref: given.refs(),
    object: given.scalars(),
}


def one_value(
    one: FieldSchema, model: Model = STANDARD_MODEL, pool: Iterable[Record] = ()
) -> st.SearchStrategy[Any]:
    """A present value of one field: a reference names a record of ``pool``, if any fits."""
    if one.holds is Holds.MAP:
        return given.maps(_item(one, model, ()))
    item = _item(one, model, [record.ref for record in pool])
    if one.holds is Holds.ONE:
        return item
    several = st.lists(item, max_size=3)
    return several.map(tuple if one.holds is Holds.TUPLE else frozenset)


def _item(one: FieldSchema, model: Model, pool: Sequence[Ref[Any]]) -> st.SearchStrategy[Any]:
    match one.meaning:
        case Lookup() as lookup:
            return _reference(one, lookup, pool)
        case Picklist(options, open_ended) | MultiPicklist(options, open_ended):
            listed = st.sampled_from(options) if options else st.nothing()
            return listed | given.texts(blank=False) if open_ended else listed
        case Text(max_length):
            return given.texts(max_size=max_length or 40, blank=not one.is_required)
        case Whole(minimum, maximum):
            return given.wholes(minimum, maximum)
        case Number(low, high):
            return given.numbers(low, high)
        case Percent():
            return given.numbers(Decimal(0), Decimal(100))
        case Email():
            return given.emails()
        case Phone():
            return given.phones()
        case Url():
            return given.urls()
    return _of_type(one.python, model)


def _reference(
    one: FieldSchema, lookup: Lookup, pool: Sequence[Ref[Any]]
) -> st.SearchStrategy[Any]:
    fitting = [ref for ref in pool if lookup.accepts(ref.kind)]
    if fitting:
        known = st.sampled_from(fitting)
    else:
        known = given.refs(lookup.kinds) if lookup.kinds else given.refs()
    return known if one.python is Ref else known.map(lambda ref: ref.id)


def _of_type(python: type, model: Model) -> st.SearchStrategy[Any]:
    known = _BY_PYTHON.get(python)
    if known is not None:
        return known
    if issubclass(python, Enum):
        return st.sampled_from(python)
    if issubclass(python, Record):
        return _any_record(model)
    key: Any = python  # Any: mypy does not see that this class is hashable
    return _value(key, model)


@lru_cache(maxsize=1024)
def _value(python: type, model: Model) -> st.SearchStrategy[Any]:
    """Values of a class with parts, which may hold values of that class again."""

    def built() -> st.SearchStrategy[Any]:
        parts: dict[str, st.SearchStrategy[Any]] = {}
        for one in value_fields(python):
            present = one_value(one, model)
            if _leads_to(one.python, python):
                parts[one.name] = _seldom(one, present)
            else:
                parts[one.name] = st.none() | present if one.is_optional else present
        return st.builds(python, **parts)

    return st.deferred(built)  # looked at only once it is drawn from: it may lead back to itself


def _seldom(one: FieldSchema, present: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A part that may hold such values again, so seldom that there is an end to it."""
    if one.is_optional:
        return st.sampled_from((False, False, False, True)).flatmap(
            lambda is_there: present if is_there else st.none()
        )
    empty: Any = {Holds.TUPLE: (), Holds.SET: frozenset(), Holds.MAP: FrozenMap()}.get(one.holds)
    if empty is None:
        return present
    return st.sampled_from((False,) * 9 + (True,)).flatmap(
        lambda is_there: present if is_there else st.just(empty)
    )


def _leads_to(python: type, wanted: type, above: frozenset[type] = frozenset()) -> bool:
    if python is wanted or python in above:
        return python is wanted
    return any(_leads_to(one.python, wanted, above | {python}) for one in value_fields(python))


def _any_record(model: Model) -> st.SearchStrategy[Record]:
    """A record of any entity that does not itself hold whole records."""
    flat = [
        schema
        for schema in model.schemas
        if not any(_holds_records(one.python) for one in schema.fields)
    ]
    return st.sampled_from(flat).flatmap(lambda schema: records(schema.entity, model))


def _holds_records(python: type, above: frozenset[type] = frozenset()) -> bool:
    if python in above:
        return False
    return issubclass(python, Record) or any(
        _holds_records(one.python, above | {python}) for one in value_fields(python)
    )


def custom_values(
    entity: Entity, model: Model = STANDARD_MODEL, pool: Sequence[Record] = ()
) -> st.SearchStrategy[FrozenMap[Any]]:
    """The custom values of one record: all required ones, and any of the others."""
    fields = model.schema(entity).custom
    return st.fixed_dictionaries(
        {one.name: one_value(one, model, pool) for one in fields if one.is_required},
        optional={one.name: one_value(one, model, pool) for one in fields if not one.is_required},
    ).map(FrozenMap)


def records(
    entity: type[R],
    model: Model = STANDARD_MODEL,
    *,
    pool: Iterable[Record] = (),
    among: Collection[str] | None = None,
    **fixed: Any,  # a value or a strategy, of any field
) -> st.SearchStrategy[R]:
    """Records of an entity, valid as ``check_record`` sees it, never stored before.

    References name records of ``pool``; where none fits they are ``None``, or a made-up id if the
    field needs one. ``among`` are the optional fields that may have a value (``None``: all).
    ``fixed`` gives values, or strategies for them, of fields by name; ``None`` stays ``None``.
    """
    some = None if among is None else frozenset(among)
    known = tuple(pool)
    if known or fixed:
        return _records(entity, model, known, some, fixed)
    key: Any = entity  # Any: mypy does not see that this class is hashable
    return _new(key, model, some)


@lru_cache(maxsize=1024)
def _new(entity: type[R], model: Model, among: frozenset[str] | None) -> st.SearchStrategy[R]:
    return _records(entity, model, (), among, {})


def own_values(
    entity: type[Record], model: Model = STANDARD_MODEL
) -> Mapping[str, st.SearchStrategy[Any]]:
    """By path, the values that the fields of an entity may have without a pool."""
    key: Any = entity  # Any: mypy does not see that this class is hashable
    return _own_values(key, model)


@lru_cache(maxsize=1024)
def _own_values(entity: type[Record], model: Model) -> Mapping[str, st.SearchStrategy[Any]]:
    return {one.path: one_value(one, model) for one in model.schema(entity).fields}


def _records(
    entity: type[R],
    model: Model,
    pool: Sequence[Record],
    among: frozenset[str] | None,
    fixed: Mapping[str, Any],
) -> st.SearchStrategy[R]:
    schema = model.schema(entity)
    values = {
        one.path: one_value(one, model, pool) if pool and one.lookup is not None else own
        for one, own in zip(schema.fields, own_values(entity, model).values(), strict=True)
    }
    drawn = {"id": given.ids()} | _sure(schema, model, values, fixed) | _fixed(fixed)
    optional = {
        one.path: values[one.path]
        for one in schema.fields
        if _may_have(one, drawn, pool) and (among is None or one.path in among)
    }
    names = st.sampled_from(tuple(optional)) if optional else st.nothing()
    some = st.lists(names, unique=True, max_size=MOST_OPTIONAL if optional else 0)

    def built(draw: st.DrawFn) -> R:
        found = {path: draw(strategy) for path, strategy in drawn.items()}
        found |= {path: draw(optional[path]) for path in draw(some)}
        return entity(**_sound(found, frozenset(fixed)))

    return given.drawn_by(built)


def _fixed(fixed: Mapping[str, Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {
        name: value if isinstance(value, st.SearchStrategy) else st.just(value)
        for name, value in fixed.items()
    }


def _may_have(one: FieldSchema, drawn: Collection[str], pool: Sequence[Record]) -> bool:
    if one.path in drawn or one.name in ("version", "custom"):
        return False
    if one.is_custom and "custom" in drawn:
        return False
    lookup = one.lookup
    return lookup is None or any(lookup.accepts(record.ref.kind) for record in pool)


def _sure(
    schema: EntitySchema,
    model: Model,
    values: Mapping[str, st.SearchStrategy[Any]],
    fixed: Mapping[str, Any],
) -> dict[str, st.SearchStrategy[Any]]:
    """The values that every record needs: required ones, and those that the model rules."""
    drawn = {
        one.path: values[one.path]
        for one in schema.fields
        if one.is_required and not (one.is_custom and "custom" in fixed)
    }
    if schema.kind == "lead":
        drawn["status"] = st.sampled_from([one.key for one in model.lead_statuses])
    elif schema.kind == "contact" and model.policies.contact_account is ContactAccount.REQUIRED:
        drawn["account_id"] = values["account_id"]
    elif schema.kind == "opportunity":
        drawn |= {_BOTH: _stages(model, fixed), "pipeline": st.none(), "stage": st.none()}
        categories = [one.value for one in ForecastCategory]
        drawn["forecast_category"] = st.none() | st.sampled_from(categories)
    elif schema.kind == "account_relation" and model.relation_kinds:
        drawn["kind"] = st.sampled_from(tuple(model.relation_kinds))
    return drawn


_BOTH = "pipeline and stage"


def _stages(model: Model, fixed: Mapping[str, Any]) -> st.SearchStrategy[tuple[str, str]]:
    """The keys of a pipeline and of one of its stages, those that are fixed if they are known."""
    pairs = [(one.key, stage.key) for one in model.pipelines for stage in one.stages]
    wanted = fixed.get("pipeline"), fixed.get("stage")
    fitting = [
        pair
        for pair in pairs
        if all(want in (None, have) for want, have in zip(wanted, pair, strict=True))
    ]
    return st.sampled_from(fitting or pairs)


def _sound(found: dict[str, Any], fixed: Collection[str]) -> dict[str, Any]:
    """The values as the entity takes them, made to agree with one another."""
    for name, key in zip(("pipeline", "stage"), found.pop(_BOTH, ()), strict=False):
        found[name] = key if found[name] is None else found[name]
    _straighten(found, fixed)
    custom = {path.removeprefix("custom."): found.pop(path) for path in list(found) if "." in path}
    return found | ({"custom": FrozenMap(custom)} if custom else {})


def _straighten(found: dict[str, Any], fixed: Collection[str]) -> None:
    """Let no interval run backwards."""
    for first, last in INTERVALS:
        start, end = found.get(first), found.get(last)
        if start is None or end is None or start <= end:
            continue
        if not {first, last} & set(fixed):
            found[first], found[last] = end, start
        elif last in fixed and first not in fixed:
            found[first] = end
        elif first in fixed and last not in fixed:
            found[last] = start
