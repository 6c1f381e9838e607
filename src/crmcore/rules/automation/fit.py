"""Fit: whether automation rules can work with a model and the functions of their book."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from crmcore.entities.activity import Activity
from crmcore.entities.automation import RuleFiring, RuleState
from crmcore.entities.record import Record
from crmcore.errors import CrmError, did_you_mean
from crmcore.findings import Finding
from crmcore.model.model import Model
from crmcore.query import Filter, read_filter
from crmcore.rules.automation.definition import AutomationRule
from crmcore.rules.automation.effect import AssignOwner, Call, CreateActivity, MoveStage, Turn
from crmcore.rules.automation.sound import part_findings, problem
from crmcore.rules.automation.trigger import EnteredStage, TimePassed


def function_findings(rule: AutomationRule, functions: Collection[str]) -> Iterator[Finding]:
    """The functions that a rule calls and its book does not have."""
    for one in rule.then:
        if isinstance(one, Call) and one.function not in functions:
            yield problem(
                "function",
                rule.name,
                "the rule book has no such function",
                value=one.function,
                suggestion=did_you_mean(one.function, functions)
                or "pass it: with_automation(rule, functions={...})",
            )


def check(rule: AutomationRule, model: Model) -> list[Finding]:
    """Everything in a rule that does not fit the model."""
    needed = [rule.on]
    needed += [Activity for one in rule.then if isinstance(one, CreateActivity)]
    needed += [RuleState for one in rule.then if isinstance(one, AssignOwner)]
    needed += [RuleFiring] if isinstance(rule.when, TimePassed) else []
    found = [one for entity in needed for one in _entity(rule, entity, model)]
    if found:
        return found
    schema = model.schema(rule.on)
    custom = part_findings(rule.name, rule.when, rule.where, rule.then, schema)
    found = [*custom, *_custom(rule, model), *_filter(rule, rule.where, model)]
    for one in rule.then:
        if isinstance(one, AssignOwner) and one.by is Turn.LOAD:
            found += _filter(rule, one.load, model)
        if isinstance(one, MoveStage):
            found += _place(rule, one.pipeline, one.stage, model)
    if isinstance(rule.when, EnteredStage):
        found += _place(rule, rule.when.pipeline, rule.when.stage, model)
    return found


def _entity(rule: AutomationRule, entity: type[Record], model: Model) -> Iterator[Finding]:
    if not model.has(entity):
        yield problem(
            "entity",
            rule.name,
            "the model does not have this entity",
            value=entity.__name__,
            suggestion=f"use model.with_entity({entity.__name__})",
        )
    elif not model.is_enabled(entity):
        yield problem(
            "disabled",
            rule.name,
            "this entity is disabled in the model",
            value=entity.__name__,
            suggestion=f"use model.with_enabled({entity.__name__}), or take the rule out",
        )


def _custom(rule: AutomationRule, model: Model) -> Iterator[Finding]:
    """The custom fields that a rule names and the model does not have."""
    schema = model.schema(rule.on)
    named = [*getattr(rule.when, "fields", ()), getattr(rule.when, "since", None)]
    named += [getattr(one, "field", None) for one in rule.then]
    for path in named:
        if path is not None and path.startswith("custom.") and not schema.has(path):
            known = [one.path for one in schema.custom]
            yield problem(
                "field",
                rule.name,
                "the model has no such custom field",
                value=path,
                suggestion=did_you_mean(path, known),
            )


def _filter(rule: AutomationRule, where: Filter, model: Model) -> Iterator[Finding]:
    try:
        read_filter(where, rule.on, model)
    except CrmError as wrong:
        yield problem("where", rule.name, str(wrong))


def _place(
    rule: AutomationRule, pipeline: str | None, stage: str | None, model: Model
) -> Iterator[Finding]:
    """What is unknown of a pipeline and a stage of it."""
    pipelines = [one for one in model.pipelines if pipeline in (None, one.key)]
    if not pipelines:
        keys = [one.key for one in model.pipelines]
        hint = did_you_mean(str(pipeline), keys)
        message = "the model has no such pipeline"
        yield problem("stage", rule.name, message, value=pipeline, suggestion=hint)
        return
    known = [stage.key for one in pipelines for stage in one.stages]
    if stage is not None and stage not in known:
        hint = did_you_mean(str(stage), known)
        message = "the model has no such stage"
        yield problem("stage", rule.name, message, value=stage, suggestion=hint)
