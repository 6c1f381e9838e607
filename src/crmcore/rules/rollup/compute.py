"""Roll up: every account's figure, in one pass over the records and one over the accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, overload

from crmcore.entities.record import Record
from crmcore.rules.rollup.definition import Rollup, several
from crmcore.rules.rollup.fit import require_sound
from crmcore.rules.rollup.result import RollupResult
from crmcore.rules.rollup.totals import Totals
from crmcore.rules.tree import Forest, forest, parents_of, tree_field

if TYPE_CHECKING:
    from crmcore.entities import ExchangeRate
    from crmcore.rules.rule import Context


@overload
def roll_up(
    rollups: Rollup,
    *,
    accounts: Iterable[Record],
    children: Iterable[Record],
    links: Iterable[Record] = ...,
    context: Context,
    rates: Iterable[ExchangeRate] = ...,
) -> RollupResult: ...
@overload
def roll_up(
    rollups: Iterable[Rollup],
    *,
    accounts: Iterable[Record],
    children: Iterable[Record],
    links: Iterable[Record] = ...,
    context: Context,
    rates: Iterable[ExchangeRate] = ...,
) -> dict[str, RollupResult]: ...
def roll_up(
    rollups: Rollup | Iterable[Rollup],
    *,
    accounts: Iterable[Record],
    children: Iterable[Record],
    links: Iterable[Record] = (),
    context: Context,
    rates: Iterable[ExchangeRate] = (),
) -> RollupResult | dict[str, RollupResult]:
    """The figures of one rollup, or of several by name, which share one pass over the records.

    ``children``, ``links`` and ``accounts`` may mix entities: each rollup takes its own. The order
    of the records never matters (R3); each is there once. An account in a parent loop, or whose
    parent is not given, counts as a root and is a finding.

    Raises ``ModelError`` for a rollup that cannot work with the model, and ``UsageError`` where
    two have one name.
    """
    wanted = several(rollups)
    for one in wanted:
        require_sound(one, context.model)
    totals = Totals(wanted, context, is_fixed=True)
    totals.build(accounts=accounts, children=children, links=links, rates=rates)
    results = {one.name: totals.result(one) for one in wanted}
    return results[rollups.name] if isinstance(rollups, Rollup) else results


def tree_of(over: type[Record], accounts: Iterable[Record], context: Context) -> Forest:
    """The trees that the records of ``over`` among ``accounts`` make."""
    own = (one for one in accounts if type(one) is over)
    return forest(parents_of(own, tree_field(context.model.schema(over))))
