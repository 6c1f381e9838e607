"""Deal funnel: how many deals of a cohort reached each stage, and how many were won."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from attrs import frozen

from crmcore.entities import Opportunity, OpportunityChange
from crmcore.entities.record import Record
from crmcore.errors import UsageError
from crmcore.findings import Finding, remark, warning
from crmcore.model.pipeline import Pipeline, StageCategory
from crmcore.reports.grouping import Group
from crmcore.reports.known import Histories, moment_of
from crmcore.reports.material import Material
from crmcore.reports.scene import (
    EVERYTHING,
    Asked,
    Scene,
    all_findings,
    by_stage,
    prepare,
    stage_findings,
)
from crmcore.reports.share import Share
from crmcore.reports.steps import Funnel, FunnelReport, LossReason, Tally, steps_of
from crmcore.rules.rule import Context

R = TypeVar("R", bound=Record)


@frozen(kw_only=True)
class Window:
    """The cohort: created on a day from ``since`` to ``until``, both included (``None``: any)."""

    since: date | None = None
    until: date | None = None

    def __attrs_post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise UsageError("the window ends before it begins", self.until, "swap the two")

    @property
    def is_open(self) -> bool:
        """Whether it has no bounds."""
        return self.since is None and self.until is None

    def has(self, day: date | None) -> bool:
        """Whether a day lies in it; one that is not known lies only in a window without bounds."""
        if day is None:
            return self.is_open
        return not (
            (self.since is not None and day < self.since)
            or (self.until is not None and day > self.until)
        )


ANY_TIME = Window()


def begun(rows: Sequence[OpportunityChange]) -> int:
    """The place of the row in which a deal was made; of one made again, the last such row."""
    for at in range(len(rows) - 1, 0, -1):
        if rows[at].before is None:
            return at
    return 0


def created_at(deal: Opportunity, rows: Sequence[OpportunityChange]) -> datetime | None:
    """When a deal was made, by its history, else by the record; ``None`` where neither says."""
    if rows and rows[begun(rows)].before is None:
        return moment_of(rows[begun(rows)])
    return deal.created_at


def funnel(
    records: Iterable[Record] | Material,
    *,
    context: Context,
    asked: Asked = EVERYTHING,
    window: Window = ANY_TIME,
) -> FunnelReport:
    """The funnel of the deals among ``records`` that were created in the window.

    A deal belongs to the funnel of the pipeline it is in; what it did in others before is not
    counted. It has reached a stage if it was there or further; of a deal without history only the
    stage it is in is known. A deal is won if it is in a won stage as of the moment of the report.
    """
    scene = prepare(records, asked, context)
    rows_of = scene.rows()
    deals = scene.deals
    if not window.is_open:
        deals = tuple(
            deal for deal in deals if _is_in(deal, rows_of.get(deal.id, ()), window, scene)
        )
    funnels: list[Funnel] = []
    groups = scene.groups(deals)
    for group, some in groups:
        for line in context.model.pipelines:
            own = [deal for deal in some if deal.pipeline == line.key]
            if own or (group is None and line is context.model.pipelines[0]):
                funnels.append(_funnel(scene, line, own, rows_of, group))
    lost = [deal for deal in deals if scene.category(deal) is StageCategory.LOST]
    return FunnelReport(
        about="deals",
        moment=scene.moment,
        since=window.since,
        until=window.until,
        by=scene.by,
        funnels=tuple(funnels),
        findings=all_findings(
            scene,
            () if window.is_open else _undated(scene, rows_of),
            stage_findings(scene, by_stage(deals)),
            _reasons_of_today(scene, lost),
            scene.exchange.unrated(deals, scene.is_closed),
        ),
    )


def _is_in(
    deal: Opportunity, rows: Sequence[OpportunityChange], window: Window, scene: Scene
) -> bool:
    made = created_at(deal, rows)
    return window.has(None if made is None else scene.context.model.calendar.today(made))


def _undated(scene: Scene, rows_of: Histories) -> list[Finding]:
    return [
        warning(
            "report.not_dated",
            "it is not known when the deal was made: it is in no cohort",
            ref=deal.ref,
            suggestion="import its history as OpportunityChange rows",
        )
        for deal in scene.deals
        if created_at(deal, rows_of.get(deal.id, ())) is None
    ]


def _reasons_of_today(scene: Scene, lost: Sequence[Opportunity]) -> list[Finding]:
    if not (scene.is_past and any(deal.lost_reason for deal in lost)):
        return []
    return [
        remark(
            "report.present_value",
            "no history is kept of this: its present value is taken",
            path="lost_reason",
        )
    ]


def _funnel(
    scene: Scene,
    line: Pipeline,
    deals: list[Opportunity],
    rows_of: Histories,
    group: Group | None,
) -> Funnel:
    open_stages = [one for one in line.stages if one.category is StageCategory.OPEN]
    levels = {stage.key: at for at, stage in enumerate(open_stages)}
    top = len(open_stages)
    levels |= {one.key: top for one in line.stages if one.category is StageCategory.WON}
    lost_keys = {one.key for one in line.stages if one.category is StageCategory.LOST}
    tally = _tally(deals, rows_of, levels, top, lost_keys)
    names: list[tuple[str | None, str]] = [(stage.key, str(stage)) for stage in open_stages]
    names.append((None, str(line.first(StageCategory.WON))))
    steps = steps_of(names, tally)
    lost = tuple(deal for deal in deals if deal.stage in lost_keys)
    won = steps[-1].records
    return Funnel(
        group=group,
        pipeline=line.key,
        label="" if len(scene.context.model.pipelines) == 1 else str(line),
        steps=steps,
        lost=lost,
        overall=Share.of(len(won), len(deals)),
        win_rate=Share.of(len(won), len(won) + len(lost)),
        value_win_rate=value_win_rate(
            scene, [deal for deal in deals if levels.get(deal.stage) == top], lost
        ),
        loss_reasons=loss_reasons(lost),
    )


def _tally(
    deals: Iterable[Opportunity],
    rows_of: Mapping[str, Sequence[OpportunityChange]],
    levels: dict[str, int],
    top: int,
    lost_keys: set[str],
) -> Tally:
    """How far deals got: to the furthest open stage they were in, and beyond only if won now."""
    tally = Tally.of(top + 1)
    resolved, under_way, times = tally.resolved, tally.under_way, tally.times
    nothing: Sequence[OpportunityChange] = ()
    for deal in deals:
        stage = deal.stage
        here = levels.get(stage, 0)
        furthest = _walked(rows_of.get(deal.id, nothing), deal.pipeline, levels, times)
        if here == top:
            resolved[top].append(deal)
        else:
            level = min(max(here, furthest), top - 1)
            (resolved if stage in lost_keys else under_way)[level].append(deal)
    return tally


def _walked(
    rows: Sequence[OpportunityChange],
    pipeline: str,
    levels: dict[str, int],
    times: list[list[timedelta]],
) -> int:
    """The furthest stage of the pipeline that a deal was in; 0 where nothing is told.

    Adds how long it took from the first coming to a stage to the first being further. Stages that
    nothing further has followed yet wait on a stack, the least far on top.
    """
    furthest, met = 0, 0
    waiting: list[tuple[int, datetime]] = []
    found: list[tuple[int, timedelta]] = []
    for row in rows:
        if row.before is None:  # made, or made again: what was before does not count
            furthest, met = 0, 0
            waiting, found = [], []
        state = row.after
        if state is None or state.pipeline != pipeline:
            continue
        level = levels.get(state.stage)
        if level is None:
            continue
        at = row.at or moment_of(row)
        while waiting and waiting[-1][0] < level:
            earlier, since = waiting.pop()
            found.append((earlier, at - since))
        if not met >> level & 1:
            met |= 1 << level
            waiting.append((level, at))
        furthest = max(furthest, level)
    for level, time in found:
        times[level].append(time)
    return furthest


def value_win_rate(
    scene: Scene, won: Iterable[Opportunity], lost: Iterable[Opportunity]
) -> Share | None:
    """The share of the amounts of closed deals that was won; ``None`` where none has an amount."""
    good = scene.exchange.total(won, closed=True)
    bad = scene.exchange.total(lost, closed=True)
    n = good.n + bad.n
    return Share(good.value, good.value + bad.value, n) if n else None


def loss_reasons(lost: Sequence[Opportunity]) -> tuple[LossReason, ...]:
    """Why deals were lost: the most frequent reason first, then by name, those without last."""
    found: dict[str | None, list[Any]] = {}
    for deal in lost:
        found.setdefault(deal.lost_reason or None, []).append(deal)
    reasons = sorted(found, key=lambda one: (one is None, -len(found[one]), one or ""))
    return tuple(
        LossReason(one, tuple(found[one]), Share.of(len(found[one]), len(lost))) for one in reasons
    )
