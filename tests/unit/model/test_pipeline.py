"""Pipelines and lead statuses."""

from decimal import Decimal
from typing import Any

import pytest

from crmcore.errors import UnknownNameError
from crmcore.model.pipeline import (
    STANDARD_LEAD_STATUSES,
    STANDARD_PIPELINE,
    ForecastCategory,
    LeadCategory,
    LeadStatus,
    Pipeline,
    Stage,
    StageCategory,
)


def test_the_standard_stages_have_the_pinned_keys() -> None:
    assert [stage.key for stage in STANDARD_PIPELINE.stages] == [
        "Prospecting",
        "Qualification",
        "Proposal",
        "Negotiation",
        "Won",
        "Lost",
    ]
    assert STANDARD_PIPELINE.key == "standard"
    assert STANDARD_PIPELINE.stage("Won").probability == 100
    assert STANDARD_PIPELINE.stage("Lost").forecast_category is ForecastCategory.OMITTED


def test_the_standard_statuses_begin_open_and_end_converted() -> None:
    assert STANDARD_LEAD_STATUSES[0] == LeadStatus("New", LeadCategory.OPEN)
    assert STANDARD_LEAD_STATUSES[-1].category is LeadCategory.CONVERTED


def test_people_read_the_label_and_without_one_the_key() -> None:
    assert str(Stage("won")) == str(Pipeline("won", ())) == str(LeadStatus("won")) == "won"
    assert str(Stage("won", label="Won")) == "Won"
    assert str(Pipeline("p", (), "Renewals")) == "Renewals"
    assert str(LeadStatus("n", label="New")) == "New"


def test_a_stage_is_found_by_its_key() -> None:
    assert STANDARD_PIPELINE.has("Won")
    assert not STANDARD_PIPELINE.has("won")
    assert STANDARD_PIPELINE.stage("Proposal").key == "Proposal"
    with pytest.raises(UnknownNameError, match=r"unknown stage 'Wonn' in pipeline standard.*'Won'"):
        STANDARD_PIPELINE.stage("Wonn")


def test_a_stage_is_found_by_its_category() -> None:
    assert STANDARD_PIPELINE.first(StageCategory.OPEN).key == "Prospecting"
    assert STANDARD_PIPELINE.first(StageCategory.LOST).key == "Lost"
    with pytest.raises(UnknownNameError, match="stage category 'won'"):
        Pipeline("p", (Stage("a"),)).first(StageCategory.WON)


def test_stages_are_kept_in_a_tuple() -> None:
    stages = [Stage("a"), Stage("b")]
    pipeline = Pipeline("p", stages)
    stages.append(Stage("c"))
    assert pipeline.stages == (Stage("a"), Stage("b"))
    assert hash(pipeline) == hash(Pipeline("p", iter([Stage("a"), Stage("b")])))


def test_a_probability_is_exact() -> None:
    assert Stage("a", StageCategory.OPEN, 10).probability == Decimal(10)
    assert isinstance(Stage("a", StageCategory.OPEN, 10).probability, Decimal)
    wrong: Any = 0.1
    assert Stage("a", StageCategory.OPEN, wrong).probability is wrong


def test_categories_are_stored_as_text() -> None:
    assert StageCategory("won") is StageCategory.WON
    assert f"{ForecastCategory.BEST_CASE}" == "best_case"
    assert f"{LeadCategory.CONVERTED}" == "converted"
    assert [one.value for one in ForecastCategory][-1] == "closed"
