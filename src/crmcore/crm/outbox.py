"""Outbox: the events of a store that keeps a journal, from a cursor on, at least once, in order.

A consumer keeps its cursor: the id of the last event it has applied. Reading goes on behind it,
after a crash as well, in this process or another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from attrs import frozen

from crmcore.crm import gather
from crmcore.crm.hooks import Event, event_id, events_of
from crmcore.entities import Record
from crmcore.errors import CrmError, UsageError
from crmcore.model.model import Model
from crmcore.ports import HistoryGoneError, Journal, Repository


@frozen
class OutboxGapError(CrmError):
    """The journal no longer has what follows the cursor: some events cannot be told any more."""

    cursor: str | None
    oldest: int

    def __str__(self) -> str:
        return (
            f"the events after {self.cursor or 'the start'} are no longer all kept (commits are "
            f"kept after {self.oldest}): apply the records of outbox.restart() and go on from its "
            "cursor"
        )


@frozen
class DeliveryError(CrmError):
    """A consumer raised on ``event``; all before it were applied, up to ``cursor``.

    What it raised is the ``__cause__``.
    """

    event: Event
    cursor: str | None

    def __str__(self) -> str:
        return (
            f"the consumer failed on event {self.event.id}; go on from {self.cursor or 'the start'}"
            " when it is mended"
        )


@frozen(kw_only=True)
class Restart:
    """Every record of one moment, and the cursor behind which its later events are."""

    cursor: str
    records: tuple[Record, ...]


_CURSOR = re.compile(r"(\d+)-(\d+)-(\d+)\Z")


def place(cursor: str) -> tuple[int, int, int]:
    """The number of a commit, a place in it, and how many events it has, from an event's id.

    Places compare as the events follow one another. Raises ``UsageError`` for other text.
    """
    match = _CURSOR.match(cursor) if isinstance(cursor, str) else None
    if match is None:
        raise UsageError("this is no cursor", cursor, "pass the id of an event, or None")
    return int(match[1]), int(match[2]), int(match[3])


class Outbox:
    """The events of one store, read from its journal."""

    def __init__(self, repository: Repository, model: Model) -> None:
        """Raises ``UsageError`` for a repository without a journal."""
        if not isinstance(repository, Journal):
            raise UsageError(
                "this repository keeps no journal, so that there is no outbox",
                type(repository).__name__,
                "use hooks, or a repository with commits(after)",
            )
        self._journal: Journal = repository
        self._repository = repository
        self._model = model

    def events(self, after: str | None = None) -> Iterator[Event]:
        """The events behind the cursor ``after`` (``None``: all), in the order they happened.

        Each is told again at every reading with the same cursor: apply it before you move the
        cursor behind it. An event is told twice where its commit has lost others since, by an
        erasure. Raises ``OutboxGapError`` where the journal does not go back that far.
        """
        seq, number, of = (0, 0, 0) if after is None else place(after)
        start = seq if number >= of else seq - 1
        try:
            for commit in self._journal.commits(start):
                told = events_of(commit)
                is_same = commit.seq == seq and len(told) == of
                yield from told[number:] if is_same else told
        except HistoryGoneError as gone:
            raise OutboxGapError(after, gone.oldest) from gone

    def deliver(
        self,
        consume: Callable[[Event], object],
        *,
        after: str | None = None,
        save: Callable[[str], object] | None = None,
    ) -> str | None:
        """Hand every event behind ``after`` to ``consume``; the new cursor.

        ``save`` is given the cursor after each event that was consumed. Raises ``DeliveryError``
        with the cursor reached where ``consume`` raises; that event comes first the next time.
        """
        cursor = after
        for event in self.events(after):
            try:
                consume(event)
            except Exception as error:
                raise DeliveryError(event, cursor) from error
            cursor = event.id
            if save is not None:
                save(cursor)
        return cursor

    def restart(self) -> Restart:
        """Every record as it stands, to begin with or to begin anew with, and the cursor there."""
        with self._repository.snapshot() as snapshot:
            records = tuple(gather.records_of(snapshot, self._model.kinds))
            return Restart(cursor=event_id(snapshot.seq, 0, 0), records=records)
