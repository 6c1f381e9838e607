"""Outcomes: what was won and lost in each period: win rate, deal size, cycle, sales velocity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from crmcore import render
from crmcore.entities import Opportunity, OpportunityChange
from crmcore.entities.record import Record
from crmcore.findings import Findings
from crmcore.model.pipeline import StageCategory
from crmcore.reports import charts
from crmcore.reports.funnel import ANY_TIME, Window, created_at, loss_reasons, value_win_rate
from crmcore.reports.grouping import Group, group_cells
from crmcore.reports.lead_funnel import won_at
from crmcore.reports.material import Material
from crmcore.reports.periods import Every, Period, period_of
from crmcore.reports.scene import (
    EVERYTHING,
    Asked,
    Scene,
    all_findings,
    ids_of,
    prepare,
    stage_findings,
)
from crmcore.reports.share import Share, Spread, days
from crmcore.reports.shown import number, page_html, page_text
from crmcore.reports.steps import LossReason
from crmcore.reports.worth import as_money
from crmcore.rules.rule import Context
from crmcore.values.money import Money

_DAY = timedelta(days=1)


@frozen(kw_only=True)
class OutcomeLine:
    """What became of the deals of one group that were closed in one period (``None``: any time).

    ``win_rate`` is won of won and lost, ``value_win_rate`` the same by amount (``None``: none has
    an amount). ``average`` is the amount of a won deal, over the ``amounts`` that have one.
    ``cycle`` is from making to winning. ``velocity`` is what the deals bring in a day: closed
    deals times win rate times average, divided by the mean cycle in days; ``None`` where one of
    these is undefined.
    """

    group: Group | None = None
    period: Period | None = None
    won: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    lost: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    amount: Money
    amounts: int
    average: Money | None
    cycle: Spread
    velocity: Money | None
    win_rate: Share
    value_win_rate: Share | None
    loss_reasons: tuple[LossReason, ...]


@frozen(kw_only=True)
class OutcomeReport:
    """What was won and lost, as known at ``moment``: by group, then period; ``total`` of all."""

    moment: datetime
    currency: str
    every: Every | None
    by: str | None
    lines: tuple[OutcomeLine, ...]
    total: OutcomeLine
    findings: Findings = field(eq=False)

    def line(self, group: Any = None, day: date | None = None) -> OutcomeLine:
        """The line of the group of this key and the period a day lies in.

        Raises ``KeyError`` where there is none.
        """
        for one in self.lines:
            key = None if one.group is None else one.group.key
            if key == group and (day is None or (one.period is not None and day in one.period)):
                return one
        raise KeyError(group, day)

    def to_rows(self) -> tuple[Mapping[str, Any], ...]:
        """A row for each line, of plain values; rates are shares of 1."""
        return tuple(
            {
                **group_cells(self.by, one.group),
                "start": one.period and one.period.start,
                "end": one.period and one.period.end,
                "won": len(one.won),
                "lost": len(one.lost),
                "win_rate": one.win_rate.value,
                "value_win_rate": one.value_win_rate and one.value_win_rate.value,
                "amount": one.amount.amount,
                "average": one.average and one.average.amount,
                "amounts": one.amounts,
                "median_cycle": one.cycle.median,
                "mean_cycle": one.cycle.mean,
                "timed": one.cycle.n,
                "velocity": one.velocity and one.velocity.amount,
                "currency": self.currency,
            }
            for one in self.lines
        )

    def plot(self) -> Any:
        """The won amount of each period and group, as a figure of plotly (the extra ``plot``)."""
        found = [
            (
                "" if one.period is None else str(one.period),
                None if one.group is None else one.group.label,
                one.amount.amount,
                len(one.won),
            )
            for one in self.lines
        ]
        return charts.bars(self._title(), found, axis=f"won, in {self.currency}")

    def _title(self) -> str:
        return f"Won and lost as of {render.plain(self.moment)}, in {self.currency}"

    def _table(self) -> tuple[list[tuple[Any, ...]], list[str]]:
        columns = [*([self.by] if self.by else []), "period", "win rate", "by value", "won"]
        columns += ["average", "n", "median cycle", "a day"]
        rows = [
            (
                *([str(one.group or "all")] if self.by else []),
                "all" if one.period is None else str(one.period),
                str(one.win_rate),
                one.value_win_rate and str(one.value_win_rate),
                number(one.amount),
                number(one.average),
                f"{one.amounts:,}",
                days(one.cycle.median),
                number(one.velocity),
            )
            for one in (*(self.lines if self.by or self.every else ()), self.total)
        ]
        return rows, columns

    def __str__(self) -> str:
        return page_text(self._title(), [self._table()], self.findings)

    def _repr_html_(self) -> str:
        return page_html(self._title(), [self._table()], self.findings)


def outcomes(
    records: Iterable[Record] | Material,
    *,
    context: Context,
    asked: Asked = EVERYTHING,
    every: Every | None = None,
    window: Window = ANY_TIME,
) -> OutcomeReport:
    """What became of the deals among ``records`` that were closed in the window.

    A deal counts in the period that its close date lies in (``every`` ``None``: one line for all
    time; a closed deal without a date counts only there, and in the total).
    """
    scene = prepare(records, asked, context)
    rows_of = scene.rows()
    closed = [deal for deal in scene.deals if scene.is_closed(deal) and window.has(deal.close_on)]
    groups = scene.groups(closed)
    return OutcomeReport(
        moment=scene.moment,
        currency=scene.currency,
        every=every,
        by=scene.by,
        lines=tuple(
            _line(scene, rows_of, some, group, period)
            for group, own in groups
            for period, some in _by_period(scene, own, every)
        ),
        total=_line(scene, rows_of, closed, None, None),
        findings=all_findings(
            scene,
            stage_findings(scene, scene.by_stage()),
            scene.exchange.unrated(closed, scene.is_closed),
        ),
    )


def _by_period(
    scene: Scene, deals: Sequence[Opportunity], every: Every | None
) -> list[tuple[Period | None, Sequence[Opportunity]]]:
    if every is None:
        return [(None, deals)]
    found: dict[Period, list[Opportunity]] = {}
    for deal in deals:
        if deal.close_on is not None:
            period = period_of(deal.close_on, every, scene.context.model.calendar)
            found.setdefault(period, []).append(deal)
    return [(period, found[period]) for period in sorted(found)]


def _line(
    scene: Scene,
    rows_of: Mapping[str, Sequence[OpportunityChange]],
    deals: Iterable[Opportunity],
    group: Group | None,
    period: Period | None,
) -> OutcomeLine:
    won: list[Opportunity] = []
    lost: list[Opportunity] = []
    for deal in deals:
        (won if scene.category(deal) is StageCategory.WON else lost).append(deal)
    total = scene.exchange.total(won, closed=True)
    cycle = Spread.of(
        time for deal in won if (time := _cycle(scene, deal, rows_of.get(deal.id, ()))) is not None
    )
    rate = Share.of(len(won), len(won) + len(lost))
    velocity: Fraction | None = None
    if total.n and cycle.mean and rate.value is not None:
        velocity = rate.whole * rate.value * (total.value / total.n) / Fraction(cycle.mean / _DAY)
    return OutcomeLine(
        group=group,
        period=period,
        won=tuple(won),
        lost=tuple(lost),
        amount=total.money(scene.currency),
        amounts=total.n,
        average=total.average(scene.currency),
        cycle=cycle,
        velocity=None if velocity is None else as_money(velocity, scene.currency),
        win_rate=rate,
        value_win_rate=value_win_rate(scene, won, lost),
        loss_reasons=loss_reasons(lost),
    )


def _cycle(scene: Scene, deal: Opportunity, rows: Sequence[OpportunityChange]) -> timedelta | None:
    made, won = created_at(deal, rows), won_at(scene.stages, deal, rows)
    return None if made is None or won is None else won - made
