"""Timeline: what happened around a record, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, overload

from attrs import field, frozen

from crmcore import render
from crmcore.entities import (
    Activity,
    CampaignMember,
    Case,
    ConversionReceipt,
    Judgement,
    MergeReceipt,
    OpportunityChange,
    Record,
    Touch,
    UnmergeReceipt,
)
from crmcore.entities.ledger import DealState, Verdict
from crmcore.model.describe import parts
from crmcore.values.ref import Ref


@frozen(kw_only=True)
class Entry:
    """One event: when, of which kind, in words, and the record that tells of it."""

    at: datetime
    kind: str
    title: str
    record: Record


def _entries(given: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(given)


@frozen
class Timeline(Sequence[Entry]):
    """The events around ``ref``, newest first; of one moment, by kind, then id."""

    ref: Ref[Any]
    entries: tuple[Entry, ...] = field(default=(), converter=_entries)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Entry, ...]: ...
    def __getitem__(self, index: int | slice) -> Entry | tuple[Entry, ...]:
        return self.entries[index]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __str__(self) -> str:
        rows = [(render.plain(one.at), one.kind, one.title) for one in self.entries]
        return render.table(rows, columns=("when", "what", "title"))

    def _repr_html_(self) -> str:
        rows = [(render.plain(one.at), one.kind, one.title) for one in self.entries]
        return render.html_table(rows, columns=("when", "what", "title"), caption=str(self.ref))


def timeline(ref: Ref[Any], records: Iterable[Record]) -> Timeline:
    """The timeline of ``ref`` from the records around it.

    Activities, touches, campaign responses, cases, changes of deals, judgements and the receipts of
    conversions, merges and unmerges tell of events; others are left out. A moment that only a
    calendar date is known of counts as its beginning in UTC; what has no moment at all is left out.
    """
    around = tuple(records)
    names = dict(_names(around))
    entries = [entry for record in around for entry in _entry(record, names)]
    entries.sort(key=lambda one: (one.kind, one.record.id))
    entries.sort(key=lambda one: one.at, reverse=True)
    return Timeline(ref, entries)


def _names(records: Iterable[Record]) -> Iterator[tuple[Ref[Any], str]]:
    """What the records are called of which a merge tells, as they were."""
    for receipt in records:
        if isinstance(receipt, MergeReceipt):
            for one in (*receipt.merged, receipt.before):
                called = getattr(one, "name", None) or getattr(one, "subject", None)
                if one is not None and called:
                    yield one.ref, str(called)


def _entry(record: Record, names: Mapping[Ref[Any], str]) -> Iterator[Entry]:
    told = _told(record) or _told_of_identity(record, names)
    if told is None:
        return
    moments, kind, title = told
    at = next((one for one in moments if one is not None), None)
    if at is not None:
        yield Entry(at=_moment(at), kind=kind, title=title, record=record)


def _moment(at: datetime | date) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time(), UTC)


def _told(record: Record) -> tuple[tuple[datetime | date | None, ...], str, str] | None:
    """The moments to choose from, the best first, the kind of event, and its title."""
    created = record.created_at
    match record:
        case Activity():
            done = "" if record.done_at is not None else " (open)"
            moments = (record.done_at, record.starts_at, record.due_on, created)
            return moments, record.kind, f"{record.subject}{done}"
        case Touch():
            parts = [one for one in (record.source, record.medium) if one]
            return (record.at,), "touch", " / ".join(parts) or "touch"
        case CampaignMember():
            return (record.first_responded_at, created), "campaign", record.status or "member"
        case Case():
            return (record.opened_at, created), "case", record.subject
        case OpportunityChange():
            return (record.at, created), "deal", _change(record)
        case ConversionReceipt():
            return (record.converted_at, created), "conversion", "lead converted"
    return None


def _told_of_identity(
    record: Record, names: Mapping[Ref[Any], str]
) -> tuple[tuple[datetime | date | None, ...], str, str] | None:
    """The same of who is who: merges, what took them back, and judgements."""
    created = record.created_at
    match record:
        case MergeReceipt():
            one = names.get(record.survivor, str(record.survivor))
            title = f"{_listed(record.losers, names)} merged into {one}"
            return (record.merged_at, created), "merge", title
        case UnmergeReceipt():
            back = [ref for ref in record.restored if ref.kind == record.survivor.kind]
            one = names.get(record.survivor, str(record.survivor))
            stayed = len(record.stayed)
            rest = f"; {stayed} value{'' if stayed == 1 else 's'} stayed" if stayed else ""
            title = f"{_listed(back, names)} separated from {one} again{rest}"
            return (record.unmerged_at, created), "unmerge", title
        case Judgement():
            are = "are one" if record.verdict is Verdict.DUPLICATE else "are not duplicates"
            why = f": {record.reason}" if record.reason else ""
            title = f"{_listed((record.first, record.second), names)} {are}{why}"
            return (record.judged_at, created), "judgement", title
    return None


_LISTED = 3
"""So many records are named in a title."""


def _listed(refs: Sequence[Ref[Any]], names: Mapping[Ref[Any], str]) -> str:
    """Records by name, or by reference where a merge does not tell what they are called."""
    named = [names.get(ref, str(ref)) for ref in refs[:_LISTED]]
    more = len(refs) - len(named)
    if more:
        return f"{', '.join(named)} and {more} more"
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named) or "none"


def _change(row: OpportunityChange) -> str:
    if row.after is None:
        return "deal deleted"
    if row.before is None:
        return f"deal opened in {row.after.stage}"
    changed = [
        f"{name.removesuffix('_id').replace('_', ' ')}: {render.plain(old)} -> {render.plain(new)}"
        for name in parts(DealState)
        if (old := getattr(row.before, name)) != (new := getattr(row.after, name))
    ]
    return "; ".join(changed)
