"""Stage histories of a help desk: 13,710 events of real cases, with skips and steps back.

Every figure is also computed by pandas from the log itself (``oracle_eventlogs``).
"""

import csv
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmcore import STANDARD_MODEL, Opportunity, Pipeline, Record, Stage
from crmcore.entities import OpportunityChange
from crmcore.entities.ledger import DealState
from crmcore.model.pipeline import StageCategory
from crmcore.reports.funnel import funnel
from crmcore.rules.rule import Context
from crmcore.values.ids import OpportunityChangeId, OpportunityId
from tests.scenarios import oracle_eventlogs

ORDER = ("1", "2", "3", "4", "5", "7", "8", "9")
CLOSED = "6"
DESK = Pipeline(
    "desk",
    (
        *(Stage(one) for one in ORDER),
        Stage(CLOSED, StageCategory.WON, 100),
        Stage("dropped", StageCategory.LOST, 0),
    ),
)
MODEL = STANDARD_MODEL.with_pipelines(DESK)


@pytest.fixture(scope="module")
def path(shared_data: Path) -> Path:
    found = shared_data / "eventlogs" / "helpdesk.csv"
    if not found.is_file():
        pytest.skip("no real data here: shared/data has no event log")
    return found


def records(path: Path) -> list[Record]:
    """A deal for each case, and a row of history wherever its stage changes, as they arrived."""
    last: dict[str, DealState] = {}
    made: dict[str, datetime] = {}
    rows: dict[str, list[OpportunityChange]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            case, at = row["CaseID"], datetime.fromisoformat(row["CompleteTimestamp"])
            state = DealState(pipeline="desk", stage=row["ActivityID"])
            made.setdefault(case, at.replace(tzinfo=UTC))
            if state == last.get(case):
                continue
            rows[case].append(
                OpportunityChange(
                    id=OpportunityChangeId(f"row {-number}"),
                    version=number,
                    opportunity_id=OpportunityId(case),
                    at=at.replace(tzinfo=UTC),
                    before=last.get(case),
                    after=state,
                )
            )
            last[case] = state
    deals = [
        Opportunity(
            id=OpportunityId(case),
            name=case,
            pipeline="desk",
            stage=state.stage,
            created_at=made[case],
        )
        for case, state in last.items()
    ]
    return [*deals, *(row for some in rows.values() for row in reversed(some))]


def test_the_funnel_of_real_histories_is_that_of_the_log(path: Path) -> None:
    expected = oracle_eventlogs.figures(path, ORDER, CLOSED)
    now = datetime(2020, 1, 1, tzinfo=UTC)
    context = Context(model=MODEL, now=now, new_id=lambda: "new")
    one = funnel(records(path), context=context).funnel(pipeline="desk")
    assert expected.skips > 100, "the log has skips"
    assert expected.returns > 100, "the log has steps back"
    assert len(one.cohort) == expected.cases == 3_804
    assert tuple(step.count for step in one.steps) == expected.reached
    assert tuple(step.time.n for step in one.steps[:-1]) == expected.timed
    for step, seconds in zip(one.steps, expected.median_seconds, strict=False):
        if step.time.median is not None:
            assert step.time.median.total_seconds() == seconds
