"""Pipeline report: what is open now, stage by stage: count, amount, weighted amount, average."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from typing import Any

from attrs import field, frozen

from crmcore import render
from crmcore.entities import Opportunity
from crmcore.entities.record import Record
from crmcore.findings import Findings
from crmcore.model.pipeline import Stage, StageCategory
from crmcore.reports import charts
from crmcore.reports.grouping import Group, group_cells
from crmcore.reports.material import Material
from crmcore.reports.scene import (
    EVERYTHING,
    Asked,
    Scene,
    StageDeals,
    all_findings,
    by_stage,
    ids_of,
    prepare,
    stage_findings,
)
from crmcore.reports.shown import number, page_html, page_text
from crmcore.reports.worth import NOTHING, Exchange, Total, as_money
from crmcore.rules.rule import Context
from crmcore.values.money import Money


@frozen(kw_only=True)
class PipelineLine:
    """The open deals of one stage, or of all (``stage`` ``None``), in one group.

    ``group`` is ``None`` where the report is not grouped, or for all groups together. ``amounts``
    is how many of the ``deals`` have an amount that counts: the n of ``average``, which is
    ``None`` where it is 0. ``weighted`` is the sum of amount times probability: that of the deal
    if it has one, else that of the stage.
    """

    group: Group | None = None
    pipeline: str | None = None
    stage: str | None = None
    label: str = field(eq=False)
    amount: Money
    weighted: Money
    average: Money | None
    amounts: int
    deals: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)

    @property
    def count(self) -> int:
        """How many deals these are."""
        return len(self.deals)


@frozen(kw_only=True)
class PipelineReport:
    """The open deals as known at ``moment``, by group, then stage in the order of the model.

    ``totals`` has a line for each group, ``total`` is that of everything. Amounts are worth what
    they are at the rates of the day of the report.
    """

    moment: datetime
    currency: str
    by: str | None
    lines: tuple[PipelineLine, ...]
    totals: tuple[PipelineLine, ...]
    total: PipelineLine
    findings: Findings = field(eq=False)

    def line(self, stage: str, group: Any = None, pipeline: str | None = None) -> PipelineLine:
        """The line of a stage, by its key, and of the group of this key.

        Raises ``KeyError`` where there is none.
        """
        for one in self.lines:
            key = None if one.group is None else one.group.key
            if (one.stage, key) == (stage, group) and pipeline in {None, one.pipeline}:
                return one
        raise KeyError(stage, group)

    def to_rows(self) -> tuple[Mapping[str, Any], ...]:
        """A row for each line, of plain values: keys, counts and exact decimals."""
        return tuple(
            {
                **group_cells(self.by, one.group),
                "pipeline": one.pipeline,
                "stage": one.stage,
                "count": one.count,
                "amount": one.amount.amount,
                "weighted": one.weighted.amount,
                "average": None if one.average is None else one.average.amount,
                "amounts": one.amounts,
                "currency": self.currency,
            }
            for one in self.lines
        )

    def plot(self) -> Any:
        """A bar for each stage, as a figure of plotly (the extra ``plot``)."""
        return charts.bars(
            f"Pipeline as of {render.plain(self.moment)}",
            [
                (
                    one.label,
                    None if one.group is None else one.group.label,
                    one.amount.amount,
                    one.count,
                )
                for one in self.lines
            ],
            axis=f"amount in {self.currency}",
        )

    def _title(self) -> str:
        return f"Pipeline as of {render.plain(self.moment)}, in {self.currency}"

    def _table(self) -> tuple[list[tuple[Any, ...]], list[str]]:
        columns = [*([self.by] if self.by else []), "stage", "deals", "amount", "weighted"]
        columns += ["average", "n"]
        rows = [
            (
                *([str(one.group or "all")] if self.by else []),
                one.label,
                f"{one.count:,}",
                number(one.amount),
                number(one.weighted),
                number(one.average),
                f"{one.amounts:,}",
            )
            for one in self._in_order()
        ]
        return rows, columns

    def _in_order(self) -> list[PipelineLine]:
        """The lines with the total of each group below its own."""
        if not self.totals:
            return [*self.lines, self.total]
        found: list[PipelineLine] = []
        for total in self.totals:
            found += [one for one in self.lines if one.group == total.group]
            found.append(total)
        return [*found, self.total]

    def __str__(self) -> str:
        return page_text(self._title(), [self._table()], self.findings)

    def _repr_html_(self) -> str:
        return page_html(self._title(), [self._table()], self.findings)


def probability_total(
    deals: Iterable[Opportunity], stage: Stage, exchange: Exchange
) -> tuple[Total, Fraction]:
    """What these deals of one open stage come to, and the same weighted by their probability."""
    home: dict[Decimal | None, list[Decimal]] = defaultdict(list)
    foreign: dict[tuple[Decimal | None, str], list[Decimal]] = defaultdict(list)
    currency = exchange.currency
    for deal in deals:  # one look at each object: it is memory that costs here
        money = deal.amount
        if money is not None:
            if money.currency == currency:
                home[deal.probability].append(money.amount)
            else:
                foreign[deal.probability, money.currency].append(money.amount)
    total, weighted = NOTHING, Fraction(0)
    parts = {(probability, currency): amounts for probability, amounts in home.items()}
    for (probability, code), amounts in {**parts, **foreign}.items():
        part = exchange.added({code: amounts})
        total += part
        own = stage.probability if probability is None else probability
        weighted += part.value * Fraction(own)
    return total, weighted / 100


def pipeline(
    records: Iterable[Record] | Material, *, context: Context, asked: Asked = EVERYTHING
) -> PipelineReport:
    """The pipeline report of the deals among ``records``; the order of records never matters.

    It needs the deals, the exchange rates, what the grouping names (users, accounts), and for a
    moment in the past the history of the deals.
    """
    scene = prepare(records, asked, context)
    everything = scene.by_stage()
    lines, total = _lines(scene, everything, None)
    totals: list[PipelineLine] = []
    if scene.grouping is not None:
        lines = []
        for group, some in scene.grouping.split(total.deals):
            own, own_total = _lines(scene, by_stage(some), group)
            lines += own
            totals.append(own_total)
    return PipelineReport(
        moment=scene.moment,
        currency=scene.currency,
        by=scene.by,
        lines=tuple(lines),
        totals=tuple(totals),
        total=total,
        findings=all_findings(
            scene, stage_findings(scene, everything), scene.exchange.unrated(total.deals)
        ),
    )


def _lines(
    scene: Scene, stages: StageDeals, group: Group | None
) -> tuple[list[PipelineLine], PipelineLine]:
    """The lines of a group, and its total; a group shows only the stages it has deals in."""
    lines: list[PipelineLine] = []
    total, weighted = NOTHING, Fraction(0)
    everything: list[Sequence[Opportunity]] = []
    several = len(scene.context.model.pipelines) > 1
    for (line, key), stage in scene.stages.items():
        some = stages.get((line, key), ())
        if stage.category is not StageCategory.OPEN or (group is not None and not some):
            continue
        part, part_weighted = probability_total(some, stage, scene.exchange)
        total, weighted = total + part, weighted + part_weighted
        everything.append(some)
        label = f"{scene.context.model.pipeline(line)}: {stage}" if several else str(stage)
        lines.append(
            _line(scene, group, some, part, part_weighted, pipeline=line, stage=key, label=label)
        )
    deals = chain.from_iterable(everything)
    return lines, _line(scene, group, deals, total, weighted, label="all stages")


def _line(
    scene: Scene,
    group: Group | None,
    deals: Iterable[Opportunity],
    total: Total,
    weighted: Fraction,
    **place: Any,
) -> PipelineLine:
    return PipelineLine(
        group=group,
        amount=total.money(scene.currency),
        weighted=as_money(weighted, scene.currency),
        average=total.average(scene.currency),
        amounts=total.n,
        deals=tuple(deals),
        **place,
    )
