"""Reading: a rollup made ready: what a record counts for, and what the states come to.

Paths and filters are looked up in the model once; after that each record costs a few calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import field, frozen

from crmcore.entities.record import Record, kind_of
from crmcore.findings import Finding, error, warning
from crmcore.model.references import as_ref
from crmcore.query import ALL, Filter, Path, field_at, matches, read_filter, value_at
from crmcore.rules.rollup.definition import Rollup
from crmcore.rules.rollup.operations import NOTHING, Gives, Operation, Sort, State, is_number
from crmcore.rules.rollup.rates import Rates
from crmcore.rules.rollup.sound import link_fields, sort_of
from crmcore.values.money import MAX_DECIMALS, Money

if TYPE_CHECKING:
    from crmcore.errors import InvalidValueError
    from crmcore.rules.rule import Context

Value: TypeAlias = Money | Decimal | int | date | str | None
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

AccountIds: TypeAlias = tuple[str | None, ...]
"""Where a record counts: accounts that are known, or ``(None,)`` where there is none."""


@frozen(kw_only=True, eq=False)
class Reading:
    """A rollup against a model, a day and a table of rates.

    ``item_of`` says what a record counts for, or why it does not. ``start``, ``add`` and ``merge``
    are those of the operation, for items. ``finish`` reads the figure from a state (``None``: the
    empty set); it raises ``InvalidValueError`` where an amount is beyond all bounds.
    """

    rollup: Rollup
    item_of: Callable[[Record], Item]
    start: Callable[[Item], State]
    add: Callable[[State, Item], State]
    merge: Callable[[State, State], State]
    finish: Callable[[State | None], Value]

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
        return warning(
            f"rollup.{reason.name.lower()}",
            f"this record is left out of {self.rollup.name}: {reason.value}",
            ref=record.ref,
            path="" if path is None else ".".join(path.steps),
            value=None if path is None else value_at(record, path),
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


def reading(rollup: Rollup, context: Context, rates: Rates) -> Reading:
    """Make a rollup ready for records of a model."""
    where = read_filter(rollup.where, rollup.child, context.model)
    operation = rollup.aggregate
    if rollup.value is None:
        return _plain_reading(rollup, _identity, where=where, zero=0)
    python = field_at(rollup.value, context.model.schema(rollup.child))[1]
    sort = sort_of(python)
    if sort is Sort.MONEY and operation.scaled is not None:
        day_of = _day_of(rollup, context)
        target = rollup.currency or context.model.currency
        conversion = _Conversion(target=target, day_of=day_of, rates=rates)
        return _money_reading(
            rollup, rollup.value, conversion, where=where, scaled=operation.scaled
        )
    zero = Decimal(0) if operation.gives is Gives.VALUE and python is Decimal else 0
    return _plain_reading(
        rollup, partial(_checked, rollup.value, python, sort), where=where, zero=zero
    )


def _plain_reading(
    rollup: Rollup, item_of: Callable[[Record], Item], *, where: Filter, zero: Value
) -> Reading:
    operation = rollup.aggregate
    empty = _empty(rollup, zero if operation.is_zero_when_empty else None)
    return Reading(
        rollup=rollup,
        item_of=item_of if where == ALL else partial(_filtered, where, item_of),
        start=operation.start,
        add=operation.add,
        merge=operation.merge,
        finish=partial(_value, operation, rollup.rounding, empty),
    )


def _filtered(where: Filter, item_of: Callable[[Record], Item], record: Record) -> Item:
    return item_of(record) if matches(where, record) else Out.FILTER


def _identity(record: Record) -> str:
    return record.id


def _fits(value: Any, python: type, sort: Sort | None) -> bool:
    """Whether a value is of the class that its field declares, and usable."""
    if not isinstance(value, python):
        return False
    if sort is Sort.NUMBER:
        return is_number(value)
    if sort is Sort.DATE:
        return not isinstance(value, datetime)
    return not isinstance(value, datetime) or value.tzinfo is not None


def _checked(path: Path, python: type, sort: Sort | None, record: Record) -> Item:
    value = value_at(record, path)
    if value is None:
        return Out.NO_VALUE
    return value if _fits(value, python, sort) else Out.BAD_VALUE


def _empty(rollup: Rollup, own: Value) -> Value:
    """The declared value of the empty set, else the operation's own."""
    if rollup.empty is None:
        return own
    return None if rollup.empty is NOTHING else rollup.empty


def _value(operation: Operation, rounding: int | None, empty: Value, state: State | None) -> Value:
    if state is None:
        return empty
    found = operation.result(state)
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


_Key: TypeAlias = tuple[str, date | None]
"""A currency and the day whose rate counts; ``None`` for the currency of the figure."""


