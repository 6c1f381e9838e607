"""Customise: what a model adds to the schemas of its entities: custom fields and labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
from attrs import frozen

from crmcore.entities.record import Record
from crmcore.fields import CustomField
from crmcore.model.describe import EntitySchema, custom_schema, describe


@frozen
class Label:
    """How people call an object: ``one`` of it, and ``many``."""

    one: str
    many: str


def described(
    entities: Iterable[type[Record]],
    custom_fields: Mapping[str, tuple[CustomField, ...]],
    labels: Mapping[str, Label],
) -> dict[str, EntitySchema]:
    """The schema of each entity by stored name, with its custom fields and labels."""
    schemas = {}
    for entity in entities:
        plain = describe(entity)
        extra = tuple(custom_schema(one) for one in custom_fields.get(plain.kind, ()))
        label = labels.get(plain.kind, Label(plain.label, plain.plural))
        schemas[plain.kind] = attrs.evolve(
            plain, fields=plain.fields + extra, label=label.one, plural=label.many
        )
    return schemas
