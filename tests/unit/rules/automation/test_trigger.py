"""When a rule acts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from crmcore import STANDARD_MODEL, F, Lead, Opportunity
from crmcore.errors import UsageError
from crmcore.model.pipeline import StageCategory
from crmcore.rules.automation import Changed, Created, EnteredStage, TimePassed, Updated
from tests.examples import changed

MODEL = STANDARD_MODEL
LEAD = Lead(company="Acme")
DEAL = Opportunity(name="Engine", close_on=date(2026, 3, 14))
WON = evolve(DEAL, stage="Won")


def test_created_and_updated_tell_new_records_from_others() -> None:
    later = evolve(LEAD, company="Bolt")
    assert Created().fits(None, LEAD, MODEL)
    assert not Created().fits(LEAD, later, MODEL)
    assert Updated().fits(LEAD, later, MODEL)
    assert not Updated().fits(None, LEAD, MODEL)
    assert not Updated().fits(LEAD, evolve(LEAD, version=3), MODEL)


def test_changed_looks_at_its_fields_alone() -> None:
    when = Changed([F.company, "custom.tier"])
    assert when.fits(LEAD, evolve(LEAD, company="Bolt"), MODEL)
    assert when.fits(LEAD, changed(LEAD, custom={"tier": "gold"}), MODEL)
    assert not when.fits(LEAD, evolve(LEAD, title="CEO"), MODEL)
    assert not when.fits(None, LEAD, MODEL)
    assert Changed(F.company) == Changed("company")
    wrong: Any = 3
    with pytest.raises(UsageError, match="this is not a field"):
        Changed([wrong])


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        (EnteredStage(), True),
        (EnteredStage(stage="Won"), True),
        (EnteredStage(stage="Lost"), False),
        (EnteredStage(pipeline="standard"), True),
        (EnteredStage(pipeline="other"), False),
        (EnteredStage(category=StageCategory.WON), True),
        (EnteredStage(category=StageCategory.LOST), False),
    ],
)
def test_a_stage_is_entered_by_a_move_or_by_being_made(when: EnteredStage, fits: bool) -> None:
    assert when.fits(DEAL, WON, MODEL) is fits
    assert when.fits(None, WON, MODEL) is fits
    assert not when.fits(WON, evolve(WON, name="Motor"), MODEL)
    assert not when.fits(None, LEAD, MODEL)


def test_a_stage_that_the_model_lacks_means_nothing() -> None:
    old = evolve(DEAL, stage="Old")
    assert not EnteredStage(category=StageCategory.OPEN).fits(None, old, MODEL)


def test_time_counts_from_the_first_moment_of_a_day_in_the_time_zone() -> None:
    when = TimePassed(F.close_on, timedelta(days=2))
    local = MODEL.with_calendar(time_zone="Asia/Tokyo")
    assert when.due_at(DEAL, MODEL) == datetime(2026, 3, 16, tzinfo=UTC)
    assert when.due_at(DEAL, local) == datetime(2026, 3, 15, 15, tzinfo=UTC)
    assert when.due_at(evolve(DEAL, close_on=None), MODEL) is None
    assert not when.fits(None, DEAL, MODEL)


def test_time_counts_from_a_moment_and_not_before_one() -> None:
    moment = datetime(2026, 3, 14, 9, tzinfo=UTC)
    stored = evolve(LEAD, created_at=moment)
    when = TimePassed("created_at", timedelta(hours=-1))
    assert when.due_at(stored, MODEL) == moment - timedelta(hours=1)
    assert evolve(when, not_before=moment).due_at(stored, MODEL) is None
    assert TimePassed("created_at", timedelta.max).due_at(stored, MODEL) is None


def test_triggers_are_told_in_words() -> None:
    told = [Created(), Updated(), Changed(["a", "b"]), EnteredStage(), EnteredStage(stage="Won")]
    assert list(map(str, told)) == [
        "created",
        "updated",
        "change of a, b",
        "entry into any stage",
        "entry into Won",
    ]
    assert str(TimePassed("close_on", timedelta(days=1))) == "1 day, 0:00:00 after close_on"
