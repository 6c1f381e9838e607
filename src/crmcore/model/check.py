"""Check: all findings of one record, read against the model.

Bad data never raises. What would make the record unusable is an error: a wrong type, a missing
required value, text that cannot be stored. What is merely doubtful is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import attrs

from crmcore.entities import Contact, Lead, Opportunity, Record, kind_of
from crmcore.errors import did_you_mean, shown
from crmcore.findings import Finding, Findings, error, warning
from crmcore.model.check_value import check_field
from crmcore.model.describe import EntitySchema, FieldSchema
from crmcore.model.model import Model
from crmcore.model.pipeline import ForecastCategory
from crmcore.model.policies import ContactAccount
from crmcore.model.references import field_references
from crmcore.values import FrozenMap, Ref


def check_record(record: Record, model: Model) -> Findings:
    """Every finding of one record by itself, in the order of its fields.

    What must hold *between* records (references, hierarchies, primary roles) is checked by
    ``crmcore.rules.integrity``.
    """
    kind = kind_of(type(record))
    # A record's own reference may be of no use: its id may be of any type.
    ref: Ref[Any] = Ref(kind, record.id if isinstance(record.id, str) else shown(record.id))
    return Findings(attrs.evolve(one, ref=ref) for one in _findings(record, kind, model))


def _findings(record: Record, kind: str, model: Model) -> list[Finding]:
    if not model.has(type(record)):
        return [
            error(
                "entity.unknown",
                "the model does not have this entity",
                value=kind,
                suggestion=did_you_mean(kind, model.kinds) or "use model.with_entity",
            )
        ]
    schema = model.schema(kind)
    found = [*_identity(record), *_fields(record, schema, model), *_custom_keys(record, schema)]
    doubtful = frozenset(one.path.partition(".")[0] for one in found)
    if not model.is_enabled(kind):
        found.append(
            error(
                "entity.disabled",
                f"{schema.plural} are disabled in this model",
                suggestion="enable them with model.with_enabled",
            )
        )
    return [*found, *_own_rules(record, model, doubtful)]


def _identity(record: Record) -> Iterator[Finding]:
    if isinstance(record.id, str) and not record.id:
        yield error("id.empty", "an id is any text that is not empty", path="id", value=record.id)
    version: Any = record.version
    if isinstance(version, int) and version < 0:
        yield error("version.negative", "a version is 0 or more", path="version", value=version)


def _fields(record: Record, schema: EntitySchema, model: Model) -> Iterator[Finding]:
    for one in schema.fields:
        if one.is_custom and not isinstance(record.custom, FrozenMap):
            continue
        value = one.value(record)
        if value is None and one.is_optional:
            continue
        found = list(check_field(one, value, one.path))
        yield from found
        if not found and one.lookup is not None:
            yield from _kinds(record, one, model)


def _kinds(record: Record, one: FieldSchema, model: Model) -> Iterator[Finding]:
    for ref in field_references(record, one):
        if not model.has(ref.kind):
            yield error(
                "reference.kind",
                f"{one.label} refers to an entity that the model does not have",
                path=one.path,
                value=str(ref),
                suggestion=did_you_mean(ref.kind, model.kinds),
            )


def _custom_keys(record: Record, schema: EntitySchema) -> Iterator[Finding]:
    known = [one.name for one in schema.custom]
    for key, value in record.custom.items() if isinstance(record.custom, FrozenMap) else ():
        if not isinstance(key, str):
            continue  # reported as a wrong type
        if key not in known:
            yield error(
                "custom.unknown",
                "the model has no such custom field",
                path=f"custom.{key}",
                value=value,
                suggestion=did_you_mean(key, known)
                or f"declare it: model.with_custom_fields({schema.entity.__name__}, ...)",
            )


def _own_rules(record: Record, model: Model, doubtful: frozenset[str]) -> Iterator[Finding]:
    """What the fields of one record say together, for the entities of the library.

    Fields that are ``doubtful`` already are not looked at again.
    """
    yield from _interval(record, doubtful)
    if isinstance(record, Contact):
        yield from _contact(record, model, doubtful)
    elif isinstance(record, Lead):
        yield from _lead(record, model, doubtful)
    elif isinstance(record, Opportunity):
        yield from _opportunity(record, model, doubtful)


INTERVALS = (("start_on", "end_on"), ("opened_at", "closed_at"), ("starts_at", "ends_at"))
"""Pairs of fields, of any entity, of which the second is never before the first."""


def _interval(record: Record, doubtful: frozenset[str]) -> Iterator[Finding]:
    for first, last in INTERVALS:
        start: Any = getattr(record, first, None)  # Any: entities of users name fields as they like
        end: Any = getattr(record, last, None)  # Any: likewise
        if {first, last} & doubtful or not _are_comparable(start, end):
            continue
        if end < start:
            yield error(
                "interval.backwards",
                f"{last} is before {first}",
                path=last,
                value=end,
                suggestion=f"it must be {start} or later",
            )


def _are_comparable(start: object, end: object) -> bool:
    """Whether both are dates, or both moments: an entity of a user may mix them."""
    are_dates = isinstance(start, date) and isinstance(end, date)
    return are_dates and isinstance(start, datetime) is isinstance(end, datetime)


def _contact(record: Contact, model: Model, doubtful: frozenset[str]) -> Iterator[Finding]:
    if "name" not in doubtful and record.name.is_empty:
        yield error(
            "value.missing",
            "a contact needs a name",
            path="name",
            suggestion="PersonName(family=..., given=...)",
        )
    required = model.policies.contact_account is ContactAccount.REQUIRED
    if required and record.account_id is None:
        yield error(
            "contact.no_account",
            "this model asks every contact to have an account",
            path="account_id",
        )


def _lead(record: Lead, model: Model, doubtful: frozenset[str]) -> Iterator[Finding]:
    known = [one.key for one in model.lead_statuses]
    if "status" not in doubtful and record.status not in known:
        yield error(
            "lead.status",
            "the model has no such lead status",
            path="status",
            value=record.status,
            suggestion=did_you_mean(record.status, known),
        )
    named = "name" in doubtful or (record.name is not None and not record.name.is_empty)
    if not named and not any((record.company, record.email, record.phone, record.mobile)):
        yield warning(
            "lead.anonymous", "nothing says who this is: no name, company, e-mail or phone"
        )


def _opportunity(record: Opportunity, model: Model, doubtful: frozenset[str]) -> Iterator[Finding]:
    yield from _stage(record, model, doubtful)
    categories = [one.value for one in ForecastCategory]
    category = record.forecast_category
    if category is not None and category not in categories and "forecast_category" not in doubtful:
        yield error(
            "opportunity.forecast_category",
            "there is no such forecast category",
            path="forecast_category",
            value=category,
            suggestion=did_you_mean(category, categories),
        )


def _stage(record: Opportunity, model: Model, doubtful: frozenset[str]) -> Iterator[Finding]:
    if {"pipeline", "stage"} & doubtful:
        return
    pipelines = {one.key: one for one in model.pipelines}
    pipeline = pipelines.get(record.pipeline)
    if pipeline is None:
        yield error(
            "opportunity.pipeline",
            "the model has no such pipeline",
            path="pipeline",
            value=record.pipeline,
            suggestion=did_you_mean(record.pipeline, pipelines),
        )
    elif not pipeline.has(record.stage):
        yield error(
            "opportunity.stage",
            f"pipeline {pipeline} has no such stage",
            path="stage",
            value=record.stage,
            suggestion=did_you_mean(record.stage, [one.key for one in pipeline.stages]),
        )
