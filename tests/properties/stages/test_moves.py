"""Deals that move to another pipeline."""

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import F, Money, Opportunity
from crmcore.query import ALL, Filter
from crmcore.rules.stages import StageMapError
from tests.properties.stages.worlds import crm_with, deals, models


def amount_of(records: tuple[Opportunity, ...]) -> Money:
    return Money.total([one.amount for one in records if one.amount is not None], "EUR")


@given(st.data())
def test_a_total_map_moves_deals_and_conserves_amounts(data: st.DataObject) -> None:
    """P8. Amounts are conserved, and a map that is not total is refused naming what it misses."""
    model = data.draw(models("other"))
    crm = crm_with(model, *data.draw(deals(model)))
    before = crm.find(Opportunity)
    sources = [one.key for one in model.pipeline().stages]
    targets = [one.key for one in model.pipeline("other").stages]
    mapped = data.draw(st.lists(st.sampled_from(sources), unique=True))
    full = data.draw(st.booleans())
    stages = {one: data.draw(st.sampled_from(targets)) for one in (sources if full else mapped)}
    filters: list[Filter] = [ALL, F.amount.amount >= 500]
    chosen = data.draw(st.sampled_from(filters))
    moving = crm.find(Opportunity, chosen & (F.pipeline == "standard"))
    missing = set(sources) - set(stages)
    if moving and missing:
        event("refused")
        with pytest.raises(StageMapError) as refused:
            crm.change_pipeline(chosen, "other", stages=stages)
        assert {stage for _, stage in refused.value.missing} == missing
        assert all(stage in str(refused.value) for stage in missing)
        assert crm.find(Opportunity) == before
        return
    preview = crm.change_pipeline(chosen, "other", stages=stages, dry_run=True)
    moves = crm.change_pipeline(chosen, "other", stages=stages)
    assert moves.moved == preview.moved
    after = crm.find(Opportunity)
    assert amount_of(after) == amount_of(before)
    assert len(after) == len(before)
    ids = {one.id for one in moving}
    event("some moved" if ids else "none moved")
    for old, new in zip(before, after, strict=True):
        moved = attrs.evolve(old, pipeline="other", stage=stages.get(old.stage, old.stage))
        wanted = moved if old.id in ids else old
        assert attrs.evolve(new, version=old.version, updated_at=old.updated_at) == wanted
