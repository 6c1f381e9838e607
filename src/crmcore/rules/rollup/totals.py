"""Totals: the figures of several definitions at every account, kept exact through every change.

Built by one pass over the records and one over the accounts; after that a change costs what it
changes: a few steps for each account above it (law R14), whatever else is stored. It takes records
and changes and knows no repository; ``crm.figures`` brings the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from crmcore.changes import Change, Delete, Insert
from crmcore.entities import Account, AccountRelation, ExchangeRate
from crmcore.entities.record import Record, kind_of
from crmcore.errors import NotFoundError
from crmcore.findings import Findings
from crmcore.query import Compare, field_at
from crmcore.rules.rollup import standing, still
from crmcore.rules.rollup.algebra import exactly
from crmcore.rules.rollup.branch import (
    Branch,
    Column,
    contribute,
    count_link,
    no_items,
    own_items,
    related,
    withdraw,
)
from crmcore.rules.rollup.bulk import carry_up, plant, still_few
from crmcore.rules.rollup.compiled import Lane, Node, compile_items, reader
from crmcore.rules.rollup.definition import Definition, Rollup, Scope, Shares, is_derived, needs
from crmcore.rules.rollup.derived import formula_result, rollup_result
from crmcore.rules.rollup.follow import Follower
from crmcore.rules.rollup.formula import Formula
from crmcore.rules.rollup.ground import Ground, ground
from crmcore.rules.rollup.grove import Grove
from crmcore.rules.rollup.node import PARENT
from crmcore.rules.rollup.quiet import FigureChange, Watch, compared
from crmcore.rules.rollup.rates import Rates
from crmcore.rules.rollup.reading import Item, Out, Value, reading, relative_terms_of
from crmcore.rules.rollup.result import RollupResult
from crmcore.rules.rollup.shared import Holdings, base_of, is_made_of, shared_result
from crmcore.rules.rollup.shares import Ownership
from crmcore.rules.rollup.sound import link_fields
from crmcore.rules.rollup.standing import figure_at
from crmcore.rules.rollup.sweep import Plot, needs_records, sweep
from crmcore.rules.rollup.turning import Turning
from crmcore.rules.rollup.walks import blank, walk_of
from crmcore.rules.tree import parents_of, tree_field

if TYPE_CHECKING:
    from crmcore.model.model import Model
    from crmcore.rules.rule import Context


class Totals:
    """The figures of some rollups at every account, at one moment and day.

    ``build`` takes the records of a moment, ``apply`` follows a commit, ``turn`` the clock. Each
    definition must be sound (see ``check``).
    """

    def __init__(
        self,
        definitions: Iterable[Definition],
        context: Context,
        *,
        among: Iterable[Definition] = (),
        new: Callable[[Iterable[Any]], Node] = list,
        is_fixed: bool = False,
    ) -> None:
        """``among`` are definitions that those given may name (R12).

        With ``is_fixed`` nothing is kept that only a change would need: none may be applied.
        ``new`` makes a node of its slots: a test may count what is touched.
        """
        self._context = context
        self._rates = Rates()
        self._rate_records: dict[str, ExchangeRate] = {}
        self._groves: dict[type[Record], Grove] = {}
        self._branches: dict[tuple[Any, ...], Branch] = {}
        self._columns: dict[Rollup, Column] = {}
        self._named: dict[str, Column] = {}
        self._turnings: dict[tuple[type[Record], tuple[str, ...]], Turning] = {}
        self._terms: list[tuple[type[Record], Compare]] = []
        self._items: dict[type[Record], Callable[[Record], tuple[Item, ...]]] = {}
        self._followers: dict[type[Record], Follower] = {}
        self._by_child: dict[type[Record], list[Column]] = {}
        self._by_name: dict[str, Definition] = {}
        self._records: dict[type[Record], dict[str, Record]] = {}
        self._derived: dict[Definition, RollupResult] = {}
        self._holdings = Holdings()
        self._has_shares = False
        self._few: tuple[Column, ...] = ()
        self._still: dict[Column, Callable[[Model], RollupResult]] = {}
        self._new = new
        given = tuple(definitions)
        known = {one.name: one for one in (*among, *given)}
        for one in given:
            self._take(one, known)
        self._is_fixed = is_fixed and not self._has_shares  # these are made of nodes
        for child in self._by_child:
            self._follow(child)
        self._links = {one.via for one in self._branches.values() if one.via is not None}

    def _take(self, definition: Definition, known: Mapping[str, Definition]) -> None:
        """Take in a definition and all that it is made of."""
        waiting = [definition]
        while waiting:
            one = waiting.pop()
            if one.name in self._by_name:
                continue
            self._by_name[one.name] = one
            grove = self._grove(one.over)
            if isinstance(one, Rollup) and not needs(one):
                self._define(base_of(one), grove)
                self._has_shares = self._has_shares or one.shares is not None
            else:
                self._records.setdefault(one.over, {})
                waiting += (known[name] for name in needs(one))

    def _grove(self, over: type[Record]) -> Grove:
        if over not in self._groves:
            grove = Grove(kind_of(over), self._new)
            grove.attach = partial(self._moved, grove, 1)
            grove.detach = partial(self._moved, grove, -1)
            self._groves[over] = grove
        return self._groves[over]

    def _define(self, rollup: Rollup, grove: Grove) -> None:
        branch = self._branch(rollup, grove)
        lane = Lane(reading(rollup, self._context, self._rates), len(grove.template))
        grove.widen(blank(lane))
        own = self._by_child.setdefault(rollup.child, [])
        figure = Column(
            rollup=rollup,
            reading=lane.reading,
            lane=lane,
            walk=walk_of(lane, partial(own_items, branch, len(own))),
            branch=branch,
            at=len(own),
        )
        branch.figures.append(figure)
        own.append(figure)
        self._columns[rollup] = self._named[rollup.name] = figure
        for term in relative_terms_of(rollup):
            self._terms.append((rollup.child, term))
            turning = Turning(term.path, self._context.model.calendar)
            self._turnings.setdefault((rollup.child, term.path.steps), turning)

    def _branch(self, rollup: Rollup, grove: Grove) -> Branch:
        key = (rollup.child, rollup.over, rollup.by.steps, rollup.via)
        if key not in self._branches:
            model = self._context.model
            ends = None
            if rollup.via is not None:
                (child,), (over,) = link_fields(
                    model.schema(rollup.via), child=kind_of(rollup.child), over=grove.kind
                )
                ends = child, over
            self._branches[key] = Branch(
                child=rollup.child,
                path=rollup.by,
                grove=grove,
                own=len(grove.template),
                via=rollup.via,
                lookup=field_at(rollup.by, model.schema(rollup.child))[0].lookup,
                read=reader(rollup.by, model.schema(rollup.child)),
                ends=ends,
            )
            grove.widen([None])
        return self._branches[key]

    def _follow(self, child: type[Record]) -> None:
        """Make ready what follows changes of an entity, as far as anything ever needs it."""
        if self._is_fixed and not any(map(needs_records, self._branches_of(child))):
            self._followers[child] = Follower(
                items=no_items, branches=(), columns=(), turnings=(), nothing=()
            )
        else:
            self._compile(child)

    def _compile(self, child: type[Record]) -> None:
        lanes = [one.lane for one in self._by_child[child]]
        self._items[child] = compile_items(lanes, self._context.model.schema(child))
        for branch in self._branches_of(child):
            branch.items = self._items[child]
        columns = tuple(self._by_child[child])
        self._followers[child] = Follower(
            items=self._items[child],
            branches=self._branches_of(child),
            columns=columns,
            turnings=[one for (of, _), one in self._turnings.items() if of is child],
            nothing=(Out.ELSEWHERE,) * len(columns),
        )

    def _branches_of(self, child: type[Record]) -> list[Branch]:
        return [one for one in self._branches.values() if one.child is child]

    def build(
        self,
        *,
        accounts: Iterable[Record],
        children: Iterable[Record],
        links: Iterable[Record] = (),
        rates: Iterable[ExchangeRate] = (),
    ) -> None:
        """Take in the records of a moment; only once. Each takes its own of mixed ones."""
        self._rate_records = {one.id: one for one in rates}
        if self._rate_records:
            self._renew()
        groups = accounts if isinstance(accounts, list | tuple) else tuple(accounts)
        records = children if isinstance(children, list | tuple) else tuple(children)
        with exactly():
            grounds = {grove: self._ground(over, groups) for over, grove in self._groves.items()}
            for link in links:
                count_link(self._branches.values(), link, 1)
                if isinstance(link, AccountRelation):
                    self._holdings.put(link.id, link)
            plots = [plot for one in self._by_child for plot in self._sweep(one, records, grounds)]
            for grove, made in grounds.items():
                self._grow(grove, made, [one for one in plots if one.branch.grove is grove])
            self._few = still_few(self._columns.values())

    def _sweep(
        self, child: type[Record], records: Sequence[Record], grounds: Mapping[Grove, Ground]
    ) -> list[Plot]:
        return sweep(
            records,
            self._branches_of(child),
            grounds,
            self._followers[child].turnings,
            self._context.model.schema(child),
            is_fixed=self._is_fixed,
        )

    def _grow(self, grove: Grove, made: Ground, plots: Sequence[Plot]) -> None:
        """Carry everything up, and make nodes where figures are read from them."""
        carry_up(made, plots)
        flat = [one for one in plots if one.is_fixed]
        if len(flat) < len(plots) or self._records or not plots:
            plant(grove, made, plots)
        tops = made.tops() if flat else ()
        for plot in flat:
            for column, strip in zip(plot.branch.figures, plot.strips.values(), strict=True):
                self._still[column] = partial(still.result, strip, made, tops)

    def _ground(self, over: type[Record], accounts: Iterable[Record]) -> Ground:
        own = [one for one in accounts if type(one) is over]
        if over in self._records:
            self._records[over] = {one.id: one for one in own}
        made = ground(parents_of(own, tree_field(self._context.model.schema(over))))
        self._groves[over].survey(made)
        return made

    def _of(self, grove: Grove) -> Iterator[Column]:
        return (one for one in self._columns.values() if one.branch.grove is grove)

    def _moved(self, grove: Grove, sign: int, node: Node, parent: Node) -> None:
        for figure in self._of(grove):
            if figure.rollup.scope is not Scope.OWN:
                if sign > 0:
                    figure.walk.attach(node, parent)
                else:
                    figure.walk.detach(node, parent)

    def _renew(self) -> None:
        """Read every figure by the rates and the day of now; no record is looked at."""
        self._derived.clear()
        self._holdings.outdate()
        self._rates = Rates.of(self._rate_records.values())
        for figure in self._columns.values():
            figure.reading = reading(figure.rollup, self._context, self._rates)

    # What follows changes.

    def turn(self, context: Context) -> None:
        """Go to another moment: only records that cross a bound of a relative day are read."""
        before, self._context = self._context.today, context
        today = context.today
        if before == today:
            return
        crossing: dict[type[Record], dict[str, Record]] = {}
        calendar = context.model.calendar
        for child, term in self._terms:
            if term.value.on(before, calendar) == term.value.on(today, calendar):
                continue
            turning = self._turnings[child, term.path.steps]
            found = crossing.setdefault(child, {})
            found.update((one.id, one) for one in turning.crossed(term.value, before, today))
        self._renew()
        with exactly():
            for child, records in crossing.items():
                old = {one: self._items[child](record) for one, record in records.items()}
                for figure in self._by_child[child]:
                    figure.lane = attrs.evolve(figure.lane, reading=figure.reading)
                    figure.walk.lane = figure.lane
                self._compile(child)
                for id_, record in records.items():
                    self._followers[child].follow(record, record, old[id_])

    def apply(self, changes: Iterable[Change]) -> None:
        """Follow one commit, whose records are as stored.

        Raises ``KeyError`` where a record is not the one that was known before: then it must be
        built afresh.
        """
        has_rates = False
        changes = self._let_go(changes)
        with exactly():
            for change in changes:
                before = None if isinstance(change, Insert) else change.before
                after = None if isinstance(change, Delete) else change.after
                entity = type(before) if after is None else type(after)
                if entity in self._groves:
                    self._structure(entity, change.ref.id, after)
                if entity in self._links:
                    self._relink(before, after)
                if entity in self._followers:
                    self._followers[entity].follow(before, after, None)
                if entity is AccountRelation and self._has_shares:
                    self._holdings.put(change.ref.id, after)
                if entity is ExchangeRate:
                    has_rates = True
                    if isinstance(after, ExchangeRate):
                        self._rate_records[after.id] = after
                    else:
                        del self._rate_records[change.ref.id]
        if has_rates:
            self._renew()

    def _let_go(self, changes: Iterable[Change]) -> Iterable[Change]:
        """Forget what was made of the records that change now; the changes, to be followed."""
        if self._few:
            self._few = still_few(self._few)
        if not self._derived and not self._has_shares:
            return changes
        changes = tuple(changes)
        kinds = {change.ref.kind for change in changes}
        if kind_of(Account) in kinds:
            self._holdings.outdate()
        for one in [one for one in self._derived if is_made_of(one, kinds)]:
            del self._derived[one]
        return changes

    def _owned(self, shares: Shares) -> Ownership:
        """Who owns what by these shares today."""
        return self._holdings.ownership(shares, self._groves[Account].raw, self._context.today)

    def applied(self, changes: Iterable[Change]) -> tuple[FigureChange, ...]:
        """Follow one commit, and say which figures are others now (law R13); see ``quiet``."""
        changes = tuple(changes)
        has_rates = any(one.ref.kind == kind_of(ExchangeRate) for one in changes)
        watch = Watch(self._columns.values(), self._context.model, has_rates=has_rates)
        derived = {one: dict(self.result(one)) for one in self._by_name.values() if is_derived(one)}
        try:
            self.apply(changes)
        finally:
            watch.end()
        found = [*watch.changes()]
        for one, before in derived.items():
            nothing = None
            if isinstance(one, Rollup) and not needs(one):
                nothing = self._columns[base_of(one)].reading.finish(None)
            found += compared(one.name, before, self.result(one), nothing)
        return tuple(found)

    def _structure(self, over: type[Record], id_: str, after: Record | None) -> None:
        grove = self._groves[over]
        flips = (id_ in grove.raw) is (after is None)
        linked = [one for one in self._branches.values() if one.grove is grove and one.linked]
        shared = [
            (branch, branch.records[child])
            for branch in linked
            for child in sorted(branch.naming.get(id_, ()))
            if flips and child in branch.linked and child in branch.records
        ]
        for branch, record in shared:
            withdraw(branch, record)
        if over in self._records:
            if after is None:
                del self._records[over][id_]
            else:
                self._records[over][id_] = after
        if after is None:
            grove.drop(id_)
        else:
            parents = parents_of([after], tree_field(self._context.model.schema(over)))
            grove.put(id_, parents[id_])
        for branch, record in shared:
            contribute(branch, record)

    def _relink(self, before: Record | None, after: Record | None) -> None:
        touched = related(self._branches.values(), before, after)
        for branch, record in touched:
            withdraw(branch, record)
        for link, sign in ((before, -1), (after, 1)):
            if link is not None:
                count_link(self._branches.values(), link, sign)
        for branch, record in touched:
            contribute(branch, record)

    # What is read.

    @property
    def entities(self) -> tuple[frozenset[type[Record]], ...]:
        """The entities of the accounts, the children and the links that it is made of."""
        links = [one.via for one in self._branches.values() if one.via is not None]
        if self._has_shares:
            links.append(AccountRelation)
        return frozenset(self._groves), frozenset(self._by_child), frozenset(links)

    def has(self, definition: Definition, account_id: str) -> bool:
        """Whether an account that a definition is over is stored."""
        return account_id in self._groves[definition.over].raw

    def is_flawed(self, definition: Definition) -> bool:
        """Whether there may be findings."""
        grove = self._groves[definition.over]
        column = None
        if isinstance(definition, Rollup):
            column = self._columns.get(base_of(definition))
            if definition.shares is not None and self._owned(definition.shares).findings:
                return True
        own = column is None or column.flawed or column.foreign
        return bool(own or grove.looping or grove.waiting)

    def value(self, definition: Definition, account_id: str) -> Value:
        """The figure of one account; ``None`` too where an amount is beyond all bounds.

        Raises ``NotFoundError`` for an account that is not stored.
        """
        grove = self._groves[definition.over]
        if account_id not in grove.raw:
            raise NotFoundError(grove.kind, account_id)
        if isinstance(definition, Formula):
            return definition.value(lambda name: self.value(self._by_name[name], account_id))
        column = self._named.get(definition.name)
        # To look a definition up by all its parts takes longer than to read a figure.
        if column is None or (column.rollup is not definition and column.rollup != definition):
            return self.result(definition)[account_id]
        node = grove.nodes[account_id]
        if definition.scope is Scope.ULTIMATE_PARENT:
            while node[PARENT] is not None:
                node = node[PARENT]
        return figure_at(column, node)

    def result(self, definition: Definition) -> RollupResult:
        """The figures of every account, as they are now, in the order in which accounts came."""
        if isinstance(definition, Rollup) and definition in self._columns:
            column, model = self._columns[definition], self._context.model
            known = self._still.get(column)
            return standing.result(column, model) if known is None else known(model)
        if definition not in self._derived:
            parts = {name: self.result(self._by_name[name]) for name in needs(definition)}
            if isinstance(definition, Rollup) and definition.shares is not None:
                self._derived[definition] = shared_result(
                    definition,
                    self._columns[base_of(definition)],
                    reading(definition, self._context, self._rates),
                    self._owned(definition.shares),
                    self.findings(definition),
                )
            elif isinstance(definition, Formula):
                self._derived[definition] = formula_result(definition, parts)
            else:
                (base,) = parts.values()
                self._derived[definition] = rollup_result(
                    definition,
                    base,
                    grove=self._groves[definition.over],
                    records=self._records[definition.over],
                    context=self._context,
                    rates=self._rates,
                )
        return self._derived[definition]

    def findings(self, definition: Definition) -> Findings:
        """What is wrong with the tree, and which records are left out of a figure, by id."""
        if isinstance(definition, Rollup) and not needs(definition):
            column = self._columns[base_of(definition)]
            found = standing.findings(column, self._context.model)
            shares = definition.shares
            return found if shares is None else found + self._owned(shares).findings
        parts = (self.findings(self._by_name[name]) for name in needs(definition))
        return Findings(dict.fromkeys(one for part in parts for one in part))
