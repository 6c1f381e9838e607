"""Reading: a rollup made ready: what a record counts for, and what the states come to.

Paths and filters are looked up in the model once; after that each record costs a few calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import field, frozen

from crmcore.entities.record import Record
from crmcore.errors import UsageError
from crmcore.fields import Percent
from crmcore.findings import Finding, error, warning
from crmcore.model.describe import EntitySchema
from crmcore.query import (
    ALL,
    Compare,
    Filter,
    Order,
    Path,
    field_at,
    matches,
    position,
    read_filter,
    value_at,
)
from crmcore.query.filters import is_filter
from crmcore.rules.rollup.algebra import (
    EXACT,
    NOTHING,
    Gives,
    Operation,
    Sort,
    State,
    is_number,
)
from crmcore.rules.rollup.dates import relative_terms, resolved
from crmcore.rules.rollup.definition import Rollup
from crmcore.rules.rollup.formula import Figure
from crmcore.rules.rollup.measure import Measure, Named
from crmcore.rules.rollup.rates import Rates
from crmcore.rules.rollup.sound import sort_of
from crmcore.values.money import MAX_DECIMALS, Money

if TYPE_CHECKING:
    from crmcore.errors import InvalidValueError
    from crmcore.rules.rule import Context

Value: TypeAlias = Money | Decimal | int | date | str | tuple["Value", ...] | None
"""A figure; ``None`` where there is none."""


class Out(Enum):
    """Why a record does not count."""

    ELSEWHERE = "it belongs to another account"
    UNASSIGNED = "it belongs to no account that is known"
    FILTER = "the filter is not true of it"
    NO_VALUE = "its value is missing"
    BAD_VALUE = "its value is not what the field holds"
    NO_RATE_DATE = "the date that says which exchange rate to use is missing"
    NO_RATE = "there is no exchange rate for its currency on that day"


_SUGGESTIONS: Final = {
    Out.BAD_VALUE: "correct the value; check lists what is wrong with it",
    Out.NO_RATE_DATE: "fill the date, or define the rollup with another rate_on",
    Out.NO_RATE: "add an ExchangeRate that is valid from that day or before",
}

Item: TypeAlias = Any
"""What a record counts for: what its operation takes in, or an ``Out``."""


Key: TypeAlias = tuple[str, date | None]
"""A currency, and the day of the record whose rate counts; ``None``: that of the figure."""


def _has_no_need(_key: Key) -> bool:
    return True


@frozen(kw_only=True, eq=False)
class Reading:
    """A rollup against a model, a day and a table of rates.

    ``where`` is its filter as it reads on that day. ``raw_of`` says what a record counts for if
    the filter is true of it, whatever the rates; ``item_of`` what it counts for, or why it does
    not. ``start``, ``add`` and ``merge`` are those of the operation, for items. ``finish`` reads
    the figure from a state (``None``: the empty set); it raises ``InvalidValueError`` where an
    amount is beyond all bounds. ``home`` is the currency of a figure made of money.
    """

    rollup: Rollup
    where: Filter
    raw_of: Callable[[Record], Item]
    start: Callable[[Item], State]
    add: Callable[[State, Item], State]
    merge: Callable[[State, State], State]
    finish: Callable[[State | None], Value]
    home: str | None = None
    has_rate: Callable[[Key], bool] = _has_no_need

    def item_of(self, record: Record) -> Item:
        """What a record counts for, or why it does not."""
        if self.where != ALL and not matches(self.where, record):
            return Out.FILTER
        item = self.raw_of(record)
        if self.home is None or isinstance(item, Out) or self.has_rate(item[0]):
            return item
        return Out.NO_RATE

    def folded(self, items: Iterable[Item]) -> State | None:
        """The state of these items; ``None`` where there are none."""
        state: State | None = None
        for item in items:
            state = self.start(item) if state is None else self.add(state, item)
        return state

    def finding(self, record: Record, reason: Out) -> Finding | None:
        """The finding about a record that cannot count; ``None`` where this is as it should be."""
        if reason not in _SUGGESTIONS:
            return None
        path = self.rollup.value
        value = value_at(record, path) if isinstance(path, Path) else None
        return warning(
            f"rollup.{reason.name.lower()}",
            f"this record is left out of {self.rollup.name}: {reason.value}",
            ref=record.ref,
            path=".".join(path.steps) if isinstance(path, Path) else "",
            value=path(record) if isinstance(path, Measure) else value,
            suggestion=_SUGGESTIONS[reason],
        )

    def too_large(self, account_id: str | None, problem: InvalidValueError) -> Finding:
        """The finding about a figure that is beyond the bounds of an amount of money."""
        return error(
            "rollup.too_large",
            f"{self.rollup.name} has no value here: the amount {problem.why}",
            path=self.rollup.name,
            value=account_id,
            suggestion="look for an amount that is far too large",
        )


def read_for(where: Filter, rollup: Rollup, context: Context) -> Filter:
    """A filter on the child of a rollup as it reads on the day of the context."""
    schema = context.model.schema(rollup.child)
    today = resolved(where, schema, context.today, context.model.calendar)
    return read_filter(today, rollup.child, context.model)


def relative_terms_of(rollup: Rollup) -> Iterator[Compare]:
    """The comparisons with relative days in the filter of a rollup, and in a value that is one."""
    yield from relative_terms(rollup.where)
    if is_filter(value := rollup.value):
        yield from relative_terms(value)


def reading(rollup: Rollup, context: Context, rates: Rates) -> Reading:
    """Make a rollup ready for records of a model."""
    if rollup.value is None or isinstance(rollup.value, Figure):
        return _plain_reading(rollup, _identity, context, zero=0)
    if isinstance(rollup.value, Named):
        hint = "put the rollup into a rule book that has it: with_measures"
        raise UsageError("this measure is not known here", rollup.value.name, hint)
    if isinstance(rollup.value, Measure):
        read: Read = rollup.value
        python = rollup.value.gives
    elif isinstance(rollup.value, Path):
        read = partial(_value_at, rollup.value)
        python = field_at(rollup.value, context.model.schema(rollup.child))[1]
    else:
        flag = read_for(rollup.value, rollup, context)
        return _plain_reading(rollup, partial(matches, flag), context, zero=0)
    return _value_reading(rollup, read, python, context, rates)


Read: TypeAlias = Callable[[Any], Any]
"""Gives the value of a record."""


def _value_at(path: Path, record: Record) -> Any:
    return value_at(record, path)


def _value_reading(
    rollup: Rollup, read: Read, python: type, context: Context, rates: Rates
) -> Reading:
    """Make a rollup of values of a class ready."""
    operation, sort = rollup.aggregate, sort_of(python)
    weight_of = _weight_of(operation, context.model.schema(rollup.child))
    if sort is Sort.MONEY and operation.scaled is not None:
        return _money_reading(rollup, read, context, rates, weight_of)
    is_decimal = python is Decimal or weight_of is not None
    raw_of = partial(_checked, read, python, sort)
    if weight_of is not None:
        raw_of = partial(_weighted, raw_of, weight_of)
    zero = Decimal(0) if operation.gives is Gives.VALUE and is_decimal else 0
    return _plain_reading(rollup, raw_of, context, zero=zero)


def reading_of_figures(
    rollup: Rollup, context: Context, rates: Rates, *, is_money: bool
) -> Reading:
    """Make a rollup of figures ready; its items are the figures, money by its currency."""
    if is_money and rollup.aggregate.scaled is not None:
        return _money_reading(rollup, _identity, context, rates, None)
    return _plain_reading(rollup, _identity, context, zero=0)


def _plain_reading(
    rollup: Rollup, raw_of: Callable[[Record], Item], context: Context, *, zero: Value
) -> Reading:
    operation = rollup.aggregate
    empty = _empty(rollup, zero if operation.is_zero_when_empty else None)
    return Reading(
        rollup=rollup,
        where=read_for(rollup.where, rollup, context),
        raw_of=partial(_placed, raw_of, rollup.order_by) if operation.is_ordered else raw_of,
        start=operation.start,
        add=operation.add,
        merge=operation.merge,
        finish=partial(_value, operation, rollup.rounding, empty),
    )


def _identity(record: Record) -> str:
    return record.id


def _placed(raw_of: Callable[[Record], Item], order: tuple[Order, ...], record: Record) -> Item:
    """The item with its position in front."""
    item = raw_of(record)
    return item if isinstance(item, Out) else (position(record, order), item)


def _fits(value: Any, python: type, sort: Sort | None) -> bool:
    """Whether a value is of the class that its field declares, and usable."""
    if not isinstance(value, python):
        return False
    if sort is Sort.NUMBER:
        return is_number(value)
    if sort is Sort.DATE:
        return not isinstance(value, datetime)
    return not isinstance(value, datetime) or value.tzinfo is not None


def _checked(read: Read, python: type, sort: Sort | None, record: Record) -> Item:
    value = read(record)
    if value is None:
        return Out.NO_VALUE
    return value if _fits(value, python, sort) else Out.BAD_VALUE


WeightOf: TypeAlias = Callable[[Record], Decimal | Out]


def _weight_of(operation: Operation, schema: EntitySchema) -> WeightOf | None:
    """Gives the weight of a record, or why it has none; ``None`` where nothing is weighted."""
    path = operation.weight
    if path is None:
        return None
    found, python = field_at(path, schema)
    shift = -2 if isinstance(found.meaning, Percent) else 0
    read = partial(_checked, partial(_value_at, path), python, sort_of(python))

    def weight_of(record: Record) -> Decimal | Out:
        value = read(record)
        return value if isinstance(value, Out) else EXACT.scaleb(Decimal(value), shift)

    return weight_of


def _weighted(raw_of: Callable[[Record], Item], weight_of: WeightOf, record: Record) -> Item:
    value, weight = raw_of(record), weight_of(record)
    if isinstance(value, Out):
        return value
    return weight if isinstance(weight, Out) else EXACT.multiply(Decimal(value), weight)


def _empty(rollup: Rollup, own: Value) -> Value:
    """The declared value of the empty set, else the operation's own."""
    if rollup.empty is None:
        return own
    return None if rollup.empty is NOTHING else rollup.empty


