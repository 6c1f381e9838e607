"""Queries as data: a filter or query as plain JSON-ready objects, and back (law K4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcore.codec.codec import Codec
from crmcore.codec.containers import each, read_items
from crmcore.codec.errors import Misfit, decode_error, encode_error, under
from crmcore.codec.scalars import read_text, write_text
from crmcore.errors import QueryError, did_you_mean
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.ports.rows import Json
from crmcore.query import (
    ALL,
    Always,
    And,
    Compare,
    Contains,
    Filter,
    In,
    Missing,
    Not,
    Operator,
    Or,
    Order,
    Path,
    Query,
    StartsWith,
)


def dump_filter(where: Filter, model: Model = STANDARD_MODEL) -> dict[str, Json]:
    """The filter as an object such as ``{"op": "==", "path": ["name"], "value": "Acme"}``.

    Values say what they are, as in custom fields. Raises ``EncodeError`` for a value that cannot be
    written.
    """
    try:
        return write_filter(where, Codec(model))
    except Misfit as misfit:
        raise encode_error(misfit, "filter") from None


def load_filter(stored: Mapping[str, Json], model: Model = STANDARD_MODEL) -> Filter:
    """The filter that ``dump_filter`` wrote; raises ``DecodeError`` for anything else."""
    try:
        return read_filter(stored, Codec(model))
    except Misfit as misfit:
        raise decode_error(misfit, "filter") from None


def dump_query(query: Query[Any], model: Model = STANDARD_MODEL) -> dict[str, Json]:
    """The query as an object with ``kind``, ``where`` and, if any, ``order``, ``after``, ``limit``.

    Raises ``EncodeError`` for a value that cannot be written.
    """
    try:
        return write_query(query, Codec(model))
    except Misfit as misfit:
        raise encode_error(misfit, "query") from None


def load_query(stored: Mapping[str, Json], model: Model = STANDARD_MODEL) -> Query[Any]:
    """The query that ``dump_query`` wrote; raises ``DecodeError`` for anything else."""
    try:
        return read_query(stored, Codec(model))
    except Misfit as misfit:
        raise decode_error(misfit, "query") from None


def write_query(query: Query[Any], codec: Codec) -> dict[str, Json]:
    """What ``dump_query`` gives; raises ``Misfit``."""
    with under("where"):
        written: dict[str, Json] = {"kind": query.kind, "where": write_filter(query.where, codec)}
    if query.order:
        written["order"] = [
            {"path": list(one.path.steps), "descending": one.descending} for one in query.order
        ]
    if query.after is not None:
        with under("after"):
            written["after"] = each(query.after, codec.value)
    if query.limit is not None:
        written["limit"] = query.limit
    return written


def read_query(stored: Json, codec: Codec) -> Query[Any]:
    """What ``load_query`` gives; raises ``Misfit``."""
    given = fields(stored, required=("kind", "where"), optional=("order", "after", "limit"))
    kind, limit = given["kind"], given.get("limit")
    if not isinstance(kind, str):
        raise Misfit(kind, "this must be text", ("kind",))
    if limit is not None and type(limit) is not int:
        raise Misfit(limit, "this must be a whole number", ("limit",))
    with under("where"):
        where = read_filter(given["where"], codec)
    with under("order"):
        order = read_items(given.get("order", []), _read_order)
    with under("after"):
        after = given.get("after")
        after = None if after is None else tuple(read_items(after, codec.from_value))
    try:
        return Query(kind, where, order, after, limit)
    except QueryError as refused:
        raise Misfit(stored, refused.why) from None


def _read_order(stored: Json) -> Order:
    given = fields(stored, required=("path", "descending"))
    if type(given["descending"]) is not bool:
        raise Misfit(given["descending"], "this must be true or false", ("descending",))
    return Order(_read_path(given["path"]), given["descending"])


_JOINTS: Mapping[str, type[And | Or]] = {"and": And, "or": Or}
_OPERATORS = {one.value: one for one in Operator}
_SHAPES = {
    "all": (),
    "and": ("terms",),
    "or": ("terms",),
    "not": ("term",),
    "missing": ("path",),
    "in": ("path", "values"),
    "starts_with": ("path", "text"),
    "contains": ("path", "value"),
    **dict.fromkeys(_OPERATORS, ("path", "value")),
}


def write_filter(where: Filter, codec: Codec) -> dict[str, Json]:
    """What ``dump_filter`` gives; raises ``Misfit``."""
    match where:
        case Always():
            return {"op": "all"}
        case And(terms) | Or(terms):
            op = "and" if isinstance(where, And) else "or"
            with under("terms"):
                return {"op": op, "terms": each(terms, lambda one: write_filter(one, codec))}
        case Not(term):
            with under("term"):
                return {"op": "not", "term": write_filter(term, codec)}
    path = list(where.path.steps)
    match where:
        case Missing():
            return {"op": "missing", "path": path}
        case StartsWith(_, text):
            with under("text"):
                return {"op": "starts_with", "path": path, "text": write_text(text)}
        case In(_, values):
            with under("values"):
                return {"op": "in", "path": path, "values": each(values, codec.value)}
        case Compare(_, operator, value):
            with under("value"):
                return {"op": operator.value, "path": path, "value": codec.value(value)}
        case Contains(_, value):
            with under("value"):
                return {"op": "contains", "path": path, "value": codec.value(value)}


def read_filter(stored: Json, codec: Codec) -> Filter:
    """What ``load_filter`` gives; raises ``Misfit``."""
    op = stored.get("op") if isinstance(stored, Mapping) else None
    if not isinstance(op, str) or op not in _SHAPES:
        hint = did_you_mean(op, _SHAPES) if isinstance(op, str) else 'write {"op": ...}'
        raise Misfit(stored, f"this is not a filter: {hint}")
    given = fields(stored, required=("op", *_SHAPES[op]))
    if op == "all":
        return ALL
    if op in _JOINTS:
        with under("terms"):
            terms = read_items(given["terms"], lambda one: read_filter(one, codec))
        return _JOINTS[op](tuple(terms))
    if op == "not":
        with under("term"):
            return Not(read_filter(given["term"], codec))
    return _read_leaf(op, _read_path(given["path"]), given, codec)


def _read_leaf(op: str, path: Path, given: Mapping[str, Json], codec: Codec) -> Filter:
    if op == "missing":
        return Missing(path)
    if op == "in":
        with under("values"):
            return In(path, tuple(read_items(given["values"], codec.from_value)))
    if op == "starts_with":
        with under("text"):
            return StartsWith(path, read_text(given["text"]))
    with under("value"):
        value = codec.from_value(given["value"])
    return Contains(path, value) if op == "contains" else Compare(path, _OPERATORS[op], value)


def _read_path(stored: Json) -> Path:
    if not isinstance(stored, list) or not all(isinstance(step, str) for step in stored):
        raise Misfit(stored, "this must be a list of names", ("path",))
    return Path(*stored)


def fields(
    stored: Json, *, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Mapping[str, Json]:
    """An object with exactly these keys; raises ``Misfit``."""
    if not isinstance(stored, Mapping):
        raise Misfit(stored, f"this must be an object, not {type(stored).__name__}")
    for key in required:
        if key not in stored:
            raise Misfit(None, "this is missing", (key,))
    for key in stored:
        if key not in (*required, *optional):
            hint = did_you_mean(str(key), (*required, *optional))
            raise Misfit(key, f"this key is not known here; {hint}")
    return stored
