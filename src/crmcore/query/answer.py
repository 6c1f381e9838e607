"""Answers: the reference meaning of filters and queries, evaluated in memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from attrs import frozen

from crmcore.query.filters import (
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
    StartsWith,
)
from crmcore.query.question import Query
from crmcore.query.values import equal, ordered, sort_key, value_at
from crmcore.values.ref import Ref

R = TypeVar("R")


def matches(where: Filter, record: Any) -> bool:  # noqa: C901  # a line for each kind of filter
    """Whether a filter is true of a record, or of a mapping: the reference meaning of filters."""
    match where:
        case Always():
            return True
        case And(terms):
            return all(matches(term, record) for term in terms)
        case Or(terms):
            return any(matches(term, record) for term in terms)
        case Not(term):
            return not matches(term, record)
        case Missing(path):
            return value_at(record, path) is None
        case Compare(path, Operator.EQ, value):
            return equal(value_at(record, path), value)
        case Compare(path, operator, value):
            return ordered(operator, value_at(record, path), value)
        case In(path, values):
            found = value_at(record, path)
            if isinstance(found, str | Ref):
                return found in where.names
            return any(equal(found, value) for value in values)
        case StartsWith(path, text):
            found = value_at(record, path)
            return isinstance(found, str) and found.startswith(text)
        case Contains(path, value):
            return _contains(value_at(record, path), value)


def _contains(found: Any, value: Any) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    if isinstance(found, tuple | list | frozenset):
        return any(equal(item, value) for item in found)
    return isinstance(found, Mapping) and isinstance(value, str) and value in found


@frozen(order=False, eq=False)
class _Descending:
    key: tuple[Any, ...]

    def __lt__(self, other: _Descending) -> bool:
        return other.key < self.key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _position(values: Iterable[Any], order: tuple[Order, ...]) -> tuple[Any, ...]:
    *keys, last = map(sort_key, values)
    flips = [
        _Descending(key) if one.descending else key for key, one in zip(keys, order, strict=True)
    ]
    return (*flips, last)


def position(record: Any, order: tuple[Order, ...]) -> tuple[Any, ...]:
    """A key by which records sort in an order, with the id as last key (law S5)."""
    return _position(
        (*(value_at(record, one.path) for one in order), value_at(record, F.id)), order
    )


def run(query: Query[R], records: Iterable[R]) -> Iterator[R]:
    """What ``query`` answers over ``records``: the reference meaning of a query.

    ``records`` are those of the query's kind, in any order; they may be mappings.
    """
    kept = (record for record in records if matches(query.where, record))

    def position(record: R) -> tuple[Any, ...]:
        return _position(query.cursor(record), query.order)

    if query.after is not None:
        start = _position(query.after, query.order)
        kept = (record for record in kept if start < position(record))
    if query.limit is not None:
        return iter(heapq.nsmallest(query.limit, kept, key=position))
    return iter(sorted(kept, key=position))
