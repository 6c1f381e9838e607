"""Transaction: several commands that read each other's writes and are stored together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, Unpack

import attrs

from crmcore.changes import ChangeSet
from crmcore.crm import gates, gather, plans, reading, staging
from crmcore.crm.choices import Choices, Target
from crmcore.crm.complete import Automation, complete, decided
from crmcore.crm.converting import convert
from crmcore.crm.desk import Desk
from crmcore.crm.due import DueRun, run_due
from crmcore.crm.known import Known
from crmcore.crm.merging import merge
from crmcore.crm.modes import qualify_lead
from crmcore.crm.undoing import Receipt, undo
from crmcore.crm.unmerging import MergeLike, unmerge
from crmcore.entities import Account, Lead, Record
from crmcore.errors import UsageError
from crmcore.findings import Findings, ValidationError
from crmcore.ports import Overlay, Snapshot
from crmcore.query import ALL, Filter, Order, Path
from crmcore.rules import persons
from crmcore.rules.conversion import LeadConversion, UndoneConversion
from crmcore.rules.merge import Merge, Unmerge
from crmcore.rules.rule import Context, Decided, Decision
from crmcore.rules.stages import StageMap, StageMoves, with_history
from crmcore.rules.survivorship import Survivorship
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Decided)


class Transaction:
    """What ``crm.transaction()`` gives: the commands of ``Crm`` on a moment of their own.

    Each command sees what the earlier ones decided. A command that is refused raises and leaves no
    trace; the others are stored by one commit when the block ends without an exception, and
    otherwise none of them. At the end of the block, records that were added and saved meet the
    gates against duplicates of those that were stored before it (law D13). That a person account
    has exactly one person is asked of the whole, at the end of the block, which raises
    ``ValidationError`` (law X4). There is no second try: when somebody was faster,
    ``ConflictError``.
    """

    def __init__(self, snapshot: Snapshot, desk: Desk, reason: str | None, *, known: Known) -> None:
        self._snapshot = snapshot
        self._desk = desk
        self._known = known
        self._changes = ChangeSet(reason=reason, by=desk.by)
        self._findings = Findings()
        self._by_hand: set[Ref[Any]] = set()
        self._is_open = True

    @property
    def by_hand(self) -> ChangeSet:
        """What has been decided so far of the records that ``add`` and ``save`` were given."""
        return ChangeSet(one for one in self._changes if one.ref in self._by_hand)

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
        return self.add_all([record])[0]

    def add_all(self, records: Iterable[R]) -> tuple[R, ...]:
        """Store several records; see ``Crm.add_all``."""
        given = tuple(records)
        self._do(lambda snapshot, context: plans.add(snapshot, context, given))
        self._by_hand.update(record.ref for record in given)
        return tuple(self._now(record) for record in given)

    def save(self, record: R) -> R:
        """Store what changed in a record; see ``Crm.save``."""
        self._do(lambda snapshot, context: plans.save(snapshot, context, record))
        now = self._now(record)
        self._by_hand.add(now.ref)
        return now

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

    def one(self, entity: type[R], where: Filter) -> R:
        """The only record that matches, as it stands in this transaction; see ``Crm.one``."""
        return reading.one(self._overlay(), self._desk.model, entity, where)

    def count(self, entity: type[Record], where: Filter = ALL) -> int:
        """How many records match, as they stand in this transaction."""
        return len(self.find(entity, where))

    def resolve(self, what: Target) -> Ref[Any]:
        """The reference that answers for a record in this transaction; see ``Crm.resolve``."""
        return reading.locate(self._overlay(), self._desk.model, what)

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

    def reparent(self, account_id: str, parent_id: str | None) -> Account:
        """Move an account with all below it under another; see ``Crm.reparent``."""
        self._do(partial(plans.reparent, account_id=account_id, parent_id=parent_id))
        return self.get(Account, account_id)

    def move_deals(self, stages: StageMap) -> StageMoves:
        """Move every deal that is in one of these stages; see ``Crm.move_deals``."""
        return self._do(partial(staging.move_deals, stages=dict(stages)))

    def retire_stage(self, stage: str, into: str, *, pipeline: str | None = None) -> StageMoves:
        """Move every deal that is in ``stage`` into another; see ``Crm.retire_stage``."""
        key = self._desk.model.pipeline(pipeline).key
        return self.move_deals({(key, stage): (key, into)})

    def change_pipeline(
        self, deals: Filter | Iterable[str], pipeline: str, *, stages: Mapping[str, str]
    ) -> StageMoves:
        """Move deals to another sales process; see ``Crm.change_pipeline``."""
        return self._do(staging.to_pipeline(deals, pipeline, stages))

    def run_due(self, now: datetime | None = None) -> DueRun:
        """Do what rules that act by time are due for; see ``Crm.run_due``."""
        plan = partial(run_due, rules=self._desk.rules)
        return self._do(plan, automation=Automation.SKIP, now=now)

    def qualify(self, lead_id: str, *, status: str | None = None, **said: Any) -> Lead:
        """Enter what a lead answered, and its next status; see ``Crm.qualify``."""
        self._do(partial(qualify_lead, lead_id=lead_id, said=said, status=status))
        return self.get(Lead, lead_id)

    def duplicates(self, a: Target, b: Target, reason: str | None = None) -> Decision:
        """Store the judgement that two records are one; see ``Crm.duplicates``."""
        return self._do(partial(gates.duplicates, first=a, second=b, reason=reason))

    def not_duplicates(self, a: Target, b: Target, reason: str | None = None) -> Decision:
        """Store the judgement that two records are not one; see ``Crm.not_duplicates``."""
        return self._do(partial(plans.not_duplicates, first=a, second=b, reason=reason))

    def undo(self, receipt: Receipt) -> UndoneConversion:
        """Take a conversion back; see ``Crm.undo``."""
        return self._do(partial(undo, receipt=receipt), automation=Automation.SKIP)

    def settle(self, found: Findings = Findings()) -> None:
        """Ask of the whole what only the whole can be asked; raises ``ValidationError``.

        ``found`` is what the gates told of it.
        """
        self._findings += found
        people = gather.persons(self._overlay(), self._changes, self._desk.model)
        if people.findings.errors:
            raise ValidationError(people.findings)
        checks = dict.fromkeys((*self._changes.checks, *people.checks))
        self._changes = attrs.evolve(self._changes, checks=tuple(checks))

    def close(self) -> ChangeSet:
        """End the transaction: no command is accepted any more. Returns what was decided."""
        self._is_open = False
        return self.changes

    def _overlay(self) -> Overlay:
        if not self._is_open:
            raise UsageError("this transaction has ended", self._changes.reason, "begin a new one")
        return Overlay(self._snapshot, self._changes)

    def _do(
        self,
        plan: Callable[[Snapshot, Context], D],
        *,
        automation: Automation = Automation.RUN,
        now: datetime | None = None,
    ) -> D:
        overlay = self._overlay()
        context = self._desk.context()
        context = context if now is None else attrs.evolve(context, now=now)
        planned = plan(overlay, context)
        decision = complete(planned, overlay, context, self._desk.rules, automation)
        found = Findings(one for one in decision.findings if one.code not in persons.CODES)
        if found.errors:
            raise ValidationError(decision.findings)
        decision = decided(decision, changes=decision.changes, findings=found)
        self._changes = self._changes.then(decision.changes)
        self._findings = self._findings + decision.findings
        return decision

    def _now(self, record: R) -> R:
        return reading.get(self._overlay(), self._desk.model, type(record), record.id)
