"""Capturing: what a submission needs to see, and what the company's mode makes of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import attrs
from attrs import frozen

from crmcore.changes import ChangeSet
from crmcore.crm import gather
from crmcore.crm.choices import Choices
from crmcore.crm.complete import complete
from crmcore.crm.converting import convert
from crmcore.crm.known import Known
from crmcore.entities import Campaign, CampaignMember, Contact, Lead, Record, Touch
from crmcore.findings import Finding, Findings, warning
from crmcore.interchange import read_form
from crmcore.interchange.columns import made
from crmcore.model.policies import LeadMode, Matches
from crmcore.ports import Overlay, Snapshot
from crmcore.query import F, Query
from crmcore.rules.capture import Capture, Outcome, Signal, Surroundings, capture
from crmcore.rules.conversion import CREATE, SKIP
from crmcore.rules.matching import DuplicateError, Match
from crmcore.rules.rule import Context
from crmcore.rules.rulebook import RuleBook
from crmcore.values.ref import Ref

Search: TypeAlias = Callable[[Snapshot, Lead], tuple[tuple[Lead | Contact, ...], tuple[Match, ...]]]
"""Who a lead to be made may be already, and the matches that say so."""


_PEOPLE = ("lead", "contact")


@frozen(kw_only=True)
class Draft:
    """A submission as values: those of the lead by path, the touch, and what was found reading."""

    values: Mapping[str, Any]
    signal: Signal | None
    findings: tuple[Finding, ...] = ()


def form_draft(
    posted: Mapping[str, str],
    *,
    context: Context,
    source: str | None,
    columns: Mapping[str, str] | None,
) -> Draft:
    """What a web form posted, as a draft."""
    read = read_form(posted, model=context.model, source=source, columns=columns)
    signal = Signal(
        source=read.source,
        medium=read.medium,
        at=read.at,
        campaign_id=read.campaign_id,
        member_status=read.member_status,
        detail=read.detail,
    )
    return Draft(values=read.values, signal=signal, findings=tuple(read.findings))


def capture_form(
    snapshot: Snapshot,
    context: Context,
    *,
    rules: RuleBook,
    known: Known,
    posted: Mapping[str, str],
    source: str | None,
    columns: Mapping[str, str] | None,
) -> Capture:
    """Decide what a web form's submission becomes; see ``Crm.capture``."""
    draft = form_draft(posted, context=context, source=source, columns=columns)

    def search(moment: Snapshot, lead: Lead) -> tuple[Any, tuple[Match, ...]]:
        matches = known.matches(moment, [lead], among=_PEOPLE)
        refs = [one.right if one.left == lead.ref else one.left for one in matches]
        found = gather.fetch(moment, refs, context.model).values()
        return tuple(found), matches

    return captured(
        snapshot,
        context,
        rules=rules,
        known=known,
        draft=draft,
        search=search,
        policy=context.model.policies.capture_matches,
    )


def captured(
    snapshot: Snapshot,
    context: Context,
    *,
    rules: RuleBook,
    known: Known,
    draft: Draft,
    search: Search,
    policy: Matches,
    former: Mapping[Ref[Any], tuple[Record, ...]] | None = None,
) -> Capture:
    """Decide what a draft becomes, by the model's policies and mode.

    ``policy`` is what look-alikes of somebody new do to it; raises ``DuplicateError`` where it is
    to stop them. ``former`` are the records that were merged into those found, as they were.
    """
    model = context.model
    values = dict(draft.values)
    values.setdefault("id", context.new_id())
    values.setdefault("status", model.lead_statuses[0].key)
    lead = made(model.schema(Lead), values)
    assert isinstance(lead, Lead)  # noqa: S101  # the schema is that of leads
    people, matches = search(snapshot, lead)
    decision = capture(
        lead,
        draft.values.keys(),
        draft.signal,
        context=context,
        around=attrs.evolve(_around(snapshot, people, draft.signal), former=former or {}),
    )
    if decision.outcome is Outcome.CREATED and policy is not Matches.IGNORE:
        matches = matches or known.matches(snapshot, [lead], among=_PEOPLE)
        if matches and policy is Matches.BLOCK:
            raise DuplicateError(matches)
    found = [*draft.findings, *_alike(decision, matches, policy)]
    decision = attrs.evolve(decision, findings=Findings([*found, *decision.findings]))
    mode = model.policies.lead_mode
    if decision.outcome is not Outcome.CREATED or mode is LeadMode.LEADS_AND_CONTACTS:
        return decision
    return _converted(snapshot, context, rules, known, decision)


def _around(
    snapshot: Snapshot, known: Iterable[Lead | Contact], signal: Signal | None
) -> Surroundings:
    people = tuple(known)
    refs = [one.ref for one in people]
    campaign_id = None if signal is None else signal.campaign_id
    ids = [] if campaign_id is None else [campaign_id]
    campaign = snapshot.get(Campaign, ids).get(campaign_id or "")
    touches = snapshot.find(Query.of(Touch, F.who.in_(refs))) if refs else ()
    members = snapshot.find(Query.of(CampaignMember, F.member.in_(refs))) if refs else ()
    return Surroundings(
        known=people, touches=tuple(touches), members=tuple(members), campaign=campaign
    )


def _alike(decision: Capture, matches: Iterable[Match], policy: Matches) -> Iterable[Finding]:
    """The records that somebody new is probably already, though no strong key says so."""
    if decision.outcome is not Outcome.CREATED or policy is Matches.IGNORE:
        return
    for one in matches:
        other = one.right if decision.ref == one.left else one.left
        agreeing = [point.field for point in one.evidence if point.similarity > 0]
        yield warning(
            "capture.similar",
            f"this is perhaps {other} (score {one.score:.2f}, by {one.rule}: "
            f"{', '.join(agreeing)})",
            ref=decision.ref,
            value=other.id,
            suggestion="merge them, or say that they are not duplicates",
        )


def _converted(
    snapshot: Snapshot, context: Context, rules: RuleBook, known: Known, decision: Capture
) -> Capture:
    """The capture with its lead converted by the same commit, as the mode wants (a receipt too).

    A lead that cannot be converted stays one, and that is reported: a submission is never lost.
    """
    lead = decision.lead
    if lead is None:
        return decision
    started = complete(decision, snapshot, context)
    if started.findings.errors:
        return decision
    overlay = Overlay(snapshot, started.changes)
    plan = convert(
        overlay,
        context,
        rules=rules,
        lead_id=lead.id,
        choices=mode_choices(context),
        known=known,
    )
    plan = complete(plan, overlay, context)
    if plan.findings.errors:
        why = "; ".join(one.message for one in plan.findings.errors)
        stays = warning(
            "capture.not_converted",
            f"it stays a lead, as it cannot be converted: {why}",
            ref=lead.ref,
            suggestion="convert it by hand when that is mended",
        )
        return attrs.evolve(decision, findings=Findings([*decision.findings, stays]))
    changes: ChangeSet = started.changes.then(plan.changes)
    return attrs.evolve(
        decision,
        changes=changes,
        findings=started.findings + plan.findings,
        contact=plan.contact,
        why=f"{decision.why}; converted at once",
    )


def mode_choices(context: Context) -> Choices:
    """How the model's mode converts what is captured."""
    at_once = context.model.policies.lead_mode is LeadMode.CONVERT_AT_ONCE
    return Choices(
        opportunity=CREATE if at_once else SKIP, allow_duplicates=True, allow_unqualified=True
    )
