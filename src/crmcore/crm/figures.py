"""Figures: the rollups of one moment, computed once and kept until the next commit or day."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from crmcore.crm import gather
from crmcore.crm.desk import Desk
from crmcore.entities import ExchangeRate, Record, kind_of
from crmcore.findings import Findings
from crmcore.ports import Snapshot
from crmcore.query import Query
from crmcore.rules.rollup import Rollup, RollupResult, roll_up


class Figures:
    """What rollups gave at one sequence number of the store, on one day.

    Before it answers it compares both with those of the snapshot, so that commits by others, in
    this process or another, are seen like one's own.
    """

    def __init__(self, desk: Desk, tell: Callable[[Findings], None]) -> None:
        """``tell`` hears what was found while computing, once for each computation."""
        self._desk = desk
        self._tell = tell
        self._known: tuple[tuple[int, date], dict[Rollup, RollupResult]] | None = None

    def of(self, snapshot: Snapshot, rollups: Iterable[Rollup]) -> dict[str, RollupResult]:
        """The results of these rollups by name; those not known yet share one pass."""
        wanted = tuple(rollups)
        moment = (snapshot.seq, self._desk.context().today)
        known = self._known[1] if self._known is not None and self._known[0] == moment else {}
        fresh = [one for one in wanted if one not in known]
        if fresh:
            # a new dictionary each time: another thread may be reading the old one
            known = {**known, **self._computed(snapshot, fresh)}
            self._known = (moment, known)
        return {one.name: known[one] for one in wanted}

    def _computed(self, snapshot: Snapshot, rollups: list[Rollup]) -> dict[Rollup, RollupResult]:
        results = roll_up(
            rollups,
            accounts=everything(snapshot, self._desk, (one.over for one in rollups)),
            children=everything(snapshot, self._desk, (one.child for one in rollups)),
            links=everything(snapshot, self._desk, (one.via for one in rollups if one.via)),
            context=self._desk.context(),
            rates=snapshot.find(Query.of(ExchangeRate)),
        )
        for one in results.values():
            self._tell(one.findings)
        return {one: results[one.name] for one in rollups}


def everything(
    snapshot: Snapshot, desk: Desk, entities: Iterable[type[Record]]
) -> Iterable[Record]:
    """All records of these entities that are not disabled, each entity once."""
    kinds = dict.fromkeys(kind_of(one) for one in entities)
    return gather.records_of(snapshot, (one for one in kinds if desk.model.is_enabled(one)))
