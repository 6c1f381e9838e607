"""Model: the frozen description of one company's CRM, checked when it is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import attrs
from attrs import field, frozen

from crmcore.entities import STANDARD_ENTITIES
from crmcore.entities.record import Record, kind_of
from crmcore.errors import UnknownNameError
from crmcore.fields import CustomField
from crmcore.findings import ModelError
from crmcore.model.calendar import Calendar
from crmcore.model.customise import Label, described
from crmcore.model.describe import EntitySchema, FieldSchema
from crmcore.model.pipeline import (
    STANDARD_LEAD_STATUSES,
    STANDARD_PIPELINE,
    LeadCategory,
    LeadStatus,
    Pipeline,
    Stage,
)
from crmcore.model.policies import Policies
from crmcore.model.sound import model_findings
from crmcore.values.frozenmap import FrozenMap

Entity: TypeAlias = type[Record] | str
"""An entity, by its class or its stored name."""


def kind_name(entity: Entity) -> str:
    """The stored name of an entity given either way."""
    return entity if isinstance(entity, str) else kind_of(entity)


def _by_kind(entities: Iterable[type[Record]]) -> tuple[type[Record], ...]:
    return tuple(sorted(entities, key=kind_of))


def _fields(
    given: Mapping[str, Iterable[CustomField]],
) -> FrozenMap[tuple[CustomField, ...]]:
    return FrozenMap({kind: tuple(fields) for kind, fields in given.items()})


_Referrers: TypeAlias = Mapping[str, tuple[tuple[EntitySchema, FieldSchema], ...]]


def _referrers(schemas: Mapping[str, EntitySchema]) -> _Referrers:
    """For each entity the references that may name one of its records, where they are."""
    every = [(schema, one) for schema in schemas.values() for one in schema.lookups]
    return {
        kind: tuple(pair for pair in every if pair[1].lookup and pair[1].lookup.accepts(kind))
        for kind in schemas
    }


def _labels(given: Mapping[str, Label]) -> FrozenMap[Label]:
    return FrozenMap(given)


def _kinds(given: Iterable[str]) -> frozenset[str]:
    return frozenset(given)


def _pipelines(given: Iterable[Pipeline]) -> tuple[Pipeline, ...]:
    return tuple(given)


def _statuses(given: Iterable[LeadStatus]) -> tuple[LeadStatus, ...]:
    return tuple(given)


def _relations(given: Mapping[str, str]) -> FrozenMap[str]:
    return FrozenMap(given)


RELATION_KINDS: FrozenMap[str] = FrozenMap(
    supplier="customer",
    customer="supplier",
    partner="partner",
    competitor="competitor",
    owner="owned",
    owned="owner",
)
"""The kinds of relation between accounts that every model knows, each with its inverse."""


@frozen(kw_only=True)
class Model:
    """Which entities there are, and how one company wants them.

    Successors are made with ``with_...``; stored names never move. Building one raises
    ``ModelError`` with every problem at once. ``pipelines[0]`` is the default pipeline and
    ``lead_statuses[0]`` the default status; ``phone_region`` is the ISO 3166 country of phone
    numbers written without one (``None``: unknown); ``relation_kinds`` maps a kind of account
    relation to the name of its inverse.
    """

    entities: tuple[type[Record], ...] = field(default=STANDARD_ENTITIES, converter=_by_kind)
    custom_fields: FrozenMap[tuple[CustomField, ...]] = field(
        default=FrozenMap(), converter=_fields
    )
    labels: FrozenMap[Label] = field(default=FrozenMap(), converter=_labels)
    disabled: frozenset[str] = field(default=frozenset(), converter=_kinds)
    pipelines: tuple[Pipeline, ...] = field(default=(STANDARD_PIPELINE,), converter=_pipelines)
    lead_statuses: tuple[LeadStatus, ...] = field(
        default=STANDARD_LEAD_STATUSES, converter=_statuses
    )
    relation_kinds: FrozenMap[str] = field(default=RELATION_KINDS, converter=_relations)
    policies: Policies = Policies()
    calendar: Calendar = Calendar()
    currency: str = "EUR"
    phone_region: str | None = None
    _schemas: Mapping[str, EntitySchema] = field(init=False, eq=False, repr=False)
    _referrers: _Referrers = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        schemas = described(self.entities, self.custom_fields, self.labels)
        object.__setattr__(self, "_schemas", schemas)
        object.__setattr__(self, "_referrers", _referrers(schemas))
        found = model_findings(self)
        if found:
            raise ModelError("model", found)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The stored names of all entities, disabled ones included, sorted."""
        return tuple(self._schemas)

    @property
    def schemas(self) -> tuple[EntitySchema, ...]:
        """The schemas of all entities that are not disabled, by stored name."""
        return tuple(one for kind, one in self._schemas.items() if kind not in self.disabled)

    def schema(self, entity: Entity) -> EntitySchema:
        """The schema of an entity, custom fields and labels included, also of a disabled one.

        Raises ``UnknownNameError`` with the nearest name.
        """
        kind = kind_name(entity)
        found = self._schemas.get(kind)
        if found is None:
            raise UnknownNameError("entity", kind, self.kinds, "the model")
        return found

    def schema_of(self, record: Record) -> EntitySchema:
        """The schema of a record's entity."""
        return self.schema(type(record))

    def has(self, entity: Entity) -> bool:
        """Whether the model has this entity, be it disabled or not."""
        return kind_name(entity) in self._schemas

    def referrers(self, entity: Entity) -> tuple[tuple[EntitySchema, FieldSchema], ...]:
        """Every reference that may name a record of ``entity``: where it is, by stored name.

        Raises ``UnknownNameError`` with the nearest name.
        """
        return self._referrers[self.schema(entity).kind]

    def is_enabled(self, entity: Entity) -> bool:
        """Whether the model has this entity and it is not disabled."""
        return self.has(entity) and kind_name(entity) not in self.disabled

    def pipeline(self, key: str | None = None) -> Pipeline:
        """The pipeline of this key (``None``: the default one); raises ``UnknownNameError``."""
        if key is None:
            return self.pipelines[0]
        for pipeline in self.pipelines:
            if pipeline.key == key:
                return pipeline
        raise UnknownNameError("pipeline", key, tuple(one.key for one in self.pipelines))

    def stage_of(self, pipeline: str, stage: str) -> Stage | None:
        """The stage of these keys, or ``None`` where a record names one the model lacks."""
        for one in self.pipelines:
            if one.key == pipeline and one.has(stage):
                return one.stage(stage)
        return None

    def lead_status(self, key: str) -> LeadStatus:
        """The lead status of this key; raises ``UnknownNameError`` with the nearest."""
        for status in self.lead_statuses:
            if status.key == key:
                return status
        raise UnknownNameError("lead status", key, tuple(one.key for one in self.lead_statuses))

    def converted_status(self) -> LeadStatus:
        """The first lead status that means *converted*."""
        return next(one for one in self.lead_statuses if one.category is LeadCategory.CONVERTED)

    def with_entity(self, *entities: type[Record]) -> Model:
        """The successor that has these entities too; every part of the library works for them."""
        return attrs.evolve(self, entities=(*self.entities, *entities))

    def with_custom_fields(self, entity: Entity, *fields: CustomField) -> Model:
        """The successor in which ``entity`` has these fields in ``record.custom``."""
        kind = self.schema(entity).kind
        new = (*self.custom_fields.get(kind, ()), *fields)
        return attrs.evolve(self, custom_fields=self.custom_fields.with_items({kind: new}))

    def renamed(self, entity: Entity, one: str, many: str) -> Model:
        """The successor in which people read ``one`` and ``many``; the stored name stays."""
        kind = self.schema(entity).kind
        return attrs.evolve(self, labels=self.labels.with_items({kind: Label(one, many)}))

    def with_disabled(self, *entities: Entity) -> Model:
        """The successor that hides these entities; their records stay stored as they are."""
        kinds = {self.schema(one).kind for one in entities}
        return attrs.evolve(self, disabled=self.disabled | kinds)

    def with_enabled(self, *entities: Entity) -> Model:
        """The successor that shows these entities again."""
        kinds = {self.schema(one).kind for one in entities}
        return attrs.evolve(self, disabled=self.disabled - kinds)

    def with_pipelines(self, *pipelines: Pipeline) -> Model:
        """The successor with these pipelines added, each in the place of one of the same key."""
        new = {one.key: one for one in pipelines}
        kept = tuple(new.pop(one.key, one) for one in self.pipelines)
        return attrs.evolve(self, pipelines=(*kept, *new.values()))

    def with_lead_statuses(self, *statuses: LeadStatus) -> Model:
        """The successor that has exactly these lead statuses."""
        return attrs.evolve(self, lead_statuses=statuses)

    def with_relation_kind(self, kind: str, inverse: str) -> Model:
        """The successor with a kind of account relation and the name of its inverse."""
        pair = {kind: inverse, inverse: kind}
        return attrs.evolve(self, relation_kinds=self.relation_kinds.with_items(pair))

    def with_policies(self, **policies: Any) -> Model:
        """The successor with these policies, such as ``no_company=NoCompany.REFUSE``."""
        return attrs.evolve(self, policies=attrs.evolve(self.policies, **policies))

    def with_calendar(self, **calendar: Any) -> Model:
        """The successor with this calendar: ``time_zone``, ``fiscal_year_start``."""
        return attrs.evolve(self, calendar=attrs.evolve(self.calendar, **calendar))

    def with_currency(self, currency: str) -> Model:
        """The successor with this corporate currency, an ISO 4217 code."""
        return attrs.evolve(self, currency=currency)

    def with_phone_region(self, region: str | None) -> Model:
        """The successor with this region of phone numbers, an ISO 3166 code such as ``FR``."""
        return attrs.evolve(self, phone_region=region)


STANDARD_MODEL = Model()
"""The model that a ``Crm`` has unless it is given another."""
