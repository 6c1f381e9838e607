"""RecordCommands: the commands of ``Crm`` that read and write records of any kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from crmcore.changes import ChangeSet
from crmcore.crm import ask, plans, reading
from crmcore.crm.choices import Target
from crmcore.crm.commands.core import Core
from crmcore.crm.transaction import Transaction
from crmcore.crm.views import Related
from crmcore.entities import Record
from crmcore.errors import UsageError
from crmcore.findings import Findings
from crmcore.model.policies import OldIds
from crmcore.query import ALL, Filter, Order, Path
from crmcore.reports.timeline import Timeline
from crmcore.rules.rule import Decided, Decision
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Decided)


class RecordCommands(Core):
    """The commands of ``Crm`` that read and write records of any kind."""

    def get(self, entity: type[R], id: str) -> R:  # the field's own name
        """The record of this id; of a record that was merged away, its survivor.

        Raises ``NotFoundError``.
        """
        with self._repository.snapshot() as snapshot:
            return reading.get(snapshot, self.model, entity, id)

    def find(
        self,
        entity: type[R],
        where: Filter = ALL,
        *,
        order: Path | Order | Iterable[Path | Order] = (),
        after: tuple[Any, ...] | None = None,
        limit: int | None = None,
    ) -> tuple[R, ...]:
        """The records that match, in this order, then by id.

        ``after`` is a cursor (see ``Query.cursor``), ``limit`` the most records. Raises
        ``UnknownNameError`` for a field that does not exist, with the nearest name.
        """
        with self._repository.snapshot() as snapshot:
            return reading.find(
                snapshot, self.model, entity, where, order=order, after=after, limit=limit
            )

    def one(self, entity: type[R], where: Filter) -> R:
        """The only record that matches; raises ``NotFoundError`` or ``ManyFoundError``."""
        with self._repository.snapshot() as snapshot:
            return reading.one(snapshot, self.model, entity, where)

    def count(self, entity: type[Record], where: Filter = ALL) -> int:
        """How many records match."""
        return len(self.find(entity, where))

    def resolve(self, what: Target) -> Ref[Any]:
        """The reference that answers for a record, a reference or a bare id today.

        A record that was merged away answers by its survivor, over any number of merges. Raises
        ``NotFoundError``, and ``AmbiguousIdError`` for an id that several kinds have.
        """
        with self._repository.snapshot() as snapshot:
            return reading.locate(snapshot, self.model, what)

    def related(self, record: Target) -> Related:
        """Every record that ``record`` refers to, and every record that refers to it."""
        with self._repository.snapshot() as snapshot:
            return ask.related(snapshot, self.model, record)

    def timeline(self, record: Target) -> Timeline:
        """What happened around a record, newest first; for an account, its people and deals too."""
        with self._repository.snapshot() as snapshot:
            return ask.timeline(snapshot, self.model, record)

    def check(self) -> Findings:
        """Every finding of every record, and between the records, by kind, then id."""
        with self._repository.snapshot() as snapshot:
            return ask.check(snapshot, self.model)

    def add(self, record: R) -> R:
        """Store a record for the first time; returns it as stored."""
        decision = self._do(self._gated(partial(plans.add, records=[record])))
        return _stored(decision, record)

    def add_all(self, records: Iterable[R]) -> tuple[R, ...]:
        """Store several records, which may refer to one another, by one commit; in this order."""
        given = tuple(records)
        decision = self._do(self._gated(partial(plans.add, records=given)))
        after = {one.ref: one for one in decision.changes.written}
        return tuple(after[one.ref] for one in given)  # type: ignore[misc]  # same kind, same class

    def save(self, record: R) -> R:
        """Store what changed in a record that was read before; returns it as stored.

        Raises ``NotFoundError`` for a record that is not stored, and ``ConflictError`` when it
        changed since it was read. A record that says what is stored already is not written. One
        that was merged away is not stored either, and the error names its survivor; by the policy
        ``old_ids`` what it changes is changed in the survivor, which is returned.
        """
        decision = self._do(self._gated(partial(plans.save, record=record)), tries=1)
        after = decision.changes.after(record.ref)
        if after is None and self.model.policies.old_ids is OldIds.FOLLOW:
            return self.get(type(record), record.id)
        return _stored(decision, record)

    def delete(
        self,
        entity: type[Record],
        id: str,  # the field's own name
        *,
        dry_run: bool = False,
    ) -> Decision:
        """Remove a record, with its link rows; refused while other records refer to it.

        With ``dry_run`` the decision is returned and nothing is stored.
        """
        return self._do(partial(plans.delete, entity=entity, id_=id), dry_run=dry_run)

    def commit(self, decision: Decided | ChangeSet) -> ChangeSet:
        """Store a decision made before, or changes of your own; returns them as stored.

        They pass the same checks as every write. Raises ``ConflictError`` when what was decided on
        has changed since.
        """
        if not isinstance(decision, Decided | ChangeSet):
            raise UsageError("only decisions and change sets can be committed", decision)
        given = Decision(decision) if isinstance(decision, ChangeSet) else decision
        return self._do(partial(plans.given, decision=given), tries=1).changes

    @contextmanager
    def transaction(self, reason: str | None = None) -> Iterator[Transaction]:
        """A block of commands that read their own writes and are stored by one commit at its end.

        An exception in the block leaves nothing stored.
        """
        with self._repository.snapshot() as snapshot:
            tx = Transaction(snapshot, self._desk, reason, known=self._known)
            try:
                yield tx
                gate = self._gated(lambda _snapshot, _context: Decision(tx.by_hand))
                tx.settle(gate(snapshot, self._desk.context()).findings)
            finally:
                changes = tx.close()
        if changes:
            self._store(changes, tx.findings)


def _stored(decision: Decided, record: R) -> R:
    after = decision.changes.after(record.ref)
    return record if after is None else after  # type: ignore[return-value]  # same kind, same class
