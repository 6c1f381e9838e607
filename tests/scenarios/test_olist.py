"""8,000 real leads and the 842 deals that came of them, by where the leads came from.

Every figure is also computed by pandas from the files themselves (``oracle_olist``).
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from crmcore import STANDARD_MODEL, Lead, Opportunity, Record
from crmcore.reports.lead_funnel import lead_funnel
from crmcore.reports.scene import Asked
from crmcore.reports.steps import FunnelReport
from crmcore.rules.rule import Context
from crmcore.values.ids import LeadId, OpportunityId
from tests.scenarios import oracle_olist


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    found = shared_data / "olist"
    if not found.is_dir():
        pytest.skip("no real data here: shared/data has no folder olist")
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def records(folder: Path) -> Iterator[Record]:
    with (folder / "olist_closed_deals_original.csv").open(encoding="utf-8", newline="") as file:
        won = {row["mql_id"]: moment(row["won_date"]) for row in csv.DictReader(file)}
    path = folder / "olist_marketing_qualified_leads_dataset.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = won.get(row["mql_id"])
            yield Lead(
                id=LeadId(row["mql_id"]),
                source=row["origin"] or None,
                status="New" if at is None else "Converted",
                created_at=moment(row["first_contact_date"]),
                converted_at=at,
            )
            if at is not None:
                yield Opportunity(
                    id=OpportunityId(f"deal {row['mql_id']}"),
                    name="seller",
                    stage="Won",
                    close_on=at.date(),
                    lead_id=LeadId(row["mql_id"]),
                    created_at=at,
                )


@pytest.fixture(scope="module")
def report(folder: Path) -> FunnelReport:
    now = datetime(2019, 1, 1, tzinfo=UTC)
    context = Context(model=STANDARD_MODEL, now=now, new_id=lambda: "new")
    return lead_funnel(records(folder), context=context, asked=Asked(by="source"))


def test_leads_and_won_deals_by_origin_are_those_of_the_file(
    folder: Path, report: FunnelReport
) -> None:
    expected = oracle_olist.by_origin(folder)
    found = {
        (one.group.key or "" if one.group else None): (len(one.cohort), len(one.won))
        for one in report.funnels
    }
    assert found == expected
    assert sum(leads for leads, _ in expected.values()) == 8_000
    assert sum(won for _, won in expected.values()) == 842


def test_no_origin_and_unknown_are_two_things(report: FunnelReport) -> None:
    assert len(report.funnel("unknown").cohort) == 1_099
    nowhere = [one for one in report.funnels if one.group and one.group.key is None]
    assert [len(one.cohort) for one in nowhere] == [60]
    assert str(nowhere[0].group) == "–"


def test_a_rate_has_its_n_and_leads_under_way_are_no_failures(report: FunnelReport) -> None:
    one = report.funnel("paid_search")
    assert one.overall.value == Fraction(len(one.won), len(one.cohort))
    assert one.overall.n == len(one.cohort)
    assert one.win_rate.n == len(one.won)  # nobody said of any other how it ended
    assert one.unresolved == len(one.cohort) - len(one.won)


def test_the_time_to_winning_is_that_of_the_file(folder: Path) -> None:
    now = datetime(2019, 1, 1, tzinfo=UTC)
    context = Context(model=STANDARD_MODEL, now=now, new_id=lambda: "new")
    (one,) = lead_funnel(records(folder), context=context).funnels
    assert one.steps[0].time.n == 842
    assert one.steps[0].time.median is not None
    found = one.steps[0].time.median.total_seconds() / 86_400
    assert found == pytest.approx(oracle_olist.median_days(folder), abs=1e-9)
