"""Sound: whether the parts of a rollup go together; every problem is a finding.

The path of a finding is the part that it is about, such as ``value``.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crmcore.errors import CrmError
from crmcore.findings import Finding, error
from crmcore.model.describe import EntitySchema, FieldSchema, Holds
from crmcore.query import Filter, Order, Path, field_at
from crmcore.query.filters import is_filter
from crmcore.rules.rollup.algebra import NOTHING, Gives, Operation, Sort, Takes
from crmcore.rules.rollup.formula import Figure
from crmcore.rules.rollup.measure import Measure
from crmcore.values.money import MAX_DECIMALS, Money
from crmcore.values.ref import Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def sort_of(python: type) -> Sort | None:
    """The sort of values of a class; ``None`` where operations can do nothing with them."""
    return next((sort for base, sort in _SORTS if issubclass(python, base)), None)


def is_custom(path: Any) -> bool:
    """Whether a path leads to a custom field, which only a model knows."""
    return isinstance(path, Path) and path.steps[:1] == ("custom",)


def problem(part: str, message: str, *, code: str | None = None, **rest: Any) -> Finding:
    """A finding about a part of a rollup; its code is that of the part unless another is given."""
    return error(f"rollup.{code or part}", message, path=part, **rest)


def _located(path: Path, schema: EntitySchema) -> tuple[FieldSchema, type] | CrmError:
    try:
        return field_at(path, schema)
    except CrmError as wrong:
        return wrong


def name_findings(name: Any) -> Iterator[Finding]:
    """What is wrong with the name of a rollup."""
    if not isinstance(name, str) or not name.strip():
        yield problem("name", "a rollup needs a name", value=name)


def where_findings(where: Any) -> Iterator[Finding]:
    """What is wrong with the filter, as far as no model is needed to tell."""
    if not is_filter(where):
        yield problem(
            "where",
            "this is not a filter",
            value=where,
            suggestion='write F.stage == "Won", or leave it out',
        )


def order_findings(order_by: tuple[Order, ...], operation: Operation) -> Iterator[Finding]:
    """What is wrong with the order: it is for operations that depend on one."""
    if order_by and not operation.is_ordered:
        yield problem(
            "order_by",
            f"{operation} does not depend on an order",
            suggestion="leave order_by out",
        )


def rounding_findings(rounding: Any, operation: Operation) -> Iterator[Finding]:
    """What is wrong with the number of decimals to round to."""
    if rounding is None:
        return
    is_whole = isinstance(rounding, int) and not isinstance(rounding, bool)
    if not is_whole or not -MAX_DECIMALS <= rounding <= MAX_DECIMALS:
        yield problem(
            "rounding",
            f"rounding is a number of decimals from -{MAX_DECIMALS} to {MAX_DECIMALS}",
            value=rounding,
        )
    elif operation.gives in (Gives.COUNT, Gives.FLAG):
        what = "a count" if operation.gives is Gives.COUNT else "yes or no"
        yield problem("rounding", f"{what} is never rounded", suggestion="leave it out")


def by_findings(by: Path, over: str, schema: EntitySchema) -> Iterator[Finding]:
    """What is wrong with the reference from the child to the account, of the kind ``over``."""
    place = _located(by, schema)
    if isinstance(place, CrmError):
        yield problem("by", str(place), code="field")
        return
    lookup = place[0].lookup
    if lookup is None or not lookup.accepts(over) or place[0].holds is not Holds.ONE:
        lookups = ((one.path, one.lookup) for one in schema.lookups)
        fits = [path for path, found in lookups if found is not None and found.kind == over]
        yield problem(
            "by",
            f"{by} does not refer to one {over}",
            suggestion=f"use F.{fits[0]}" if fits else f"give it a Lookup({over!r})",
        )


def figure_findings(by: Path, operation: Operation, *, child: str, over: str) -> Iterator[Finding]:
    """What is wrong with a rollup of the figures that accounts have."""
    if child != over or by.steps != ("id",):
        yield problem(
            "by",
            "figures are those of the accounts themselves",
            value=str(by),
            suggestion="give the same entity as child and over, and by=F.id",
        )
    if operation.is_ordered or operation.weight is not None or operation.takes is Takes.NOTHING:
        yield problem("aggregate", f"{operation} cannot be made of figures")


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


def via_findings(link: EntitySchema, *, child: str, over: str) -> Iterator[Finding]:
    """What is wrong with the entity that links children to accounts."""
    to_child, to_over = link_fields(link, child=child, over=over)
    if len(to_child) != 1 or len(to_over) != 1 or to_child == to_over:
        yield problem(
            "via",
            f"a {link.kind} does not link one {child} to one {over}",
            suggestion="use an entity with exactly one Lookup to each",
        )


def value_findings(
    value: Path | Filter | Measure[Any] | None, operation: Operation, schema: EntitySchema
) -> Iterator[Finding]:
    """What is wrong with the value, or with there being one or none."""
    if value is None:
        if operation.takes is Takes.A_VALUE:
            hint = "give the field: value=F.amount"
            yield problem("value", f"{operation} needs a value", suggestion=hint)
    elif operation.takes is Takes.NOTHING:
        yield problem(
            "value",
            f"{operation} counts records, whatever their values",
            value=str(value),
            suggestion="leave value out; count_distinct counts different values, and "
            f"where=~{value}.is_none() records that have one",
        )
    else:
        yield from _sort_findings(value, operation, schema)


def weight_findings(operation: Operation, schema: EntitySchema) -> Iterator[Finding]:
    """What is wrong with the field that values are multiplied by."""
    if operation.weight is None:
        return
    place = _located(operation.weight, schema)
    if isinstance(place, CrmError):
        yield problem("value", str(place), code="field")
    elif sort_of(place[1]) is not Sort.NUMBER:
        yield problem("value", "a weight is a number", value=str(operation.weight))


def share_findings(share: Path, schema: EntitySchema) -> Iterator[Finding]:
    """What is wrong with the field of a relation that has the percentage."""
    place = _located(share, schema)
    if isinstance(place, CrmError):
        yield problem("share", str(place), code="field")
    elif sort_of(place[1]) is not Sort.NUMBER:
        yield problem("share", "a share is a number: a percentage", value=str(share))


def _sort_findings(
    value: Path | Filter | Measure[Any], operation: Operation, schema: EntitySchema
) -> Iterator[Finding]:
    if isinstance(value, Measure):
        yield from _measure_findings(value, operation, schema)
        return
    if not isinstance(value, Path):
        if Sort.FLAG not in operation.sorts:
            wanted = " or ".join(sorted(one.value for one in operation.sorts))
            yield problem("value", f"{operation} takes {wanted}, not a filter", value=str(value))
        return
    place = _located(value, schema)
    if isinstance(place, CrmError):
        yield problem("value", str(place), code="field")
        return
    holds = place[0].holds
    is_one = holds is Holds.ONE or (holds is Holds.MAP and len(value.steps) > 1)
    sort = sort_of(place[1]) if is_one else None
    if sort is None or sort not in operation.sorts:
        wanted = " or ".join(sorted(one.value for one in operation.sorts))
        found = sort.value if sort else "this"
        yield problem("value", f"{operation} takes {wanted}, not {found}", value=str(value))


def _measure_findings(
    value: Measure[Any], operation: Operation, schema: EntitySchema
) -> Iterator[Finding]:
    if value.of is not schema.entity:
        yield problem("value", f"{value} is not of a {schema.kind}", value=value.name)
    sort = sort_of(value.gives)
    if sort is None or sort not in operation.sorts:
        wanted = " or ".join(sorted(one.value for one in operation.sorts))
        found = sort.value if sort else value.gives.__name__
        yield problem("value", f"{operation} takes {wanted}, not {found}", value=value.name)


def is_money(
    value: Path | Filter | Figure | Measure[Any] | None,
    operation: Operation,
    schema: EntitySchema,
) -> bool:
    """Whether the figure is made of money that is converted to one currency."""
    if isinstance(value, Measure):
        return operation.scaled is not None and sort_of(value.gives) is Sort.MONEY
    if not isinstance(value, Path) or operation.scaled is None:
        return False
    place = _located(value, schema)
    return not isinstance(place, CrmError) and sort_of(place[1]) is Sort.MONEY


def money_findings(**given: object) -> Iterator[Finding]:
    """What is said about money where the figure is not made of money."""
    for name, value in given.items():
        if value is not None:
            yield problem(
                name,
                f"{name} is for money, which this figure is not made of",
                value=str(value),
                suggestion="leave it out",
            )


def rate_findings(rate_on: Path | date | None, schema: EntitySchema) -> Iterator[Finding]:
    """What is wrong with the field that says on which day to convert."""
    if not isinstance(rate_on, Path):
        return
    place = _located(rate_on, schema)
    if isinstance(place, CrmError):
        yield problem("rate_on", str(place), code="field")
    elif sort_of(place[1]) not in (Sort.DATE, Sort.MOMENT):
        yield problem(
            "rate_on",
            f"{rate_on} has no date",
            suggestion="give a field with a date, a fixed date, or None for today",
        )


def empty_findings(
    empty: Any,
    value: Any,
    operation: Operation,
    *,
    schema: EntitySchema,
    currency: str,
) -> Iterator[Finding]:
    """What is wrong with the declared value of the empty set: it must be like any other figure."""
    place = _located(value, schema) if isinstance(value, Path) else None
    if (
        empty is None
        or empty is NOTHING
        or isinstance(place, CrmError)
        or isinstance(value, Figure)
    ):
        return
    wanted: tuple[type, ...] = (int,)
    if operation.gives is Gives.FLAG:
        wanted = (bool,)
    elif operation.gives is Gives.VALUES:
        wanted = (tuple,)
    elif place is not None and operation.gives is not Gives.COUNT:
        wanted = (int, Decimal) if sort_of(place[1]) is Sort.NUMBER else (place[1],)
    elif isinstance(value, Measure) and operation.gives is not Gives.COUNT:
        wanted = (int, Decimal) if sort_of(value.gives) is Sort.NUMBER else (value.gives,)
    fits = isinstance(empty, wanted) and (bool in wanted or not isinstance(empty, bool))
    if not fits or (isinstance(empty, Money) and empty.currency != currency):
        called = " or ".join(one.__name__ for one in wanted)
        where = f" in {currency}" if wanted == (Money,) else ""
        yield problem("empty", f"the value of the empty set is {called}{where}", value=empty)