def _value(operation: Operation, rounding: int | None, empty: Value, state: State | None) -> Value:
    return empty if state is None else _shown(operation.result(state), rounding)


def _shown(found: Any, rounding: int | None) -> Value:
    """An outcome as a figure: fractions as decimals, numbers rounded where it is wanted."""
    if isinstance(found, tuple):
        return tuple(_shown(one, rounding) for one in found)
    if isinstance(found, Fraction):
        return _decimal(found, rounding)
    if rounding is None or not isinstance(found, int | Decimal):
        return found  # type: ignore[no-any-return]  # what the operation results in
    if isinstance(found, int):
        return found if rounding >= 0 else round(found, rounding)
    return _decimal(Fraction(found), rounding)


def _decimal(exact: Fraction, decimals: int | None) -> Decimal:
    """A fraction rounded half-even to ``decimals`` (``None``: to 12)."""
    places = MAX_DECIMALS if decimals is None else decimals
    # Built from text, as only that is exact in every decimal context.
    return Decimal(f"{round(exact * Fraction(10) ** places)}E{-places}")


@frozen(kw_only=True, eq=False)
class _Conversion:
    """How amounts become amounts of the ``target`` currency.

    ``fixed`` is the day whose rates count where a key names none; ``factors`` are those met so
    far, ``None`` where there is no rate.
    """

    target: str
    fixed: date | None
    day_of: Callable[[Record], date | None] | None
    rates: Rates
    factors: dict[Key, Fraction | None] = field(factory=dict)

    def key(self, money: Money, record: Record) -> Key | Out:
        """The key under which the money of a record is kept, or why it cannot be."""
        if money.currency == self.target or self.day_of is None:
            return money.currency, None
        day = self.day_of(record)
        return Out.NO_RATE_DATE if day is None else (money.currency, day)

    def factor(self, key: Key) -> Fraction | None:
        """What one unit of the currency of a key is worth; ``None`` without a rate."""
        if key not in self.factors:
            currency, day = key
            day = self.fixed if day is None else day
            own = currency == self.target or day is None
            self.factors[key] = (
                Fraction(1) if own else self.rates.factor(currency, self.target, day or date.min)
            )
        return self.factors[key]

    def has_rate(self, key: Key) -> bool:
        """Whether money under this key can be converted."""
        return self.factor(key) is not None


