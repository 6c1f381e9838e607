"""What the tests of all entities have in common."""

from typing import Any, get_type_hints

import attrs
import pytest
from attrs import evolve

from crmcore.entities import Record, kind_of
from tests.examples import JUNK, example

COMMON: dict[str, Any] = {
    "version": 0,
    "owner_id": None,
    "labels": frozenset(),
    "custom": {},
    "external_ids": {},
    "created_at": None,
    "updated_at": None,
}
"""What every record has besides its id, and what it is by default."""


def check_shape(entity: Any, kind: str, required: set[str], defaults: dict[str, Any]) -> None:
    """The entity has this stored name, these required fields, and at least these defaults."""
    assert kind_of(entity) == kind
    fields = {one.name: one for one in attrs.fields(entity)}
    assert all(one.kw_only for one in fields.values())
    assert {name for name, one in fields.items() if one.default is attrs.NOTHING} == required
    record = example(entity)
    assert {name: getattr(record, name) for name in defaults} == defaults
    assert {name: getattr(record, name) for name in COMMON if name not in required} == {
        name: default for name, default in COMMON.items() if name not in required
    }
    with pytest.raises(TypeError):
        entity()
    check_value(entity, record, kind)


def check_value(entity: Any, record: Record, kind: str) -> None:
    """A record of it is a frozen value with an id of its own, whatever it holds."""
    assert (record.ref.kind, record.ref.id) == (kind, record.id)
    assert example(entity).id != record.id
    assert example(entity, id=record.id) == record
    assert len({record, example(entity, id=record.id)}) == 1
    changing: Any = record
    with pytest.raises(AttributeError):
        changing.id = "2"
    assert evolve(record, version=3) != record
    assert evolve(record, version=3).id == record.id
    assert set(get_type_hints(entity)) == {one.name for one in attrs.fields(entity)}
    for one in attrs.fields(entity):
        for junk in JUNK:
            assert getattr(example(entity, **{one.name: junk}), one.name) is not None
