"""Odds, where the laws do not look."""

from datetime import UTC, datetime
from fractions import Fraction

import attrs
import pytest

from crmcore import STANDARD_MODEL, Opportunity
from crmcore.reports.odds import backtest, observed_odds, probability
from crmcore.reports.scene import EVERYTHING, prepare
from crmcore.rules.rule import Context

CONTEXT = Context(model=STANDARD_MODEL, now=datetime(2026, 1, 1, tzinfo=UTC), new_id=lambda: "new")
DEAL = Opportunity(name="Engine", probability=30)


@pytest.mark.parametrize(
    ("stage", "expected"),
    [("Proposal", Fraction(3, 10)), ("Won", 1), ("Lost", 0), ("gone", 0)],
)
def test_how_likely_a_deal_is_lies_in_the_category_first(stage: str, expected: Fraction) -> None:
    deal = attrs.evolve(DEAL, stage=stage)
    assert probability(prepare([deal], EVERYTHING, CONTEXT), deal) == expected


def test_nothing_observed_is_a_dash_with_its_n() -> None:
    report = observed_odds([DEAL], context=CONTEXT)
    assert report.odds(DEAL) is None
    assert "– (n=0)" in str(report)
    assert "to –" not in str(report)
    (trace,) = report.plot().data
    assert set(trace.y) == {None}


def test_a_backtest_shows_what_was_not_observed_as_nothing() -> None:
    made = datetime(2025, 1, 1, tzinfo=UTC)
    deal = attrs.evolve(DEAL, stage="Won", created_at=made)
    figure = backtest([deal], [made], context=CONTEXT).plot()
    assert [one.name for one in figure.data] == ["won", "expected by stage", "expected by odds"]
