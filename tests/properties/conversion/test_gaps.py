"""What people entered on existing records stays, and nothing flows back to the lead."""

from hypothesis import given

from crmcore.changes import differences
from crmcore.rules.field_map import FromField
from tests.properties.conversion.worlds import World, fields_of, present, worlds


@given(worlds())
def test_a_present_value_of_an_existing_record_stays(world: World) -> None:
    """C7 what was present is unchanged, except for exactly the fields named in overwrite."""
    after = world.commit(world.convert())
    lead = fields_of(world.lead)
    sources = {one.target: one.source for one in world.field_map}
    for kind, record in world.targets.items():
        new = fields_of(after[record.ref])
        for path, old in fields_of(record).items():
            source = sources.get(f"{kind}.{path}")
            offered = lead[source.path] if isinstance(source, FromField) else None
            if present(old) and f"{kind}.{path}" not in world.overwrite:
                assert (new[path], type(new[path])) == (old, type(old)), f"{kind}.{path} changed"
            elif present(offered):
                taken = path != "name" or bool(str(offered).strip())
                assert new[path] == (offered if taken else old)


@given(worlds())
def test_an_existing_record_changes_only_where_the_map_says(world: World) -> None:
    """C7 a field that the map does not fill stays missing, links to the other targets apart."""
    after = world.commit(world.convert())
    own = {"contact.account_id", "opportunity.account_id", "opportunity.lead_id"}
    allowed = own | set(world.field_map.targets)
    for kind, record in world.targets.items():
        changed = {f"{kind}.{path}" for path, _, _ in differences(record, after[record.ref])}
        assert changed <= allowed


@given(worlds())
def test_nothing_flows_from_a_target_onto_the_lead(world: World) -> None:
    """C8 the lead keeps every value of its own; only its status and back-links change."""
    after = world.commit(world.convert())[world.lead.ref]
    changed = {path for path, _, _ in differences(world.lead, after)}
    stamps = {
        "status",
        "converted_at",
        "converted_account_id",
        "converted_contact_id",
        "converted_opportunity_id",
    }
    assert changed <= stamps
