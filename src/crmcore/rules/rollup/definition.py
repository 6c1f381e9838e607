"""Rollup: the definition of a figure that accounts have by the records below them.

The same figure can be had over any entity: ``over=User`` with ``by=F.owner_id`` is the figure of
each manager with all reports, as users make a tree of their own.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
from attrs import field, frozen

from crmcore.entities import Account, AccountRelation
from crmcore.entities.record import Record, kind_of
from crmcore.errors import UsageError
from crmcore.findings import Finding, Findings, ModelError
from crmcore.model.describe import EntitySchema, describe
from crmcore.query import ALL, F, Filter, Order, Path
from crmcore.query.filters import is_filter
from crmcore.rules.rollup import sound
from crmcore.rules.rollup.algebra import Operation
from crmcore.rules.rollup.formula import Binary, Figure, Formula, Number, names
from crmcore.rules.rollup.measure import Measure, Named
from crmcore.rules.rollup.operations import COUNT, SUM, OperationName, operation
from crmcore.values.currency import check_currency_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


class Scope(Enum):
    """Which accounts a figure of an account is made of."""

    OWN = "own"
    """The account alone."""
    SUBTREE = "subtree"
    """The account and everything below it."""
    ULTIMATE_PARENT = "ultimate_parent"
    """The whole group that the account belongs to: every account of a group has the same."""


def as_path(value: Any) -> Path:
    """The path that was given, or that a text such as ``amount.currency`` names."""
    if isinstance(value, Path):
        return value
    if isinstance(value, str) and value:
        return Path(*value.split("."))
    raise UsageError("this is not a field", value, "write F.amount, or the name of a field")


def _path_or_none(value: Any) -> Path | None:
    return None if value is None else as_path(value)


Source: TypeAlias = "Path | Filter | Figure | Measure[Any] | Named | None"
"""What the value of a rollup is taken from."""


def _value(value: Any) -> Source:
    is_made = is_filter(value) or isinstance(value, Figure | Measure | Named)
    return value if is_made else _path_or_none(value)


def _operation(given: Operation | OperationName) -> Operation:
    return operation(given)


def _rate_on(value: Any) -> Path | date | None:
    return value if isinstance(value, date) else _path_or_none(value)


def _orders(value: Any) -> tuple[Order, ...]:
    several = (value,) if isinstance(value, Path | Order) else tuple(value)
    return tuple(one if isinstance(one, Order) else Order(as_path(one)) for one in several)


def _comparable(value: Any) -> Any:
    """A path makes filters when it is compared, so that its steps stand for it."""
    return ("path", *value.steps) if isinstance(value, Path) else value


@frozen(kw_only=True)
class Shares:
    """That accounts belong to several others by share, instead of to one parent.

    An ``AccountRelation`` of this ``kind`` that is in force says that ``from_id`` owns a part of
    ``to_id``; ``share`` is the field of the relation with the percentage.
    """

    kind: str = "owner"
    share: Path = field(default=F.share, converter=as_path, eq=_comparable)


def _is_entity(_rollup: object, attribute: Any, value: Any) -> None:
    if not (isinstance(value, type) and issubclass(value, Record)):
        raise UsageError(f"{attribute.name} is an entity", value, "pass a class such as Account")


def _is_entity_or_none(rollup: object, attribute: Any, value: Any) -> None:
    if value is not None:
        _is_entity(rollup, attribute, value)


def _is_code_or_none(_rollup: object, _attribute: object, code: str | None) -> None:
    if code is not None:
        check_currency_code(code)


def _scope(value: Scope | str) -> Scope:
    try:
        return Scope(value)
    except ValueError:
        known = ", ".join(str(one) for one in Scope)
        raise UsageError("this is not a scope", value, f"use one of {known}") from None


@frozen(kw_only=True)
class Rollup:
    """A figure of every account, by name.

    It is made of the ``child`` records that refer to the account ``by`` a field, and of those
    that a row of ``via`` links to it (an entity that refers to both): a contact counts in its own
    account and in every account that an ``AccountContactRelation`` names. Only records that
    ``where`` is true of count. ``aggregate`` makes one figure of their ``value`` (``None``: of the
    records themselves; a filter: whether it is true of them): an operation or its name, such as
    ``"sum"``. Filters may have days relative to today (``crmcore.rules.rollup.dates``), which mean
    another day as soon as the clock does (R8).

    A ``Measure`` as value is a function of the record, and ``measure("name")`` the one that the
    rule book has by this name. With ``figure("name")`` as value, the child is the account itself
    (``by=F.id``), and what counts is the figure that it has: a rollup of a rollup (R12).

    ``over`` is the entity that has the figure, ``scope`` says of which accounts it is made.
    ``order_by`` is for operations that depend on an order. ``empty`` is the figure where there is
    no value (``None``: what the operation says, which is 0 for sums and counts and no value for
    the others; ``NOTHING``: no value). A value that is missing is left out, never taken as 0 (R9).

    Money is added in its own currencies and converted at the end to ``currency`` (``None``: the
    model's), by the rates of the day ``rate_on``: a field of the record with a date, a fixed date,
    or ``None`` for today. A record without a rate is left out and reported (R11). ``rounding`` is
    the number of decimals that the figure is rounded to, half-even, once, at the end (``None``: it
    is exact, and has 12 decimals where a conversion or division gives more) (R10).

    With ``shares`` an account that others own counts in each of them by its share, and not in its
    parent; that is for sums and counts over a subtree, which are then exact decimals
    (``crmcore.rules.rollup.shares`` says what becomes of shares that do not fit). ``None``: the
    plain tree.

    Raises ``UnknownNameError`` for an operation that does not exist, and ``ModelError`` with
    everything that the classes say cannot work; ``check`` says the rest, against a model.
    """

    name: str
    child: type[Record] = field(validator=_is_entity)
    by: Path = field(converter=as_path, eq=_comparable)
    where: Filter = ALL
    value: Source = field(default=None, converter=_value, eq=_comparable)
    aggregate: Operation = field(converter=_operation)
    over: type[Record] = field(default=Account, validator=_is_entity)
    via: type[Record] | None = field(default=None, validator=_is_entity_or_none)
    scope: Scope = field(default=Scope.SUBTREE, converter=_scope)
    order_by: tuple[Order, ...] = field(default=(), converter=_orders)
    empty: Any = None
    currency: str | None = field(default=None, validator=_is_code_or_none)
    rate_on: Path | date | None = field(default=None, converter=_rate_on, eq=_comparable)
    rounding: int | None = None
    shares: Shares | None = None

    def __attrs_post_init__(self) -> None:
        found = Findings(about(self, one) for one in _class_findings(self))
        if found:
            raise ModelError("rollup", found)

    def __str__(self) -> str:
        what = f"{self.aggregate} of {kind_of(self.child)}"
        named = ".".join(self.value.steps) if isinstance(self.value, Path) else str(self.value)
        value = "" if self.value is None else f" {named}"
        where = "" if self.where == ALL else f" where {self.where}"
        shares = "" if self.shares is None else ", by share"
        return f"{self.name}: {what}{value}{where}{shares}"


def several(rollups: Rollup | Iterable[Rollup]) -> tuple[Rollup, ...]:
    """One rollup or several, as a tuple; raises ``UsageError`` where two have one name."""
    found = (rollups,) if isinstance(rollups, Rollup) else tuple(rollups)
    names: set[str] = set()
    for one in found:
        if one.name in names:
            raise UsageError("two rollups have one name", one.name, "rename one of them")
        names.add(one.name)
    return found


def about(rollup: Rollup, finding: Finding) -> Finding:
    """A finding about a part of a rollup, with the rollup's name in its path."""
    return attrs.evolve(finding, path=f"{rollup.name}.{finding.path}")


def part_findings(
    rollup: Rollup, schema_of: Callable[[type[Record]], EntitySchema]
) -> Iterator[Finding]:
    """What is wrong with the parts of a rollup, by these schemas."""
    schema, operation = schema_of(rollup.child), rollup.aggregate
    kind, over = kind_of(rollup.child), kind_of(rollup.over)
    yield from sound.name_findings(rollup.name)
    yield from sound.where_findings(rollup.where)
    yield from sound.order_findings(rollup.order_by, operation)
    if rollup.shares is None:
        yield from sound.rounding_findings(rollup.rounding, operation)
    else:
        yield from _shares_findings(rollup, rollup.shares, schema_of)
    if rollup.via is not None:
        yield from sound.via_findings(schema_of(rollup.via), child=kind, over=over)
    if isinstance(rollup.value, Figure):
        yield from sound.figure_findings(rollup.by, rollup.aggregate, child=kind, over=over)
        return
    yield from sound.by_findings(rollup.by, over, schema)
    if isinstance(rollup.value, Named):  # the book says which one it is
        return
    yield from sound.value_findings(rollup.value, operation, schema)
    yield from sound.weight_findings(operation, schema)
    if sound.is_money(rollup.value, operation, schema):
        yield from sound.rate_findings(rollup.rate_on, schema)
    else:
        yield from sound.money_findings(currency=rollup.currency, rate_on=rollup.rate_on)


def _shares_findings(
    rollup: Rollup, shares: Shares, schema_of: Callable[[type[Record]], EntitySchema]
) -> Iterator[Finding]:
    """What keeps a figure from being divided."""
    if rollup.aggregate not in (SUM, COUNT) and rollup.aggregate.weight is None:
        hint = "use sum, count or weighted_sum; a Formula makes an average of two of them"
        yield sound.problem("shares", f"{rollup.aggregate} has no parts", suggestion=hint)
    if rollup.over is not Account:
        over = kind_of(rollup.over)
        yield sound.problem("shares", "only accounts are owned by share", value=over)
    if rollup.scope is not Scope.SUBTREE:
        yield sound.problem("shares", "shares are of whole subtrees", value=str(rollup.scope))
    if isinstance(rollup.value, Figure):
        yield sound.problem("shares", "a figure of figures is not divided again")
    yield from sound.rounding_findings(rollup.rounding, SUM)
    yield from sound.share_findings(shares.share, schema_of(AccountRelation))


def _class_findings(rollup: Rollup) -> Iterator[Finding]:
    """What the classes tell: what custom fields are, only a model knows."""
    custom = {part for part in ("by", "value", "rate_on") if sound.is_custom(getattr(rollup, part))}
    if rollup.shares is not None and sound.is_custom(rollup.shares.share):
        custom.add("share")
    loose = "value" in custom or isinstance(rollup.value, Named)
    unknown = custom | ({"currency", "rate_on"} if loose else set())
    return (one for one in part_findings(rollup, describe) if one.path not in unknown)


Definition: TypeAlias = Rollup | Formula
"""What a figure is defined by."""


def needs(definition: Definition) -> tuple[str, ...]:
    """The names of the figures that a definition is made of."""
    expression = definition.of if isinstance(definition, Formula) else definition.value
    return tuple(names(expression)) if isinstance(expression, Figure | Number | Binary) else ()


def is_derived(definition: Definition) -> bool:
    """Whether a figure is read from others: those that it names, or those of owned accounts."""
    return has_shares(definition) or bool(needs(definition))


def has_shares(definition: Definition) -> bool:
    """Whether a figure counts by share."""
    return isinstance(definition, Rollup) and definition.shares is not None


def circle(definitions: Mapping[str, Definition]) -> tuple[str, ...] | None:
    """Names that are made of one another, from one back to itself; ``None`` where there are none.

    Names that are not defined are passed over.
    """
    done: set[str] = set()
    for start in definitions:
        way: list[str] = []
        waiting: list[tuple[str, int]] = [(start, 0)]
        while waiting:
            name, depth = waiting.pop()
            del way[depth:]
            if name in way:
                return (*way[way.index(name) :], name)
            if name in done or name not in definitions:
                continue
            way.append(name)
            found = needs(definitions[name])
            waiting += ((one, depth + 1) for one in found)
            if not found:
                done.add(name)
        done.update(way)
    return None
