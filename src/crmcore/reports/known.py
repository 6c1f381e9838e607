"""Known: the deals as they were known at a moment, from the history that commits have written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import TypeAlias

import attrs
from attrs import frozen

from crmcore.entities import Opportunity, OpportunityChange
from crmcore.entities.ledger import DealState
from crmcore.findings import Finding, warning
from crmcore.model.describe import parts
from crmcore.reports.material import Material
from crmcore.rules.stages import deal_state
from crmcore.values.ids import OpportunityId

Histories: TypeAlias = Mapping[str, Sequence[OpportunityChange]]
"""The rows of each deal, in their order."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_version = attrgetter("version")


def moment_of(row: OpportunityChange) -> datetime:
    """When a change was made; the first moment there is for one that does not say."""
    return row.at or row.created_at or _BEGINNING


def all_histories(material: Material) -> Histories:
    """The whole history of each deal; a way to arrange material."""
    return histories(material.all(OpportunityChange))


def histories(changes: Iterable[OpportunityChange]) -> dict[str, list[OpportunityChange]]:
    """The rows of each deal, the earliest first; rows of one moment in the order of their chain."""
    found: dict[str, list[OpportunityChange]] = {}
    unsorted: set[str] = set()
    for row in changes:
        deal_id = row.opportunity_id
        known = found.get(deal_id)
        if known is None:
            found[deal_id] = [row]
            continue
        before, at = known[-1].at, row.at
        if before is None or at is None or before >= at:
            unsorted.add(deal_id)
        known.append(row)
    for one in unsorted:
        _sort(found[one])
    return found


def _sort(rows: list[OpportunityChange]) -> None:
    rows.sort(key=attrgetter("id"))
    rows.sort(key=_version)
    rows.sort(key=moment_of)
    before: DealState | None = None
    for at in range(len(rows)):
        _link(rows, at, before)
        before = rows[at].after


def _link(rows: list[OpportunityChange], at: int, before: DealState | None) -> None:
    """Bring the row that begins with ``before`` to this place, from those of the same moment."""
    key = moment_of(rows[at]), rows[at].version
    for other in range(at, len(rows)):
        if (moment_of(rows[other]), rows[other].version) != key:
            return
        if rows[other].before == before:
            rows.insert(at, rows.pop(other))
            return


@frozen
class KnownDeals:
    """Deals as they were known at a moment, and what kept some of them from being so."""

    deals: tuple[Opportunity, ...]
    findings: tuple[Finding, ...] = ()


def known_deals(deals: Iterable[Opportunity], rows_of: Histories, moment: datetime) -> KnownDeals:
    """The deals that were there at ``moment``, with what was known of them then (law P7).

    The fields whose history is kept are as they were; the others are as they are now, and unknown
    for a deal that was deleted since. A deal without history, which changed since, is a finding,
    as its history is not made up: it counts as it is now.
    """
    found: list[Opportunity] = []
    flaws: list[Finding] = []
    present = {one.id: one for one in deals}
    for id_, rows in rows_of.items():
        before = bisect_right(rows, moment, key=moment_of)
        state = rows[before - 1].after if before else None
        if state is not None:
            deal_id = OpportunityId(id_)
            deal = present.get(deal_id) or Opportunity(id=deal_id, name=id_)
            found.append(_in_state(deal, state))
    for deal in present.values():
        if deal.id not in rows_of and not (deal.created_at and deal.created_at > moment):
            found.append(deal)
            if deal.updated_at is not None and deal.updated_at > moment:
                flaws.append(_no_history(deal))
    return KnownDeals(tuple(found), tuple(flaws))


def _in_state(deal: Opportunity, state: DealState) -> Opportunity:
    if deal_state(deal) == state:
        return deal
    return attrs.evolve(deal, **{name: getattr(state, name) for name in parts(DealState)})


def _no_history(deal: Opportunity) -> Finding:
    return warning(
        "report.no_history",
        "the deal changed since, and has no history: it counts as it is now",
        ref=deal.ref,
        suggestion="import its history as OpportunityChange rows",
    )
