from datetime import UTC, date, datetime

import pytest

from crmcore import STANDARD_MODEL, Opportunity
from crmcore.errors import UsageError
from crmcore.reports.funnel import Window, funnel
from crmcore.reports.odds import observed_odds
from crmcore.reports.scene import Asked
from crmcore.rules.rule import Context

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CONTEXT = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: "new")


def test_a_window_has_its_bounds_and_ends_after_it_begins() -> None:
    window = Window(since=date(2026, 1, 1), until=date(2026, 1, 31))
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1), None)
    assert [window.has(day) for day in days] == [False, True, True, False, False]
    assert Window().has(None)
    with pytest.raises(UsageError, match="ends before it begins"):
        Window(since=date(2026, 1, 2), until=date(2026, 1, 1))


def test_a_deal_that_is_not_dated_is_in_no_cohort_and_told() -> None:
    deals = [Opportunity(name="undated"), Opportunity(name="dated", created_at=NOW)]
    report = funnel(deals, context=CONTEXT, window=Window(since=date(2026, 1, 1)))
    assert [one.name for one in report.funnels[0].cohort if isinstance(one, Opportunity)] == [
        "dated"
    ]
    assert [one.ref for one in report.findings] == [deals[0].ref]


def test_a_stage_that_the_model_lacks_is_told_and_counts_as_the_first() -> None:
    deals = [Opportunity(name="d", stage="Removed"), Opportunity(name="e", stage="Proposal")]
    report = funnel(deals, context=CONTEXT)
    assert [step.count for step in report.funnels[0].steps] == [2, 1, 1, 0, 0]
    assert [one.value for one in report.findings] == ["standard/Removed"]


def test_reasons_of_today_are_told_for_a_day_in_the_past() -> None:
    lost = Opportunity(name="d", stage="Lost", lost_reason="Price", created_at=NOW.replace(day=1))
    report = funnel([lost], context=CONTEXT, asked=Asked(as_of=date(2026, 5, 31)))
    assert report.funnels[0].cohort == ()
    old = Opportunity(name="d", stage="Lost", lost_reason="Price")
    report = funnel([old], context=CONTEXT, asked=Asked(as_of=date(2026, 5, 31)))
    assert [one.path for one in report.findings] == ["lost_reason"]


def test_a_deal_without_history_tells_nothing_of_stages() -> None:
    won = Opportunity(name="d", stage="Won", close_on=date(2026, 1, 1))
    report = observed_odds([won], context=CONTEXT)
    assert {one.win_rate.n for one in report.stages} == {0}
    assert report.odds(won) is None
    assert "–" in str(report)