def _money_reading(
    rollup: Rollup, read: Read, context: Context, rates: Rates, weight_of: WeightOf | None
) -> Reading:
    """Money is kept by currency and day, each in its own units, and converted at the end."""
    operation = rollup.aggregate
    given = rollup.rate_on
    conversion = _Conversion(
        target=rollup.currency or context.model.currency,
        fixed=None if isinstance(given, Path) else given or context.today,
        day_of=_day_of(given, context) if isinstance(given, Path) else None,
        rates=rates,
    )

    def raw_of(record: Record) -> Item:
        money = read(record)
        if not isinstance(money, Money):
            return Out.NO_VALUE if money is None else Out.BAD_VALUE
        key = conversion.key(money, record)
        return key if isinstance(key, Out) else (key, money.amount)

    def weighed(record: Record) -> Item:
        item, weight = raw_of(record), weight_of(record) if weight_of else Decimal(1)
        if isinstance(item, Out):
            return item
        return weight if isinstance(weight, Out) else (item[0], EXACT.multiply(item[1], weight))

    zero = Money.zero(conversion.target) if operation.is_zero_when_empty else None
    by_key = _ByKey(operation)
    return Reading(
        rollup=rollup,
        where=read_for(rollup.where, rollup, context),
        raw_of=raw_of if weight_of is None else weighed,
        start=by_key.start,
        add=by_key.add,
        merge=by_key.merge,
        finish=partial(_money, rollup, conversion, _empty(rollup, zero)),
        home=conversion.target,
        has_rate=conversion.has_rate,
    )


