"""Totals: the figures of several definitions at every account, kept exact through every change.

Built by one pass over the records and one over the accounts; after that a change costs what it
changes: a few steps for each account above it (law R14), whatever else is stored. It takes records
and changes and knows no repository; ``crm.figures`` brings the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from crmcore.changes import Change, Delete, Insert
from crmcore.entities import ExchangeRate
from crmcore.entities.record import Record, kind_of
from crmcore.errors import NotFoundError
from crmcore.findings import Findings
from crmcore.query import Compare, field_at, value_at
from crmcore.query.filters import is_filter
from crmcore.rules.rollup import standing
from crmcore.rules.rollup.algebra import Algebra, exactly
from crmcore.rules.rollup.branch import Branch, Figure, forget, note, own_items, own_of
from crmcore.rules.rollup.compiled import Group, Lane, Node, compile_bulk, compile_items
from crmcore.rules.rollup.dates import relative_terms
from crmcore.rules.rollup.definition import Rollup, Scope
from crmcore.rules.rollup.grove import Grove
from crmcore.rules.rollup.rates import Rates
from crmcore.rules.rollup.reading import Item, Out, Value, reading
from crmcore.rules.rollup.result import RollupResult
from crmcore.rules.rollup.sound import link_fields
from crmcore.rules.rollup.standing import figure_at
from crmcore.rules.rollup.turning import Turning
from crmcore.rules.rollup.walks import BELOW, ID, PARENT, GroupWalk, blank, walk_of
from crmcore.rules.tree import parents_of, tree_field

if TYPE_CHECKING:
    from crmcore.rules.rule import Context


@frozen(kw_only=True)
class FigureChange:
    """That a figure of an account is another one than before."""

    rollup: str
    account_id: str
    before: Value
    after: Value


class Totals:
    """The figures of some rollups at every account, at one moment and day.

    ``build`` takes the records of a moment, ``apply`` follows a commit, ``turn`` the clock. Each
    definition must be sound (see ``check``).
    """

    def __init__(
        self,
        rollups: Iterable[Rollup],
        context: Context,
        *,
        new: Callable[[Iterable[Any]], Node] = list,
    ) -> None:
        """``new`` makes a node of its slots: a test may count what is touched."""
        self._context = context
        self._rates = Rates()
        self._rate_records: dict[str, ExchangeRate] = {}
        self._groves: dict[type[Record], Grove] = {}
        self._branches: dict[tuple[Any, ...], Branch] = {}
        self._figures: dict[Rollup, Figure] = {}
        self._turnings: dict[tuple[type[Record], tuple[str, ...]], Turning] = {}
        self._terms: list[tuple[type[Record], Compare]] = []
        self._items: dict[type[Record], Callable[[Record], tuple[Item, ...]]] = {}
        self._by_child: dict[type[Record], list[Figure]] = {}
        self._heard: dict[tuple[int, int], tuple[Figure, Node, Value]] | None = None
        for rollup in rollups:
            self._define(rollup, new)
        for child in self._by_child:
            self._compile(child)

    def _define(self, rollup: Rollup, new: Callable[[Iterable[Any]], Node]) -> None:
        grove = self._groves.get(rollup.over)
        if grove is None:
            grove = Grove(kind_of(rollup.over), new)
            grove.attach, grove.detach = (
                partial(self._moved, grove, 1),
                partial(self._moved, grove, -1),
            )
            self._groves[rollup.over] = grove
        branch = self._branch(rollup, grove)
        lane = Lane(reading(rollup, self._context, self._rates), len(grove.template))
        grove.widen(blank(lane))
        own = self._by_child.setdefault(rollup.child, [])
        figure = Figure(
            rollup=rollup,
            reading=lane.reading,
            lane=lane,
            walk=walk_of(lane, partial(own_items, branch, len(own))),
            branch=branch,
            at=len(own),
        )
        branch.figures.append(figure)
        own.append(figure)
        self._figures[rollup] = figure
        filters = (one for one in (rollup.where, rollup.value) if is_filter(one))
        for term in (term for where in filters for term in relative_terms(where)):
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
                ends=ends,
            )
            grove.widen([None])
        return self._branches[key]

    def _compile(self, child: type[Record]) -> None:
        lanes = [one.lane for one in self._by_child[child]]
        self._items[child] = compile_items(lanes, self._context.model.schema(child))
        for branch in self._branches_of(child):
            branch.items = self._items[child]

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
        self._renew()
        groups = accounts if isinstance(accounts, list | tuple) else tuple(accounts)
        with exactly():
            for over, grove in self._groves.items():
                own = (one for one in groups if type(one) is over)
                grove.plant(parents_of(own, tree_field(self._context.model.schema(over))))
            for link in links:
                self._link(link, 1)
            several = len(self._by_child) > 1 and not isinstance(children, list | tuple)
            records = tuple(children) if several else children
            for child in self._by_child:
                self._bulk(child)(records)
            for grove in self._groves.values():
                self._rise(grove)

    def _bulk(self, child: type[Record]) -> Callable[[Iterable[Record]], None]:
        branches = self._branches_of(child)
        turnings = [one for (of, _), one in self._turnings.items() if of is child]
        linking = [one for one in branches if one.via is not None]

        def hear(record: Record) -> None:
            for turning in turnings:
                turning.put(record)
            for branch in linking:
                self._know(branch, record)

        figures = {id(one.lane): one for one in self._by_child[child]}

        def slowly(lane: Lane, node: Node, record: Record) -> None:
            figure, item = figures[id(lane)], lane.item_of(record)
            note(figure, record, item)
            if item.__class__ is not Out:
                figure.walk.take(node, item)

        groups = [
            Group(
                path=one.path,
                lanes=tuple(figure.lane for figure in one.figures),
                nodes=one.grove.nodes,
                is_plain=one.lookup is not None and one.lookup.kind == one.grove.kind,
                place=one.place,
                own=one.own,
                linked=one.linked if one.via is not None else None,
                insert=partial(self._insert, one),
            )
            for one in branches
        ]
        return compile_bulk(
            groups,
            self._context.model.schema(child),
            slowly=slowly,
            note=hear if turnings or linking else None,
        )

    def _insert(self, branch: Branch, record: Record) -> None:
        """Take in one record that several accounts have, with nothing above them yet."""
        items = self._items[branch.child](record)
        for node in branch.places(record):
            own = node[branch.own]
            if own is None:
                own = node[branch.own] = []
            own.append(record)
            for figure in branch.figures:
                item = items[figure.at]
                if item.__class__ is not Out:
                    figure.walk.take(node, item)
        for figure in branch.figures:
            note(figure, record, items[figure.at])

    def _rise(self, grove: Grove) -> None:
        walks = [one.walk for one in self._of(grove) if one.rollup.scope is not Scope.OWN]
        pairs = [(node, node[PARENT]) for node in grove.bottom_up() if node[PARENT] is not None]
        pairs += [(node, grove.nowhere) for node in (grove.nowhere[BELOW] or {}).values()]
        for walk in walks:
            walk.rise(pairs)

    def _of(self, grove: Grove) -> Iterator[Figure]:
        return (one for one in self._figures.values() if one.branch.grove is grove)

    def _moved(self, grove: Grove, sign: int, node: Node, parent: Node) -> None:
        for figure in self._of(grove):
            if figure.rollup.scope is not Scope.OWN:
                if sign > 0:
                    figure.walk.attach(node, parent)
                else:
                    figure.walk.detach(node, parent)

    def _renew(self) -> None:
        """Read every figure by the rates and the day of now; no record is looked at."""
        self._rates = Rates.of(self._rate_records.values())
        for figure in self._figures.values():
            figure.reading = reading(figure.rollup, self._context, self._rates)

    # What follows changes.

    def turn(self, context: Context) -> None:
        """Go to another moment: only records that cross a bound of a relative day are read."""
        before, self._context = self._context.today, context
        today = context.today
        if before == today:
            return
        crossing: dict[type[Record], dict[str, Record]] = {}
        for child, term in self._terms:
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
                    self._replace(child, record, record, old[id_])

    def apply(self, changes: Iterable[Change]) -> None:
        """Follow one commit, whose records are as stored.

        Raises ``KeyError`` where a record is not the one that was known before: then it must be
        built afresh.
        """
        has_rates = False
        with exactly():
            for change in changes:
                before = None if isinstance(change, Insert) else change.before
                after = None if isinstance(change, Delete) else change.after
                entity = type(before) if after is None else type(after)
                if entity in self._groves:
                    self._structure(entity, change.ref.id, after)
                if any(one.via is entity for one in self._branches.values()):
                    self._relink(before, after)
                if entity in self._by_child:
                    self._replace(entity, before, after, None)
                if entity is ExchangeRate:
                    has_rates = True
                    if isinstance(after, ExchangeRate):
                        self._rate_records[after.id] = after
                    else:
                        del self._rate_records[change.ref.id]
        if has_rates:
            self._renew()

    def applied(self, changes: Iterable[Change]) -> tuple[FigureChange, ...]:
        """Follow one commit, and say which figures are others now (law R13).

        At most one for each rollup and account, by rollup in the order of the definitions, then by
        account. An account that is not there has the figure of the empty set. Figures of whole
        groups, and of operations that need all values, are compared at every account, and after a
        change of exchange rates those made of money; the others only where they were touched.
        """
        changes = tuple(changes)
        has_rates = any(one.ref.kind == kind_of(ExchangeRate) for one in changes)
        before: dict[Rollup, dict[str, Value]] = {one: {} for one in self._figures}
        for rollup, figure in self._figures.items():
            if _is_compared_whole(figure, has_rates=has_rates):
                before[rollup] = self._all(figure)
            else:
                figure.walk.heard = partial(self._remember, figure, before[rollup])
        try:
            self.apply(changes)
        finally:
            for figure in self._figures.values():
                figure.walk.heard = None
        return tuple(
            FigureChange(rollup=rollup.name, account_id=one, before=old, after=new)
            for rollup, figure in self._figures.items()
            for one, old, new in self._compared(figure, before[rollup], has_rates=has_rates)
            if old != new
        )

    def _compared(
        self, figure: Figure, before: dict[str, Value], *, has_rates: bool
    ) -> Iterator[tuple[str, Value, Value]]:
        nothing = figure.reading.finish(None)
        whole = _is_compared_whole(figure, has_rates=has_rates)
        after = self._all(figure) if whole else {}
        raw, nodes = figure.branch.grove.raw, figure.branch.grove.nodes
        for one in sorted(before.keys() | after.keys()):
            if whole:
                new = after.get(one, nothing)
            else:
                new = figure_at(figure, nodes[one]) if one in raw else nothing
            yield one, before.get(one, nothing), new

    def _remember(self, figure: Figure, before: dict[str, Value], _at: int, node: Node) -> None:
        id_ = node[ID]
        if id_ is not None and id_ not in before:
            is_known = id_ in figure.branch.grove.raw
            before[id_] = figure_at(figure, node) if is_known else figure.reading.finish(None)

    def _all(self, figure: Figure) -> dict[str, Value]:
        return dict(self.result(figure.rollup))

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
            self._withdraw(branch, record)
        if after is None:
            grove.drop(id_)
        else:
            parents = parents_of([after], tree_field(self._context.model.schema(over)))
            grove.put(id_, parents[id_])
        for branch, record in shared:
            self._contribute(branch, record)

    def _link(self, link: Record, sign: int) -> None:
        """Count a link row in or out, before or between what records count for."""
        for branch in self._branches.values():
            if branch.via is not type(link) or branch.ends is None:
                continue
            child, over = branch.ends[0].value(link), branch.ends[1].value(link)
            if not (isinstance(child, str) and isinstance(over, str)):
                continue
            links = branch.linked.setdefault(child, {})
            links[over] = links.get(over, 0) + sign
            if not links[over]:
                del links[over]
            if not links:
                del branch.linked[child]
            branch.naming.setdefault(over, set()).add(child)

    def _relink(self, before: Record | None, after: Record | None) -> None:
        touched = {}
        for branch in self._branches.values():
            for link in (before, after):
                if branch.ends is not None and type(link) is branch.via and link is not None:
                    record = branch.records.get(branch.ends[0].value(link))
                    if record is not None:
                        touched[id(branch), record.id] = branch, record
        for branch, record in touched.values():
            self._withdraw(branch, record)
        for link, sign in ((before, -1), (after, 1)):
            if link is not None:
                self._link(link, sign)
        for branch, record in touched.values():
            self._contribute(branch, record)

    def _withdraw(self, branch: Branch, record: Record) -> None:
        items = self._items[branch.child](record)
        for node in branch.places(record):
            del own_of(node, branch)[record.id]
            for figure in branch.figures:
                item = items[figure.at]
                if item.__class__ is not Out:
                    figure.walk.remove(node, item)

    def _contribute(self, branch: Branch, record: Record) -> None:
        items = self._items[branch.child](record)
        for node in branch.places(record):
            own_of(node, branch)[record.id] = record
            for figure in branch.figures:
                item = items[figure.at]
                if item.__class__ is not Out:
                    figure.walk.add(node, item)

    def _know(self, branch: Branch, record: Record) -> None:
        branch.records[record.id] = record
        named = branch.named(value_at(record, branch.path))
        if named is not None:
            branch.naming.setdefault(named, set()).add(record.id)

    def _replace(
        self,
        child: type[Record],
        before: Record | None,
        after: Record | None,
        were: tuple[Item, ...] | None,
    ) -> None:
        """Bring the figures from one state of a record to the next.

        ``were`` is what it counted for (``None``: what the definitions say today).
        """
        items = self._items[child]
        old, new = were, None if after is None else items(after)
        known = before
        for branch in self._branches_of(child):
            sources = [] if before is None else branch.places(before)
            for node in sources:
                known = own_of(node, branch).pop(before.id)  # type: ignore[union-attr]  # it has sources
            if old is None and known is not None:
                old = items(known)
            if after is not None and branch.via is not None:
                self._know(branch, after)
            elif before is not None and branch.via is not None:
                del branch.records[before.id]
            targets = [] if after is None else branch.places(after)
            self._shift(branch, sources, targets, old, new, after)
        for turning in (one for (of, _), one in self._turnings.items() if of is child):
            if known is not None:
                turning.drop(known)
            if after is not None:
                turning.put(after)
        for figure in self._by_child[child]:
            if known is not None:
                forget(figure, known, old[figure.at])  # type: ignore[index]  # it was known
            if after is not None:
                note(figure, after, new[figure.at])  # type: ignore[index]  # it is there

    def _shift(
        self,
        branch: Branch,
        sources: list[Node],
        targets: list[Node],
        old: tuple[Item, ...] | None,
        new: tuple[Item, ...] | None,
        after: Record | None,
    ) -> None:
        nowhere: tuple[Item, ...] = (Out.ELSEWHERE,) * len(self._by_child[branch.child])
        stays = len(sources) == len(targets) == 1 and sources[0] is targets[0]
        olds, news = old or nowhere, new or nowhere
        changed = [one for one in branch.figures if not stays or olds[one.at] != news[one.at]]
        single = sources[0] if stays else None
        replaced = []
        for figure in changed:
            was, now = olds[figure.at], news[figure.at]
            if single is not None and isinstance(figure.walk, GroupWalk):
                if was.__class__ is not Out and now.__class__ is not Out:
                    replaced.append(figure)
                    figure.walk.replace(single, was, now)
                    continue
            if was.__class__ is not Out:
                for node in sources:
                    figure.walk.remove(node, was)
        for node in targets:
            own_of(node, branch)[after.id] = after  # type: ignore[union-attr]  # it has targets
        for figure in changed:
            now = news[figure.at]
            if now.__class__ is not Out and figure not in replaced:
                for node in targets:
                    figure.walk.add(node, now)

    # What is read.

    def has(self, rollup: Rollup, account_id: str) -> bool:
        """Whether an account that a rollup is over is stored."""
        return account_id in self._figures[rollup].branch.grove.raw

    def is_flawed(self, rollup: Rollup) -> bool:
        """Whether there may be findings."""
        figure = self._figures[rollup]
        grove = figure.branch.grove
        return bool(figure.flawed or figure.foreign or grove.looping or grove.waiting)

    def value(self, rollup: Rollup, account_id: str) -> Value:
        """The figure of one account; ``None`` too where an amount is beyond all bounds.

        Raises ``NotFoundError`` for an account that is not stored.
        """
        figure = self._figures[rollup]
        grove = figure.branch.grove
        node = grove.nodes.get(account_id)
        if node is None or account_id not in grove.raw:
            raise NotFoundError(grove.kind, account_id)
        if rollup.scope is Scope.ULTIMATE_PARENT:
            while node[PARENT] is not None:
                node = node[PARENT]
        return figure_at(figure, node)

    def result(self, rollup: Rollup) -> RollupResult:
        """The figures of every account, as they are now, in the order in which accounts came."""
        return standing.result(self._figures[rollup], self._context.model)

    def findings(self, rollup: Rollup) -> Findings:
        """What is wrong with the tree, and which records are left out of a figure, by id."""
        return standing.findings(self._figures[rollup], self._context.model)


def _is_compared_whole(figure: Figure, *, has_rates: bool) -> bool:
    rollup = figure.rollup
    return (
        rollup.scope is Scope.ULTIMATE_PARENT
        or rollup.aggregate.algebra is Algebra.MULTISET
        or (has_rates and figure.reading.home is not None)
    )
