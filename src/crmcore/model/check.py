"""Check: all findings of one record, read against the model.

Bad data never raises. What would make the record unusable is an error: a wrong type, a missing
required value, text that cannot be stored. What is merely doubtful is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from crmcore.entities import Contact, Lead, Opportunity, Record, kind_of
from crmcore.errors import did_you_mean
from crmcore.fields import (
    Email,
    Lookup,
    MultiPicklist,
    Number,
    Percent,
    Phone,
    Picklist,
    Text,
    Url,
    Whole,
)
from crmcore.findings import Finding, Findings, error, remark, warning
from crmcore.model.describe import EntitySchema, FieldSchema, Holds, parts
from crmcore.model.model import Model
from crmcore.model.pipeline import ForecastCategory
from crmcore.model.policies import ContactAccount
from crmcore.values import FrozenMap, Money, PersonName, Ref
from crmcore.values.currency import is_known_currency
from crmcore.values.email import is_email
from crmcore.values.text import bad_characters

MAX_TEXT = 100_000
"""The most characters a text field holds unless it says otherwise."""


def check_record(record: Record, model: Model) -> Findings:
    """Every finding of one record by itself, in the order of its fields.

    What must hold *between* records (references, hierarchies, primary roles) is checked by
    ``crmcore.rules.integrity``.
    """
    kind = kind_of(type(record))
    if not model.has(type(record)):
        return Findings(
            [
                error(
                    "entity.unknown",
                    "the model does not have this entity",
                    ref=record.ref,
                    value=kind,
                    suggestion=did_you_mean(kind, model.kinds) or "use model.with_entity",
                )
            ]
        )
    schema = model.schema(kind)
    found = [one for part in (_identity, _fields, _custom_keys) for one in part(record, schema)]
    if not model.is_enabled(kind):
        found.append(
            error(
                "entity.disabled",
                f"{schema.plural} are disabled in this model",
                suggestion="enable them with model.with_enabled",
            )
        )
    doubtful = frozenset(one.path.partition(".")[0] for one in found)
    found += _own_rules(record, model, doubtful)
    return Findings(_about(one, record) for one in found)


def _about(one: Finding, record: Record) -> Finding:
    return Finding(
        code=one.code,
        severity=one.severity,
        message=one.message,
        ref=Ref(kind_of(type(record)), str(record.id)),
        path=one.path,
        value=one.value,
        suggestion=one.suggestion,
    )


def _identity(record: Record, schema: EntitySchema) -> Iterator[Finding]:
    if isinstance(record.id, str) and not record.id:
        yield error("id.empty", "an id is any text that is not empty", path="id", value=record.id)
    version: Any = record.version
    if isinstance(version, int) and version < 0:
        yield error("version.negative", "a version is 0 or more", path="version", value=version)


def _fields(record: Record, schema: EntitySchema) -> Iterator[Finding]:
    for one in schema.fields:
        if one.is_custom and not isinstance(record.custom, Mapping):
            continue
        yield from _field(one, one.value(record))


def _custom_keys(record: Record, schema: EntitySchema) -> Iterator[Finding]:
    known = [one.name for one in schema.custom]
    for key, value in record.custom.items() if isinstance(record.custom, Mapping) else ():
        if key not in known:
            yield error(
                "custom.unknown",
                "the model has no such custom field",
                path=f"custom.{key}",
                value=value,
                suggestion=did_you_mean(str(key), known)
                or f"declare it: model.with_custom_fields({schema.entity.__name__}, ...)",
            )


def _field(one: FieldSchema, value: Any) -> Iterator[Finding]:
    if value is None:
        if not one.is_optional:
            yield error("value.missing", f"{one.label} needs a value", path=one.path)
    elif one.holds is Holds.ONE:
        yield from _value(one, value, one.path)
    elif one.holds is Holds.MAP:
        yield from _map(one, value)
    else:
        wanted = tuple if one.holds is Holds.TUPLE else frozenset
        if not isinstance(value, wanted):
            yield _wrong_type(one, value, one.path, f"a {wanted.__name__} of values")
            return
        items = sorted(value, key=str) if isinstance(value, frozenset) else value
        for index, item in enumerate(items):
            place = f"{one.path}[{index}]" if one.holds is Holds.TUPLE else one.path
            yield from _value(one, item, place)


def _map(one: FieldSchema, value: Any) -> Iterator[Finding]:
    if not isinstance(value, FrozenMap):
        yield _wrong_type(one, value, one.path, "a mapping")
        return
    for key, item in value.items():
        place = f"{one.path}.{key}"
        if not isinstance(key, str):
            yield error("type.wrong", "a key must be text", path=place, value=key)
        else:
            yield from _text(key, place, MAX_TEXT)
        if one.python is not object and not isinstance(item, one.python):
            yield _wrong_type(one, item, place, _called(one.python))
        else:
            yield from _plain(item, place)


def _value(one: FieldSchema, value: Any, path: str) -> Iterator[Finding]:
    if not _is_a(value, one.python):
        yield _wrong_type(one, value, path, _called(one.python))
        return
    yield from _plain(value, path)
    if isinstance(value, str):
        yield from _meant_text(one, value, path)
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield from _range(one, value, path)
    elif isinstance(value, Ref) and one.lookup is not None and not one.lookup.accepts(value.kind):
        yield error(
            "reference.kind",
            f"{one.label} refers to {' or '.join(one.lookup.kinds)}",
            path=path,
            value=str(value),
        )


def _is_a(value: Any, python: type) -> bool:
    if isinstance(value, bool):
        return python in (bool, object)
    if python is date and isinstance(value, datetime):
        return False
    return isinstance(value, python)


_CALLED = {
    str: "text",
    int: "a whole number",
    bool: "True or False",
    Decimal: "a Decimal",
    date: "a date without time",
    datetime: "an aware datetime",
    Money: "Money(amount, currency)",
    Ref: "a reference, such as record.ref",
    PersonName: "PersonName(family=..., given=...)",
}


def _called(python: type) -> str:
    return _CALLED.get(python, python.__name__)


def _wrong_type(one: FieldSchema, value: Any, path: str, wanted: str) -> Finding:
    hint = f"use {wanted}"
    if isinstance(value, float):
        hint = f"floats are not exact: use {wanted}"
    return error(
        "type.wrong",
        f"{one.label} is {wanted}, not {type(value).__name__}",
        path=path,
        value=value,
        suggestion=hint,
    )


def _plain(value: Any, path: str) -> Iterator[Finding]:
    """What makes any value unfit to be stored, at any depth."""
    if isinstance(value, str):
        yield from _text(value, path, None)
    elif isinstance(value, float):
        yield error(
            "type.wrong", "floats are not exact", path=path, value=value, suggestion="use Decimal"
        )
    elif isinstance(value, Decimal):
        if not value.is_finite():
            yield error("number.not_finite", "a number must be finite", path=path, value=value)
    elif isinstance(value, datetime):
        yield from _moment(value, path)
    elif isinstance(value, Money):
        yield from _money(value, path)
    elif isinstance(value, tuple | frozenset):
        for item in value:
            yield from _plain(item, path)
    elif isinstance(value, FrozenMap):
        for key, item in value.items():
            yield from _text(str(key), path, MAX_TEXT)
            yield from _plain(item, f"{path}.{key}")
    elif not isinstance(value, Record):
        for name, part in parts(type(value)).items():
            yield from _part(getattr(value, name), part, f"{path}.{name}")


def _part(value: Any, python: type, path: str) -> Iterator[Finding]:
    if value is None:
        return
    if not _is_a(value, python):
        yield error(
            "type.wrong",
            f"this must be {_called(python)}, not {type(value).__name__}",
            path=path,
            value=value,
        )
    else:
        yield from _plain(value, path)


def _text(value: str, path: str, limit: int | None) -> Iterator[Finding]:
    bad = bad_characters(value)
    if bad:
        yield error(
            "text.characters",
            f"this text has characters that cannot be stored: {', '.join(bad[:5])}",
            path=path,
            value=value,
            suggestion="remove them",
        )
    most = MAX_TEXT if limit is None else limit
    if len(value) > most:
        yield error(
            "text.too_long",
            f"this text has {len(value):,} characters, at most {most:,} are kept",
            path=path,
            value=value,
            suggestion="keep long content elsewhere, as an Attachment",
        )


def _moment(value: datetime, path: str) -> Iterator[Finding]:
    if value.tzinfo is None:
        yield error(
            "moment.naive",
            "a moment needs a time zone",
            path=path,
            value=value,
            suggestion="use datetime.now(UTC), or .replace(tzinfo=UTC)",
        )
    elif value.utcoffset() != timedelta(0):
        yield error(
            "moment.not_utc",
            "a moment is kept in UTC",
            path=path,
            value=value,
            suggestion="use .astimezone(UTC)",
        )


def _money(value: Money, path: str) -> Iterator[Finding]:
    if not is_known_currency(value.currency):
        yield warning(
            "currency.unknown",
            "this is not an ISO 4217 currency",
            path=path,
            value=value.currency,
        )


def _meant_text(one: FieldSchema, value: str, path: str) -> Iterator[Finding]:
    meaning = one.meaning
    if one.is_required and not value.strip():
        yield error("value.missing", f"{one.label} needs a value", path=path, value=value)
    elif isinstance(meaning, Text) and meaning.max_length is not None:
        if len(value) > meaning.max_length:
            yield from _text(value, path, meaning.max_length)
    elif isinstance(meaning, Email) and not is_email(value):
        yield warning(
            "email.form", "this does not look like an e-mail address", path=path, value=value
        )
    elif isinstance(meaning, Phone) and not any(map(str.isdigit, value)):
        yield warning(
            "phone.form", "this does not look like a phone number", path=path, value=value
        )
    elif isinstance(meaning, Url) and (not value.strip() or " " in value.strip()):
        yield warning("url.form", "this does not look like a web address", path=path, value=value)
    elif isinstance(meaning, Picklist | MultiPicklist) and value not in meaning.options:
        kind = remark if meaning.open_ended else error
        yield kind(
            "picklist.unknown",
            f"{one.label} does not have this option",
            path=path,
            value=value,
            suggestion=did_you_mean(value, meaning.options),
        )
    elif isinstance(meaning, Lookup) and not value:
        yield error("reference.empty", "a reference is an id or None", path=path, value=value)


def _range(one: FieldSchema, value: int | Decimal, path: str) -> Iterator[Finding]:
    meaning = one.meaning
    if isinstance(value, Decimal) and not value.is_finite():
        return
    low: int | Decimal | None = None
    high: int | Decimal | None = None
    if isinstance(meaning, Percent):
        low, high = 0, 100
    elif isinstance(meaning, Whole | Number):
        low, high = meaning.minimum, meaning.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"from {low} to {high}"
        if low is None:
            bounds = f"at most {high}"
        yield error("number.range", f"{one.label} is {bounds}", path=path, value=value)


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
        start, end = getattr(record, first, None), getattr(record, last, None)
        if start is None or end is None or {first, last} & doubtful:
            continue
        if end < start:
            yield error(
                "interval.backwards",
                f"{last} is before {first}",
                path=last,
                value=end,
                suggestion=f"it must be {start} or later",
            )


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
