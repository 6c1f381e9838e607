"""Sound: everything that keeps a model from working, found at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

from crmcore.entities.record import Record, kind_of
from crmcore.errors import did_you_mean
from crmcore.fields import CustomField, Lookup, MultiPicklist, Picklist
from crmcore.findings import Finding, Findings, error
from crmcore.model.calendar import Calendar
from crmcore.model.customise import Label
from crmcore.model.describe import EntitySchema, describe
from crmcore.model.pipeline import (
    FORECAST,
    PROBABILITY,
    ForecastCategory,
    LeadCategory,
    LeadStatus,
    Pipeline,
    Stage,
    StageCategory,
)
from crmcore.values.currency import is_known_currency


class _Draft(Protocol):
    """A model while it is being built: what is looked at to say whether it can work."""

    @property
    def entities(self) -> tuple[type[Record], ...]: ...
    @property
    def custom_fields(self) -> Mapping[str, tuple[CustomField, ...]]: ...
    @property
    def labels(self) -> Mapping[str, Label]: ...
    @property
    def disabled(self) -> frozenset[str]: ...
    @property
    def pipelines(self) -> tuple[Pipeline, ...]: ...
    @property
    def lead_statuses(self) -> tuple[LeadStatus, ...]: ...
    @property
    def calendar(self) -> Calendar: ...
    @property
    def currency(self) -> str: ...
    @property
    def kinds(self) -> tuple[str, ...]: ...
    def schema(self, entity: type[Record] | str) -> EntitySchema: ...
    def has(self, entity: type[Record] | str) -> bool: ...


def model_findings(model: _Draft) -> Findings:
    """Every problem of a model; none means that it works."""
    return Findings(
        (
            *_entities(model),
            *_custom_fields(model),
            *_lookups(model),
            *_names(model),
            *_pipelines(model),
            *_lead_statuses(model),
            *_calendar(model),
        )
    )


def _repeated(keys: Iterable[str]) -> list[str]:
    return sorted(key for key, count in Counter(keys).items() if count > 1)


UNFIT: Mapping[type, str] = MappingProxyType(
    {
        float: "Decimal, which is exact",
        list: "tuple[..., ...]",
        dict: "FrozenMap",
        set: "frozenset",
        bytes: "an Attachment, which says where the content is",
    }
)
"""Types that no field can have, as they are inexact, change, or are no text; and what can."""


def _entities(model: _Draft) -> Iterator[Finding]:
    for kind in _repeated(kind_of(entity) for entity in model.entities):
        yield error(
            "model.entity_twice",
            "two entities have the same stored name",
            value=kind,
            suggestion="rename one of the classes",
        )
    for entity in model.entities:
        for one in describe(entity).fields:
            if one.python in UNFIT:
                yield error(
                    "model.field_type",
                    f"a field cannot be a {one.python.__name__}",
                    path=f"{kind_of(entity)}.{one.name}",
                    suggestion=f"use {UNFIT[one.python]}",
                )


def _custom_fields(model: _Draft) -> Iterator[Finding]:
    classes = {kind_of(entity): entity for entity in model.entities}
    for kind, fields in model.custom_fields.items():
        taken = {one.name for one in describe(classes[kind]).fields} if kind in classes else set()
        for name in _repeated(one.name for one in fields):
            yield error(
                "model.field_twice", "a custom field is declared twice", path=kind, value=name
            )
        for one in fields:
            if not one.name.isidentifier():
                yield error(
                    "model.field_name",
                    "the name of a custom field must be a Python identifier",
                    path=kind,
                    value=one.name,
                )
            if one.name in taken:
                yield error(
                    "model.field_taken",
                    "a custom field has the name of a standard one",
                    path=kind,
                    value=one.name,
                    suggestion=f"call it {one.name}_2, or use the standard field",
                )
            if isinstance(one.type, Picklist | MultiPicklist) and not one.type.options:
                yield error(
                    "model.no_options", "a picklist needs options", path=kind, value=one.name
                )


def _lookups(model: _Draft) -> Iterator[Finding]:
    for kind in model.kinds:
        for one in model.schema(kind).lookups:
            for target in one.meaning.kinds if isinstance(one.meaning, Lookup) else ():
                if not model.has(target):
                    yield error(
                        "model.lookup_target",
                        "a lookup names an entity that the model does not have",
                        path=f"{kind}.{one.path}",
                        value=target,
                        suggestion=did_you_mean(target, model.kinds),
                    )


def _names(model: _Draft) -> Iterator[Finding]:
    named = (
        ("custom_fields", model.custom_fields),
        ("labels", model.labels),
        ("disabled", sorted(model.disabled)),
    )
    for where, kinds in named:
        for kind in kinds:
            if not model.has(kind):
                yield error(
                    "model.unknown_entity",
                    f"{where} names an entity that the model does not have",
                    value=kind,
                    suggestion=did_you_mean(kind, model.kinds),
                )


def _pipelines(model: _Draft) -> Iterator[Finding]:
    if not model.pipelines:
        yield error("model.no_pipeline", "a model needs at least one pipeline")
    for key in _repeated(one.key for one in model.pipelines):
        yield error("model.pipeline_twice", "two pipelines have the same key", value=key)
    for pipeline in model.pipelines:
        yield from _key(pipeline.key, "pipeline")
        yield from _stages(pipeline)


def _stages(pipeline: Pipeline) -> Iterator[Finding]:
    path = f"pipeline {pipeline.key}"
    for key in _repeated(stage.key for stage in pipeline.stages):
        yield error("model.stage_twice", "two stages have the same key", path=path, value=key)
    for category in StageCategory:
        if not any(stage.category is category for stage in pipeline.stages):
            yield error(
                "model.stage_missing", f"a pipeline needs a stage that is {category}", path=path
            )
    for stage in pipeline.stages:
        yield from _stage(stage, f"{path}, stage {stage.key}")
        yield from _onward(stage, pipeline, f"{path}, stage {stage.key}")


def _stage(stage: Stage, path: str) -> Iterator[Finding]:
    yield from _key(stage.key, path)
    for value, wanted in (
        (stage.category, StageCategory),
        (stage.forecast_category, ForecastCategory),
    ):
        if not isinstance(value, wanted):
            yield error(
                "model.stage_category",
                f"this must be a {wanted.__name__}",
                path=path,
                value=value,
                suggestion=f"such as {wanted.__name__}.{next(iter(wanted)).name}",
            )
    right = PROBABILITY.get(stage.category)
    if not is_percentage(stage.probability):
        yield error(
            "model.stage_probability",
            "a probability is an exact percentage from 0 to 100",
            path=path,
            value=stage.probability,
        )
    elif right is not None and stage.probability != right:
        yield error(
            "model.stage_probability",
            f"a stage that is {stage.category} has a probability of {right} percent",
            path=path,
            value=stage.probability,
        )
    forecast = FORECAST.get(stage.category)
    if forecast is not None and stage.forecast_category != forecast:
        yield error(
            "model.stage_forecast",
            f"a stage that is {stage.category} is {forecast} in every forecast",
            path=path,
            value=stage.forecast_category,
            suggestion="leave the forecast category out",
        )


def _onward(stage: Stage, pipeline: Pipeline, path: str) -> Iterator[Finding]:
    """What is wrong with where a deal may go from a stage, and with what is ticked in it."""
    known = [one.key for one in pipeline.stages]
    for key in stage.next or ():
        if key not in known:
            yield error(
                "model.stage_next",
                "a deal cannot go on to a stage that the pipeline does not have",
                path=path,
                value=key,
                suggestion=did_you_mean(str(key), known),
            )
    for item in _repeated(stage.checklist):
        yield error("model.checklist_twice", "an item is listed twice", path=path, value=item)
    for item in stage.checklist:
        yield from _key(item, f"{path}, checklist")


def _key(key: object, path: str) -> Iterator[Finding]:
    if not isinstance(key, str) or not key.strip():
        yield error("model.key", "a key is any text that is not blank", path=path, value=key)


def is_percentage(value: object) -> bool:
    """Whether it is an exact number from 0 to 100."""
    return isinstance(value, Decimal) and value.is_finite() and 0 <= value <= 100  # percent


def _lead_statuses(model: _Draft) -> Iterator[Finding]:
    for key in _repeated(one.key for one in model.lead_statuses):
        yield error("model.status_twice", "two lead statuses have the same key", value=key)
    for one in model.lead_statuses:
        yield from _key(one.key, "lead status")
        if not isinstance(one.category, LeadCategory):
            yield error(
                "model.status_category",
                "this must be a LeadCategory",
                path=f"lead status {one.key}",
                value=one.category,
                suggestion="such as LeadCategory.OPEN",
            )
        for key in one.follows or ():
            if key not in {other.key for other in model.lead_statuses}:
                yield error(
                    "model.status_follows",
                    "no lead status has this key",
                    path=f"lead status {one.key}",
                    value=key,
                    suggestion=did_you_mean(key, (other.key for other in model.lead_statuses)),
                )
    categories = {one.category for one in model.lead_statuses}
    for category in (LeadCategory.OPEN, LeadCategory.CONVERTED):
        if category not in categories:
            yield error("model.status_missing", f"a model needs a lead status that is {category}")


def _calendar(model: _Draft) -> Iterator[Finding]:
    zone = model.calendar.time_zone
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError, TypeError, AttributeError):  # the last: it is no text
        yield error(
            "model.time_zone",
            "this time zone is not known here",
            value=zone,
            suggestion="use an IANA name, such as Europe/Paris; some systems need tzdata for it",
        )
    month = model.calendar.fiscal_year_start
    if not isinstance(month, int) or month not in range(1, 13):
        yield error(
            "model.fiscal_year_start",
            "the first month of the fiscal year is 1 to 12",
            value=month,
        )
    if not is_known_currency(model.currency):
        yield error(
            "model.currency",
            "this is not an ISO 4217 currency code",
            value=model.currency,
            suggestion="use a code such as EUR or USD",
        )
