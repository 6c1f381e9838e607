"""Qualification: what is known of a lead, which status may come next, and whether it is enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from attrs import frozen

from crmcore.changes import Change, ChangeSet, Insert, Update
from crmcore.entities.answer import QUESTIONS, Answer
from crmcore.entities.lead import Lead
from crmcore.entities.record import Record
from crmcore.errors import UnknownNameError, UsageError
from crmcore.findings import Finding, error, warning
from crmcore.model.model import Model
from crmcore.model.pipeline import LeadCategory
from crmcore.model.policies import Qualify
from crmcore.rules.rule import Context, Decision
from crmcore.rules.scoring import Scoring, score
from crmcore.values.ids import AnswerId, UserId
from crmcore.values.ref import Ref


@frozen(kw_only=True)
class Said:
    """An answer as it is entered: its ``value``, and what shows it.

    ``value`` is typed as the lead's field: a text, or ``Money`` for the budget.
    """

    value: Any
    is_met: bool | None = None
    evidence: Ref[Record] | None = None
    note: str | None = None


def qualify(
    lead: Lead, said: Mapping[str, Any], *, context: Context, status: str | None = None
) -> Decision:
    """Decide to enter answers of a lead, each kept with its evidence, and its next status.

    ``said`` maps a question to a ``Said`` or to its bare value. Raises ``UnknownNameError`` for a
    question that is none and for an unknown status, ``UsageError`` for a converted lead.
    """
    if lead.converted_at is not None:
        raise UsageError("a converted lead is read-only", lead.id, "work with what it became")
    values: dict[str, Any] = {}
    rows: list[Change] = []
    for question, given in said.items():
        if question not in QUESTIONS:
            raise UnknownNameError("question", question, QUESTIONS)
        one = given if isinstance(given, Said) else Said(value=given)
        values[question] = one.value
        rows.append(Insert(_answer(lead, question, one, context)))
    if status is not None:
        values["status"] = context.model.lead_status(status).key
    after = attrs.evolve(lead, **values)
    changes = [*([Update(lead, after)] if after != lead else []), *rows]
    return Decision(ChangeSet(changes, reason=f"qualify lead {lead.id}"))


def _answer(lead: Lead, question: str, one: Said, context: Context) -> Answer:
    return Answer(
        id=AnswerId(context.new_id()),
        who=lead.ref,
        question=question,
        answer=None if one.value is None else str(one.value),
        is_met=one.is_met,
        evidence=one.evidence,
        note=one.note,
        answered_at=context.now,
        answered_by=None if context.by is None else UserId(context.by),
    )


def status_changes(changes: ChangeSet, model: Model) -> Iterator[Finding]:
    """What is wrong with the status changes of leads: one that may not come next.

    Conversions and their undoing are no such changes, nor are statuses that the model lacks.
    """
    known = {one.key: one for one in model.lead_statuses}
    for one in changes:
        if not isinstance(one, Update):
            continue
        before, after = one.before, one.after
        if not isinstance(before, Lead) or not isinstance(after, Lead):
            continue
        old, new = known.get(before.status), known.get(after.status)
        if old is None or new is None or old == new or before.converted_at != after.converted_at:
            continue
        if old.follows is not None and new.key not in old.follows:
            ways = ", ".join(map(repr, old.follows)) or "none"
            yield error(
                "lead.status",
                f"after {old.key!r} this status may not come",
                ref=after.ref,
                path="status",
                value=new.key,
                suggestion=f"allowed next: {ways}",
            )


def gate(lead: Lead, scoring: Scoring, model: Model) -> tuple[Finding, ...]:
    """What keeps a lead from being converted, by the model's policy ``qualify``.

    An error each where it is required, a warning each where it is advised.
    """
    policy = model.policies.qualify
    if policy is Qualify.IGNORED:
        return ()
    found = list(score(lead, scoring, model).missing)
    status = next((one for one in model.lead_statuses if one.key == lead.status), None)
    if status is not None and status.category is LeadCategory.UNQUALIFIED:
        found.append(f"its status is {status}")
    severe = error if policy is Qualify.REQUIRED else warning
    return tuple(
        severe(
            "conversion.not_qualified",
            f"the lead does not qualify: {one}",
            ref=lead.ref,
            suggestion="crm.qualify(lead_id, ...) enters what is missing",
        )
        for one in found
    )
