"""Sound: everything that keeps a rollup from working, found at once.

What the classes tell is found when the rollup is built, the rest when it meets a model.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from crmcore.entities.record import Record, kind_of
from crmcore.errors import CrmError
from crmcore.findings import Finding, Findings, ModelError, error, warning
from crmcore.model.describe import EntitySchema, FieldSchema, Holds, describe
from crmcore.query import Filter, Order, Path, field_at, read_filter
from crmcore.query.filters import is_filter
from crmcore.rules.rollup.operations import NOTHING, Gives, Operation, Sort, Takes
from crmcore.values.money import MAX_DECIMALS, Money
from crmcore.values.ref import Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcore.model.model import Model

_SORTS: tuple[tuple[type, Sort], ...] = (
    (bool, Sort.FLAG),
    (int, Sort.NUMBER),
    (Decimal, Sort.NUMBER),
    (Money, Sort.MONEY),
    (datetime, Sort.MOMENT),
    (date, Sort.DATE),
    (str, Sort.TEXT),
    (Ref, Sort.REFERENCE),
)


class _Draft(Protocol):
    """A rollup while it is being built: what is looked at to say whether it can work."""

    @property
    def name(self) -> str: ...
    @property
    def child(self) -> type[Record]: ...
    @property
    def by(self) -> Path: ...
    @property
    def where(self) -> Filter: ...
    @property
    def value(self) -> Path | None: ...
    @property
    def aggregate(self) -> Operation: ...
    @property
    def over(self) -> type[Record]: ...
    @property
    def via(self) -> type[Record] | None: ...
    @property
    def order_by(self) -> tuple[Order, ...]: ...
    @property
    def empty(self) -> Any: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def rate_on(self) -> Path | date | None: ...
    @property
    def rounding(self) -> int | None: ...


def sort_of(python: type) -> Sort | None:
    """The sort of values of a class; ``None`` where operations can do nothing with them."""
    return next((sort for base, sort in _SORTS if issubclass(python, base)), None)


def check(rollup: _Draft, model: Model) -> Findings:
    """Everything doubtful about a rollup with a model; an error means that it cannot work."""
    entities = sorted({rollup.child, rollup.over, *_link(rollup)}, key=kind_of)
    found = [one for entity in entities for one in _entity(entity, rollup, model)]
    if Findings(found).errors:
        return Findings(found)
    schema = model.schema(rollup.child)
    found += _definition(rollup)
    found += _by(rollup, schema)
    found += _value(rollup, schema)
    found += _rate_on(rollup, schema)
    found += _via(rollup, model.schema(rollup.via) if rollup.via else None)
    found += _empty(rollup, schema, model)
    found += _where(rollup, model)
    return Findings(found)


def require_sound(rollup: _Draft, model: Model) -> None:
    """Raise ``ModelError`` with every error that ``check`` finds, if it finds any."""
    found = check(rollup, model).errors
    if found:
        raise ModelError("rollup", found)


def class_findings(rollup: _Draft) -> Iterator[Finding]:
    """What is wrong with a rollup whatever the model: custom fields are not looked at."""
    schema = describe(rollup.child)
    yield from _definition(rollup)
    yield from _via(rollup, describe(rollup.via) if rollup.via else None)
    if not _is_custom(rollup.by):
        yield from _by(rollup, schema)
    if rollup.value is None or not _is_custom(rollup.value):
        yield from _value(rollup, schema)
    if not isinstance(rollup.rate_on, Path) or not _is_custom(rollup.rate_on):
        yield from _rate_on(rollup, schema)


def _is_custom(path: Path) -> bool:
    return path.steps[:1] == ("custom",)


def _problem(rollup: _Draft, code: str, message: str, field: str, **rest: Any) -> Finding:
    return error(f"rollup.{code}", message, path=f"{rollup.name}.{field}", **rest)


def _link(rollup: _Draft) -> tuple[type[Record], ...]:
    return () if rollup.via is None else (rollup.via,)


def _entity(entity: type[Record], rollup: _Draft, model: Model) -> Iterator[Finding]:
    kind = kind_of(entity)
    if not model.has(entity) or model.schema(entity).entity is not entity:
        yield error(
            "rollup.entity",
            "the model does not have this entity",
            path=rollup.name,
            value=kind,
            suggestion=f"use model.with_entity({entity.__name__})",
        )
    elif not model.is_enabled(entity):
        yield warning(
            "rollup.disabled",
            "this entity is disabled in the model",
            path=rollup.name,
            value=kind,
            suggestion=f"use model.with_enabled({entity.__name__})",
        )


def _definition(rollup: _Draft) -> Iterator[Finding]:
    named: Any = rollup.name
    if not isinstance(named, str) or not named.strip():
        yield _problem(rollup, "name", "a rollup needs a name", "name", value=rollup.name)
    if not is_filter(rollup.where):
        yield _problem(
            rollup,
            "where",
            "this is not a filter",
            "where",
            value=rollup.where,
            suggestion='write F.stage == "Won", or leave it out',
        )
    if rollup.order_by:
        yield _problem(
            rollup,
            "order_by",
            f"{rollup.aggregate} does not depend on an order",
            "order_by",
            suggestion="leave order_by out",
        )
    if rollup.rounding is not None:
        yield from _rounding(rollup)


def _rounding(rollup: _Draft) -> Iterator[Finding]:
    given: Any = rollup.rounding
    is_whole = isinstance(given, int) and not isinstance(given, bool)
    if not is_whole or not -MAX_DECIMALS <= given <= MAX_DECIMALS:
        yield _problem(
            rollup,
            "rounding",
            f"rounding is a number of decimals from -{MAX_DECIMALS} to {MAX_DECIMALS}",
            "rounding",
            value=given,
        )
    elif rollup.aggregate.gives is Gives.COUNT:
        yield _problem(
            rollup, "rounding", "a count is never rounded", "rounding", suggestion="leave it out"
        )


def _located(path: Path, schema: EntitySchema) -> tuple[FieldSchema, type] | CrmError:
    try:
        return field_at(path, schema)
    except CrmError as problem:
        return problem


def _by(rollup: _Draft, schema: EntitySchema) -> Iterator[Finding]:
    place = _located(rollup.by, schema)
    over = kind_of(rollup.over)
    if isinstance(place, CrmError):
        yield _problem(rollup, "field", str(place), "by")
        return
    lookup = place[0].lookup
    if lookup is None or not lookup.accepts(over) or place[0].holds is not Holds.ONE:
        fits = [
            one.path for one in schema.lookups if one.lookup is not None and one.lookup.kind == over
        ]
        yield _problem(
            rollup,
            "by",
            f"{rollup.by} does not refer to one {over}",
            "by",
            suggestion=f"use F.{fits[0]}" if fits else f"give it a Lookup({over!r})",
        )


def _value(rollup: _Draft, schema: EntitySchema) -> Iterator[Finding]:
    operation = rollup.aggregate
    if rollup.value is None:
        if operation.takes is Takes.A_VALUE:
            yield _problem(
                rollup,
                "value",
                f"{operation} needs a value",
                "value",
                suggestion="give the field: value=F.amount",
            )
        return
    if operation.takes is Takes.NOTHING:
        yield _problem(
            rollup,
            "value",
            f"{operation} counts records, whatever their values",
            "value",
            value=str(rollup.value),
            suggestion=f"leave value out; count_distinct counts different values, and "
            f"where=~{rollup.value}.is_none() records that have one",
        )
        return
    place, steps = _located(rollup.value, schema), rollup.value.steps
    if isinstance(place, CrmError):
        yield _problem(rollup, "field", str(place), "value")
        return
    is_one = place[0].holds is Holds.ONE or (place[0].holds is Holds.MAP and len(steps) > 1)
    sort = sort_of(place[1]) if is_one else None
    if sort is None or sort not in operation.sorts:
        wanted = " or ".join(sorted(one.value for one in operation.sorts))
        yield _problem(
            rollup,
            "value",
            f"{operation} takes {wanted}, not {sort.value if sort else 'this'}",
            "value",
            value=str(rollup.value),
        )


def _is_money(rollup: _Draft, schema: EntitySchema) -> bool:
    if rollup.value is None or rollup.aggregate.scaled is None:
        return False
    place = _located(rollup.value, schema)
    return not isinstance(place, CrmError) and sort_of(place[1]) is Sort.MONEY


def _rate_on(rollup: _Draft, schema: EntitySchema) -> Iterator[Finding]:
    given = rollup.rate_on
    is_unclear = rollup.value is not None and _is_custom(rollup.value) and not schema.custom
    if not is_unclear and not _is_money(rollup, schema):
        for name, value in (("currency", rollup.currency), ("rate_on", given)):
            if value is not None:
                yield _problem(
                    rollup,
                    name,
                    f"{name} is for money, which this figure is not made of",
                    name,
                    value=str(value),
                    suggestion="leave it out",
                )
        return
    if not isinstance(given, Path):
        return
    place = _located(given, schema)
    if isinstance(place, CrmError):
        yield _problem(rollup, "field", str(place), "rate_on")
    elif sort_of(place[1]) not in (Sort.DATE, Sort.MOMENT):
        yield _problem(
            rollup,
            "rate_on",
            f"{given} has no date",
            "rate_on",
            suggestion="give a field with a date, a fixed date, or None for today",
        )


def link_fields(
    schema: EntitySchema, *, child: str, over: str
) -> tuple[tuple[FieldSchema, ...], tuple[FieldSchema, ...]]:
    """The fields of a link entity that refer to the child, and those that refer to the account."""
    ones = [one for one in schema.lookups if one.holds is Holds.ONE and not one.is_custom]
    named = [(one, one.lookup.kind) for one in ones if one.lookup is not None]
    return (
        tuple(one for one, kind in named if kind == child),
        tuple(one for one, kind in named if kind == over),
    )


def _via(rollup: _Draft, schema: EntitySchema | None) -> Iterator[Finding]:
    if schema is None:
        return
    child, over = kind_of(rollup.child), kind_of(rollup.over)
    to_child, to_over = link_fields(schema, child=child, over=over)
    if len(to_child) != 1 or len(to_over) != 1 or to_child == to_over:
        yield _problem(
            rollup,
            "via",
            f"a {schema.kind} does not link one {child} to one {over}",
            "via",
            suggestion="use an entity with exactly one Lookup to each",
        )


def _empty(rollup: _Draft, schema: EntitySchema, model: Model) -> Iterator[Finding]:
    given = rollup.empty
    place = None if rollup.value is None else _located(rollup.value, schema)
    if given is None or given is NOTHING or isinstance(place, CrmError):
        return
    wanted: tuple[type, ...] = (place[1],) if place else (int,)
    if rollup.aggregate.gives is Gives.COUNT:
        wanted = (int,)
    elif place and sort_of(place[1]) is Sort.NUMBER:
        wanted = (int, Decimal)
    currency = rollup.currency or model.currency
    fits = isinstance(given, wanted) and not (isinstance(given, bool) and bool not in wanted)
    if not fits or (isinstance(given, Money) and given.currency != currency):
        called = " or ".join(one.__name__ for one in wanted)
        yield _problem(
            rollup,
            "empty",
            f"the value of the empty set is {called}"
            + (f" in {currency}" if wanted == (Money,) else ""),
            "empty",
            value=given,
        )


def _where(rollup: _Draft, model: Model) -> Iterator[Finding]:
    try:
        read_filter(rollup.where, rollup.child, model)
    except CrmError as problem:
        yield _problem(rollup, "field", str(problem), "where")
