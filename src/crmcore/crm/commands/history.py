"""HistoryCommands: the commands of ``Crm`` that look into the past; they need a journal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

import attrs

from crmcore.crm import reading
from crmcore.crm.choices import Target
from crmcore.crm.commands.core import Core
from crmcore.crm.history import History, absorbed_by, history
from crmcore.crm.past import PastRepository, journal_of, kept, seq_at
from crmcore.entities import Record
from crmcore.errors import NotFoundError, UsageError
from crmcore.ports import Commit, Snapshot
from crmcore.values.ref import Ref


class HistoryCommands(Core):
    """The commands on the journal of the repository.

    Each raises ``UsageError`` where the repository keeps none.
    """

    def history(self, record: Target) -> History:
        """What was committed about a record, and about those merged into it, oldest first.

        A deleted record has its history too, when it is given as a record or a reference. Raises
        ``NotFoundError`` for one that the journal knows nothing of.
        """
        oldest, commits = kept(journal_of(self._repository))
        with self._repository.snapshot() as snapshot:
            ref = self._located(snapshot, record)
            found = history(ref, commits, absorbed_by(snapshot, ref))
            if not found and not snapshot.get(self.model.schema(ref.kind).entity, [ref.id]):
                raise NotFoundError(ref.kind, ref.id)
        return attrs.evolve(found, is_whole=oldest == 0)

    def commits(self, after: int = 0) -> Iterator[Commit]:
        """The commits with a higher number than ``after``, in order: a feed to follow.

        Keep the number of the last one that you have dealt with, and ask again from there. Raises
        ``HistoryGoneError`` where these are no longer all kept.
        """
        return journal_of(self._repository).commits(after)

    def as_of(self, moment: datetime) -> Self:
        """What was known at a moment (an aware datetime): a ``Crm`` that reads and cannot write.

        Its clock stands at that moment. Use it while this one is open. Raises
        ``HistoryGoneError`` where the journal begins later.
        """
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise UsageError("a moment is an aware datetime", moment, "give it a time zone")
        desk = self._desk
        return type(self)(
            PastRepository(self._repository, seq_at(journal_of(self._repository), moment)),
            model=desk.model,
            rules=desk.rules,
            clock=lambda: moment,
            ids=desk.ids,
            by=desk.by,
            on_finding=self._on_finding,
        )

    def _located(self, snapshot: Snapshot, what: Target) -> Ref[Any]:
        given = what.ref if isinstance(what, Record) else what
        try:
            return reading.locate(snapshot, self.model, given)
        except NotFoundError:
            if isinstance(given, Ref) and self.model.has(given.kind):
                return given
            raise
