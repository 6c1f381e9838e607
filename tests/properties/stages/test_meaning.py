"""What a stage means lies in its category."""

from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import STANDARD_MODEL, F, Opportunity, Pipeline, Stage
from crmcore.findings import ModelError
from crmcore.model.pipeline import ForecastCategory, StageCategory
from tests.properties.stages.worlds import crm_with, deals, models


@given(st.data())
def test_a_stage_means_what_its_category_says_whatever_its_name(data: st.DataObject) -> None:
    """P1. Won is 100 %, lost is 0 % and in no forecast, whatever stage and deal are called."""
    model = data.draw(models("other"))
    given_deals = data.draw(deals(model))
    crm = crm_with(model, *given_deals)
    by_category: dict[str, set[str]] = {}
    for deal in given_deals:
        stage = model.stage_of(deal.pipeline, deal.stage)
        assert stage is not None
        by_category.setdefault(stage.category, set()).add(deal.id)
        chance = stage.chance(deal.probability)
        forecast = stage.forecast(deal.forecast_category)
        if stage.category is StageCategory.WON:
            assert (chance, forecast) == (Decimal(100), ForecastCategory.CLOSED)
        elif stage.category is StageCategory.LOST:
            assert (chance, forecast) == (Decimal(), ForecastCategory.OMITTED)
        else:
            own = deal.probability
            assert chance == (stage.probability if own is None else own)
            said = deal.forecast_category
            assert forecast == (stage.forecast_category if said is None else said)
    for category in StageCategory:
        found = crm.find(Opportunity, F.stage_category == category.value)
        assert {one.id for one in found} == by_category.get(category, set())


@given(st.data())
def test_a_renamed_stage_means_the_same(data: st.DataObject) -> None:
    """P1. What people read beside a stage changes neither its chance nor its forecast."""
    model = data.draw(models())
    pipeline = model.pipeline()
    labels = data.draw(st.permutations([stage.key for stage in pipeline.stages]))
    renamed = [
        attrs.evolve(stage, label=label)
        for stage, label in zip(pipeline.stages, labels, strict=True)
    ]
    own = data.draw(st.none() | st.integers(0, 100).map(Decimal))
    for before, after in zip(pipeline.stages, renamed, strict=True):
        assert (before.chance(own), before.forecast(None)) == (
            after.chance(own),
            after.forecast(None),
        )
    later = model.with_pipelines(Pipeline(pipeline.key, tuple(renamed)))
    assert [one.key for one in later.pipeline().stages] == [one.key for one in pipeline.stages]


@given(
    st.sampled_from([StageCategory.WON, StageCategory.LOST]),
    st.integers(0, 100),
    st.sampled_from(ForecastCategory),
)
def test_a_closed_stage_that_means_something_else_is_refused(
    category: StageCategory, probability: int, forecast: ForecastCategory
) -> None:
    """P1. A model cannot say that won is less than 100 %, or that lost is in a forecast."""
    odd = Stage("odd", category, probability, forecast)
    right = attrs.evolve(Stage("odd", category))
    pipeline = Pipeline(
        "p", (Stage("o"), Stage("w", StageCategory.WON), Stage("l", StageCategory.LOST), odd)
    )
    if odd == right:
        STANDARD_MODEL.with_pipelines(pipeline)
        return
    with pytest.raises(ModelError) as refused:
        STANDARD_MODEL.with_pipelines(pipeline)
    codes = {one.code for one in refused.value.findings}
    assert codes <= {"model.stage_probability", "model.stage_forecast"}
    assert ("model.stage_forecast" in codes) == (forecast != right.forecast_category)
    assert ("model.stage_probability" in codes) == (probability != right.probability)
