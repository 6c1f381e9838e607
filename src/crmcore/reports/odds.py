"""Odds: how deals that were in a stage really ended: observed win rate, and time to winning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from crmcore import render
from crmcore.entities import Opportunity, OpportunityChange
from crmcore.entities.record import Record
from crmcore.findings import Findings
from crmcore.model.pipeline import Stage, StageCategory
from crmcore.reports import charts
from crmcore.reports.funnel import begun
from crmcore.reports.known import moment_of
from crmcore.reports.lead_funnel import won_at
from crmcore.reports.material import Material
from crmcore.reports.scene import EVERYTHING, Asked, Scene, all_findings, ids_of, prepare
from crmcore.reports.share import Share, Spread, days, percent
from crmcore.reports.shown import page_html, page_text
from crmcore.rules.rule import Context

StageKey = tuple[str, str]
"""The keys of a pipeline and a stage of it."""


@frozen(kw_only=True)
class StageOdds:
    """How the ``resolved`` deals that ever were in an open stage ended; ``won`` are some of them.

    ``win_rate`` has its n and its interval, ``time_to_win`` is from the first coming to the stage
    to the winning, over the won ones whose history tells both.
    """

    pipeline: str
    stage: str
    label: str = field(eq=False)
    resolved: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    won: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    time_to_win: Spread

    @property
    def win_rate(self) -> Share:
        """Won of resolved."""
        return Share.of(len(self.won), len(self.resolved))


@frozen(kw_only=True)
class OddsReport:
    """The odds of each open stage of each pipeline, as known at ``moment``."""

    moment: datetime
    stages: tuple[StageOdds, ...]
    findings: Findings = field(eq=False)

    def odds(self, deal: Opportunity) -> Fraction | None:
        """The observed win rate of the stage a deal is in; ``None`` where none was observed."""
        return self.by_key.get((deal.pipeline, deal.stage))

    @property
    def by_key(self) -> Mapping[StageKey, Fraction | None]:
        """The observed win rates by pipeline and stage."""
        return {(one.pipeline, one.stage): one.win_rate.value for one in self.stages}

    def to_rows(self) -> tuple[Mapping[str, Any], ...]:
        """A row for each stage, of plain values."""
        return tuple(
            {
                "pipeline": one.pipeline,
                "stage": one.stage,
                "won": len(one.won),
                "resolved": len(one.resolved),
                "win_rate": one.win_rate.value,
                "interval": one.win_rate.interval,
                "median_time_to_win": one.time_to_win.median,
                "timed": one.time_to_win.n,
            }
            for one in self.stages
        )

    def plot(self) -> Any:
        """The win rate of each stage with its interval, as a figure of plotly (``plot``)."""
        found = [(one.label, one.win_rate) for one in self.stages]
        return charts.rates(self._title(), found, axis="won of resolved, with 95 % interval")

    def _title(self) -> str:
        return f"What became of deals by stage, as of {render.plain(self.moment)}"

    def _table(self) -> tuple[list[tuple[Any, ...]], list[str]]:
        rows = [
            (
                one.label,
                str(one.win_rate),
                _interval(one.win_rate),
                days(one.time_to_win.median),
                _quartiles(one.time_to_win),
                f"{one.time_to_win.n:,}",
            )
            for one in self.stages
        ]
        return rows, ["stage", "win rate", "95 %", "median time to win", "quartiles", "n"]

    def __str__(self) -> str:
        return page_text(self._title(), [self._table()], self.findings)

    def _repr_html_(self) -> str:
        return page_html(self._title(), [self._table()], self.findings)


def _interval(share: Share) -> str:
    found = share.interval
    return render.ABSENT if found is None else f"{percent(found[0])} to {percent(found[1])}"


def _quartiles(times: Spread) -> str | None:
    return f"{days(times.lower)} to {days(times.upper)}" if times.n else None


def observed_odds(
    records: Iterable[Record] | Material, *, context: Context, asked: Asked = EVERYTHING
) -> OddsReport:
    """The odds of each stage, from the deals among ``records`` and their history."""
    scene = prepare(records, asked, context)
    return odds_of(scene, scene.rows())


def odds_of(scene: Scene, rows_of: Mapping[str, Sequence[OpportunityChange]]) -> OddsReport:
    """The odds by the deals of a scene."""
    resolved: dict[StageKey, list[Opportunity]] = {}
    won: dict[StageKey, list[Opportunity]] = {}
    times: dict[StageKey, list[timedelta]] = {}
    for deal in scene.deals:
        category = scene.category(deal)
        if category not in {StageCategory.WON, StageCategory.LOST}:
            continue
        rows = rows_of.get(deal.id, ())
        end = won_at(scene.stages, deal, rows) if category is StageCategory.WON and rows else None
        for key, at in _entered(rows).items():
            resolved.setdefault(key, []).append(deal)
            if category is StageCategory.WON:
                won.setdefault(key, []).append(deal)
                if end is not None:
                    times.setdefault(key, []).append(end - at)
    return OddsReport(
        moment=scene.moment,
        stages=tuple(
            StageOdds(
                pipeline=key[0],
                stage=key[1],
                label=_label(scene, key, stage),
                resolved=tuple(resolved.get(key, ())),
                won=tuple(won.get(key, ())),
                time_to_win=Spread.of(times.get(key, ())),
            )
            for key, stage in scene.stages.items()
            if stage.category is StageCategory.OPEN
        ),
        findings=all_findings(scene),
    )


def _label(scene: Scene, key: StageKey, stage: Stage) -> str:
    several = len(scene.context.model.pipelines) > 1
    return f"{scene.context.model.pipeline(key[0])}: {stage}" if several else str(stage)


def _entered(rows: Sequence[OpportunityChange]) -> dict[StageKey, datetime]:
    """When a deal first came to each stage it was in."""
    found: dict[StageKey, datetime] = {}
    for row in rows[begun(rows) :]:
        if row.after is not None:
            found.setdefault((row.after.pipeline, row.after.stage), moment_of(row))
    return found


@frozen(kw_only=True)
class BacktestLine:
    """What was expected at ``moment`` of the ``deals`` open then that are resolved by now.

    ``by_stage`` is how many of them were to be won by the probabilities of deals and stages,
    ``by_odds`` by the win rates observed until then (``None``: of some stage none was observed);
    ``won`` are those that were. ``score_...`` is Brier's: the mean square of the error for one
    deal, 0 the best (``None``: no deal). ``still_open`` are left out.
    """

    moment: datetime
    deals: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    won: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    still_open: int
    by_stage: Fraction
    by_odds: Fraction | None
    score_by_stage: Fraction | None
    score_by_odds: Fraction | None


@frozen(kw_only=True)
class Backtest:
    """What forecasts made at earlier moments would have said, beside what came true."""

    moment: datetime
    lines: tuple[BacktestLine, ...]

    def to_rows(self) -> tuple[Mapping[str, Any], ...]:
        """A row for each moment, of plain values."""
        return tuple(
            {
                "moment": one.moment,
                "deals": len(one.deals),
                "won": len(one.won),
                "by_stage": one.by_stage,
                "by_odds": one.by_odds,
                "score_by_stage": one.score_by_stage,
                "score_by_odds": one.score_by_odds,
                "still_open": one.still_open,
            }
            for one in self.lines
        )

    def plot(self) -> Any:
        """Deals won beside those expected, by moment, as a figure of plotly (``plot``)."""
        found: list[charts.Bar] = []
        for one in self.lines:
            day, n = render.plain(one.moment)[:10], len(one.deals)
            known = {"won": Fraction(len(one.won)), "expected by stage": one.by_stage}
            for name, value in {**known, "expected by odds": one.by_odds}.items():
                number = None if value is None else Decimal(f"{float(value):.1f}")
                found.append((f"{day}<br>n={n:,}", name, number, None))
        return charts.bars(self._title(), found, axis="deals won", mode="group")

    def _title(self) -> str:
        return f"Forecasts of earlier days, as of {render.plain(self.moment)}"

    def _table(self) -> tuple[list[tuple[Any, ...]], list[str]]:
        rows = [
            (
                render.plain(one.moment)[:10],
                f"{len(one.deals):,}",
                f"{len(one.won):,}",
                _decimals(one.by_stage, 1),
                _decimals(one.by_odds, 1),
                _decimals(one.score_by_stage, 3),
                _decimals(one.score_by_odds, 3),
                f"{one.still_open:,}",
            )
            for one in self.lines
        ]
        columns = ["as of", "resolved since", "won", "expected by stage", "expected by odds"]
        return rows, [*columns, "Brier by stage", "Brier by odds", "still open"]

    def __str__(self) -> str:
        return page_text(self._title(), [self._table()], Findings())

    def _repr_html_(self) -> str:
        return page_html(self._title(), [self._table()], Findings())


def _decimals(value: Fraction | None, digits: int) -> str:
    return render.ABSENT if value is None else f"{float(value):,.{digits}f}"


def backtest(
    records: Iterable[Record] | Material,
    moments: Iterable[datetime | date],
    *,
    context: Context,
    asked: Asked = EVERYTHING,
) -> Backtest:
    """The forecasts of these moments, each made of what was known then, and what came true.

    Deals are told apart by their ids, so a deal deleted since is neither won nor lost.
    """
    material = Material.of(records)
    now = prepare(material, asked, context)
    ends: dict[str, StageCategory | None] = {deal.id: now.category(deal) for deal in now.deals}
    return Backtest(
        moment=now.moment,
        lines=tuple(_backtested(material, moment, context, asked, ends) for moment in moments),
    )


def _backtested(
    material: Material,
    moment: datetime | date,
    context: Context,
    asked: Asked,
    ends: Mapping[str, StageCategory | None],
) -> BacktestLine:
    then = prepare(
        material,
        Asked(where=asked.where, currency=asked.currency, as_of=moment),
        context,
    )
    odds = odds_of(then, then.rows()).by_key
    open_then = [deal for deal in then.deals if then.category(deal) is StageCategory.OPEN]
    closed = {StageCategory.WON, StageCategory.LOST}
    deals = [deal for deal in open_then if ends.get(deal.id) in closed]
    won = [deal for deal in deals if ends[deal.id] is StageCategory.WON]
    outcome = {deal.id: int(ends[deal.id] is StageCategory.WON) for deal in deals}
    by_stage = [(probability(then, deal), outcome[deal.id]) for deal in deals]
    known = [(odds.get((deal.pipeline, deal.stage)), outcome[deal.id]) for deal in deals]
    by_odds = [(one, end) for one, end in known if one is not None]
    is_whole = len(by_odds) == len(deals)
    return BacktestLine(
        moment=then.moment,
        deals=tuple(deals),
        won=tuple(won),
        still_open=len(open_then) - len(deals),
        by_stage=sum((one for one, _ in by_stage), Fraction(0)),
        by_odds=sum((one for one, _ in by_odds), Fraction(0)) if is_whole else None,
        score_by_stage=_brier(by_stage),
        score_by_odds=_brier(by_odds) if is_whole else None,
    )


def probability(scene: Scene, deal: Opportunity) -> Fraction:
    """How likely a deal is to be won, from 0 to 1: won 1, lost 0, else its own, else the stage's.

    0 for a deal in a stage that the model lacks.
    """
    stage = scene.stages.get((deal.pipeline, deal.stage))
    if stage is None or stage.category is StageCategory.LOST:
        return Fraction(0)
    if stage.category is StageCategory.WON:
        return Fraction(1)
    own = stage.probability if deal.probability is None else deal.probability
    return Fraction(own) / 100


def _brier(found: Sequence[tuple[Fraction, int]]) -> Fraction | None:
    if not found:
        return None
    return sum(((one - end) ** 2 for one, end in found), Fraction(0)) / len(found)
