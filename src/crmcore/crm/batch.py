"""Batch: many leads converted by one commit, with those that cannot be left out and named."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from attrs import frozen

from crmcore import render
from crmcore.changes import ChangeSet
from crmcore.crm.choices import Choices
from crmcore.crm.complete import complete, with_records
from crmcore.crm.converting import convert
from crmcore.entities import Lead
from crmcore.errors import CrmError
from crmcore.findings import Findings, ValidationError
from crmcore.ports import Overlay, Snapshot
from crmcore.rules.conversion import LeadConversion
from crmcore.rules.rule import Context
from crmcore.rules.rulebook import RuleBook
from crmcore.rules.similarity import normal_company


@frozen(kw_only=True)
class Refusal:
    """A lead that was not converted, and the exception that says why."""

    lead_id: str
    reason: CrmError


@frozen(kw_only=True)
class BatchConversion:
    """What became of many leads: ``conversions`` in the order given, and ``refused`` ones.

    ``changes`` are those of all conversions together; refused leads leave no trace in it.
    """

    changes: ChangeSet
    findings: Findings
    conversions: tuple[LeadConversion, ...] = ()
    refused: tuple[Refusal, ...] = ()

    def as_stored(self) -> BatchConversion:
        """The same with the records of each conversion as the changes have them."""
        fresh = tuple(with_records(one, self.changes) for one in self.conversions)
        return attrs.evolve(self, conversions=fresh)

    def __str__(self) -> str:
        done = [
            (one.receipt.lead_id, f"converted, account {render.plain(one.receipt.account_id)}")
            for one in self.conversions
        ]
        left = [(one.lead_id, f"refused: {one.reason}") for one in self.refused]
        return render.key_values([*done, *left])


def convert_many(
    snapshot: Snapshot,
    context: Context,
    rules: RuleBook,
    lead_ids: Iterable[str],
    choices: Choices,
) -> BatchConversion:
    """Decide the conversion of many leads; see ``Crm.convert_leads``."""
    changes = ChangeSet(reason="convert leads", by=context.by, at=context.now)
    findings = Findings()
    done: list[LeadConversion] = []
    refused: list[Refusal] = []
    made: dict[str, str] = {}
    for lead_id in dict.fromkeys(lead_ids):
        overlay = Overlay(snapshot, changes)
        try:
            company = _company(overlay, lead_id)
            shared = made.get(company) if company else None
            own = (
                choices if shared is None or choices.get("account") else _attached(choices, shared)
            )
            planned = convert(overlay, context, rules, lead_id, own)
            decision = complete(planned, overlay, context, rules)
            if decision.findings.errors:
                raise ValidationError(decision.findings)
            changes = changes.then(decision.changes)
        except CrmError as problem:
            refused.append(Refusal(lead_id=lead_id, reason=problem))
            continue
        done.append(decision)
        findings += decision.findings
        if company and decision.account is not None:
            made[company] = decision.account.id
    return BatchConversion(
        changes=changes, findings=findings, conversions=tuple(done), refused=tuple(refused)
    )


def _company(snapshot: Snapshot, lead_id: str) -> str:
    lead = snapshot.get(Lead, [lead_id]).get(lead_id)
    return "" if lead is None or lead.company is None else normal_company(lead.company)


def _attached(choices: Choices, account_id: str) -> Choices:
    own = choices.copy()
    own["account"] = account_id
    return own
