"""A help desk's real log, 3,804 cases: stages skipped and entered anew, imported as history.

Every figure is also computed by pandas from the file itself (``oracle_helpdesk``).
"""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from pathlib import Path

import pandas as pd
import pytest

from crmcore import STANDARD_MODEL, Crm, Opportunity, Pipeline, Stage
from crmcore.entities import OpportunityChange
from crmcore.model.pipeline import StageCategory
from crmcore.rules.rule import Context
from crmcore.rules.stages import DealPath, Entry, deal_path, told_history
from crmcore.values.ids import OpportunityId, new_id
from tests.scenarios import oracle_helpdesk
from tests.scenarios.oracle_helpdesk import Figures

NOW = datetime(2013, 1, 1, tzinfo=UTC)
CASES = Pipeline(
    "cases",
    [
        Stage(str(number), StageCategory.WON if number == 6 else StageCategory.OPEN)
        for number in range(1, 10)
    ]
    + [Stage("given up", StageCategory.LOST)],
)
MODEL = STANDARD_MODEL.with_pipelines(CASES)
BATCH = 500


@pytest.fixture(scope="module")
def log(shared_data: Path) -> Path:
    found = shared_data / "eventlogs" / "helpdesk.csv"
    if not found.is_file():
        pytest.skip("no real data here: shared/data has no event log of a help desk")
    return found


@pytest.fixture(scope="module")
def figures(log: Path) -> Figures:
    return oracle_helpdesk.figures(log, pd.Timestamp(NOW.replace(tzinfo=None)))


@pytest.fixture(scope="module")
def crm(log: Path) -> Crm:
    """All cases as deals of a pipeline, each with the history that the log tells."""
    crm = Crm(model=MODEL, clock=lambda: NOW)
    context = Context(model=MODEL, now=NOW, new_id=new_id)
    with log.open(encoding="utf-8", newline="") as file:
        cases = groupby(csv.reader(islice(file, 1, None)), key=lambda row: row[0])
        waiting: list[Opportunity | OpportunityChange] = []
        for number, rows in cases:
            told = [
                Entry(stage, datetime.fromisoformat(at).replace(tzinfo=UTC))
                for _, stage, at in rows
            ]
            case = Opportunity(
                id=OpportunityId(number),
                name=f"Case {number}",
                pipeline="cases",
                stage=told[-1].stage,
            )
            waiting += [case, *told_history(case, told, context=context)]
            if len(waiting) >= BATCH:
                crm.add_all(waiting)
                waiting = []
        crm.add_all(waiting)
    return crm


@pytest.fixture(scope="module")
def paths(crm: Crm) -> dict[str, DealPath]:
    rows: dict[str, list[OpportunityChange]] = {}
    for row in crm.find(OpportunityChange):
        rows.setdefault(row.opportunity_id, []).append(row)
    return {id_: deal_path(own, model=MODEL, now=NOW) for id_, own in rows.items()}


def test_every_case_has_the_stays_that_the_log_tells(
    paths: dict[str, DealPath], figures: Figures
) -> None:
    assert len(paths) == figures.cases
    assert Counter(one.stage for path in paths.values() for one in path.stays) == figures.stays


def test_the_time_in_each_stage_is_that_of_the_log(
    paths: dict[str, DealPath], figures: Figures
) -> None:
    seconds: Counter[str] = Counter()
    for path in paths.values():
        for stay in path.stays:
            seconds[stay.stage] += int(stay.duration / timedelta(seconds=1))
    assert seconds == figures.seconds


def test_durations_add_up_to_the_age_of_every_case(
    paths: dict[str, DealPath], figures: Figures
) -> None:
    total = timedelta()
    for path in paths.values():
        assert sum((one.duration for one in path.stays), timedelta()) == path.age
        total += path.age or timedelta()
    assert total == timedelta(seconds=figures.ages)


def test_stages_skipped_and_entered_anew_are_those_of_the_log(
    paths: dict[str, DealPath], figures: Figures
) -> None:
    assert Counter(one for path in paths.values() for one in path.skipped) == figures.skipped
    assert Counter(one for path in paths.values() for one in path.returns) == figures.returns
    assert sum(figures.skipped.values()) > 1000
    assert sum(figures.returns.values()) > 100


def test_every_case_took_as_long_as_the_log_tells(
    paths: dict[str, DealPath], figures: Figures
) -> None:
    cycles = {int(id_): path.cycle for id_, path in paths.items()}
    assert cycles == {case: timedelta(seconds=one) for case, one in figures.cycles.items()}


def test_the_imported_history_is_whole_and_goes_on_from_there(crm: Crm, figures: Figures) -> None:
    assert crm.count(OpportunityChange) == sum(figures.stays.values())
    assert not crm.check().errors
    case = crm.find(Opportunity, limit=1)[0]
    crm.retire_stage("6", "9", pipeline="cases", dry_run=True)
    with crm.transaction() as tx:
        tx.delete(Opportunity, case.id)
    assert crm.deal_path(case.id).ended_at == NOW
