"""Strategies: records, change sets, queries and whole worlds for Hypothesis, from the schema.

A user's own entities and custom fields are drawn as well: pass the model that has them.
"""

from __future__ import annotations

from crmcore.testing.strategies.changes import change_sets, checks
from crmcore.testing.strategies.questions import filters, queries
from crmcore.testing.strategies.records import custom_values, one_value, records
from crmcore.testing.strategies.values import (
    addresses,
    dates,
    emails,
    ids,
    moments,
    moneys,
    numbers,
    person_names,
    phones,
    refs,
    scalars,
    texts,
    urls,
    wholes,
)
from crmcore.testing.strategies.worlds import worlds

__all__ = [
    "addresses",
    "change_sets",
    "checks",
    "custom_values",
    "dates",
    "emails",
    "filters",
    "ids",
    "moments",
    "moneys",
    "numbers",
    "one_value",
    "person_names",
    "phones",
    "queries",
    "records",
    "refs",
    "scalars",
    "texts",
    "urls",
    "wholes",
    "worlds",
]
