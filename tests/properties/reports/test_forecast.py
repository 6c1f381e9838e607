"""Forecast: weighted by probability, nested by category, against quotas, equal to pandas."""

import random
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import ExchangeRate, Opportunity, Quota
from crmcore.model.pipeline import ForecastCategory, StageCategory
from crmcore.reports.forecast import SURE, ForecastLine, ForecastReport, When, forecast
from crmcore.reports.periods import Every
from crmcore.reports.scene import Asked
from crmcore.values import Money
from tests.properties.reports import oracle_reports
from tests.properties.reports.test_pipeline import amount, near, renamed
from tests.properties.reports.worlds import (
    HOME,
    MODEL,
    USERS,
    World,
    context,
    quotas,
    rates,
    worlds,
)

MONTHS = [
    (date(2026, 1, 1), date(2026, 1, 31)),
    (date(2026, 2, 1), date(2026, 2, 28)),
    (date(2026, 4, 1), date(2026, 4, 30)),
    (date(2026, 5, 1), date(2026, 5, 31)),
    (date(2026, 8, 1), date(2026, 8, 31)),
]


def lines_of(report: ForecastReport) -> Iterator[ForecastLine]:
    yield from report.lines
    yield from report.totals


@given(worlds())
def test_a_forecast_is_what_pandas_says(world: World) -> None:
    """P6. Won, each category by itself, and the weighted sum equal a computation by other means."""
    report = forecast(world.records, context=context(), since=date(2026, 1, 1))
    expected = oracle_reports.forecast(world.deal_rows(), MONTHS)
    found = {line.period.start: line for line in report.totals if line.period}
    for (first, _), (won, commit, best, early, weighted) in zip(MONTHS, expected, strict=True):
        if first not in found:
            assert not won + commit + best + early + weighted
            continue
        line = found[first]
        assert near(line.closed, won)
        assert near(line.commit, won + commit)
        assert near(line.best_case, won + commit + best)
        assert near(line.pipeline, won + commit + best + early)
        assert near(line.weighted, weighted)


@given(
    worlds(currencies=(HOME, "USD")),
    rates((HOME, "USD")),
    st.sampled_from([None, "owner", "team"]),
    st.sampled_from(Every),
)
def test_categories_nest_and_the_weighted_sum_is_the_won_and_the_likely(
    world: World, some: tuple[ExchangeRate, ...], by: str | None, every: Every
) -> None:
    """P6. Weighted = won + amount x probability; closed <= commit <= best case <= pipeline."""
    records = [*world.records, *some]
    asked = Asked(by=by)
    report = forecast(records, context=context(), asked=asked, every=every)
    for line in lines_of(report):
        assert line.closed <= line.commit <= line.best_case <= line.pipeline
        assert line.closed <= line.weighted <= line.pipeline
        behind = [{deal.id for deal in line.up_to(one)} for one in SURE]
        assert behind == sorted(behind, key=len)
        assert all(small <= large for small, large in pairwise(behind))
        for category, deals in line.deals.items():
            for deal in deals:
                stage = MODEL.stage_of(deal.pipeline, deal.stage)
                assert stage is not None
                won = stage.category is StageCategory.WON
                assert won == (category is ForecastCategory.CLOSED)
                assert won or stage.category is StageCategory.OPEN
    one_place = [deal.id for line in report.totals for some in line.deals.values() for deal in some]
    assert len(one_place) == len(set(one_place))
    if by is not None:
        grouped = [
            deal.id for line in report.lines for some in line.deals.values() for deal in some
        ]
        assert sorted(grouped) == sorted(one_place)


def test_the_weighted_sum_is_not_the_sum_times_the_mean_probability() -> None:
    """P6. 100 at 99 % and 200 at 0 % are 99.00; the sum times the mean would be 148.50."""
    deals = [
        Opportunity(name="a", amount=money(100), probability=99, close_on=date(2026, 5, 1)),
        Opportunity(name="b", amount=money(200), probability=0, close_on=date(2026, 5, 1)),
    ]
    report = forecast(deals, context=context())
    assert amount(report.line(date(2026, 5, 1)).weighted) == 99


def money(value: int) -> Money:
    return Money(value, HOME)


@given(worlds(), quotas(), st.sampled_from(["owner", "team", "manager"]))
def test_attainment_is_won_of_quota(world: World, targets: tuple[Quota, ...], by: str) -> None:
    """P10. Without a quota there is none; a quota of nothing has no attainment."""
    report = forecast([*world.records, *targets], context=context(), asked=Asked(by=by))
    for line in lines_of(report):
        event("a quota" if line.quotas else "no quota")
        assert (line.quota is None) == (line.attainment is None) == (not line.quotas)
        if line.quota is not None and line.attainment is not None:
            assert amount(line.quota) == sum(Fraction(one.amount.amount) for one in line.quotas)
            value = line.attainment.value
            if amount(line.quota):
                assert value is not None
                assert near(line.closed, value * amount(line.quota))
            else:
                assert value is None
    counted = sorted(one.id for line in report.totals for one in line.quotas)
    assert counted == sorted(one.id for one in targets if one.period_start >= date(2026, 5, 1))
    assert counted == sorted(one.id for line in report.lines for one in line.quotas)


@given(worlds(), quotas(), st.randoms(use_true_random=False))
def test_neither_order_nor_names_change_a_forecast(
    world: World, targets: tuple[Quota, ...], chance: random.Random
) -> None:
    """X6. Objects, pipelines and stages may be called anything, and records come in any order."""
    records = [*world.records, *targets]
    shuffled = records.copy()
    chance.shuffle(shuffled)
    for by in (None, "owner"):
        assert forecast(shuffled, context=context(renamed()), asked=Asked(by=by)) == forecast(
            records, context=context(), asked=Asked(by=by)
        )


@given(worlds())
def test_a_deal_is_pushed_when_it_was_to_close_in_an_earlier_period(world: World) -> None:
    """P7. Pushed deals come from the history of their close dates."""
    report = forecast(world.records, context=context(), since=date(2025, 12, 1))
    rows = world.history_rows()
    pushed = {deal.id for line in report.totals for deal in line.pushed}
    expected = {
        deal.id
        for deal in world.deals
        if deal.close_on is not None
        and any(
            row["deal"] == deal.id
            and row["category"] == "open"
            and row["close_on"] is not None
            and (row["close_on"].year, row["close_on"].month)
            < (deal.close_on.year, deal.close_on.month)
            for row in rows
        )
        and (stage := MODEL.stage_of(deal.pipeline, deal.stage))
        and stage.category is StageCategory.OPEN
    }
    event("a deal is pushed" if expected else "no deal is pushed")
    assert pushed == expected


@given(worlds())
def test_the_deals_behind_a_forecast_line_give_its_figures_again(world: World) -> None:
    """P11. A forecast of the deals of one line alone has the figures of that line."""
    report = forecast(world.records, context=context())
    for line in report.totals:
        deals = [deal for some in line.deals.values() for deal in some]
        assert all(when_of(deal, line) for deal in deals)
        again = forecast([*deals, *USERS], context=context())
        same = [one for one in again.totals if (one.when, one.period) == (line.when, line.period)]
        for one in same if deals else []:
            for name in ("closed", "commit", "best_case", "pipeline", "weighted"):
                assert getattr(one, name) == getattr(line, name)


def when_of(deal: Opportunity, line: ForecastLine) -> bool:
    if line.when is When.UNDATED:
        return deal.close_on is None
    if line.period is None:
        return deal.close_on is not None and deal.close_on < date(2026, 5, 1)
    return deal.close_on is not None and deal.close_on in line.period
