"""What the laws of change sets look at."""

from collections.abc import Iterable
from typing import Any

import attrs

from crmcore.changes import (
    ChangeSet,
    Check,
    CheckExists,
    CheckNone,
    ConflictError,
    Delete,
    Insert,
    same_content,
)
from crmcore.entities import Record
from crmcore.query import matches
from crmcore.testing.verdict import form
from crmcore.values import Ref


def content(records: Iterable[Record]) -> list[Any]:
    """What records say, versions and moments of update apart, by reference."""
    plain = (attrs.evolve(one, version=0, updated_at=None) for one in records)
    return [form(one) for one in sorted(plain, key=lambda one: one.ref)]


def overlaid(stored: Iterable[Record], changes: ChangeSet) -> list[Record]:
    """The records as a decision sees them that is made on the outcome of ``changes``."""
    there = {one.ref: one for one in stored}
    for one in changes:
        if isinstance(one, Delete):
            del there[one.ref]
        else:
            there[one.ref] = one.after
    return list(there.values())


def one_after_the_other(stored: Iterable[Record], sets: Iterable[ChangeSet]) -> list[Record]:
    """What is stored once each set is committed to what the ones before it left.

    A later set counts on the records that an earlier one wrote if it saw them as that set left
    them. ``ConflictError`` where any of the sets does not fit.
    """
    there = {one.ref: one for one in stored}
    written: set[Ref[Any]] = set()
    for changes in sets:
        for one in changes:
            before = None if isinstance(one, Insert) else one.before
            if not _is_as_seen(there.get(one.ref), before, is_new=one.ref in written):
                raise ConflictError(one.ref, "as seen", "another")
        for check in changes.checks:
            if not _holds(check, there, changes):
                raise ConflictError(None, str(check), "something else")
        there = {one.ref: one for one in overlaid(there.values(), changes)}
        written |= changes.refs
    return list(there.values())


def _is_as_seen(found: Record | None, seen: Record | None, *, is_new: bool) -> bool:
    if found is None or seen is None:
        return found is seen
    return same_content(found, seen) if is_new else found.version == seen.version


def _holds(check: Check, there: dict[Ref[Any], Record], changes: ChangeSet) -> bool:
    if isinstance(check, CheckNone):
        return not any(
            ref.kind == check.query.kind and matches(check.query.where, one)
            for ref, one in there.items()
            if ref not in changes.refs
        )
    found = there.get(check.ref)
    if isinstance(check, CheckExists):
        return found is not None
    return check.version == (0 if found is None else found.version)
