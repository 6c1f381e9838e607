"""Reports on a company's real sales: 8,800 deals of 35 agents, over five quarters.

Every figure is also computed by pandas from the files themselves (``oracle_maven_reports``).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmcore import Crm, F, Opportunity, Record
from crmcore.entities import OpportunityChange
from crmcore.reports.funnel import funnel
from crmcore.reports.grouping import By
from crmcore.reports.material import Material
from crmcore.reports.odds import backtest, observed_odds
from crmcore.reports.outcomes import outcomes
from crmcore.reports.periods import Every
from crmcore.reports.scene import Asked
from crmcore.rules.rule import Context
from crmcore.rules.stages import deal_state
from crmcore.values.ids import OpportunityChangeId
from tests.scenarios import maven, oracle_maven_reports
from tests.scenarios.maven import Maven

NOW = datetime(2018, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    found = shared_data / "maven"
    if not found.is_dir():
        pytest.skip("no real data here: shared/data has no folder maven")
    return found


@pytest.fixture(scope="module")
def data(folder: Path) -> Maven:
    return maven.load(folder)


@pytest.fixture(scope="module")
def context(data: Maven) -> Context:
    return Context(model=data.model, now=NOW, new_id=lambda: "new")


@pytest.fixture(scope="module")
def records(data: Maven) -> Material:
    return Material.of([*data.records, *history(data)])


def moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def history(data: Maven) -> Iterator[Record]:
    """The two rows that the file tells of: engaged, and closed."""
    for deal in data.deals:
        engaged = deal.custom.get("engaged_on")
        if engaged is None:
            continue
        state = attrs.evolve(
            deal_state(deal), stage=maven.STAGES["Engaging"], close_on=None, amount=None
        )
        first = OpportunityChange(
            id=OpportunityChangeId(f"{deal.id} 1"),
            opportunity_id=deal.id,
            at=moment(engaged),
            after=state,
        )
        yield first
        if deal.close_on is not None:
            yield attrs.evolve(
                first,
                id=OpportunityChangeId(f"{deal.id} 2"),
                at=moment(deal.close_on),
                before=state,
                after=deal_state(deal),
            )


WAYS: dict[str, tuple[By, Every | None, Any]] = {
    "sales_agent": ("owner", None, lambda line: line.group.label),
    "manager": ("manager", None, lambda line: line.group.label),
    "office": ("team", None, lambda line: line.group.label),
    "product": (F.custom["product"], None, lambda line: line.group.label),
    "quarter": (
        None,
        Every.QUARTER,
        lambda line: f"{line.period.start.year}Q{line.period.end.month // 3}",
    ),
}


@pytest.mark.parametrize("column", WAYS)
def test_win_rates_are_those_of_the_file(
    column: str, folder: Path, records: Material, context: Context
) -> None:
    by, every, key_of = WAYS[column]
    expected = oracle_maven_reports.win_rates(folder, column)
    report = outcomes(records, context=context, asked=Asked(by=by), every=every)
    assert {
        key_of(line): (len(line.won), len(line.lost), int(line.amount.amount))
        for line in report.lines
    } == expected
    for line in report.lines:
        won, lost, _ = expected[key_of(line)]
        assert line.win_rate.value == Fraction(won, won + lost)
        assert line.win_rate.n == won + lost
    assert report.total.win_rate.n == sum(won + lost for won, lost, _ in expected.values())


def test_the_sales_cycle_is_that_of_the_file(
    folder: Path, records: Material, context: Context
) -> None:
    n, median, mean = oracle_maven_reports.cycles(folder)
    cycle = outcomes(records, context=context).total.cycle
    assert cycle.median is not None
    assert cycle.mean is not None
    assert cycle.n == n == 4_238
    assert cycle.median.total_seconds() / 86_400 == median
    assert cycle.mean.total_seconds() / 86_400 == pytest.approx(mean, abs=1e-9)


def test_the_funnel_ends_in_what_was_won(folder: Path, records: Material, context: Context) -> None:
    one = funnel(records, context=context).funnels[0]
    rates = oracle_maven_reports.win_rates(folder, "deal_stage")
    assert (len(one.won), len(one.lost)) == (rates["Won"][0], rates["Lost"][1])
    assert len(one.cohort) == 8_800
    assert one.unresolved == 8_800 - one.win_rate.n


@pytest.mark.parametrize("day", ["2017-03-31", "2017-06-30", "2017-09-30"])
def test_a_forecast_of_an_earlier_day_knows_only_that_day(
    day: str, folder: Path, records: Material, context: Context
) -> None:
    later, won_later, won, lost = oracle_maven_reports.as_of(folder, day)
    line = backtest(records, [date.fromisoformat(day)], context=context).lines[0]
    assert (len(line.deals), len(line.won)) == (later, won_later)
    assert line.by_odds == later * Fraction(won, won + lost)
    assert line.by_stage == later * Fraction(20, 100)  # of the stage Qualification
    odds = observed_odds(records, context=context, asked=Asked(as_of=date.fromisoformat(day)))
    rate = next(one.win_rate for one in odds.stages if one.stage == maven.STAGES["Engaging"])
    assert rate.part == won
    assert rate.n == won + lost
    assert rate.interval is not None
    assert rate.interval[0] < float(rate) < rate.interval[1]
    # What really came lies nearer to what was observed than to the probability of the stage.
    assert abs(line.by_odds - won_later) < abs(line.by_stage - won_later)


def test_a_repository_gives_the_same_reports(
    data: Maven, records: Material, context: Context
) -> None:
    crm = Crm(model=data.model, clock=lambda: NOW)
    crm.add_all(data.records)
    assert crm.count(Opportunity) == 8_800
    stored = crm.outcomes(by="manager", every="quarter")
    pure = outcomes(records, context=context, asked=Asked(by="manager"), every=Every.QUARTER)
    assert [(line.group, line.period, line.win_rate, line.amount) for line in stored.lines] == [
        (line.group, line.period, line.win_rate, line.amount) for line in pure.lines
    ]
