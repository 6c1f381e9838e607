"""Converting: what a lead conversion needs to see, and the duplicates of what it would make."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, TypeVar

import attrs

from crmcore.changes import ChangeSet
from crmcore.crm import gather, reading
from crmcore.crm.choices import RETURN, Choices, Target
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Campaign,
    CampaignMember,
    Contact,
    ConversionReceipt,
    Lead,
    Opportunity,
    OpportunityContactRole,
    Record,
    User,
)
from crmcore.errors import UsageError
from crmcore.findings import Finding, Findings, error
from crmcore.ports import Snapshot
from crmcore.query import F, Query
from crmcore.rules import matching
from crmcore.rules.conversion import (
    CREATE,
    AlreadyConvertedError,
    LeadConversion,
    OpportunityChoice,
    convert_lead,
)
from crmcore.rules.matching import Match
from crmcore.rules.rule import Context
from crmcore.rules.rulebook import RuleBook

R = TypeVar("R", bound=Record)


def convert(
    snapshot: Snapshot, context: Context, rules: RuleBook, lead_id: str, choices: Choices
) -> LeadConversion:
    """Decide the conversion of a lead; see ``Crm.convert_lead``."""
    lead = reading.get(snapshot, context.model, Lead, lead_id)
    asked = _asked(snapshot, context, choices)
    asked["links"] = tuple(_links(snapshot, lead, asked))
    asked["children"] = tuple(_children(snapshot, context, lead))
    asked["field_map"] = rules.field_map
    asked["queue_ids"] = _queues(snapshot, asked.get("owner_id"), lead.owner_id)
    try:
        # made twice, so that duplicates of what would be made can be looked for in between; the
        # first time with ids that are thrown away
        numbers = count()
        trial = attrs.evolve(context, new_id=lambda: f"trial-{next(numbers)}")
        planned = convert_lead(lead, context=trial, **asked)
        asked["matches"] = tuple(_duplicates(snapshot, context, rules, planned))
        return convert_lead(lead, context=context, **asked)
    except AlreadyConvertedError as already:
        if choices.get("if_converted") is RETURN and already.receipt is not None:
            return LeadConversion(changes=ChangeSet(), findings=Findings(), receipt=already.receipt)
        raise


def _asked(snapshot: Snapshot, context: Context, choices: Choices) -> dict[str, Any]:
    """The choices as the rule takes them: records in the place of their ids."""
    asked: dict[str, Any] = dict(choices)
    asked.pop("if_converted", None)
    account = _record(snapshot, context, Account, choices.get("account"))
    contact = _record(snapshot, context, Contact, choices.get("contact"))
    wanted = choices.get("opportunity", CREATE)
    deal: Opportunity | OpportunityChoice | None
    if isinstance(wanted, OpportunityChoice):
        deal = wanted
    else:
        deal = _record(snapshot, context, Opportunity, wanted)
    own = (one.account_id for one in (contact, deal) if isinstance(one, Contact | Opportunity))
    if account is None and context.model.is_enabled(Account):
        account = _record(snapshot, context, Account, next((one for one in own if one), None))
    asked.update(account=account, contact=contact, opportunity=deal)
    return asked


def _record(snapshot: Snapshot, context: Context, entity: type[R], what: Target | None) -> R | None:
    if what is None:
        return None
    id_ = what if isinstance(what, str) else what.id
    kind = context.model.schema(entity).kind
    if isinstance(what, Record) and not isinstance(what, entity):
        raise UsageError(f"this must be a record of {kind}", what.ref)
    return reading.get(snapshot, context.model, entity, id_)


def _children(snapshot: Snapshot, context: Context, lead: Lead) -> Iterator[Record]:
    for one in gather.referring(snapshot, [lead.ref], context.model).values():
        if not isinstance(one, ConversionReceipt):
            yield one


def _links(snapshot: Snapshot, lead: Lead, asked: dict[str, Any]) -> Iterator[Record]:
    """The link rows of the targets, the campaigns of the lead, and its receipt."""
    contact, deal = asked["contact"], asked["opportunity"]
    yield from snapshot.find(Query.of(ConversionReceipt, F.lead_id == lead.id))
    if contact is not None:
        yield from snapshot.find(Query.of(CampaignMember, F.member == contact.ref))
        yield from snapshot.find(Query.of(AccountContactRelation, F.contact_id == contact.id))
    if isinstance(deal, Opportunity):
        yield from snapshot.find(Query.of(OpportunityContactRole, F.opportunity_id == deal.id))
    rows = snapshot.find(Query.of(CampaignMember, F.member == lead.ref))
    campaigns = sorted({row.campaign_id for row in rows})
    yield from snapshot.get(Campaign, campaigns).values()


def _queues(snapshot: Snapshot, *owners: str | None) -> frozenset[str]:
    ids = [one for one in owners if one is not None]
    users = snapshot.get(User, ids).values()
    return frozenset(one.id for one in users if one.is_queue)


def _duplicates(
    snapshot: Snapshot, context: Context, rules: RuleBook, planned: LeadConversion
) -> Iterator[Finding]:
    """The records that what would be made probably is already, as findings."""
    made = [one for one in (planned.account, planned.contact) if one is not None]
    known = gather.fetch(snapshot, (one.ref for one in made), context.model)
    new = [one for one in made if one.ref not in known]
    if not new:
        return
    related = (*gather.records_of(snapshot, ["account"]), *made)
    judgements = reading.judgements(snapshot)
    for one in new:
        for match in matching.matches_of(
            one,
            gather.records_of(snapshot, [one.ref.kind]),
            rules=rules.match_rules_for(one.ref.kind),
            model=context.model,
            judgements=judgements,
            related=related,
        ):
            yield _finding(planned, one, match)


def _finding(planned: LeadConversion, made: Record, match: Match) -> Finding:
    other = match.right if match.left == made.ref else match.left
    agreeing = [point.field for point in match.evidence if point.similarity > 0]
    return error(
        "conversion.duplicate",
        f"the {made.ref.kind} to be made is probably {other} (score {match.score:.2f}, by "
        f"{match.rule}: {', '.join(agreeing)})",
        ref=planned.receipt.lead.ref if planned.receipt.lead is not None else None,
        value=other.id,
        suggestion=f"pass {made.ref.kind}={other.id!r} to attach to it, or allow_duplicates=True",
    )
