"""Every value of a lead is accounted for."""

from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities.ledger import Fate
from tests.properties.conversion.worlds import World, fields_of, present, worlds


@given(worlds(), st.data())
def test_every_present_value_is_in_one_bucket(world: World, data: st.DataObject) -> None:
    """C9 every present lead field is in exactly one bucket of the receipt; they add up."""
    left_out = data.draw(st.sets(st.sampled_from(world.field_map.targets), max_size=8))
    field_map = world.field_map.without(*left_out)
    overwrite = world.overwrite - left_out
    plan = world.convert(field_map=field_map, overwrite=overwrite)
    entered = {path: value for path, value in fields_of(world.lead).items() if present(value)}
    assert plan.fates.keys() == entered.keys()
    assert sum(list(plan.fates.values()).count(fate) for fate in Fate) == len(entered)
    for one in plan.receipt.transfers:
        assert one.value == entered[one.field]
        assert type(one.value) is type(entered[one.field])
        assert one.source == world.lead.ref
        assert one.why


@given(worlds())
def test_the_buckets_tell_the_truth(world: World) -> None:
    """C9 copied and kept values are on their target, kept ones with the value that stayed."""
    plan = world.convert()
    after = world.commit(plan)
    for one in plan.receipt.transfers:
        if one.fate in (Fate.UNMAPPED, Fate.DROPPED):
            assert one.target is None
            assert one.target_field is None
            continue
        assert one.target is not None
        assert one.target_field is not None
        place = world.model.schema(one.target.kind).field(one.target_field)
        if one.fate is Fate.KEPT:
            assert place.value(after[one.target]) == one.over
            assert place.value(world.targets[one.target.kind]) == one.over
        else:
            assert present(place.value(after[one.target]))


@given(worlds())
def test_the_receipt_keeps_the_lead_as_it_was(world: World) -> None:
    """C9 the receipt has the whole lead as it was, with the values that a later edit may change."""
    assert world.convert().receipt.lead == world.lead