def _day_of(path: Path, context: Context) -> Callable[[Record], date | None]:
    def day_of(record: Record) -> date | None:
        value = value_at(record, path)
        if isinstance(value, datetime):
            return context.model.calendar.today(value) if value.tzinfo else None
        return value if isinstance(value, date) else None

    return day_of


@frozen
class _ByKey:
    """An operation on amounts, done for each key by itself: its states are states by key."""

    operation: Operation

    def start(self, item: tuple[Key, Decimal]) -> dict[Key, State]:
        key, amount = item
        return {key: self.operation.start(amount)}

    def add(self, states: dict[Key, State], item: tuple[Key, Decimal]) -> dict[Key, State]:
        key, amount = item
        if key in states:
            states[key] = self.operation.add(states[key], amount)
        else:
            states[key] = self.operation.start(amount)
        return states

    def merge(self, left: dict[Key, State], right: dict[Key, State]) -> dict[Key, State]:
        small, large = (left, right) if len(left) < len(right) else (right, left)
        for key, state in small.items():
            large[key] = self.operation.merge(large[key], state) if key in large else state
        return large


def _money(
    rollup: Rollup, conversion: _Conversion, empty: Value, states: dict[Key, State] | None
) -> Value:
    """The figure of amounts by key; those without a rate are left out."""
    operation, target = rollup.aggregate, conversion.target
    if states is None:
        return empty
    is_exact = (
        rollup.rounding is None and operation.gives is Gives.VALUE and operation.weight is None
    )
    own = states.get((target, None)) if len(states) == 1 else None
    if is_exact and isinstance(own, Decimal):  # a fraction is one of shares
        return Money(operation.result(own), target)
    worth = (
        operation.scaled(state, factor)
        for key, state in states.items()
        if (factor := conversion.factor(key)) is not None and operation.scaled is not None
    )
    total = _merged(operation, worth)
    if total is None:
        return empty
    found = operation.result(total)
    if isinstance(found, tuple):
        return tuple(Money(_decimal(one, rollup.rounding), target) for one in found)
    return Money(_decimal(found, rollup.rounding), target)


def _merged(operation: Operation, states: Iterable[State]) -> State | None:
    total: State | None = None
    for state in states:
        total = state if total is None else operation.merge(total, state)
    return total
