"""Derived: rollups of rollups and formulas, read from the figures that they are made of (R12).

They are computed when they are asked for after a change: a formula for one account, a rollup of
rollups for all of them, from the leaves up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from crmcore.entities.record import Record
from crmcore.query import ALL, matches
from crmcore.rules.rollup.algebra import State, exactly
from crmcore.rules.rollup.definition import Rollup, Scope
from crmcore.rules.rollup.formula import Formula
from crmcore.rules.rollup.grove import Grove
from crmcore.rules.rollup.node import ID, PARENT
from crmcore.rules.rollup.rates import Rates
from crmcore.rules.rollup.reading import Item, Reading, Value, read_for, reading_of_figures
from crmcore.rules.rollup.result import RollupResult
from crmcore.rules.rollup.standing import merged
from crmcore.rules.rule import Context
from crmcore.values.money import Money


def formula_result(formula: Formula, parts: Mapping[str, RollupResult]) -> RollupResult:
    """A formula at every account, by the results of the figures that it names."""
    first = next(iter(parts.values()))
    values = {one: formula.value(lambda name: parts[name][one]) for one in first}  # noqa: B023 - used at once
    return RollupResult(
        rollup=formula,
        states=values,
        finish=_same,
        total=lambda: formula.value(lambda name: parts[name].everything),
        unassigned=formula.value(lambda name: parts[name].unassigned),
        roots=first.roots,
        findings=first.findings,
    )


def rollup_result(
    rollup: Rollup,
    base: RollupResult,
    *,
    grove: Grove,
    records: Mapping[str, Record],
    context: Context,
    rates: Rates,
) -> RollupResult:
    """A rollup of the figures that accounts have, at every account."""
    figures = _counting(rollup, base, records, context)
    is_money = any(isinstance(one, Money) for one in figures.values())
    reads = reading_of_figures(rollup, context, rates, is_money=is_money)
    with exactly():
        values = _from_leaves(rollup, reads, figures, grove)
        everything = reads.finish(_folded(reads, figures.values()))
    if rollup.scope is Scope.ULTIMATE_PARENT:
        for node in grove.top_down():
            above = node[PARENT]
            values[node[ID]] = values[node[ID] if above is None else above[ID]]
    return RollupResult(
        rollup=rollup,
        states=values,
        finish=_same,
        total=partial(_same, everything),
        unassigned=reads.finish(None),
        roots=grove.roots,
        findings=base.findings,
    )


def _same(value: Any) -> Any:
    return value


def _counting(
    rollup: Rollup, base: RollupResult, records: Mapping[str, Record], context: Context
) -> dict[str, Value]:
    """The figures that are there, of the accounts that the filter is true of."""
    where = read_for(rollup.where, rollup, context)
    found: dict[str, Value] = {one: value for one, value in base.items() if value is not None}
    if where == ALL:
        return found
    return {one: value for one, value in found.items() if matches(where, records[one])}


def _item(reads: Reading, figure: Value) -> Item:
    if reads.home is not None and isinstance(figure, Money):
        return (figure.currency, None), figure.amount
    return figure


def _folded(reads: Reading, figures: Iterable[Value]) -> State | None:
    return reads.folded(_item(reads, one) for one in figures)


def _from_leaves(
    rollup: Rollup, reads: Reading, figures: Mapping[str, Value], grove: Grove
) -> dict[str, Value]:
    """The value of each account; each is read before its state is used up by the one above."""
    states: dict[str, State] = {}
    values: dict[str, Value] = {}
    for node in grove.bottom_up():
        id_, above = node[ID], node[PARENT]
        own = _folded(reads, [figures[id_]] if id_ in figures else ())
        state = merged(reads, states.pop(id_, None), own)
        values[id_] = reads.finish(state)
        if above is not None and state is not None and rollup.scope is not Scope.OWN:
            states[above[ID]] = merged(reads, states.get(above[ID]), state)
    return {one: values[one] for one in grove.raw}
