"""Pipeline report: equal to pandas; averages give the total; undefined is never 0."""

import random
from fractions import Fraction

import attrs
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import ExchangeRate
from crmcore.model.model import Model
from crmcore.model.pipeline import StageCategory
from crmcore.query import F
from crmcore.reports.pipeline import pipeline
from crmcore.reports.scene import Asked
from crmcore.values import Money
from tests.properties.reports import oracle_reports
from tests.properties.reports.worlds import HOME, MODEL, World, context, rates, worlds

HALF_A_LAST_DECIMAL = Fraction(1, 2 * 10**12)


def amount(money: Money | None) -> Fraction:
    assert money is not None
    return Fraction(money.amount)


def near(money: Money, exact: Fraction) -> bool:
    return abs(amount(money) - exact) <= HALF_A_LAST_DECIMAL


@given(worlds())
def test_a_pipeline_report_is_what_pandas_says(world: World) -> None:
    """P10. Count, amount and weighted amount by stage equal a computation by other means."""
    for by in (None, "owner", "source", "pipeline", "account"):
        report = pipeline(world.records, context=context(), asked=Asked(by=by))
        columns = [*([by] if by else []), "pipeline", "stage"]
        expected = oracle_reports.pipeline(world.deal_rows(), columns)
        found = {
            (*([line.group.key] if line.group else []), line.pipeline, line.stage): line
            for line in report.lines
        }
        none_as_none = {
            tuple(None if part != part else part for part in key): value  # noqa: PLR0124 - NaN
            for key, value in expected.items()
        }
        assert {key for key, line in found.items() if line.count} == none_as_none.keys()
        for key, (count, total, weighted, n) in none_as_none.items():
            line = found[key]
            assert (line.count, line.amounts) == (count, n)
            assert near(line.amount, total)
            assert near(line.weighted, weighted)
        event("something is open" if none_as_none else "nothing is open")


@given(worlds(currencies=(HOME, "USD")), rates((HOME, "USD")), st.sampled_from([None, "owner"]))
def test_an_average_times_its_count_is_the_total_and_undefined_is_none(
    world: World, some: tuple[ExchangeRate, ...], by: str | None
) -> None:
    """P10. The average rests on n amounts; without any there is none, and never 0."""
    report = pipeline([*world.records, *some], context=context(), asked=Asked(by=by))
    for line in (*report.lines, *report.totals, report.total):
        assert (line.average is None) == (line.amounts == 0)
        if line.average is not None:
            assert abs(amount(line.average) * line.amounts - amount(line.amount)) <= (
                HALF_A_LAST_DECIMAL * (line.amounts + 1)
            )
    unrated = {one.ref.id for one in report.findings.with_code("report.no_rate") if one.ref}
    without = [deal for deal in report.total.deals if deal.amount is not None]
    assert len(without) == report.total.amounts + len(unrated)


@given(worlds(currencies=(HOME, "USD")), rates((HOME, "USD")), st.sampled_from([None, "team"]))
def test_the_deals_behind_a_line_give_its_figures_again(
    world: World, some: tuple[ExchangeRate, ...], by: str | None
) -> None:
    """P11. A report of the deals behind a line alone has the figures of that line."""
    records = [*world.records, *some]
    report = pipeline(records, context=context(), asked=Asked(by=by))
    others = [one for one in records if one.ref.kind not in {"opportunity", "opportunity_change"}]
    for line in (*report.lines, *report.totals, report.total):
        again = pipeline([*others, *line.deals], context=context()).total
        assert (again.amount, again.weighted) == (line.amount, line.weighted)
        assert (again.average, again.amounts) == (line.average, line.amounts)
    every = sorted(deal.id for line in report.lines for deal in line.deals)
    assert every == sorted(deal.id for deal in report.total.deals)


@given(worlds(), st.randoms(use_true_random=False))
def test_neither_order_nor_names_change_a_pipeline_report(
    world: World, chance: random.Random
) -> None:
    """X6. Objects, pipelines and stages may be called anything, and records come in any order."""
    shuffled = list(world.records)
    chance.shuffle(shuffled)
    assert pipeline(shuffled, context=context(renamed())) == pipeline(
        world.records, context=context()
    )


def renamed() -> Model:
    """The same model in other words: every label says something else."""
    lines = [
        attrs.evolve(
            line,
            label=f"Way {at}",
            stages=[attrs.evolve(one, label=f"Lost {n}") for n, one in enumerate(line.stages)],
        )
        for at, line in enumerate(MODEL.pipelines)
    ]
    return MODEL.with_pipelines(*lines).renamed("opportunity", "Chance", "Chances")


@given(worlds())
def test_a_filter_leaves_exactly_what_it_is_true_of(world: World) -> None:
    """P11. The deals of a filtered report are those that the filter is true of."""
    asked = Asked(where=(F.owner_id == "u1") & (F.stage_category == "open"))
    report = pipeline(world.records, context=context(), asked=asked)
    assert {one.id for one in report.total.deals} == {
        deal.id
        for deal in world.deals
        if deal.owner_id == "u1"
        and (stage := MODEL.stage_of(deal.pipeline, deal.stage))
        and stage.category is StageCategory.OPEN
    }
