"""Lead funnel: how many captured leads were converted, became a deal, and were won."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from crmcore.entities import Lead, MergeReceipt, Opportunity, OpportunityChange
from crmcore.entities.record import Record
from crmcore.findings import Finding, remark
from crmcore.model.pipeline import LeadCategory, StageCategory
from crmcore.query import matches, read_filter
from crmcore.reports.funnel import ANY_TIME, Window, created_at
from crmcore.reports.grouping import Group
from crmcore.reports.known import Histories, moment_of
from crmcore.reports.material import Material
from crmcore.reports.scene import EVERYTHING, Asked, Scene, Stages, all_findings, prepare
from crmcore.reports.share import Share
from crmcore.reports.steps import Funnel, FunnelReport, Tally, steps_of
from crmcore.rules.identity import survivor_of
from crmcore.rules.rule import Context
from crmcore.values.ref import Ref

CAPTURED, CONVERTED, DEAL, WON = range(4)
_NAMES = (("captured", "captured"), ("converted", "converted"), ("deal", "deal"), ("won", "won"))


def lead_funnel(
    records: Iterable[Record] | Material,
    *,
    context: Context,
    asked: Asked = EVERYTHING,
    window: Window = ANY_TIME,
) -> FunnelReport:
    """The funnel from captured lead to won deal, of the leads among ``records``.

    It needs the leads, their deals with history, and the receipts of merges. ``asked`` speaks of
    leads, so that the source of the lead counts, whatever was entered on the deal. A lead is
    resolved when it is unqualified, was converted without a deal, or all its deals are closed.
    """
    scene = prepare(records, asked, context, about=Lead)
    where = read_filter(asked.where, Lead, context.model)
    leads = [
        lead
        for lead in scene.all_known(Lead)
        if matches(where, lead) and window.has(_day(scene, lead.created_at))
    ]
    rows_of = scene.rows()
    deals_of = _deals_by_lead(scene, leads)
    category = {one.key: one.category for one in context.model.lead_statuses}
    funnels: list[Funnel] = []
    for group, some in scene.groups(leads):
        tally = Tally.of(len(_NAMES))
        for lead in some:
            _count(
                tally,
                lead,
                scene=scene,
                deals=deals_of.get(lead.id, []),
                rows_of=rows_of,
                category=category,
            )
        funnels.append(_funnel(group, len(some), tally))
    return FunnelReport(
        about="leads",
        moment=scene.moment,
        since=window.since,
        until=window.until,
        by=scene.by,
        funnels=tuple(funnels),
        findings=all_findings(scene, _status_of_today(scene)),
    )


def _status_of_today(scene: Scene) -> list[Finding]:
    if not scene.is_past:
        return []
    return [
        remark(
            "report.present_value",
            "no history is kept of this: its present value is taken",
            path="status",
        )
    ]


def _day(scene: Scene, moment: datetime | None) -> date | None:
    return None if moment is None else scene.context.model.calendar.today(moment)


def _deals_by_lead(scene: Scene, leads: Iterable[Lead]) -> dict[str, list[Opportunity]]:
    deals: dict[str, Opportunity] = {deal.id: deal for deal in scene.deals}
    found: dict[str, dict[str, Opportunity]] = {}
    for deal in deals.values():
        if deal.lead_id is not None:
            found.setdefault(deal.lead_id, {})[deal.id] = deal
    receipts = scene.all_known(MergeReceipt)
    for lead in leads:
        if lead.converted_opportunity_id is None:
            continue
        ref = Ref[Opportunity]("opportunity", lead.converted_opportunity_id)
        named = deals.get(ref.id) or deals.get(survivor_of(ref, receipts).id)
        if named is not None:
            found.setdefault(lead.id, {})[named.id] = named
    return {lead_id: list(some.values()) for lead_id, some in found.items()}


def _count(
    tally: Tally,
    lead: Lead,
    *,
    scene: Scene,
    deals: list[Opportunity],
    rows_of: Histories,
    category: dict[str, LeadCategory],
) -> None:
    is_converted = lead.converted_at is not None and lead.converted_at <= scene.moment
    moments: list[datetime | None] = [lead.created_at, None, None, None]
    if is_converted:
        moments[CONVERTED] = lead.converted_at
    made = [one for deal in deals if (one := created_at(deal, rows_of.get(deal.id, ())))]
    moments[DEAL] = min(made, default=None)
    won = [deal for deal in deals if scene.category(deal) is StageCategory.WON]
    won_moments = [
        one
        for deal in won
        if (one := won_at(scene.stages, deal, rows_of.get(deal.id, ()))) is not None
    ]
    moments[WON] = min(won_moments, default=None)
    level = WON if won else DEAL if deals else CONVERTED if is_converted else CAPTURED
    closed = all(scene.is_closed(deal) for deal in deals)
    unqualified = category.get(lead.status) is LeadCategory.UNQUALIFIED
    is_resolved = bool(won) or (closed if deals else is_converted or unqualified)
    (tally.resolved if is_resolved else tally.under_way)[level].append(lead)
    for step, time_to_next in _times(moments):
        tally.times[step].append(time_to_next)


def _times(moments: list[datetime | None]) -> tuple[tuple[int, timedelta], ...]:
    """How long from each step whose moment is known to the next one whose moment is known."""
    known = [(level, at) for level, at in enumerate(moments) if at is not None]
    return tuple((level, later - at) for (level, at), (_, later) in pairwise(known))


def won_at(stages: Stages, deal: Opportunity, rows: Sequence[OpportunityChange]) -> datetime | None:
    """When a won deal came to its won stage for good, else the beginning of its close date (UTC).

    ``None`` where neither is known.
    """
    found = since_when(stages, rows, StageCategory.WON)
    if found is None and deal.close_on is not None:
        return datetime.combine(deal.close_on, time(), UTC)
    return found


def since_when(
    stages: Stages, rows: Sequence[OpportunityChange], category: StageCategory
) -> datetime | None:
    """Since when a deal has been in stages of a category; ``None`` where it ends in another."""
    found: datetime | None = None
    for row in reversed(rows):
        state = row.after
        stage = None if state is None else stages.get((state.pipeline, state.stage))
        if stage is None or stage.category is not category:
            break
        found = row.at or moment_of(row)
    return found


def _funnel(group: Group | None, n: int, tally: Tally) -> Funnel:
    steps = steps_of(_NAMES, tally)
    resolved = steps[0].resolved
    won = {one.id for one in steps[-1].records}
    return Funnel(
        group=group,
        steps=steps,
        lost=tuple(one for one in resolved if one.id not in won),
        overall=Share.of(len(won), n),
        win_rate=Share.of(len(won), len(resolved)),
    )
