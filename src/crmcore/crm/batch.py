"""Batch: many leads converted, by one commit or by one each; those that cannot be are named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Any, Final, TypeAlias

import attrs
from attrs import frozen

from crmcore import render
from crmcore.changes import ChangeSet
from crmcore.crm.choices import Choices
from crmcore.crm.complete import complete, with_records, written
from crmcore.crm.converting import Shared, convert
from crmcore.crm.known import Known
from crmcore.crm.pending import Pending
from crmcore.entities import Lead
from crmcore.errors import CrmError, StorageError
from crmcore.findings import Findings, ValidationError
from crmcore.ports import Snapshot
from crmcore.rules.conversion import LeadConversion
from crmcore.rules.rule import Context
from crmcore.rules.rulebook import RuleBook
from crmcore.rules.similarity import normal_company


class Commits(Enum):
    """How the conversions of a batch are stored."""

    ONE_FOR_ALL = "one_for_all"
    """Together: either all that are not refused, or none."""
    ONE_PER_LEAD = "one_per_lead"
    """Each as soon as it is decided; what is stored stays when the batch is stopped."""


ONE_FOR_ALL: Final = Commits.ONE_FOR_ALL
ONE_PER_LEAD: Final = Commits.ONE_PER_LEAD


@frozen(kw_only=True)
class Refusal:
    """A lead that was not converted, and the exception that says why."""

    lead_id: str
    reason: CrmError


Outcome: TypeAlias = LeadConversion | Refusal
"""What became of one lead of a batch."""

Progress: TypeAlias = Callable[[int, int, Outcome], object]
"""Told after each lead: how many are done, of how many, and what became of this one."""


@frozen(kw_only=True)
class BatchConversion:
    """What became of many leads: ``conversions`` in the order given, and ``refused`` ones.

    Where one commit stored them all, ``changes`` are those of all conversions together; with a
    commit each they are empty, and each conversion has its own. Refused leads leave no trace.
    """

    changes: ChangeSet
    findings: Findings
    conversions: tuple[LeadConversion, ...] = ()
    refused: tuple[Refusal, ...] = ()

    def as_stored(self) -> BatchConversion:
        """The same with the records of each conversion as the changes have them."""
        after = written(self.changes)
        fresh = tuple(with_records(one, after) for one in self.conversions)
        return attrs.evolve(self, conversions=fresh)

    @property
    def _title(self) -> str:
        return f"{len(self.conversions):,} converted, {len(self.refused):,} refused"

    def _rows(self) -> Iterator[tuple[str, str]]:
        for one in self.conversions:
            account = "no account" if one.account is None else f"account {one.account.name}"
            deal = "no deal" if one.opportunity is None else f"deal {one.opportunity.name}"
            yield one.receipt.lead_id, f"converted: {account}, {deal}"
        for left in self.refused:
            yield left.lead_id, f"refused: {left.reason}"

    def __str__(self) -> str:
        return f"{self._title}\n\n{render.key_values(self._rows())}".rstrip()

    def _repr_html_(self) -> str:
        columns = ("lead", "what became of it")
        return render.html_table(list(self._rows()), columns=columns, caption=self._title)


class Accounts:
    """The accounts that a batch made, by company, for its later leads to share (law C18)."""

    def __init__(self) -> None:
        self._made: dict[str, Shared] = {}

    def of(self, lead: Lead | None) -> Shared | None:
        """The account that an earlier lead of this company made."""
        return self._made.get(_company(lead)) if lead is not None else None

    def note(self, lead: Lead | None, done: LeadConversion) -> None:
        """Remember which account a lead got."""
        company = _company(lead)
        if company and done.account is not None:
            self._made.setdefault(company, Shared(done.account.id, done.receipt.lead_id))


def _company(lead: Lead | None) -> str:
    text = None if lead is None else lead.company
    return normal_company(text) if isinstance(text, str) else ""


def convert_many(
    snapshot: Snapshot,
    context: Context,
    *,
    rules: RuleBook,
    lead_ids: Iterable[str],
    choices: Choices,
    known: Known,
    progress: Progress | None = None,
) -> BatchConversion:
    """Decide the conversion of many leads, to be stored together; see ``Crm.convert_leads``."""
    pending = Pending(snapshot, context.model)

    def decide(lead_id: str, shared: Shared | None) -> LeadConversion:
        planned = convert(
            pending,
            context,
            rules=rules,
            lead_id=lead_id,
            choices=choices,
            known=known,
            shared=shared,
        )
        decision = complete(planned, pending, context, rules)
        if decision.findings.errors:
            raise ValidationError(decision.findings)
        pending.add(decision.changes)
        return decision

    outcome = gathered(lead_ids, decide, lambda one: lead_of(pending, one), progress)
    start = ChangeSet(reason="convert leads", by=context.by, at=context.now)
    return attrs.evolve(outcome, changes=pending.changes(start))


def gathered(
    lead_ids: Iterable[str],
    decide: Callable[[str, Shared | None], LeadConversion],
    read: Callable[[str], Lead | None],
    progress: Progress | None,
) -> BatchConversion:
    """What ``decide`` makes of each lead, those it refuses named, accounts shared."""
    ids = tuple(dict.fromkeys(lead_ids))
    done: list[LeadConversion] = []
    refused: list[Refusal] = []
    accounts = Accounts()
    for place, lead_id in enumerate(ids, 1):
        outcome: Outcome
        try:
            lead = read(lead_id)
            outcome = decide(lead_id, accounts.of(lead))
            accounts.note(lead, outcome)
            done.append(outcome)
        except StorageError:
            raise
        except CrmError as problem:
            outcome = Refusal(lead_id=lead_id, reason=problem)
            refused.append(outcome)
        if progress is not None:
            progress(place, len(ids), outcome)
    found = tuple(finding for one in done for finding in one.findings)
    return BatchConversion(
        changes=ChangeSet(),
        findings=Findings(found),
        conversions=tuple(done),
        refused=tuple(refused),
    )


def lead_of(snapshot: Snapshot, lead_id: Any) -> Lead | None:
    """The lead of this id, or ``None``: its conversion says what is wrong."""
    return snapshot.get(Lead, [lead_id]).get(lead_id) if isinstance(lead_id, str) else None
