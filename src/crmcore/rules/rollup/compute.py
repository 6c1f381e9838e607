"""Roll up: every account's figure, in one pass over the records and one over the accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, overload

from attrs import field, frozen

from crmcore import render
from crmcore.entities.record import Record, kind_of
from crmcore.errors import InvalidValueError
from crmcore.findings import Finding, Findings
from crmcore.rules.rollup.algebra import State
from crmcore.rules.rollup.definition import Rollup, Scope, several
from crmcore.rules.rollup.fit import require_sound
from crmcore.rules.rollup.rates import Rates
from crmcore.rules.rollup.reading import (
    AccountIds,
    Out,
    Reading,
    Value,
    account_ids_of,
    reading,
)
from crmcore.rules.tree import Forest, forest, forest_findings, parents_of, tree_field

if TYPE_CHECKING:
    from crmcore.entities import ExchangeRate
    from crmcore.rules.rule import Context


def _read_only(values: Mapping[str, Value]) -> Mapping[str, Value]:
    return MappingProxyType(dict(values))


@frozen(kw_only=True, eq=False)
class RollupResult(Mapping[str, Value]):
    """A figure of every account: a mapping from account id to value, in the order of the accounts.

    ``unassigned`` is the figure of the records that belong to no known account, ``everything`` of
    all records: for sums and counts the values of ``roots`` and ``unassigned`` add up to it (R2).
    ``findings`` name the records that were left out, and what is wrong with the tree.
    """

    rollup: Rollup
    values_by_id: Mapping[str, Value] = field(converter=_read_only, repr=False)
    unassigned: Value
    everything: Value
    roots: tuple[str, ...] = field(repr=False)
    findings: Findings = Findings()

    def __getitem__(self, account_id: str) -> Value:
        return self.values_by_id[account_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_id)

    def __len__(self) -> int:
        return len(self.values_by_id)

    def __eq__(self, other: object) -> bool:
        return dict(self) == dict(other) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # a mapping, as every other

    def _rows(self, most: int) -> list[tuple[str, Value]]:
        rows = list(self.items())[:most]
        if len(self) > most:
            rows.append((f"... {len(self) - most:,} more", None))
        return [*rows, ("(unassigned)", self.unassigned), ("(everything)", self.everything)]

    def __str__(self) -> str:
        columns = (kind_of(self.rollup.over), self.rollup.name)
        return render.table(self._rows(40), columns=columns, right=columns[1:])

    def _repr_html_(self) -> str:
        columns = (kind_of(self.rollup.over), self.rollup.name)
        return render.html_table(
            self._rows(200), columns=columns, right=columns[1:], caption=str(self.rollup)
        )


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
    of the records never matters (R3). An account in a parent loop, or whose parent is not given,
    counts as a root and is a finding.

    Raises ``ModelError`` for a rollup that cannot work with the model, and ``UsageError`` where
    two have one name.
    """
    wanted = several(rollups)
    for one in wanted:
        require_sound(one, context.model)
    table = Rates.of(rates)
    groups, linking = tuple(accounts), tuple(links)
    trees = {kind_of(one.over): tree_of(one.over, groups, context) for one in wanted}
    tallies = [
        _Tally.of(one, trees[kind_of(one.over)], context=context, links=linking, rates=table)
        for one in wanted
    ]
    by_class: dict[type[Record], list[_Tally]] = {}
    for tally in tallies:
        by_class.setdefault(tally.reading.rollup.child, []).append(tally)
    for record in children:
        for tally in by_class.get(type(record), ()):
            tally.take(record)
    results = {tally.reading.rollup.name: _result(tally, context) for tally in tallies}
    return results[rollups.name] if isinstance(rollups, Rollup) else results


def tree_of(over: type[Record], accounts: Iterable[Record], context: Context) -> Forest:
    """The trees that the records of ``over`` among ``accounts`` make."""
    own = (one for one in accounts if type(one) is over)
    return forest(parents_of(own, tree_field(context.model.schema(over))))


@frozen(kw_only=True, eq=False)
class _Tally:
    """The states of one rollup while the records pass by; ``None`` has those without account."""

    reading: Reading
    tree: Forest
    ids_of: Callable[[Record], AccountIds]
    states: dict[str | None, State] = field(factory=dict)
    found: list[Finding] = field(factory=list)

    @classmethod
    def of(
        cls,
        rollup: Rollup,
        tree: Forest,
        *,
        context: Context,
        links: Iterable[Record],
        rates: Rates,
    ) -> _Tally:
        return cls(
            reading=reading(rollup, context, rates),
            tree=tree,
            ids_of=account_ids_of(rollup, context, tree.parents, links),
        )

    def take(self, record: Record) -> None:
        item = self.reading.item_of(record)
        if isinstance(item, Out):
            finding = self.reading.finding(record, item)
            if finding is not None:
                self.found.append(finding)
            return
        states = self.states
        for one in self.ids_of(record):
            state = states.get(one)
            if state is None:
                states[one] = self.reading.start(item)
            else:
                states[one] = self.reading.add(state, item)

    def value(self, account_id: str | None) -> Value:
        try:
            return self.reading.finish(self.states.get(account_id))
        except InvalidValueError as problem:
            self.found.append(self.reading.too_large(account_id, problem))
            return None

    def values(self) -> dict[str | None, Value]:
        """The value of each account, of which only the states of the roots remain.

        From the leaves up, each account is read and then merged into its parent, if it counts
        there: reading comes first, as merging may use a state up.
        """
        values: dict[str | None, Value] = {None: self.value(None)}
        for one in self.tree.bottom_up:
            values[one] = self.value(one)
            parent = self.tree.parents[one]
            if parent is not None and self.reading.rollup.scope is not Scope.OWN:
                self.move(one, parent)
        return values

    def move(self, source: str, target: str | None) -> None:
        """Merge the state of one account into that of another."""
        if source in self.states:
            state = self.states.pop(source)
            known = self.states.get(target)
            self.states[target] = state if known is None else self.reading.merge(known, state)


def _result(tally: _Tally, context: Context) -> RollupResult:
    rollup, tree = tally.reading.rollup, tally.tree
    values = tally.values()
    if rollup.scope is Scope.ULTIMATE_PARENT:
        for one in reversed(tree.bottom_up):
            parent = tree.parents[one]
            values[one] = values[one if parent is None else parent]
    for account_id in tree.parents:
        tally.move(account_id, None)
    unassigned, everything = values.pop(None), tally.value(None)
    field_of_tree = tree_field(context.model.schema(rollup.over))
    flaws = forest_findings(
        tree, kind=kind_of(rollup.over), field="" if field_of_tree is None else field_of_tree.path
    )
    return RollupResult(
        rollup=rollup,
        values_by_id={one: values[one] for one in tree.parents},
        unassigned=unassigned,
        everything=everything,
        roots=tree.roots,
        findings=flaws + tally.found,
    )
