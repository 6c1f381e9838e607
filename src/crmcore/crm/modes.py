"""Modes: going over from one way of working with leads to another, and qualifying them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import frozen

from crmcore import render
from crmcore.changes import ChangeSet
from crmcore.crm import reading
from crmcore.crm.batch import BatchConversion, convert_many
from crmcore.crm.capturing import mode_choices
from crmcore.crm.known import Known
from crmcore.entities import Lead
from crmcore.entities.ledger import Fate, Transfer
from crmcore.findings import Findings
from crmcore.model.model import Model
from crmcore.model.pipeline import LeadCategory
from crmcore.model.policies import LeadMode
from crmcore.ports import Snapshot
from crmcore.query import F, Query, read
from crmcore.rules.qualification import qualify
from crmcore.rules.rule import Context, Decision
from crmcore.rules.rulebook import RuleBook

OPEN = (LeadCategory.OPEN, LeadCategory.WORKING, LeadCategory.QUALIFIED)
"""What a lead is that somebody may still work on."""


@frozen(kw_only=True)
class ModeAdoption:
    """What going over to a mode does: the leads it converts, and what has no place there.

    ``model`` has the mode as its policy. ``homeless`` are the values that went nowhere, lead by
    lead; ``batch`` names the leads that stay as they are, with the reason.
    """

    mode: LeadMode
    model: Model
    batch: BatchConversion
    homeless: tuple[Transfer, ...]
    changes: ChangeSet
    findings: Findings

    def __str__(self) -> str:
        rows = [(one.source, one.field, one.value, one.why) for one in self.homeless]
        table = render.table(rows, columns=_COLUMNS) if rows else "every value has a place"
        return f"{self.mode.value}\n\n{self.batch}\n\n{table}"

    def _repr_html_(self) -> str:
        rows = [(one.source, one.field, one.value, one.why) for one in self.homeless]
        caption = f"{len(rows)} values without a place; the receipts keep them"
        table = render.html_table(rows, columns=_COLUMNS, caption=caption)
        return render.html_section(self.mode.value, self.batch._repr_html_(), table)


_COLUMNS = ("lead", "field", "value", "why it has no place")


def adopt_mode(
    snapshot: Snapshot, context: Context, *, rules: RuleBook, known: Known, mode: LeadMode
) -> ModeAdoption:
    """Decide to go over to a mode; see ``Crm.adopt_mode``."""
    model = context.model.with_policies(lead_mode=mode)
    own = attrs.evolve(context, model=model)
    ids: list[str] = []
    if mode is not LeadMode.LEADS_AND_CONTACTS:
        where = F.status_category.in_(OPEN) & F.converted_at.is_none()
        ids = [one.id for one in snapshot.find(read(Query.of(Lead, where), model))]
    choices = mode_choices(own)
    batch = convert_many(snapshot, own, rules=rules, lead_ids=ids, choices=choices, known=known)
    homeless = tuple(
        transfer
        for one in batch.conversions
        for transfer in one.receipt.transfers
        if transfer.field != "status" and one.fates[transfer.field] in (Fate.UNMAPPED, Fate.DROPPED)
    )
    return ModeAdoption(
        mode=mode,
        model=model,
        batch=batch,
        homeless=homeless,
        changes=batch.changes,
        findings=batch.findings,
    )


def qualify_lead(
    snapshot: Snapshot,
    context: Context,
    *,
    lead_id: str,
    said: Mapping[str, Any],
    status: str | None,
) -> Decision:
    """Decide to enter answers; see ``Crm.qualify``."""
    lead = reading.get(snapshot, context.model, Lead, lead_id)
    return qualify(lead, said, context=context, status=status)
