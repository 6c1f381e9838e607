"""A conversion is taken back where nothing was done since, and never otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import Activity, Crm, Lead, Model, Record, Ref, ValidationError
from crmcore.model.policies import Undo
from crmcore.rules.conversion import CREATE
from crmcore.values.ids import ActivityId
from tests.properties.conversion.worlds import World, content, made, worlds


def allowed(world: World) -> Model:
    return world.model.with_policies(undo_conversion=Undo.ALLOWED)


@given(worlds())
def test_an_undone_conversion_leaves_everything_as_it_was(world: World) -> None:
    """C21 nothing changed since, so undo restores the repository, and the lead can be converted."""
    before = content(world.state())
    crm = world.crm(allowed(world))
    done = crm.convert_lead(world.lead.id, **world.choices)
    preview = crm.undo(done, dry_run=True)
    assert not preview.findings.errors
    undone = crm.undo(done)
    assert content(world.state()) == before
    assert undone.receipt.undone_at is not None
    assert undone.receipt.transfers == done.receipt.transfers
    again = crm.convert_lead(world.lead.id, **world.choices)
    assert again.fates == done.fates


def later_edit(crm: Crm, done: Any, draw: Any) -> Ref[Any]:
    """Something that somebody does after the conversion; the record it is done to."""
    parts = ("account", "contact", "opportunity")
    one: Record = draw(st.sampled_from([r for r in done.receipt.after if r.ref.kind in parts]))
    made_refs = {one.ref for one in done.receipt.after} - {one.ref for one in done.receipt.before}
    what = draw(st.sampled_from(["edit", "child", "merge"]))
    if what == "child" and one.ref in made_refs:
        field = "who" if one.ref.kind == "contact" else "about"
        task: Any = {field: one.ref}
        return crm.add(made(Activity, id=ActivityId("late"), subject="Late", **task)).ref
    if what == "merge":
        survivor = crm.add(evolve(one, id="survivor", version=0, custom={}))
        crm.merge(survivor, one)
        return one.ref
    now = crm.get(type(one), one.id)
    event("edited")
    return crm.save(evolve(now, labels=now.labels | {"edited since"})).ref


@given(worlds().filter(lambda one: one.opportunity is CREATE), st.data())
def test_later_work_is_never_discarded(world: World, data: st.DataObject) -> None:
    """C21 an edit, a child or a merge since then: undo refuses, names it, and changes nothing."""
    crm = world.crm(allowed(world))
    done = crm.convert_lead(world.lead.id, **world.choices)
    ref = later_edit(crm, done, data.draw)
    state = world.state()
    with pytest.raises(ValidationError) as refused:
        crm.undo(done)
    assert ref in {one.ref for one in refused.value.findings.errors}
    assert world.state() == state
    assert crm.get(Lead, world.lead.id).converted_at is not None
