"""A field map that cannot work fails when it is built, not when a lead is converted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import Account, Contact, Lead, Opportunity
from crmcore.findings import ModelError
from crmcore.model.check import check_record
from crmcore.rules.conversion import convert_lead
from crmcore.rules.field_map import STANDARD_FIELD_MAP, Constant, FieldMap, MapEntry
from tests.properties.conversion.worlds import MAP, MODEL, World, records, worlds

SOURCES = [one.path for one in MODEL.schema(Lead)]
TARGETS = [
    f"{kind}.{one.path}"
    for kind, entity in (("account", Account), ("contact", Contact), ("opportunity", Opportunity))
    for one in MODEL.schema(entity)
]


@given(st.data())
def test_an_entry_that_was_let_in_carries_every_value(data: st.DataObject) -> None:
    """C16 a map that is accepted never makes a record of wrong types, whatever the lead."""
    target = data.draw(st.sampled_from(TARGETS), label="target")
    source = data.draw(st.sampled_from(SOURCES), label="source")
    base = STANDARD_FIELD_MAP
    if target in base.targets:
        base = base.without(target)
    field_map = base.with_entries(MapEntry(target, source))
    world = data.draw(worlds())
    lead = data.draw(records(Lead, id="lead", name=world.lead.name))
    if field_map.check(MODEL).errors:
        with pytest.raises(ModelError):
            field_map.checked(MODEL)
        return
    plan = convert_lead(lead, context=world.context, field_map=field_map)
    for made in (plan.account, plan.contact, plan.opportunity):
        if made is not None:
            assert not check_record(made, MODEL).with_code("type"), str(made)
            assert not check_record(made, MODEL).with_code("reference.kind")


WRONG = {
    "map.target_unknown": MapEntry("contact.emial", "email"),
    "map.source_unknown": MapEntry("contact.department", "depatment"),
    "map.incompatible": MapEntry("opportunity.next_step", "budget"),
    "map.target_twice": MapEntry("contact.phone", "mobile"),
    "map.target_reserved": MapEntry("contact.account_id", "company"),
}


@given(st.sets(st.sampled_from(sorted(WRONG)), min_size=1), worlds())
def test_all_that_is_wrong_with_a_map_is_told_at_once(wrong: set[str], world: World) -> None:
    """C16 a missing, incompatible or doubly filled target fails before any lead is converted."""
    field_map = MAP.with_entries(*(WRONG[code] for code in sorted(wrong)))
    with pytest.raises(ModelError) as raised:
        field_map.checked(MODEL)
    assert {one.code for one in raised.value.findings} == wrong
    with pytest.raises(ModelError):
        world.convert(field_map=field_map)


@given(st.sampled_from(TARGETS), st.sampled_from([None, 1, True, "x", ("x",), frozenset("x")]))
def test_a_constant_fits_its_target(target: str, value: object) -> None:
    """C16 a constant of the wrong type is refused."""
    found = FieldMap(entries=[MapEntry(target, Constant(value))]).check(MODEL).errors
    kind, _, path = target.partition(".")
    one = MODEL.schema(kind).field(path)
    if not found:
        held = {"one": one.python, "tuple": tuple, "set": frozenset}[one.holds.value]
        assert type(value) is held
