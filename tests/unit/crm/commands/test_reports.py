"""Every report of the facade, from a repository: made, printed, and given as rows."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from crmcore import Account, Contact, Crm, F, Lead, Money, NotFoundError, Opportunity
from crmcore.errors import UnknownNameError, UsageError
from crmcore.reports.attribution import MODELS
from tests.unit.reports.market import START, company

REPORTS: dict[str, Callable[[Crm], Any]] = {
    "pipeline": lambda crm: crm.pipeline(),
    "pipeline by owner": lambda crm: crm.pipeline(by="owner"),
    "funnel": lambda crm: crm.funnel(since=date(2026, 1, 1), until=date(2026, 12, 31)),
    "funnel by group": lambda crm: crm.funnel(by="ultimate_parent"),
    "funnel of leads": lambda crm: crm.funnel(Lead, by="source"),
    "outcomes": lambda crm: crm.outcomes(every="month", by="team"),
    "all outcomes": lambda crm: crm.outcomes(),
    "forecast": lambda crm: crm.forecast(every="month", by="owner", since=date(2026, 2, 1)),
    "odds": lambda crm: crm.odds(),
    "backtest": lambda crm: crm.backtest([date(2026, 1, 20), date(2026, 1, 6)]),
    "activities": lambda crm: crm.activity_report(since=date(2026, 1, 1)),
    "attribution": lambda crm: crm.attribution(),
    "attribution by campaign": lambda crm: crm.attribution("u_shaped", by="campaign"),
    "markov": lambda crm: crm.attribution("markov"),
    "account": lambda crm: crm.account_view(crm.one(Account, F.name == "Acme").id),
}
EMPTY = {name: make for name, make in REPORTS.items() if name != "account"}


@pytest.fixture(scope="module")
def crm() -> Crm:
    return company()[0]


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_prints_itself_as_text_and_html(name: str, crm: Crm) -> None:
    report = REPORTS[name](crm)
    text, html = str(report), report._repr_html_()
    assert "None" not in text + html
    wide = [line for line in text.splitlines() if len(line) > 132]
    assert all(line.startswith(("info", "warning")) for line in wide)  # with its record's id
    assert html.startswith("<section>")
    rows = report.to_rows()
    assert rows
    assert all(row.keys() == rows[0].keys() for row in rows)


@pytest.mark.parametrize("name", EMPTY)
def test_a_report_of_nothing_has_no_figure_that_is_undefined(name: str) -> None:
    report = EMPTY[name](Crm(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC)))
    assert "None" not in str(report) + report._repr_html_()
    assert "nan" not in str(report)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_draws_itself(name: str, crm: Crm) -> None:
    figure = REPORTS[name](crm).plot()
    page = figure.to_html(include_plotlyjs=False)
    assert figure.data
    assert "Infinity" not in page


def test_the_pipeline_adds_currencies_by_the_rates_of_the_day(crm: Crm) -> None:
    report = crm.pipeline()
    assert report.total.amount == Money(250, "EUR")
    assert [one.code for one in report.findings] == ["report.no_rate"]
    assert crm.pipeline(currency="USD").total.amount == Money(500, "USD")
    assert report.line("Prospecting").count == 2
    with pytest.raises(KeyError):
        report.line("Proposal", "nobody")


def test_the_funnel_of_the_company(crm: Crm) -> None:
    one = crm.funnel().funnel()
    assert [step.count for step in one.steps] == [4, 1, 1, 1, 1]
    assert str(one.win_rate) == "50.0 % (n=2)"
    assert one.loss_reasons[0].reason == "Price"
    with pytest.raises(KeyError):
        crm.funnel(by="owner").funnel("nobody")
    with pytest.raises(UsageError, match="deals or leads"):
        crm.funnel(Contact)


def test_the_forecast_of_the_company(crm: Crm) -> None:
    report = crm.forecast(since=date(2026, 2, 1), by="owner")
    won = report.line(date(2026, 2, 7))
    assert won.closed == Money(1000, "EUR")
    assert won.attainment is not None
    assert won.attainment.value == won.attainment.part / 2000
    late = report.line(date(2026, 5, 1), "bob")
    assert late.pipeline == Money(250, "EUR")
    assert [deal.name for deal in late.pushed] == ["Motor"]
    assert late.label == "2026-05"
    with pytest.raises(KeyError):
        report.line(date(2030, 1, 1))


def test_the_outcomes_of_the_company(crm: Crm) -> None:
    line = crm.outcomes(every="month").line(day=date(2026, 2, 1))
    assert (len(line.won), len(line.lost), line.amounts) == (1, 1, 1)
    assert line.average == Money(1000, "EUR")
    assert line.velocity is not None
    with pytest.raises(KeyError):
        crm.outcomes().line("nobody")


def test_what_channels_earned(crm: Crm) -> None:
    report = crm.attribution()
    assert report.total == Money(1000, "EUR")
    assert report.line("web").credit == report.line("fair").credit == Money(500, "EUR")
    assert [one.amount for one in report.credits("web")] == [Money(500, "EUR")]
    assert [one.amount for one in crm.attribution("markov").credits("web")] == [None]
    assert sum(crm.attribution("markov").conversions().values()) == pytest.approx(1)
    assert report.line("fair").cost == Money(100, "EUR")
    assert report.line("fair").gain.value == 4  # type: ignore[union-attr]  # it has a cost
    assert report.unallocated_cost == Money(0, "EUR")
    with pytest.raises(KeyError):
        report.line("nowhere")
    with pytest.raises(UnknownNameError, match="linear"):
        crm.attribution("linaer")
    assert {crm.attribution(model).total for model in MODELS} == {report.total}


def test_what_users_did(crm: Crm) -> None:
    report = crm.activity_report(since=date(2026, 1, 1))
    assert dict(report.line("ann", date(2026, 1, 8)).by_kind) == {"call": 1}
    assert [deal.name for deal in report.line("ann", date(2026, 2, 7)).won] == ["Engine"]
    assert report.line("ann", date(2026, 2, 7)).activities_per_won_deal == 1
    with pytest.raises(KeyError):
        report.line("nobody", date(2026, 1, 8))
    with pytest.raises(UsageError, match="owner, manager, team"):
        crm.activity_report(by="source")


def test_everything_about_an_account(crm: Crm) -> None:
    view = crm.account_view(crm.one(Account, F.name == "Acme").id)
    assert {one.name for one in view.accounts} == {"Acme", "Acme France"}
    assert [str(one.contact.name) for one in view.consultants] == ["Carl Consult"]
    assert view.last_touch is not None
    assert view.won_amount == Money(1000, "EUR")
    with pytest.raises(NotFoundError):
        crm.account_view("nowhere")


def test_a_day_in_the_past_knows_only_that_day(crm: Crm) -> None:
    then = crm.pipeline(as_of=START.date())
    assert then.total.count == 4
    assert not then.findings.with_code("report.present_value")
    told = crm.pipeline(as_of=START.date(), by="source").findings
    assert [one.path for one in told.with_code("report.present_value")] == ["source"]
    filtered = crm.pipeline(as_of=START.date(), where=F.name == "Engine", by="team")
    assert {one.path for one in filtered.findings.with_code("report.present_value")} == {
        "name",
        "team",
    }


@pytest.mark.parametrize("name", ["pipeline", "funnel", "forecast", "outcomes", "attribution"])
@pytest.mark.parametrize(
    ("as_of", "why"),
    [
        (datetime(2030, 1, 1, tzinfo=UTC), "future"),
        (date(2030, 1, 1), "future"),
        (datetime(2026, 1, 6), "time zone"),  # noqa: DTZ001  # the naive moment that is wanted
        ("yesterday", "a date or a moment"),
    ],
)
def test_a_moment_that_means_nothing_is_refused(name: str, as_of: Any, why: str, crm: Crm) -> None:
    with pytest.raises(UsageError, match=why):
        getattr(crm, name)(as_of=as_of)


def test_a_field_that_does_not_exist_is_refused_with_the_nearest(crm: Crm) -> None:
    with pytest.raises(UnknownNameError, match="'owner'"):
        crm.pipeline(by="ownr")
    with pytest.raises(UnknownNameError, match="'source'"):
        crm.pipeline(where=F.sorce == "web")
    with pytest.raises(UsageError, match="month, quarter, year"):
        crm.forecast(every="week")


def test_a_disabled_entity_is_in_no_report() -> None:
    full, clock = company()
    model = full.model.with_disabled("touch", "quota")
    bare = Crm(full._repository, model=model, clock=clock)
    assert bare.attribution().lines == ()
    assert full.attribution().lines != ()
    assert all(one.quota is None for one in bare.forecast(since=date(2026, 2, 1)).totals)
    assert bare.count(Opportunity) == 4
