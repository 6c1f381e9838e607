"""Transaction: several commands that read each other's writes and are stored together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar, Unpack

from crmcore.changes import ChangeSet
from crmcore.crm import plans, reading
from crmcore.crm.choices import Choices, Target
from crmcore.crm.complete import complete
from crmcore.crm.converting import convert
from crmcore.crm.desk import Desk
from crmcore.crm.known import Known
from crmcore.crm.merging import merge
from crmcore.crm.unmerging import MergeLike, unmerge
from crmcore.entities import Record
from crmcore.errors import UsageError
from crmcore.findings import Findings, ValidationError
from crmcore.ports import Overlay, Snapshot
from crmcore.query import ALL, Filter, Order, Path
from crmcore.rules.conversion import LeadConversion
from crmcore.rules.merge import Merge, Unmerge
from crmcore.rules.rule import Context, Decided
from crmcore.rules.stages import with_history
from crmcore.rules.survivorship import Survivorship

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Decided)


class Transaction:
    """What ``crm.transaction()`` gives: the commands of ``Crm`` on a moment of their own.

    Each command sees what the earlier ones decided. A command that is refused raises and leaves no
    trace; the others are stored by one commit when the block ends without an exception, and
    otherwise none of them. There is no second try: when somebody was faster, ``ConflictError``.
    """

    def __init__(self, snapshot: Snapshot, desk: Desk, reason: str | None, *, known: Known) -> None:
        self._snapshot = snapshot
        self._desk = desk
        self._known = known
        self._changes = ChangeSet(reason=reason, by=desk.by)
        self._findings = Findings()
        self._is_open = True

    @property
    def changes(self) -> ChangeSet:
        """What has been decided so far, with one row of history for each deal that changes."""
        return with_history(self._changes, context=self._desk.context())

    @property
    def findings(self) -> Findings:
        """The findings below an error of the commands so far, in order."""
        return self._findings

    def add(self, record: R) -> R:
        """Store a record for the first time; see ``Crm.add``. Its version stays 0 until the end."""
        self._do(lambda snapshot, context: plans.add(snapshot, context, [record]))
        return self._now(record)

    def add_all(self, records: Iterable[R]) -> tuple[R, ...]:
        """Store several records; see ``Crm.add_all``."""
        given = tuple(records)
        self._do(lambda snapshot, context: plans.add(snapshot, context, given))
        return tuple(self._now(record) for record in given)

    def save(self, record: R) -> R:
        """Store what changed in a record; see ``Crm.save``."""
        self._do(lambda snapshot, context: plans.save(snapshot, context, record))
        return self._now(record)

    def delete(self, entity: type[Record], id: str) -> None:  # the field's own name
        """Remove a record with everything that cascades; see ``Crm.delete``."""
        self._do(lambda snapshot, context: plans.delete(snapshot, context, entity, id))

    def get(self, entity: type[R], id: str) -> R:  # the field's own name
        """The record of this id, as it stands in this transaction; see ``Crm.get``."""
        return reading.get(self._overlay(), self._desk.model, entity, id)

    def find(
        self,
        entity: type[R],
        where: Filter = ALL,
        *,
        order: Path | Order | Iterable[Path | Order] = (),
        after: tuple[Any, ...] | None = None,
        limit: int | None = None,
    ) -> tuple[R, ...]:
        """The records that match, as they stand in this transaction; see ``Crm.find``."""
        model = self._desk.model
        return reading.find(
            self._overlay(), model, entity, where, order=order, after=after, limit=limit
        )

    def convert_lead(self, lead_id: str, **choices: Unpack[Choices]) -> LeadConversion:
        """Convert a lead; see ``Crm.convert_lead``, which has the same choices."""
        return self._do(
            partial(
                convert, rules=self._desk.rules, known=self._known, lead_id=lead_id, choices=choices
            )
        )

    def merge(
        self,
        master: Target,
        losers: Iterable[Target] | Target,
        *,
        choose: Mapping[str, Any] | None = None,
        survivorship: Survivorship | None = None,
    ) -> Merge:
        """Merge records into one; see ``Crm.merge``."""
        return self._do(
            partial(
                merge,
                rules=self._desk.rules,
                master=master,
                losers=losers,
                choose=choose,
                survivorship=survivorship,
            )
        )

    def unmerge(self, merge_id: MergeLike, *, survivorship: Survivorship | None = None) -> Unmerge:
        """Take a merge back; see ``Crm.unmerge``."""
        plan = partial(unmerge, rules=self._desk.rules, merge=merge_id, survivorship=survivorship)
        return self._do(plan)

    def close(self) -> ChangeSet:
        """End the transaction: no command is accepted any more. Returns what was decided."""
        self._is_open = False
        return self.changes

    def _overlay(self) -> Overlay:
        if not self._is_open:
            raise UsageError("this transaction has ended", self._changes.reason, "begin a new one")
        return Overlay(self._snapshot, self._changes)

    def _do(self, plan: Callable[[Snapshot, Context], D]) -> D:
        overlay = self._overlay()
        context = self._desk.context()
        decision = complete(plan(overlay, context), overlay, context, self._desk.rules)
        if decision.findings.errors:
            raise ValidationError(decision.findings)
        self._changes = self._changes.then(decision.changes)
        self._findings = self._findings + decision.findings
        return decision

    def _now(self, record: R) -> R:
        return reading.get(self._overlay(), self._desk.model, type(record), record.id)
