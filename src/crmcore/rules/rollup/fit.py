"""Fit: whether a rollup can work with a model."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import attrs

from crmcore.entities.record import Record, kind_of
from crmcore.errors import CrmError, did_you_mean
from crmcore.findings import Finding, Findings, ModelError, error, warning
from crmcore.query import read_filter
from crmcore.query.filters import is_filter
from crmcore.rules.rollup.dates import resolved
from crmcore.rules.rollup.definition import (
    Definition,
    Rollup,
    about,
    circle,
    needs,
    part_findings,
)
from crmcore.rules.rollup.formula import Formula
from crmcore.rules.rollup.measure import Measure, Named
from crmcore.rules.rollup.sound import empty_findings, problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crmcore.model.model import Model


def check(rollup: Rollup, model: Model) -> Findings:
    """Everything doubtful about a rollup with a model; an error means that it cannot work."""
    links = () if rollup.via is None else (rollup.via,)
    entities = sorted({rollup.child, rollup.over, *links}, key=kind_of)
    found = Findings(one for entity in entities for one in _entity(entity, rollup.name, model))
    if found.errors:
        return found
    empty = empty_findings(
        rollup.empty,
        rollup.value,
        rollup.aggregate,
        schema=model.schema(rollup.child),
        currency=rollup.currency or model.currency,
    )
    parts = (*part_findings(rollup, model.schema), *empty, *_where(rollup, model))
    return found + [about(rollup, one) for one in parts]


def check_together(definitions: Iterable[Definition]) -> Findings:
    """What is wrong between definitions: figures that are not there, or made of themselves."""
    by_name = {one.name: one for one in definitions}
    found: list[Finding] = []
    for one in by_name.values():
        for name in needs(one):
            if name not in by_name:
                found.append(
                    error(
                        "rollup.unknown",
                        "there is no figure of this name",
                        path=one.name,
                        value=name,
                        suggestion=did_you_mean(name, by_name),
                    )
                )
            elif by_name[name].over is not one.over:
                found.append(
                    error(
                        "rollup.over",
                        "a figure is made of figures of the same entity",
                        path=one.name,
                        value=name,
                    )
                )
    loop = circle(by_name)
    if loop is not None:
        found.append(
            error(
                "rollup.circle",
                "these figures are made of one another",
                path=loop[0],
                value=" -> ".join(loop),
                suggestion="define one of them by records alone",
            )
        )
    return Findings(found)


def bound(
    definitions: Iterable[Definition], measures: Iterable[Measure[Any]]
) -> tuple[Definition, ...]:
    """The definitions with the measures that they name, where there are such.

    Raises ``ModelError`` where a measure does not go with the operation.
    """
    by_name = {one.name: one for one in measures}
    return tuple(
        attrs.evolve(one, value=by_name[one.value.name])
        if isinstance(one, Rollup)
        and isinstance(one.value, Named | Measure)
        and one.value.name in by_name
        else one
        for one in definitions
    )


def check_named(definitions: Iterable[Definition], measures: Iterable[Measure[Any]]) -> Findings:
    """The measures that definitions name, and that are not there; and names that come twice."""
    names = [one.name for one in measures]
    unknown = [
        error(
            "rollup.measure",
            "there is no measure of this name in the book",
            path=one.name,
            value=one.value.name,
            suggestion=did_you_mean(one.value.name, names) or "register it: with_measures",
        )
        for one in definitions
        if isinstance(one, Rollup) and isinstance(one.value, Named)
    ]
    twice = dict.fromkeys(one for one in names if names.count(one) > 1)
    found = [error("rules.twice", "two measures have the same name", value=one) for one in twice]
    return Findings([*unknown, *found])


def check_formula(formula: Formula, model: Model) -> Findings:
    """Everything doubtful about a formula by itself with a model."""
    return Findings([*_entity(formula.over, formula.name, model)])


def require_sound(rollup: Rollup, model: Model) -> None:
    """Raise ``ModelError`` with every error that ``check`` finds, if it finds any."""
    found = check(rollup, model).errors
    if found:
        raise ModelError("rollup", found)


def _entity(entity: type[Record], name: str, model: Model) -> Iterator[Finding]:
    kind = kind_of(entity)
    if not model.has(entity) or model.schema(entity).entity is not entity:
        yield error(
            "rollup.entity",
            "the model does not have this entity",
            path=name,
            value=kind,
            suggestion=f"use model.with_entity({entity.__name__})",
        )
    elif not model.is_enabled(entity):
        yield warning(
            "rollup.disabled",
            "this entity is disabled in the model",
            path=name,
            value=kind,
            suggestion=f"use model.with_enabled({entity.__name__})",
        )


def _where(rollup: Rollup, model: Model) -> Iterator[Finding]:
    schema = model.schema(rollup.child)
    filters = [("where", rollup.where)]
    if is_filter(value := rollup.value):
        filters.append(("value", value))
    for part, where in filters:
        try:
            today = resolved(where, schema, date(2000, 1, 1), model.calendar)
            read_filter(today, rollup.child, model)
        except CrmError as wrong:
            yield problem(part, str(wrong), code="field")
