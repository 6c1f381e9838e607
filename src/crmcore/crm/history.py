"""History: which commits changed a record, who made them, when and why, and what they changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, overload

from attrs import field, frozen

from crmcore import render
from crmcore.changes import Change, Delete, Insert, Update, differences
from crmcore.entities import MergeReceipt, Record
from crmcore.entities.title import title
from crmcore.model.describe import defaults, describe
from crmcore.ports import Commit, Snapshot
from crmcore.query import F, Query
from crmcore.render import plain
from crmcore.values.ref import Ref

_NOTHING: tuple[Any, ...] = (None, (), frozenset(), {})


@frozen(kw_only=True)
class HistoryEntry:
    """What one commit did to one record; ``change`` has both states whole."""

    seq: int
    at: datetime | None
    by: str | None
    reason: str | None
    change: Change

    @property
    def values(self) -> tuple[tuple[str, Any, Any], ...]:
        """Path, earlier and later value of each field that changed.

        A record that was made has all values that are not the default, one that was deleted none.
        """
        if isinstance(self.change, Delete):
            return ()
        if not isinstance(self.change, Insert):
            return differences(self.change.before, self.change.after)
        after = self.change.after
        usual = defaults(type(after))
        pairs = (
            (one.name, getattr(after, one.name))
            for one in describe(type(after))
            if not one.is_system
        )
        return tuple(
            (name, None, value)
            for name, value in pairs
            if value not in _NOTHING and value != usual.get(name)
        )


def _entries(given: Iterable[HistoryEntry]) -> tuple[HistoryEntry, ...]:
    return tuple(given)


@frozen
class History(Sequence[HistoryEntry]):
    """The changes of ``ref``, and of the records merged into it, in the order of the commits.

    ``is_whole`` is ``False`` where the journal no longer has all commits.
    """

    ref: Ref[Any]
    entries: tuple[HistoryEntry, ...] = field(default=(), converter=_entries)
    is_whole: bool = True

    @overload
    def __getitem__(self, index: int) -> HistoryEntry: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[HistoryEntry, ...]: ...
    def __getitem__(self, index: int | slice) -> HistoryEntry | tuple[HistoryEntry, ...]:
        return self.entries[index]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[HistoryEntry]:
        return iter(self.entries)

    def to_rows(self) -> list[dict[str, Any]]:
        """One row for each value that changed, in order: for data frames and files."""
        return [
            {
                "seq": one.seq,
                "at": one.at,
                "by": one.by,
                "reason": one.reason,
                "ref": one.change.ref,
                "field": path,
                "before": before,
                "after": after,
            }
            for one in self.entries
            for path, before, after in one.values or ((None, None, None),)
        ]

    def _columns(self) -> tuple[str, ...]:
        records = ("record",) if len({one.change.ref for one in self.entries}) > 1 else ()
        return ("when", "by", *records, "field", "before", "after", "reason")

    def _table(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        columns = self._columns()
        for one in self.entries:
            cells = {
                "when": "" if one.at is None else f"{one.at:%Y-%m-%d %H:%M}",
                "by": one.by or "",
                "record": title(_subject(one.change)),
                "reason": one.reason or "",
            }
            for path, before, after in one.values or ((_whole(one.change), None, None),):
                cells |= {"field": path, "before": plain(before), "after": plain(after)}
                rows.append(tuple(cells.get(column, "") for column in columns))
                cells.clear()
        return rows

    def _head(self) -> str:
        gone = "" if self.is_whole else " (earlier ones are no longer kept)"
        return f"{self.ref}: {len(self.entries)} changes{gone}"

    def __str__(self) -> str:
        # on the right is what is not cut: of a moment the end says as much as its beginning
        table = render.table(self._table(), columns=self._columns(), right=("when",))
        return f"{self._head()}\n{table}"

    def _repr_html_(self) -> str:
        return render.html_table(self._table(), columns=self._columns(), caption=self._head())


def _whole(change: Change) -> str:
    """What happened to a record of which no single value changed."""
    match change:
        case Delete():
            return "(deleted)"
        case Insert():
            return "(made)"
        case Update():
            return "(unchanged)"


def _subject(change: Change) -> Record:
    return change.before if isinstance(change, Delete) else change.after


def history(ref: Ref[Any], commits: Iterable[Commit], absorbed: Iterable[Ref[Any]]) -> History:
    """The history of ``ref`` and of the records that were merged into it, ``absorbed``."""
    wanted = {ref, *absorbed}
    return History(
        ref,
        (
            HistoryEntry(seq=one.seq, at=one.at, by=one.by, reason=one.reason, change=change)
            for one in commits
            for change in one.changes
            if change.ref in wanted
        ),
    )


def absorbed_by(snapshot: Snapshot, ref: Ref[Any]) -> tuple[Ref[Any], ...]:
    """The records merged into ``ref``, directly or through others, nearest first."""
    found: dict[Ref[Any], None] = {}
    frontier = [ref]
    while frontier:
        receipts = [
            one
            for survivor in frontier
            for one in snapshot.find(Query.of(MergeReceipt, F.survivor == survivor))
        ]
        losers = (loser for one in receipts for loser in one.losers)
        frontier = [one for one in losers if one not in found and one != ref]
        found |= dict.fromkeys(frontier)
    return tuple(found)
