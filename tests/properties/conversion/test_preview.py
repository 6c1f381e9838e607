"""What a conversion plan says is what happens, and it happens whole or not at all."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import ChangeSet, ConflictError, Delete, Insert, Update, same_content
from crmcore.entities import Activity, CampaignMember, Record
from crmcore.entities.ledger import Fate
from crmcore.rules.field_map import FieldMap, FromField, MapEntry
from tests.properties.conversion.worlds import World, made, worlds

NAMES_ONLY = FieldMap(
    entries=[MapEntry("account.name", "company"), MapEntry("contact.name", "name")]
)


@given(worlds())
def test_planning_a_conversion_changes_nothing(world: World) -> None:
    """C1 planning changes nothing."""
    before = world.state()
    world.convert()
    assert world.state() == before


@given(worlds())
def test_storing_a_plan_changes_exactly_what_it_says(world: World) -> None:
    """C1 committing the plan changes exactly what the plan says, field by field."""
    expected = world.state()
    plan = world.convert()
    for one in plan.changes:
        if isinstance(one, Delete):
            del expected[one.ref]
        else:
            expected[one.ref] = one.after
    after = world.commit(plan)
    assert after.keys() == expected.keys()
    assert all(same_content(after[ref], record) for ref, record in expected.items())
    for shown in (plan.account, plan.contact, plan.opportunity, plan.receipt):
        assert shown is None or same_content(after[shown.ref], shown)


@given(worlds())
def test_the_plan_shows_every_record_that_it_writes(world: World) -> None:
    """C1 the records that are shown are those that the changes make or update."""
    plan = world.convert()
    kinds = {
        "account": plan.account,
        "contact": plan.contact,
        "opportunity": plan.opportunity,
        "conversion_receipt": plan.receipt,
    }
    for one in plan.changes:
        if one.ref.kind in kinds:
            assert isinstance(one, Insert | Update)
            assert kinds[one.ref.kind] == one.after


@given(worlds())
def test_a_value_is_where_the_receipt_says(world: World) -> None:
    """C1 every value that the receipt calls copied is on its target afterwards."""
    plan = world.convert()
    after = world.commit(plan)
    computed = {one.target for one in world.field_map if not isinstance(one.source, FromField)}
    for one in plan.receipt.transfers:
        if one.fate is not Fate.COPIED or one.target is None or one.target_field is None:
            continue
        schema = world.model.schema(one.target.kind)
        found = schema.field(one.target_field).value(after[one.target])
        if f"{one.target.kind}.{one.target_field}" in computed:
            assert str(one.value) in found
        else:
            assert found == one.value


@given(worlds(), st.data())
def test_a_conflict_leaves_everything_as_it_was(world: World, data: st.DataObject) -> None:
    """C2 when a record that was read has changed, nothing is stored.

    With a map that carries only names, records that are attached to are read and not written.
    """
    maps = [world.field_map, NAMES_ONLY]
    field_map = data.draw(st.sampled_from(maps), label="map")
    overwrite = world.overwrite & set(field_map.targets)
    plan = world.convert(field_map=field_map, overwrite=overwrite)
    read = [world.lead, *world.targets.values(), *world.children]
    touched: Record = data.draw(st.sampled_from(read), label="changed meanwhile")
    meanwhile = evolve(touched, labels={"changed"})
    world.repository.commit(ChangeSet([Update(touched, meanwhile)]))
    before = world.state()
    with pytest.raises(ConflictError):
        world.repository.commit(plan.changes)
    assert world.state() == before


@given(worlds(), st.sampled_from(["child", "membership", "role"]))
def test_a_record_that_appears_meanwhile_stops_the_conversion(world: World, what: str) -> None:
    """C2 a child, a membership or a primary role that nobody saw keeps all from being stored."""
    plan = world.convert()
    new: Record = made(Activity, id="late", subject="Late", who=world.lead.ref)
    if what == "membership":
        new = made(CampaignMember, id="late", campaign_id="fair", member=world.lead.ref)
    elif what == "role" and plan.opportunity is not None and "opportunity" in world.targets:
        roles = [one for one in plan.changes if one.ref.kind == "opportunity_contact_role"]
        if roles and isinstance(roles[0], Insert):
            new = evolve(roles[0].after, id="late")
    world.repository.commit(ChangeSet([Insert(new)]))
    before = world.state()
    with pytest.raises(ConflictError):
        world.repository.commit(plan.changes)
    assert world.state() == before
