"""Reading a query against a model: do its fields exist, and what do derived ones stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from crmcore.entities.record import Record
from crmcore.errors import QueryError, UnknownNameError
from crmcore.model.describe import EntitySchema, FieldSchema, Holds, parts
from crmcore.model.model import Model
from crmcore.query.filters import (
    Always,
    And,
    Compare,
    F,
    Filter,
    In,
    Not,
    Operator,
    Or,
    Path,
)
from crmcore.query.question import Query


def paths(where: Filter) -> frozenset[Path]:
    """Every path that a filter looks at."""
    if isinstance(where, And | Or):
        return frozenset[Path]().union(*(paths(term) for term in where.terms))
    if isinstance(where, Not):
        return paths(where.term)
    return frozenset() if isinstance(where, Always) else frozenset({where.path})


def _stages(model: Model, category: str) -> Filter:
    """The deals whose stage is of this category, in whichever pipeline."""
    terms = [
        (F.pipeline == pipeline.key)
        & F.stage.in_(one.key for one in pipeline.stages if one.category == category)
        for pipeline in model.pipelines
    ]
    return terms[0] if len(terms) == 1 else Or(tuple(terms))


def _statuses(model: Model, category: str) -> Filter:
    return F.status.in_(one.key for one in model.lead_statuses if one.category == category)


DERIVED: tuple[tuple[str, str, Callable[[Model, str], Filter]], ...] = (
    ("opportunity", "stage_category", _stages),
    ("lead", "status_category", _statuses),
)
"""Fields that no record stores but filters may ask for: the model says what they stand for.

``F.stage_category == "open"`` are the deals in an open stage of any pipeline (law P1), and
``F.status_category == "converted"`` the leads with a status that means converted.
"""


def read(query: Query[Any], model: Model) -> Query[Any]:
    """The query as a repository understands it, with derived fields replaced.

    Raises ``UnknownNameError``, with the nearest name, for a field that does not exist.
    """
    for one in query.order:
        check_path(one.path, query.kind, model)
    return attrs.evolve(query, where=read_filter(query.where, query.kind, model))


def read_filter(where: Filter, entity: type[Record] | str, model: Model) -> Filter:
    """The filter with derived fields replaced; raises ``UnknownNameError`` for a wrong field."""
    kind = model.schema(entity).kind
    match where:
        case And(terms):
            return And(tuple(read_filter(term, kind, model) for term in terms))
        case Or(terms):
            return Or(tuple(read_filter(term, kind, model) for term in terms))
        case Not(term):
            return Not(read_filter(term, kind, model))
        case Always():
            return where
    for entity_kind, name, meaning in DERIVED:
        if entity_kind == kind and where.path.steps == (name,):
            return Or(tuple(meaning(model, str(value)) for value in _asked(where)))
    check_path(where.path, kind, model)
    return where


def _asked(where: Filter) -> tuple[Any, ...]:
    """The values that a filter on a derived field asks for."""
    if isinstance(where, In):
        return where.values
    if isinstance(where, Compare) and where.operator is Operator.EQ:
        return (where.value,)
    raise QueryError("a derived field is asked with == or in_", str(where))


def check_path(path: Path, entity: type[Record] | str, model: Model) -> FieldSchema:
    """The field at the start of ``path``; raises ``UnknownNameError`` for a wrong step."""
    return field_at(path, model.schema(entity))[0]


def field_at(path: Path, schema: EntitySchema) -> tuple[FieldSchema, type]:
    """The field at the start of ``path``, and the class of the value at its end.

    Raises ``UnknownNameError`` for a wrong step.
    """
    if not path.steps:
        raise QueryError("a filter needs a field", str(path), "write F.name == ...")
    first, *rest = path.steps
    if first == "custom" and rest:
        first, *rest = f"custom.{rest[0]}", *rest[1:]
    elif first not in {one.name for one in schema.standard}:
        known = tuple(one.path for one in schema.fields)
        raise UnknownNameError("field", first, known, schema.kind)
    found = schema.field(first)
    python: type = found.python
    for step in rest if found.holds is not Holds.MAP else ():
        known_parts = parts(python)
        if step not in known_parts:
            raise UnknownNameError("field", step, tuple(known_parts), f"{schema.kind}.{first}")
        python = known_parts[step]
    return found, python
