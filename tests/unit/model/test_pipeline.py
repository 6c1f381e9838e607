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


def test_a_closed_stage_means_the_same_everywhere() -> None:
    won, lost = Stage("a", StageCategory.WON), Stage("b", StageCategory.LOST)
    assert (won.probability, won.forecast_category) == (Decimal(100), ForecastCategory.CLOSED)
    assert (lost.probability, lost.forecast_category) == (Decimal(0), ForecastCategory.OMITTED)
    assert (won.is_closed, lost.is_closed, Stage("c").is_closed) == (True, True, False)
    assert (won.chance(Decimal(30)), lost.chance(Decimal(30))) == (Decimal(100), Decimal(0))
    assert won.forecast("commit") is ForecastCategory.CLOSED
    assert lost.forecast("commit") is ForecastCategory.OMITTED


def test_an_open_deal_may_know_better_than_its_stage() -> None:
    stage = Stage("a", StageCategory.OPEN, 20, ForecastCategory.BEST_CASE)
    assert [stage.chance(one) for one in (None, Decimal(30), Decimal(0))] == [20, 30, 0]
    assert stage.forecast("commit") is ForecastCategory.COMMIT
    assert stage.forecast(None) is stage.forecast("odd") is ForecastCategory.BEST_CASE


def test_a_stage_says_where_its_deals_go() -> None:
    pipeline = Pipeline("p", (Stage("a", next=["b"]), Stage("b"), Stage("c", next="a")))
    assert pipeline.stage("c").next == ("a",)
    moves = ["ab", "ac", "aa", "ba", "bc", "ca", "cb", "xa"]
    assert [one for one in moves if pipeline.allows(*one)] == ["ab", "aa", "ba", "bc", "ca", "xa"]
    assert (pipeline.place("c"), pipeline.place("x")) == (2, None)
    assert Stage("a", checklist="call").checklist == ("call",)
