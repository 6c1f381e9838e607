"""Deals moved by a map."""

import pytest
from attrs import evolve

from crmcore import STANDARD_MODEL, Opportunity, Pipeline, Stage
from crmcore.errors import UnknownNameError
from crmcore.model.pipeline import StageCategory
from crmcore.rules.stages import StageMapError, change_pipeline, move_deals, stranded

RENEWALS = Pipeline(
    "renewals",
    (Stage("due"), Stage("kept", StageCategory.WON), Stage("gone", StageCategory.LOST)),
)
MODEL = STANDARD_MODEL.with_pipelines(RENEWALS)
DEALS = [
    Opportunity(name=stage, id=f"d{at}", stage=stage)  # type: ignore[arg-type]  # any text
    for at, stage in enumerate(["Prospecting", "Won", "Old"])
]
STAGES = {one.key: "due" for one in MODEL.pipeline().stages} | {"Won": "kept"}


def test_a_map_must_name_every_stage_of_the_pipeline_and_of_the_deals() -> None:
    with pytest.raises(StageMapError) as refused:
        change_pipeline(DEALS, to="renewals", stages={"Won": "kept", "Lost": "gone"}, model=MODEL)
    assert [stage for _, stage in refused.value.missing] == [
        "Negotiation",
        "Old",
        "Proposal",
        "Prospecting",
        "Qualification",
    ]
    assert "standard/Old" in str(refused.value)
    assert "no deal was moved" in str(refused.value)


def test_a_map_leads_to_stages_that_are_there() -> None:
    wrong = STAGES | {"Old": "nowhere"}
    with pytest.raises(StageMapError, match="the model has no stage renewals/nowhere"):
        change_pipeline(DEALS, to="renewals", stages=wrong, model=MODEL)
    with pytest.raises(UnknownNameError):
        change_pipeline([], to="renewal", stages={}, model=MODEL)


def test_deals_move_and_what_changes_their_meaning_is_told() -> None:
    there = Opportunity(name="there", pipeline="renewals", stage="due")
    moves = change_pipeline(
        [*DEALS, there], to="renewals", stages=STAGES | {"Old": "gone"}, model=MODEL
    )
    assert [one.ref.id for one in moves.changes] == ["d0", "d1", "d2"]
    assert moves.changes.written[0] == evolve(DEALS[0], pipeline="renewals", stage="due")
    assert moves.moved[-1] == (("standard", "Won"), ("renewals", "kept"), 1)
    assert len(moves.findings) == 0
    closing = change_pipeline(
        DEALS[:1], to="renewals", stages=STAGES | {"Prospecting": "gone"}, model=MODEL
    )
    (finding,) = closing.findings
    assert (finding.code, finding.value) == ("stage.meaning", "Prospecting -> gone")
    assert "was open and is lost" in finding.message
    assert "standard/Won" in str(moves)
    assert "Deals moved" in moves._repr_html_()


def test_a_move_to_where_a_deal_is_changes_nothing() -> None:
    moves = move_deals(
        DEALS[:1], stages={("standard", "Prospecting"): ("standard", "Prospecting")}, model=MODEL
    )
    assert not moves.changes
    assert moves.moved == ()


def test_stranded_deals_are_listed_by_stage() -> None:
    other = evolve(DEALS[0], id="a", pipeline="gone")  # type: ignore[arg-type]  # any text
    found = stranded([*DEALS, other], model=MODEL)
    assert found.by_stage == {("gone", "Prospecting"): (other,), ("standard", "Old"): (DEALS[2],)}
    assert found.deals == (other, DEALS[2])
    assert len(found) == 2
    assert "standard/Old" in str(found)
    assert "Deals without a stage" in found._repr_html_()
    assert len(stranded([], model=MODEL)) == 0
