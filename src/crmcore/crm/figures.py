"""Figures: the rollups of a ``Crm``, kept up to date by every commit, own or of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from crmcore.changes import Change
from crmcore.crm import gather, reading
from crmcore.crm.desk import Desk
from crmcore.crm.indexes import Indexes
from crmcore.entities import ExchangeRate, Record, kind_of
from crmcore.findings import Finding, Findings, error
from crmcore.ports import Snapshot
from crmcore.query import Query
from crmcore.rules.rollup import Definition, FigureChange, RollupResult, Totals, Value
from crmcore.values.ref import Ref


class TotalsIndex:
    """The totals of some rollups as an ``Index``: built once, then following commits."""

    def __init__(self, desk: Desk, rollups: tuple[Definition, ...]) -> None:
        self._desk = desk
        self.rollups = rollups
        self.totals: Totals = self._fresh()
        self.results: dict[Definition, tuple[date, RollupResult]] = {}
        self.is_watched = False
        self.changed: tuple[FigureChange, ...] = ()

    def _fresh(self) -> Totals:
        return Totals(self.rollups, self._desk.context(), among=self._desk.rules.rollups)

    def build(self, snapshot: Snapshot, /) -> None:
        """Compute them afresh, by one pass over the records of this moment."""
        self.results.clear()
        self.totals = self._fresh()
        overs, children, links = self.totals.entities
        self.totals.build(
            accounts=everything(snapshot, self._desk, overs),
            children=everything(snapshot, self._desk, children),
            links=everything(snapshot, self._desk, links),
            rates=snapshot.find(Query.of(ExchangeRate)),
        )

    def apply(self, changes: Iterable[Change], /) -> None:
        """Follow one commit."""
        self.results.clear()
        model = self._desk.model
        mine = [
            one
            for one in changes
            if model.is_enabled(one.ref.kind) or one.ref.kind == kind_of(ExchangeRate)
        ]
        if self.is_watched:
            self.changed = self.totals.applied(mine)
        else:
            self.totals.apply(mine)


class Figures:
    """Every rollup of the rule book in one index, and one for each that is asked for besides."""

    def __init__(self, desk: Desk, indexes: Indexes, tell: Callable[[Findings], None]) -> None:
        """``tell`` hears of a record that is left out of a figure when it is first met."""
        self._desk = desk
        self._indexes = indexes
        self._tell = tell
        self._known: dict[Definition, TotalsIndex] = {}
        self._told: dict[Definition, frozenset[Finding]] = {}

    def _index(self, rollup: Definition) -> TotalsIndex:
        if rollup not in self._known:
            book = self._desk.rules.rollups
            together = book if rollup in book else (rollup,)
            index = TotalsIndex(self._desk, together)
            self._known.update(dict.fromkeys(together, index))
        return self._known[rollup]

    def watch(self) -> None:
        """Be ready to tell what the next commit changes in the figures of the book."""
        if not self._desk.rules.rollups:
            return
        index = self._index(self._desk.rules.rollups[0])
        index.is_watched = True
        with self._indexes.current(index):
            index.totals.turn(self._desk.context())
            index.changed = ()

    def changes(self) -> tuple[FigureChange, ...]:
        """What the commit just made changed, each figure once; empty without ``watch`` before.

        Nothing where others committed in between: then the figures are computed afresh.
        """
        if not self._desk.rules.rollups:
            return ()
        index = self._index(self._desk.rules.rollups[0])
        changed, index.changed = index.changed, ()
        return changed

    def value(self, rollup: Definition, account_id: str) -> Value:
        """The figure of one account, or of the survivor of the one it was.

        Raises ``NotFoundError``.
        """
        index = self._index(rollup)
        with self._indexes.current(index) as snapshot:
            index.totals.turn(self._desk.context())
            self._heard(index, rollup)
            if not index.totals.has(rollup, account_id):
                record = reading.get(snapshot, self._desk.model, rollup.over, account_id)
                account_id = record.id
            return index.totals.value(rollup, account_id)

    def result(self, rollup: Definition) -> RollupResult:
        """The figures of every account, as one moment."""
        index = self._index(rollup)
        with self._indexes.current(index):
            context = self._desk.context()
            index.totals.turn(context)
            self._heard(index, rollup)
            known = index.results.get(rollup)
            if known is None or known[0] != context.today:
                known = context.today, index.totals.result(rollup)
                index.results[rollup] = known
            return known[1]

    def rebuild(self) -> None:
        """Compute every figure afresh at its next use."""
        for index in dict.fromkeys(self._known.values()):
            self._indexes.forget(index)

    def verify(self) -> Findings:
        """Compute the whole book afresh beside what followed the changes, and compare them."""
        book = self._desk.rules.rollups
        if not book:
            return Findings()
        index, other = self._index(book[0]), TotalsIndex(self._desk, book)
        with self._indexes.current(index) as snapshot:
            index.totals.turn(self._desk.context())
            other.build(snapshot)
            return Findings(
                error(
                    "rollup.differs",
                    f"{one.name} followed the changes to another figure than there is",
                    ref=Ref(kind_of(one.over), id_),
                    value=value,
                    suggestion="rebuild_rollups, and please report it",
                )
                for one in book
                for afresh in (other.totals.result(one),)
                for id_, value in index.totals.result(one).items()
                if afresh.get(id_) != value
            )

    def _heard(self, index: TotalsIndex, rollup: Definition) -> None:
        found = index.totals.findings(rollup) if index.totals.is_flawed(rollup) else Findings()
        told = self._told.get(rollup, frozenset())
        self._told[rollup] = frozenset(found)
        if found:
            self._tell(Findings(one for one in found if one not in told))


def everything(
    snapshot: Snapshot, desk: Desk, entities: Iterable[type[Record]]
) -> Iterable[Record]:
    """All records of these entities that are not disabled, each entity once."""
    kinds = dict.fromkeys(kind_of(one) for one in entities)
    return gather.records_of(snapshot, (one for one in kinds if desk.model.is_enabled(one)))
