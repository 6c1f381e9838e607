"""Hooks: plain functions that hear of what was committed, as typed events, after the commit.

They are never part of it: nothing they do or fail to do changes what was stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeAlias

from attrs import field, frozen

from crmcore.changes import Change, Delete, Insert, Update
from crmcore.entities import ConversionReceipt, MergeReceipt, Opportunity, Record, RuleFiring
from crmcore.errors import shown
from crmcore.findings import Finding, warning
from crmcore.ports.journal import Commit
from crmcore.rules.rollup import FigureChange


@frozen(kw_only=True)
class _Happened:
    """What every event has.

    ``id`` is unique and never changes, so that a consumer can apply each event once; ``seq`` is the
    number of the commit, ``at`` its moment and ``by`` its user (``None``: not known).
    """

    id: str
    seq: int
    at: datetime | None = None
    by: str | None = None


@frozen(kw_only=True)
class RecordCreated(_Happened):
    """A record was stored for the first time."""

    record: Record


@frozen(kw_only=True)
class RecordUpdated(_Happened):
    """A stored record changed."""

    before: Record
    after: Record


@frozen(kw_only=True)
class RecordDeleted(_Happened):
    """A record was removed; ``record`` is the last that it said."""

    record: Record


@frozen(kw_only=True)
class StageChanged(_Happened):
    """A deal went to another stage, or to one of another pipeline."""

    before: Opportunity
    after: Opportunity


@frozen(kw_only=True)
class LeadConverted(_Happened):
    """A lead was converted; the receipt names what it became."""

    receipt: ConversionReceipt


@frozen(kw_only=True)
class Merged(_Happened):
    """Records were merged into one; the receipt names them."""

    receipt: MergeReceipt


@frozen(kw_only=True)
class RuleFired(_Happened):
    """An automation rule acted."""

    firing: RuleFiring


@frozen(kw_only=True)
class RollupChanged(_Happened):
    """The value of a rollup at an account is another than before the commit."""

    rollup: str
    account_id: str
    before: Any
    after: Any


Event: TypeAlias = (
    RecordCreated
    | RecordUpdated
    | RecordDeleted
    | StageChanged
    | LeadConverted
    | Merged
    | RuleFired
    | RollupChanged
)
"""Anything that a hook hears of."""

Hook: TypeAlias = Callable[[Event], object]
"""A function that hears of every event; what it returns is of no effect."""


@frozen
class On:
    """A hook that hears of one kind of event: ``On(StageChanged, tell_the_team)``."""

    kind: type[Any]
    hook: Callable[[Any], object]

    def __call__(self, event: Event) -> None:
        """Hand the event on where it is of the kind."""
        if isinstance(event, self.kind):
            self.hook(event)


@frozen(kw_only=True)
class HookFailure:
    """That a hook raised ``error`` when it heard of ``event``; the commit stands."""

    hook: Hook
    event: Event
    error: Exception

    def finding(self) -> Finding:
        """The same as a warning."""
        name = getattr(self.hook, "__qualname__", type(self.hook).__name__)
        return warning(
            "hook.failed",
            f"the hook {name} raised {type(self.error).__name__}: {shown(str(self.error))}",
            value=self.event.id,
            suggestion="what was committed stands; mend the hook, or read the outbox",
        )


def events_of(commit: Commit) -> tuple[Event, ...]:
    """What the changes of a commit tell, in their order; the same at every look, ids included.

    The events of one record stand together: first that it was created, updated or deleted, then
    what that means. Ids are those of ``event_id``.
    """
    told = [one for each in commit.changes for one in _told(each)]
    return tuple(
        kind(
            id=event_id(commit.seq, number, len(told)),
            seq=commit.seq,
            at=commit.at,
            by=commit.by,
            **said,
        )
        for number, (kind, said) in enumerate(told, start=1)
    )


def event_id(seq: int, number: int, of: int) -> str:
    """The id of an event: the number of its commit, its place there from 1, and how many it has."""
    return f"{seq}-{number}-{of}"


def _told(one: Change) -> Iterator[tuple[type[Any], dict[str, Any]]]:
    match one:
        case Insert(after):
            yield RecordCreated, {"record": after}
            if isinstance(after, ConversionReceipt):
                yield LeadConverted, {"receipt": after}
            elif isinstance(after, MergeReceipt):
                yield Merged, {"receipt": after}
            elif isinstance(after, RuleFiring):
                yield RuleFired, {"firing": after}
        case Update(before, after):
            yield RecordUpdated, {"before": before, "after": after}
            if _moved(before, after):
                yield StageChanged, {"before": before, "after": after}
        case Delete(before):
            yield RecordDeleted, {"record": before}


def _moved(before: Record, after: Record) -> bool:
    if not isinstance(before, Opportunity) or not isinstance(after, Opportunity):
        return False
    return (before.pipeline, before.stage) != (after.pipeline, after.stage)


def _hooks(given: Iterable[Hook]) -> tuple[Hook, ...]:
    return tuple(given)


@frozen(kw_only=True)
class Hooks:
    """The hooks of one ``Crm``, and who hears of their failures."""

    hooks: tuple[Hook, ...] = field(default=(), converter=_hooks)
    failed: Callable[[HookFailure], object]

    def want(self, kind: type[Any]) -> bool:
        """Whether any hook may hear of events of a kind."""
        return any(not isinstance(one, On) or issubclass(kind, one.kind) for one in self.hooks)

    def tell(self, commit: Commit, figures: Iterable[FigureChange] = ()) -> None:
        """Let every hook hear of every event, in their order; each failure is reported.

        ``figures`` are the rollups that the commit changed; they come last.
        """
        if not self.hooks:
            return
        for event in (*events_of(commit), *_rolled_up(commit, figures)):
            for hook in self.hooks:
                try:
                    hook(event)
                except Exception as error:  # noqa: BLE001  # whatever it is: the commit stands
                    self.failed(HookFailure(hook=hook, event=event, error=error))


def _rolled_up(commit: Commit, figures: Iterable[FigureChange]) -> Iterator[RollupChanged]:
    for one in figures:
        yield RollupChanged(
            id=f"{commit.seq}-{one.rollup}-{one.account_id}",
            seq=commit.seq,
            at=commit.at,
            by=commit.by,
            rollup=one.rollup,
            account_id=one.account_id,
            before=one.before,
            after=one.after,
        )
