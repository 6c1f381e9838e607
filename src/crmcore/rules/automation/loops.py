"""Loops: rules that make one another act for ever, found by what caused what (law P12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from crmcore.changes import same_content
from crmcore.entities.record import Record
from crmcore.errors import CrmError
from crmcore.values.ref import Ref

MOST = 50
"""How often a rule acts on one record, or on records made on the way, in one chain of causes."""


@frozen
class AutomationLoopError(CrmError):
    """Automation rules make one another act without end; nothing was stored.

    ``rules`` are the names of the loop, in the order in which they act, from the one that would
    act once more; ``ref`` is the record that it would act on.
    """

    rules: tuple[str, ...]
    ref: Ref[Any]

    def __str__(self) -> str:
        path = " -> ".join((*self.rules, self.rules[0]))
        return f"these rules make one another act without end on {self.ref}: {path}"


@frozen(eq=False)
class Cause:
    """That a rule acts on a record as it stands, and ``above`` what made it act.

    ``is_made`` says that the record was made by automation, on the way.
    """

    rule: str
    record: Record
    above: Cause | None = None
    is_made: bool = False


def _chain(cause: Cause) -> Iterator[Cause]:
    """The causes above one, nearest first."""
    above = cause.above
    while above is not None:
        yield above
        above = above.above


def require_no_loop(cause: Cause) -> None:
    """Raise ``AutomationLoopError`` where a rule acts on a record as it stood before.

    Then what follows follows again. Where it stands differently each time, or is a new record each
    time, the rule may act ``MOST`` times.
    """
    path = [cause.rule]
    loop: tuple[str, ...] = ()
    count = 0
    for one in _chain(cause):
        if one.rule == cause.rule and _is_same_place(one, cause):
            loop = loop or (one.rule, *reversed(path[1:]))
            count += 1
            is_again = one.record.ref == cause.record.ref and same_content(one.record, cause.record)
            if is_again or count >= MOST:
                raise AutomationLoopError(loop, cause.record.ref)
        path.append(one.rule)


def _is_same_place(one: Cause, other: Cause) -> bool:
    """Whether both are about one record, or about records of a kind made on the way."""
    if one.record.ref == other.record.ref:
        return True
    return one.is_made and other.is_made and one.record.ref.kind == other.record.ref.kind
