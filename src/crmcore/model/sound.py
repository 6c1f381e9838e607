"""Sound: everything that keeps a model from working, found at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crmcore.entities.record import kind_of
from crmcore.errors import did_you_mean
from crmcore.fields import Lookup, MultiPicklist, Picklist
from crmcore.findings import Finding, Findings, error
from crmcore.model.describe import describe
from crmcore.model.pipeline import LeadCategory, Pipeline, StageCategory
from crmcore.values.currency import is_known_currency

if TYPE_CHECKING:
    from crmcore.model.model import Model


def model_findings(model: Model) -> Findings:
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


def _entities(model: Model) -> Iterator[Finding]:
    for kind in _repeated(kind_of(entity) for entity in model.entities):
        yield error(
            "model.entity_twice",
            "two entities have the same stored name",
            value=kind,
            suggestion="rename one of the classes",
        )


def _custom_fields(model: Model) -> Iterator[Finding]:
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


def _lookups(model: Model) -> Iterator[Finding]:
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


def _names(model: Model) -> Iterator[Finding]:
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


def _pipelines(model: Model) -> Iterator[Finding]:
    if not model.pipelines:
        yield error("model.no_pipeline", "a model needs at least one pipeline")
    for key in _repeated(one.key for one in model.pipelines):
        yield error("model.pipeline_twice", "two pipelines have the same key", value=key)
    for pipeline in model.pipelines:
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
        right = {StageCategory.WON: Decimal(100), StageCategory.LOST: Decimal(0)}
        wanted = right.get(stage.category)
        if wanted is not None and stage.probability != wanted:
            yield error(
                "model.stage_probability",
                f"a stage that is {stage.category} has a probability of {wanted} percent",
                path=f"{path}, stage {stage.key}",
                value=stage.probability,
            )
        elif not 0 <= stage.probability <= 100:
            yield error(
                "model.stage_probability",
                "a probability is a percentage from 0 to 100",
                path=f"{path}, stage {stage.key}",
                value=stage.probability,
            )


def _lead_statuses(model: Model) -> Iterator[Finding]:
    for key in _repeated(one.key for one in model.lead_statuses):
        yield error("model.status_twice", "two lead statuses have the same key", value=key)
    categories = {one.category for one in model.lead_statuses}
    for category in (LeadCategory.OPEN, LeadCategory.CONVERTED):
        if category not in categories:
            yield error("model.status_missing", f"a model needs a lead status that is {category}")


def _calendar(model: Model) -> Iterator[Finding]:
    zone = model.calendar.time_zone
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        yield error(
            "model.time_zone",
            "this time zone is not known here",
            value=zone,
            suggestion="use an IANA name such as Europe/Paris; install tzdata where the system has none",
        )
    if not 1 <= model.calendar.fiscal_year_start <= 12:
        yield error(
            "model.fiscal_year_start",
            "the first month of the fiscal year is 1 to 12",
            value=model.calendar.fiscal_year_start,
        )
    if not is_known_currency(model.currency):
        yield error(
            "model.currency",
            "this is not an ISO 4217 currency code",
            value=model.currency,
            suggestion="use a code such as EUR or USD",
        )
