"""Shared: figures of accounts that are owned by several, each by a part.

Computed when they are asked for after a change that touches them, from the own figures of the
accounts, which follow every change. Everything is exact, in fractions, and rounded once, when it
is read: what the owners have, with what is left over, is what there is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import TypeAlias

import attrs

from crmcore.entities import AccountRelation
from crmcore.entities.record import Record, kind_of
from crmcore.errors import InvalidValueError
from crmcore.findings import Findings
from crmcore.rules.rollup.algebra import State, exactly
from crmcore.rules.rollup.branch import Column
from crmcore.rules.rollup.definition import Definition, Rollup, Scope, Shares
from crmcore.rules.rollup.node import BELOW
from crmcore.rules.rollup.reading import Item, Key, Reading, Value
from crmcore.rules.rollup.result import RollupResult
from crmcore.rules.rollup.shares import Ownership, ownership

Amounts: TypeAlias = dict[Key | None, Fraction]
"""Exact amounts: of money by its key, else one of no key."""


def base_of(rollup: Rollup) -> Rollup:
    """The figure of each account alone that a shared one is made of; any other is its own base."""
    if rollup.shares is None:
        return rollup
    return attrs.evolve(rollup, shares=None, scope=Scope.OWN, rounding=None, empty=None)


def is_made_of(definition: Definition, kinds: Collection[str]) -> bool:
    """Whether a figure that was read from others is another one when such records change."""
    if not isinstance(definition, Rollup) or definition.shares is None:
        return True
    parts = [definition.child, definition.over, AccountRelation]
    parts += [] if definition.via is None else [definition.via]
    return any(kind_of(one) in kinds for one in parts)


class Holdings:
    """The relations between accounts, and who owns what by them, found once for many readings."""

    def __init__(self) -> None:
        self._relations: dict[str, AccountRelation] = {}
        self._known: dict[Shares, Ownership] = {}

    def put(self, id_: str, relation: Record | None) -> None:
        """A relation is stored now, or no more; raises ``KeyError`` where it was not known."""
        self.outdate()
        if isinstance(relation, AccountRelation):
            self._relations[id_] = relation
        else:
            del self._relations[id_]

    def outdate(self) -> None:
        """Accounts or the day are others now."""
        self._known.clear()

    def ownership(
        self, shares: Shares, parents: Mapping[str, str | None], today: date
    ) -> Ownership:
        """Who owns what by these shares."""
        if shares not in self._known:
            self._known[shares] = ownership(shares, parents, self._relations.values(), today)
        return self._known[shares]


def shared_result(
    rollup: Rollup, base: Column, reads: Reading, graph: Ownership, findings: Findings
) -> RollupResult:
    """A figure by share at every account; ``reads`` is the reading of ``rollup``.

    The figures of ``roots``, those of no owner, and *unassigned* add up to everything, but for
    what shares of less than the whole leave over.
    """
    grove = base.branch.grove
    own = {one: _amounts(base.walk.state(grove.nodes[one])) for one in graph.order}
    totals = spread(own, graph)
    nowhere = [grove.nowhere, *(grove.nowhere[BELOW] or {}).values()]
    unassigned = _sum(_amounts(base.walk.state(node)) for node in nowhere)
    everything = _sum((*own.values(), unassigned))
    too_large = [
        reads.too_large(one, problem)
        for one, amounts in totals.items()
        if (problem := _problem(reads, amounts)) is not None
    ]
    return RollupResult(
        rollup=rollup,
        states={one: totals[one] for one in grove.raw},
        finish=partial(_read, reads),
        total=partial(_read, reads, everything),
        unassigned=_read(reads, unassigned),
        roots=tuple(one for one in grove.raw if not graph.owners.get(one)),
        findings=findings + too_large,
    )


def spread(own: Mapping[str, Amounts | None], graph: Ownership) -> dict[str, Amounts | None]:
    """What each account has of its own and by its shares of others."""
    found: dict[str, Amounts | None] = {
        one: None if amounts is None else dict(amounts) for one, amounts in own.items()
    }
    for one in graph.order:
        amounts = found[one]
        if amounts is None:
            continue
        for owner, part in graph.owners.get(one, ()):
            there = found[owner]
            if there is None:
                there = found[owner] = {}
            for key, amount in amounts.items():
                there[key] = there.get(key, 0) + amount * part
    return found


def summed(reads: Reading, items: Iterable[tuple[Item, Fraction]]) -> Value:
    """The figure of items, each by a part."""
    return _read(
        reads,
        _sum(
            {key: amount * part for key, amount in (_amounts(reads.start(item)) or {}).items()}
            for item, part in items
        ),
    )


def _amounts(state: State | None) -> Amounts | None:
    if state is None:
        return None
    if isinstance(state, dict):
        return {key: Fraction(amount) for key, amount in state.items()}
    return {None: Fraction(state)}


def _sum(several: Iterable[Amounts | None]) -> Amounts | None:
    total: Amounts | None = None
    for amounts in several:
        for key, amount in (amounts or {}).items():
            total = {} if total is None else total
            total[key] = total.get(key, 0) + amount
    return total


def _figure(reads: Reading, amounts: Amounts | None) -> Value:
    state: State | None = amounts
    if amounts is not None and reads.home is None:
        state = amounts[None]
    with exactly():
        found = reads.finish(state)
    if isinstance(found, Decimal) and reads.rollup.rounding is None:
        return Decimal(f"{found:f}".rstrip("0").rstrip("."))  # 1.6 and not 1.600000000000
    return found


def _read(reads: Reading, amounts: Amounts | None) -> Value:
    try:
        return _figure(reads, amounts)
    except InvalidValueError:  # beyond all bounds: a finding says so
        return None


def _problem(reads: Reading, amounts: Amounts | None) -> InvalidValueError | None:
    try:
        _figure(reads, amounts)
    except InvalidValueError as problem:
        return problem
    return None
