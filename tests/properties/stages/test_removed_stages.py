"""Stages that are renamed or taken out of the model."""

from typing import Any

import attrs
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from crmcore import Crm, MemoryRepository, Model, Opportunity, Pipeline
from crmcore.entities import OpportunityChange
from crmcore.query import Query
from crmcore.rules.stages import StageMapError
from tests.properties.stages.worlds import Hours, deals, models


def stored(repository: MemoryRepository, entity: Any = Opportunity) -> list[Any]:
    with repository.snapshot() as snapshot:
        return list(snapshot.find(Query.of(entity)))


def without_a_stage(model: Model, data: st.DataObject) -> tuple[Model, str]:
    """The model without one of its open stages, which has gone or has another key."""
    pipeline = model.pipeline()
    going = data.draw(st.sampled_from([one.key for one in pipeline.stages]))
    stage = pipeline.stage(going)
    rename = data.draw(st.booleans())
    alone = sum(one.category is stage.category for one in pipeline.stages) == 1
    assume(rename or not alone)
    stages = [
        attrs.evolve(one, key="renamed") if one.key == going else one
        for one in pipeline.stages
        if rename or one.key != going
    ]
    return model.with_pipelines(Pipeline(pipeline.key, tuple(stages))), going


@given(st.data())
def test_removing_a_stage_leaves_every_deal_where_it_is(data: st.DataObject) -> None:
    """P2. A stage that goes moves and deletes nothing; its deals are listed, and moved by a map."""
    model = data.draw(models("other"))
    repository = MemoryRepository()
    Crm(repository, model=model, clock=Hours()).add_all(data.draw(deals(model)))
    before = stored(repository)
    later, going = without_a_stage(model, data)
    crm = Crm(repository, model=later, clock=Hours())
    assert stored(repository) == before
    left = [one for one in before if (one.pipeline, one.stage) == ("standard", going)]
    found = crm.stranded_deals()
    assert list(found.deals) == left
    assert {one.ref for one in crm.check().with_code("opportunity.stage")} == {
        one.ref for one in left
    }
    event("some are stranded" if left else "none is stranded")
    into = data.draw(st.sampled_from([one.key for one in later.pipeline().stages]))
    preview = crm.retire_stage(going, into, dry_run=True)
    assert stored(repository) == before
    moves = crm.retire_stage(going, into)
    assert sum(n for _, _, n in moves.moved) == len(left) == sum(n for _, _, n in preview.moved)
    for old, new in zip(before, stored(repository), strict=True):
        wanted = attrs.evolve(old, stage=into) if old in left else old
        assert attrs.evolve(new, version=old.version, updated_at=old.updated_at) == wanted
    assert not crm.stranded_deals().deals
    rows = [one for one in stored(repository, OpportunityChange) if one.before is not None]
    assert {one.opportunity_id for one in rows} == {one.id for one in left}
    assert all((one.before.stage, one.after.stage) == (going, into) for one in rows)


@given(st.data())
def test_a_deal_is_never_moved_where_there_is_no_stage(data: st.DataObject) -> None:
    """P2. A map to a stage that the model lacks is refused as a whole."""
    model = data.draw(models())
    repository = MemoryRepository()
    Crm(repository, model=model, clock=Hours()).add_all(data.draw(deals(model)))
    before = stored(repository)
    crm = Crm(repository, model=model, clock=Hours())
    places = [("standard", one.key) for one in model.pipeline().stages]
    targets = [*places, ("standard", "nowhere"), ("no", "Won")]
    stages = {
        one: data.draw(st.sampled_from(targets)) for one in data.draw(st.permutations(places))
    }
    unknown = {one for one in stages.values() if one not in places}
    if not unknown:
        crm.move_deals(stages)
        return
    with pytest.raises(StageMapError) as refused:
        crm.move_deals(stages)
    assert set(refused.value.unknown) == unknown
    assert stored(repository) == before