@frozen(kw_only=True, eq=False)
class _Conversion:
    """How amounts become amounts of the ``target`` currency; ``factors`` are those met so far."""

    target: str
    day_of: Callable[[Record], date | None]
    rates: Rates
    factors: dict[_Key, Fraction] = field(factory=dict)

    def key(self, money: Money, record: Record) -> _Key | Out:
        """The key under which the money of a record is kept, or why it cannot be."""
        currency = money.currency
        day = None if currency == self.target else self.day_of(record)
        if day is None and currency != self.target:
            return Out.NO_RATE_DATE
        key = (currency, day)
        if key not in self.factors:
            factor = Fraction(1) if day is None else self.rates.factor(currency, self.target, day)
            if factor is None:
                return Out.NO_RATE
            self.factors[key] = factor
        return key


def _money_reading(
    rollup: Rollup,
    path: Path,
    conversion: _Conversion,
    *,
    where: Filter,
    scaled: Callable[[State, Fraction], State],
) -> Reading:
    """Money is kept by currency and day, each in its own units, and converted at the end."""
    operation = rollup.aggregate

    def item_of(record: Record) -> Item:
        money = value_at(record, path)
        if not isinstance(money, Money):
            return Out.NO_VALUE if money is None else Out.BAD_VALUE
        key = conversion.key(money, record)
        return key if isinstance(key, Out) else (key, money.amount)

    def converted(key: _Key, state: State) -> State:
        return scaled(state, conversion.factors[key])

    zero = Money.zero(conversion.target) if operation.is_zero_when_empty else None
    by_key = _ByKey(operation)
    return Reading(
        rollup=rollup,
        item_of=item_of if where == ALL else partial(_filtered, where, item_of),
        start=by_key.start,
        add=by_key.add,
        merge=by_key.merge,
        finish=partial(_money, rollup, conversion.target, converted, _empty(rollup, zero)),
    )


def _day_of(rollup: Rollup, context: Context) -> Callable[[Record], date | None]:
    given = rollup.rate_on
    if not isinstance(given, Path):
        fixed = context.today if given is None else given
        return lambda _record: fixed

    def day_of(record: Record) -> date | None:
        value = value_at(record, given)
        if isinstance(value, datetime):
            return context.model.calendar.today(value) if value.tzinfo else None
        return value if isinstance(value, date) else None

    return day_of


@frozen
class _ByKey:
    """An operation on amounts, done for each key by itself: its states are states by key."""

    operation: Operation

    def start(self, item: tuple[_Key, Decimal]) -> dict[_Key, State]:
        key, amount = item
        return {key: self.operation.start(amount)}

    def add(self, states: dict[_Key, State], item: tuple[_Key, Decimal]) -> dict[_Key, State]:
        key, amount = item
        if key in states:
            states[key] = self.operation.add(states[key], amount)
        else:
            states[key] = self.operation.start(amount)
        return states

    def merge(self, left: dict[_Key, State], right: dict[_Key, State]) -> dict[_Key, State]:
        small, large = (left, right) if len(left) < len(right) else (right, left)
        for key, state in small.items():
            large[key] = self.operation.merge(large[key], state) if key in large else state
        return large


def _money(
    rollup: Rollup,
    target: str,
    converted: Callable[[_Key, State], State],
    empty: Value,
    states: dict[_Key, State] | None,
) -> Value:
    operation = rollup.aggregate
    if states is None:
        return empty
    is_exact = rollup.rounding is None and operation.gives is Gives.VALUE
    if is_exact and states.keys() == {(target, None)}:
        return Money(operation.result(states[target, None]), target)
    total = reduce(operation.merge, (converted(key, state) for key, state in states.items()))
    return Money(_decimal(operation.result(total), rollup.rounding), target)


def account_ids_of(
    rollup: Rollup, context: Context, known: Mapping[str, Any], links: Iterable[Record]
) -> Callable[[Record], AccountIds]:
    """Says where a record counts: each account of ``known`` once, or ``(None,)``."""
    schema = context.model.schema(rollup.child)
    lookup = field_at(rollup.by, schema)[0].lookup
    kind = kind_of(rollup.over)
    linked = {} if rollup.via is None else _linked(rollup, rollup.via, context, links)

    def ids_of(record: Record) -> AccountIds:
        ref = None if lookup is None else as_ref(value_at(record, rollup.by), lookup)
        own = (ref.id,) if ref is not None and ref.kind == kind else ()
        ids = dict.fromkeys((*own, *linked.get(record.id, ())))
        return tuple(one for one in ids if one in known) or (None,)

    return ids_of


def _linked(
    rollup: Rollup, via: type[Record], context: Context, links: Iterable[Record]
) -> dict[str, list[str]]:
    """The accounts that links give each child, in the order of the links."""
    schema = context.model.schema(via)
    (to_child,), (to_over,) = link_fields(
        schema, child=kind_of(rollup.child), over=kind_of(rollup.over)
    )
    found: dict[str, list[str]] = {}
    for link in links:
        if not isinstance(link, via):
            continue
        child, over = to_child.value(link), to_over.value(link)
        if isinstance(child, str) and isinstance(over, str):
            found.setdefault(child, []).append(over)
    return found
