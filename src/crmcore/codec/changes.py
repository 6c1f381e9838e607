"""Changes as data: a change set, its checks included, as plain JSON-ready objects, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from crmcore.changes import (
    Change,
    ChangeSet,
    Check,
    CheckExists,
    CheckNone,
    CheckVersion,
    Delete,
    Insert,
    Update,
)
from crmcore.codec.codec import Codec
from crmcore.codec.containers import each, read_items
from crmcore.codec.errors import Misfit, decode_error, encode_error, under
from crmcore.codec.query import fields, read_query, write_query
from crmcore.entities.record import Record
from crmcore.errors import UsageError, did_you_mean
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.ports.rows import Json
from crmcore.values.ref import Ref

_HEAD: Mapping[str, Any] = {"reason": str | None, "by": str | None, "at": datetime | None}
"""The types of what a set carries besides changes and checks."""


def dump_changes(changes: ChangeSet, model: Model = STANDARD_MODEL) -> dict[str, Json]:
    """The change set as an object; every record is whole, with its version.

    Raises ``EncodeError`` for a value that cannot be written.
    """
    codec = Codec(model)
    written: dict[str, Json] = {}
    try:
        for name, hint in _HEAD.items():
            with under(name):
                written[name] = codec.forms.of(hint).write(getattr(changes, name))
        with under("changes"):
            written["changes"] = each(changes, lambda one: _write_change(one, codec))
        for name in ("checks", "undo_checks"):
            with under(name):
                checks = getattr(changes, name)
                written[name] = each(checks, lambda one: _write_check(one, codec))
    except Misfit as misfit:
        raise encode_error(misfit, "changes") from None
    return written


def load_changes(stored: Mapping[str, Json], model: Model = STANDARD_MODEL) -> ChangeSet:
    """The change set that ``dump_changes`` wrote; raises ``DecodeError`` for anything else."""
    codec = Codec(model)
    read: dict[str, Any] = {}
    try:
        given = fields(stored, required=(*_HEAD, "changes", "checks", "undo_checks"))
        for name, hint in _HEAD.items():
            with under(name):
                read[name] = codec.forms.of(hint).read(given[name])
        with under("changes"):
            read["changes"] = read_items(given["changes"], lambda one: _read_change(one, codec))
        for name in ("checks", "undo_checks"):
            with under(name):
                read[name] = read_items(given[name], lambda one: _read_check(one, codec))
        return ChangeSet(**read)
    except Misfit as misfit:
        raise decode_error(misfit, "changes") from None
    except UsageError as refused:
        raise decode_error(Misfit(refused.value, refused.why), "changes") from None


def _write_change(change: Change, codec: Codec) -> Json:
    record = codec.forms.of(Record)
    match change:
        case Insert(after):
            return {"insert": record.write(after)}
        case Update(before, after):
            return {"update": [record.write(before), record.write(after)]}
        case Delete(before):
            return {"delete": record.write(before)}


def _read_change(stored: Json, codec: Codec) -> Change:
    record = codec.forms.of(Record)

    def read_update(pair: Json) -> Update:
        records = read_items(pair, record.read)
        if len(records) != len(("before", "after")):
            raise Misfit(pair, "this must be the record before and after")
        return Update(*records)

    read: Change = _one_of(
        stored,
        insert=lambda one: Insert(record.read(one)),
        update=read_update,
        delete=lambda one: Delete(record.read(one)),
    )
    return read


def _write_check(check: Check, codec: Codec) -> Json:
    ref = codec.forms.of(Ref)
    match check:
        case CheckVersion(one, version):
            return {"version": {"ref": ref.write(one), "version": version}}
        case CheckExists(one):
            return {"exists": ref.write(one)}
        case CheckNone(query):
            return {"none": write_query(query, codec)}


def _read_check(stored: Json, codec: Codec) -> Check:
    ref = codec.forms.of(Ref)

    def read_version(inner: Json) -> CheckVersion:
        given = fields(inner, required=("ref", "version"))
        return CheckVersion(ref.read(given["ref"]), codec.forms.of(int).read(given["version"]))

    read: Check = _one_of(
        stored,
        version=read_version,
        exists=lambda one: CheckExists(ref.read(one)),
        none=lambda one: CheckNone(read_query(one, codec)),
    )
    return read


def _one_of(stored: Json, **readers: Callable[[Json], Any]) -> Any:
    """What an object with one key says, read in the way of that key."""
    key = next(iter(stored), None) if isinstance(stored, Mapping) and len(stored) == 1 else None
    if key not in readers:
        hint = (
            did_you_mean(key, readers) if isinstance(key, str) else f"known: {', '.join(readers)}"
        )
        raise Misfit(stored, f"this must be an object with one key; {hint}")
    with under(key):
        return readers[key](stored[key])
