"""Forecast: what is won and what is expected, by the period in which deals close.

Weighted: what is won, and of each open deal its amount times its probability. By category: each
category takes in those that are surer, so closed <= commit <= best case <= pipeline (law P6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from crmcore import render
from crmcore.entities import Opportunity, OpportunityChange, Quota
from crmcore.entities.record import Record
from crmcore.findings import Finding, Findings, remark, warning
from crmcore.model.pipeline import ForecastCategory, StageCategory
from crmcore.reports import charts
from crmcore.reports.funnel import begun
from crmcore.reports.grouping import Group, group_cells
from crmcore.reports.material import Material
from crmcore.reports.odds import OddsReport, odds_of
from crmcore.reports.periods import Every, Period, period_of
from crmcore.reports.pipeline import probability_total
from crmcore.reports.scene import (
    EVERYTHING,
    Asked,
    Scene,
    all_findings,
    by_stage,
    ids_of,
    prepare,
    stage_findings,
)
from crmcore.reports.share import Share
from crmcore.reports.shown import number, page_html, page_text
from crmcore.reports.worth import as_money
from crmcore.rules.rule import Context
from crmcore.values.money import Money


class When(StrEnum):
    """What a line of a forecast is about."""

    PERIOD = "period"
    OVERDUE = "overdue"
    """Open deals that were to close before the first period."""
    UNDATED = "no date"
    """Deals without a close date."""


SURE = (
    ForecastCategory.CLOSED,
    ForecastCategory.COMMIT,
    ForecastCategory.BEST_CASE,
    ForecastCategory.PIPELINE,
)
"""The categories of a forecast, the surest first; omitted deals are in none."""


@frozen(kw_only=True)
class ForecastLine:
    """The forecast of one period and group.

    ``closed``, ``commit``, ``best_case`` and ``pipeline`` are cumulative. ``weighted`` is what is
    won and of each open deal that is not omitted the amount times the probability; ``historical``
    the same with the win rates observed so far, and ``without_odds`` how many open deals it leaves
    out, as nothing was observed of their stage. ``quota`` is ``None`` where none was set;
    ``attainment`` is the share of it that is won. ``deals`` has the deals by category, omitted
    ones included. ``pushed`` are the open ones that were to close in an earlier period once,
    ``pushed_out`` those that were to close in this one and are to close in a later one now.
    """

    group: Group | None = None
    when: When
    period: Period | None = None
    closed: Money
    commit: Money
    best_case: Money
    pipeline: Money
    weighted: Money
    historical: Money
    without_odds: int
    quota: Money | None
    attainment: Share | None
    deals: Mapping[ForecastCategory, tuple[Opportunity, ...]] = field(
        eq=lambda deals: {key: ids_of(some) for key, some in deals.items()}, repr=False
    )
    quotas: tuple[Quota, ...] = field(eq=ids_of, repr=False)
    pushed: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    pushed_out: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)

    def up_to(self, category: ForecastCategory) -> tuple[Opportunity, ...]:
        """The deals of a category and the surer ones: those behind its cumulative figure."""
        sure = SURE[: SURE.index(category) + 1]
        return tuple(deal for one in sure for deal in self.deals[one])

    @property
    def label(self) -> str:
        """The period, or what else the line is about."""
        return self.when.value if self.period is None else str(self.period)


@frozen(kw_only=True)
class ForecastReport:
    """The forecast as known at ``moment``: by group, then period; ``totals`` of all groups.

    Open deals are worth what they are at the rates of the day of the report, won ones what they
    were on the day they were closed. ``odds`` are those that ``historical`` rests on.
    """

    moment: datetime
    currency: str
    every: Every
    by: str | None
    lines: tuple[ForecastLine, ...]
    totals: tuple[ForecastLine, ...]
    odds: OddsReport
    findings: Findings = field(eq=False)

    def line(self, day: date, group: Any = None) -> ForecastLine:
        """The line of the period a day lies in; of all groups, unless the key of one is given.

        Raises ``KeyError`` where there is none.
        """
        for one in self.totals if group is None else self.lines:
            key = None if one.group is None else one.group.key
            if one.period is not None and day in one.period and key == group:
                return one
        raise KeyError(day, group)

    def to_rows(self) -> tuple[Mapping[str, Any], ...]:
        """A row for each line, of plain values."""
        return tuple(
            {
                **group_cells(self.by, one.group),
                "when": one.when.value,
                "start": one.period and one.period.start,
                "end": one.period and one.period.end,
                "closed": one.closed.amount,
                "commit": one.commit.amount,
                "best_case": one.best_case.amount,
                "pipeline": one.pipeline.amount,
                "weighted": one.weighted.amount,
                "historical": one.historical.amount,
                "without_odds": one.without_odds,
                "quota": one.quota and one.quota.amount,
                "attainment": one.attainment and one.attainment.value,
                "pushed": len(one.pushed),
                "pushed_out": len(one.pushed_out),
                "currency": self.currency,
            }
            for one in (self.lines or self.totals)
        )

    def plot(self) -> Any:
        """Bars for each period: by category, weighted and the quota, by plotly (``plot``)."""
        found: list[charts.Bar] = []
        for name in ("closed", "commit", "best_case", "pipeline", "weighted", "quota"):
            for one in self.totals:
                money: Money | None = getattr(one, name)
                if money is not None:
                    found.append((one.label, name.replace("_", " "), money.amount, None))
        axis = f"amount in {self.currency}"
        return charts.bars(self._title(), found, axis=axis, mode="group")

    def _title(self) -> str:
        return f"Forecast by {self.every} as of {render.plain(self.moment)}, in {self.currency}"

    def _table(self) -> tuple[list[tuple[Any, ...]], list[str]]:
        columns = [*([self.by] if self.by else []), "period", "closed", "commit", "best case"]
        columns += ["pipeline", "weighted", "historical", "quota", "attained", "pushed in / out"]
        rows = [
            (
                *([str(one.group or "all")] if self.by else []),
                one.label,
                number(one.closed),
                number(one.commit),
                number(one.best_case),
                number(one.pipeline),
                number(one.weighted),
                number(one.historical),
                number(one.quota),
                one.attainment and str(one.attainment),
                f"{len(one.pushed):,} / {len(one.pushed_out):,}",
            )
            for one in (*self.lines, *self.totals)
        ]
        return rows, columns

    def __str__(self) -> str:
        odds = str(self.odds).partition("\n\n")
        table = page_text(self._title(), [self._table()], self.findings)
        return f"{table}\n\n{odds[0]}\n\n{odds[2]}"

    def _repr_html_(self) -> str:
        return page_html(self._title(), [self._table()], self.findings) + self.odds._repr_html_()


def forecast(
    records: Iterable[Record] | Material,
    *,
    context: Context,
    asked: Asked = EVERYTHING,
    every: Every = Every.MONTH,
    since: date | None = None,
) -> ForecastReport:
    """The forecast of the deals among ``records``, from the period that ``since`` lies in.

    ``None`` is the day of the report. It needs the deals with their history, the exchange rates,
    the quotas and what the grouping names. A quota counts in the period in which its own begins,
    and in the group that its owner stands for: quotas are shown by owner, manager or team only,
    and with all together. Only periods with deals or quotas have a line, and the first one.
    """
    scene = prepare(records, asked, context)
    rows_of = scene.rows()
    odds = odds_of(scene, rows_of)
    desk = _Desk(
        scene=scene,
        every=every,
        first=period_of(since or scene.day, every, context.model.calendar),
        odds=odds,
        once=_once_expected(scene, rows_of, every),
    )
    quotas = scene.all_known(Quota)
    return ForecastReport(
        moment=scene.moment,
        currency=scene.currency,
        every=every,
        by=scene.by,
        lines=tuple(_grouped(desk, quotas)),
        totals=tuple(desk.lines(None, scene.deals, quotas)),
        odds=odds,
        findings=all_findings(
            scene,
            stage_findings(scene, scene.by_stage()),
            scene.exchange.unrated(scene.deals, scene.is_closed),
            _quota_findings(scene, quotas),
        ),
    )


def _grouped(desk: _Desk, quotas: Sequence[Quota]) -> Iterator[ForecastLine]:
    """The lines of each group; a group may have quotas and no deals, or the other way round."""
    way = desk.scene.grouping
    if way is None:
        return
    targets = quotas if way.name in {"owner", "owner_id", "manager", "team"} else ()
    of_group = {group.key: some for group, some in way.split(targets)}
    found = {group.key: some for group, some in way.split(desk.scene.deals)}
    for group, _ in way.split([*desk.scene.deals, *targets]):
        yield from desk.lines(group, found.get(group.key, ()), of_group.get(group.key, ()))


Place = tuple[When, Period | None]


def place_key(place: Place) -> tuple[bool, date]:
    """Overdue, then the periods, then those without a date."""
    when, period = place
    if period is not None:
        return False, period.start
    return (False, date.min) if when is When.OVERDUE else (True, date.max)


@frozen(kw_only=True, eq=False)
class _Desk:
    scene: Scene
    every: Every
    first: Period
    odds: OddsReport
    once: Mapping[str, Sequence[Period]]
    _periods: dict[date, Period] = field(factory=dict, init=False)

    def place(self, deal: Opportunity) -> Place | None:
        """Where a deal stands; ``None`` for one that is in no line of this forecast."""
        category = self.scene.category(deal)
        if category in {None, StageCategory.LOST}:
            return None
        if deal.close_on is None:
            return When.UNDATED, None
        if deal.close_on < self.first.start:
            return (When.OVERDUE, None) if category is StageCategory.OPEN else None
        return When.PERIOD, self.period(deal.close_on)

    def period(self, day: date) -> Period:
        found = self._periods.get(day)
        if found is None:
            calendar = self.scene.context.model.calendar
            found = self._periods[day] = period_of(day, self.every, calendar)
        return found

    def lines(
        self, group: Group | None, deals: Iterable[Opportunity], quotas: Iterable[Quota]
    ) -> list[ForecastLine]:
        """The lines of a group."""
        found: dict[Place, list[Opportunity]] = {}
        if group is None:
            found[When.PERIOD, self.first] = []
        out: dict[Place, list[Opportunity]] = {}
        for deal in deals:
            place = self.place(deal)
            if place is not None:
                found.setdefault(place, []).append(deal)
            periods = self.once.get(deal.id)
            if periods and deal.close_on is not None:
                now = self.period(deal.close_on)
                for period in periods:
                    if period < now:
                        out.setdefault((When.PERIOD, period), []).append(deal)
        targets: dict[Place, list[Quota]] = {}
        for quota in quotas:
            period = self.period(quota.period_start)
            if period.start >= self.first.start:
                targets.setdefault((When.PERIOD, period), []).append(quota)
        places = sorted({*found, *targets}, key=place_key)
        return [
            self.line(
                group, place, found.get(place, []), targets.get(place, []), out.get(place, [])
            )
            for place in places
        ]

    def line(
        self,
        group: Group | None,
        place: Place,
        deals: list[Opportunity],
        quotas: list[Quota],
        out: list[Opportunity],
    ) -> ForecastLine:
        """The line of one place."""
        by_category: dict[ForecastCategory, list[Opportunity]] = {
            one: [] for one in (*SURE, ForecastCategory.OMITTED)
        }
        for deal in deals:
            by_category[category_of(self.scene, deal)].append(deal)
        sums = self._cumulative(by_category)
        weighted, historical, without = self._weighted(by_category)
        quota = self._quota(quotas)
        won = sums[ForecastCategory.CLOSED]
        currency = self.scene.currency
        return ForecastLine(
            group=group,
            when=place[0],
            period=place[1],
            closed=as_money(won, currency),
            commit=as_money(sums[ForecastCategory.COMMIT], currency),
            best_case=as_money(sums[ForecastCategory.BEST_CASE], currency),
            pipeline=as_money(sums[ForecastCategory.PIPELINE], currency),
            weighted=as_money(weighted, currency),
            historical=as_money(historical, currency),
            without_odds=without,
            quota=None if quota is None else as_money(quota, currency),
            attainment=None if quota is None else Share(won, quota, len(by_category[SURE[0]])),
            deals={key: tuple(some) for key, some in by_category.items()},
            quotas=tuple(quotas),
            pushed=tuple(deal for deal in deals if self.is_pushed(deal)),
            pushed_out=tuple(out),
        )

    def is_pushed(self, deal: Opportunity) -> bool:
        """Whether an open deal was to close in an earlier period than the one it is in."""
        periods = self.once.get(deal.id)
        if not periods or deal.close_on is None or self.scene.is_closed(deal):
            return False
        now = self.period(deal.close_on)
        return any(one < now for one in periods)

    def _cumulative(
        self, found: Mapping[ForecastCategory, list[Opportunity]]
    ) -> dict[ForecastCategory, Fraction]:
        so_far = Fraction(0)
        sums: dict[ForecastCategory, Fraction] = {}
        for one in SURE:
            closed = one is ForecastCategory.CLOSED
            so_far += self.scene.exchange.total(found[one], closed=closed).value
            sums[one] = so_far
        return sums

    def _weighted(
        self, found: Mapping[ForecastCategory, list[Opportunity]]
    ) -> tuple[Fraction, Fraction, int]:
        won = self.scene.exchange.total(found[ForecastCategory.CLOSED], closed=True).value
        weighted, historical, without = won, won, 0
        odds_by_key = self.odds.by_key
        deals = [deal for one in SURE[1:] for deal in found[one]]
        for key, some in by_stage(deals).items():
            total, part = probability_total(some, self.scene.stages[key], self.scene.exchange)
            odds = odds_by_key.get(key)
            weighted += part
            historical += total.value * (odds or 0)
            without += len(some) if odds is None else 0
        return weighted, historical, without

    def _quota(self, quotas: list[Quota]) -> Fraction | None:
        found = [self.scene.exchange.worth(one.amount, one.period_start) for one in quotas]
        return sum((one for one in found if one is not None), Fraction(0)) if quotas else None


def category_of(scene: Scene, deal: Opportunity) -> ForecastCategory:
    """The forecast category of a deal: closed if it is won, else its own, else the stage's.

    An open deal is at most commit, as nothing open is closed.
    """
    stage = scene.stages[deal.pipeline, deal.stage]
    if stage.category is StageCategory.WON:
        return ForecastCategory.CLOSED
    own = deal.forecast_category
    known = own in {one.value for one in ForecastCategory}
    found = ForecastCategory(own) if own is not None and known else stage.forecast_category
    return ForecastCategory.COMMIT if found is ForecastCategory.CLOSED else found


def _once_expected(
    scene: Scene, rows_of: Mapping[str, Sequence[OpportunityChange]], every: Every
) -> dict[str, list[Period]]:
    """The periods in which each deal was to close at some time before, while it was open."""
    calendar = scene.context.model.calendar
    found: dict[str, list[Period]] = {}
    for deal in scene.deals:
        rows = rows_of.get(deal.id, ())
        for row in rows[begun(rows) :]:
            state = row.after
            if state is None or state.close_on is None or state.close_on == deal.close_on:
                continue
            stage = scene.stages.get((state.pipeline, state.stage))
            if stage is not None and stage.category is StageCategory.OPEN:
                period = period_of(state.close_on, every, calendar)
                periods = found.setdefault(deal.id, [])
                if period not in periods:
                    periods.append(period)
    return found


def _quota_findings(scene: Scene, quotas: Iterable[Quota]) -> list[Finding]:
    found = [
        warning(
            "report.no_rate",
            f"there is no exchange rate to {scene.currency}: the quota is left out",
            ref=one.ref,
            path="amount",
            value=one.amount,
            suggestion="add an ExchangeRate that is valid from that day or before",
        )
        for one in quotas
        if scene.exchange.worth(one.amount, one.period_start) is None
    ]
    changed = [one for one in quotas if one.updated_at and one.updated_at > scene.moment]
    if scene.is_past and changed:
        found.append(
            remark(
                "report.present_value",
                f"{len(changed)} quotas changed since: their present amounts are taken",
                path="quota.amount",
            )
        )
    return found
