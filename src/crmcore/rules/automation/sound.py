"""Sound: whether the parts of an automation rule can work; every problem is a finding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from crmcore.entities.activity import Activity
from crmcore.errors import CrmError
from crmcore.findings import Finding, Severity, error
from crmcore.model.check_value import check_field
from crmcore.model.describe import EntitySchema, FieldSchema, Holds, describe
from crmcore.query import Path, field_at
from crmcore.query.filters import is_filter
from crmcore.rules.automation.effect import (
    AddLabel,
    AssignOwner,
    Call,
    CreateActivity,
    Effect,
    InDays,
    MoveStage,
    Set,
)
from crmcore.rules.automation.trigger import Changed, EnteredStage, TimePassed, Trigger


def problem(code: str, name: str, message: str, **rest: Any) -> Finding:
    """A finding about a rule; its path is the rule's name."""
    return error(f"automation.{code}", message, path=str(name), **rest)


def part_findings(
    name: Any, when: Any, where: Any, then: tuple[Any, ...], schema: EntitySchema
) -> list[Finding]:
    """What cannot be, as far as ``schema`` tells; custom fields that it lacks are passed over."""
    found: list[Finding] = []
    if not isinstance(name, str) or not name.strip():
        found.append(problem("name", "", "a rule needs a name", value=name))
    if not isinstance(when, Trigger):
        hint = "such as Created() or Changed(F.amount)"
        found.append(problem("when", name, "this is no trigger", value=when, suggestion=hint))
    else:
        found += _trigger(name, when, schema)
    if not is_filter(where):
        hint = "write F.amount.amount >= 100, or leave it out"
        found.append(problem("where", name, "this is no filter", value=where, suggestion=hint))
    if not then:
        found.append(problem("then", name, "a rule needs something to do"))
    for one in then:
        if isinstance(one, Effect):
            found += _effect(name, one, schema)
        else:
            hint = 'such as Set("next_step", "call")'
            found.append(problem("then", name, "this is no effect", value=one, suggestion=hint))
    return found


def _trigger(name: str, when: Trigger, schema: EntitySchema) -> Iterator[Finding]:
    if isinstance(when, Changed):
        if not when.fields:
            yield problem("when", name, "Changed needs at least one field")
        for path in when.fields:
            yield from _named(name, path, schema)
    elif isinstance(when, EnteredStage) and schema.kind != "opportunity":
        yield problem("when", name, "only deals enter stages", value=schema.kind)
    elif isinstance(when, TimePassed):
        yield from _since(name, when, schema)


def _since(name: str, when: TimePassed, schema: EntitySchema) -> Iterator[Finding]:
    if not isinstance(when.after, timedelta):
        hint = "timedelta(days=3)"
        yield problem("when", name, "after is a timedelta", value=when.after, suggestion=hint)
    limit = when.not_before
    if limit is not None and (not isinstance(limit, datetime) or limit.tzinfo is None):
        yield problem("when", name, "not_before is a moment with a time zone", value=limit)
    if _is_unknown_custom(when.since, schema):
        return
    try:
        one, python = field_at(Path(*when.since.split(".")), schema)
    except CrmError as wrong:
        yield problem("field", name, str(wrong))
        return
    if one.holds is not Holds.ONE or not issubclass(python, date):
        yield problem("when", name, f"{when.since} is no date and no moment", value=when.since)


def _is_unknown_custom(path: str, schema: EntitySchema) -> bool:
    return path.startswith("custom.") and not schema.has(path)


def _named(name: str, path: str, schema: EntitySchema) -> Iterator[Finding]:
    """That a field exists; one that only the model may know is passed over."""
    if not schema.has(path) and not _is_unknown_custom(path, schema):
        yield from _unknown(name, path, schema)


def _unknown(name: str, path: str, schema: EntitySchema) -> Iterator[Finding]:
    try:
        schema.field(path)
    except CrmError as wrong:
        yield problem("field", name, str(wrong), value=path)


def _effect(name: str, one: Effect, schema: EntitySchema) -> Iterator[Finding]:
    match one:
        case Set(path, value):
            yield from _named(name, path, schema)
            if schema.has(path):
                yield from _set(name, schema.field(path), value)
        case MoveStage():
            if schema.kind != "opportunity":
                yield problem("then", name, "only deals have stages", value=schema.kind)
        case CreateActivity():
            yield from _activity(name, one, schema)
        case AssignOwner():
            yield from _assign(name, one)
        case AddLabel(text) | Call(text):
            if not isinstance(text, str) or not text.strip():
                message = "a label and the name of a function are text that is not blank"
                yield problem("then", name, message, value=text)


def _assign(name: str, one: AssignOwner) -> Iterator[Finding]:
    if not one.users:
        yield problem("then", name, "there is nobody to assign to", value=str(one))
    elif len(set(one.users)) < len(one.users):
        yield problem("then", name, "a user is listed twice", value=", ".join(one.users))
    if not is_filter(one.load):
        yield problem("then", name, "load is a filter", value=one.load)


def _set(name: str, one: FieldSchema, value: Any) -> Iterator[Finding]:
    if one.is_system:
        yield problem("then", name, f"{one.path} is written by the library", value=one.path)
    elif isinstance(value, InDays):
        if one.holds is not Holds.ONE or not issubclass(one.python, date):
            yield problem("then", name, f"{one.path} is no date and no moment", value=str(value))
    else:
        for found in check_field(one, value, one.path):
            if found.severity is Severity.ERROR:
                yield problem(
                    "value", name, found.message, value=value, suggestion=found.suggestion
                )


def activity_field(kind: str) -> str | None:
    """The field of an activity that can name a record of this kind; ``None`` where none can."""
    for path in ("about", "who"):
        lookup = describe(Activity).field(path).lookup
        if lookup is not None and lookup.accepts(kind):
            return path
    return None


def _activity(name: str, one: CreateActivity, schema: EntitySchema) -> Iterator[Finding]:
    if activity_field(schema.kind) is None:
        hint = "use a rule on the account, deal, lead or contact instead"
        message = "an activity cannot be about such a record"
        yield problem("then", name, message, value=schema.kind, suggestion=hint)
    values = {"subject": one.subject, "kind": one.kind, "priority": one.priority}
    for path, value in values.items():
        yield from _set(name, describe(Activity).field(path), value)
    if one.due_in is not None and type(one.due_in) is not int:
        yield problem("then", name, "due_in is a whole number of days", value=one.due_in)
