"""Automating: what automation rules need to see, gathered for the rules that act on a decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from crmcore.changes import ChangeSet
from crmcore.entities import Record
from crmcore.ports import Overlay, Snapshot
from crmcore.rules.automation import Automated, Due, automate, is_automated, needs
from crmcore.rules.rule import Context
from crmcore.rules.rulebook import RuleBook


def automated(
    changes: ChangeSet,
    snapshot: Snapshot,
    context: Context,
    rules: RuleBook,
    *,
    due: Iterable[Due] = (),
    records: Iterable[Record] = (),
) -> Automated:
    """The set with everything that the rules of the book do about it.

    ``due`` is what is due by time, and ``records`` what that is about. A set that was decided with
    automation already stays as it is.
    """
    waiting = tuple(due)
    kinds = {one.ref.kind for one in changes} | {one.ref.kind for one in waiting}
    if not rules.automation or (not waiting and (not changes or is_automated(changes))):
        return Automated(changes=changes)
    return automate(
        changes,
        rules=rules.automation,
        functions=rules.functions,
        records=(*_asked(changes, kinds, snapshot, context, rules), *records),
        due=waiting,
        context=context,
    )


def _asked(
    changes: ChangeSet, kinds: Iterable[str], snapshot: Snapshot, context: Context, rules: RuleBook
) -> Iterator[Any]:  # Any: records of several kinds
    """What the rules look at besides the records they act on, as the set leaves it."""
    after = Overlay(snapshot, changes)
    for query in needs(rules.automation, kinds, context):
        yield from after.find(query)
