"""Query: a question as data, comparable, printable and serialisable.

``F`` builds filters, ``Query`` asks for records, ``run`` answers in memory: the reference meaning
that every adapter keeps to.
"""

from __future__ import annotations

from crmcore.query.answer import matches, position, run
from crmcore.query.filters import (
    ALL,
    Always,
    And,
    Compare,
    Contains,
    F,
    Filter,
    In,
    Missing,
    Not,
    Operator,
    Or,
    Order,
    Path,
    StartsWith,
)
from crmcore.query.predicate import predicate
from crmcore.query.question import Query
from crmcore.query.read import DERIVED, check_path, field_at, paths, read, read_filter
from crmcore.query.sieve import sieve
from crmcore.query.values import equal, sort_key, value_at

__all__ = [
    "ALL",
    "DERIVED",
    "Always",
    "And",
    "Compare",
    "Contains",
    "F",
    "Filter",
    "In",
    "Missing",
    "Not",
    "Operator",
    "Or",
    "Order",
    "Path",
    "Query",
    "StartsWith",
    "check_path",
    "equal",
    "field_at",
    "matches",
    "paths",
    "position",
    "predicate",
    "read",
    "read_filter",
    "run",
    "sieve",
    "sort_key",
    "value_at",
]
