"""Converting: what a lead conversion needs to see, and the duplicates of what it would make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import attrs
from attrs import frozen

from crmcore.changes import ChangeSet
from crmcore.crm import gather, reading
from crmcore.crm.choices import RETURN, Choices, Target
from crmcore.crm.complete import with_relations
from crmcore.crm.known import Known
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
from crmcore.model.policies import Attach, Matches
from crmcore.ports import Snapshot
from crmcore.query import F, Query
from crmcore.rules.conversion import (
    CREATE,
    AlreadyConvertedError,
    LeadConversion,
    OpportunityChoice,
    Request,
    decided,
    find_targets,
    newcomers,
    requested,
)
from crmcore.rules.matching import Match
from crmcore.rules.qualification import gate
from crmcore.rules.rule import Context
from crmcore.rules.rulebook import RuleBook
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)


@frozen
class Shared:
    """The account that an earlier lead of a batch made for the same company."""

    account_id: str
    lead_id: str


def convert(
    snapshot: Snapshot,
    context: Context,
    *,
    rules: RuleBook,
    lead_id: str,
    choices: Choices,
    known: Known,
    shared: Shared | None = None,
) -> LeadConversion:
    """Decide the conversion of a lead; see ``Crm.convert_lead``."""
    lead = reading.get(snapshot, context.model, Lead, lead_id)
    asked, found = _asked(snapshot, context, choices, shared)
    links = tuple(_links(snapshot, lead, asked))
    receipts = tuple(one for one in links if isinstance(one, ConversionReceipt))
    asked["field_map"] = rules.field_map
    try:
        request = requested(lead, context=context, receipts=receipts, **asked)
    except AlreadyConvertedError as already:
        if choices.get("if_converted") is RETURN and already.receipt is not None:
            return LeadConversion(changes=ChangeSet(), findings=Findings(), receipt=already.receipt)
        raise
    search = _searched(snapshot, attrs.evolve(request, found=found), known)
    request = search.request
    if request.contact is not None and asked["contact"] is None:
        links = (*links, *_of_contact(snapshot, request.contact))
    plan = decided(
        request,
        children=_children(snapshot, context, lead),
        links=links,
        matches=search.findings,
        allow_duplicates=choices.get("allow_duplicates", False),
        queue_ids=_queues(snapshot, request.owner_id, lead.owner_id),
        missing=_missing(lead, context, rules, choices),
    )
    plan = attrs.evolve(plan, offers=search.offers)
    return plan.recorded(with_relations(plan.changes, snapshot, context))


def _missing(
    lead: Lead, context: Context, rules: RuleBook, choices: Choices
) -> tuple[Finding, ...]:
    if choices.get("allow_unqualified", False):
        return ()
    return gate(lead, rules.scoring, context.model)


def _asked(
    snapshot: Snapshot, context: Context, choices: Choices, shared: Shared | None
) -> tuple[dict[str, Any], FrozenMap[str]]:
    """The choices as the rule takes them, records in the place of their ids, and why."""
    asked: dict[str, Any] = dict(choices)
    for name in ("if_converted", "allow_duplicates", "allow_unqualified"):
        asked.pop(name, None)
    account = _record(snapshot, context, Account, choices.get("account"))
    contact = _record(snapshot, context, Contact, choices.get("contact"))
    wanted = choices.get("opportunity", CREATE)
    deal: Opportunity | OpportunityChoice | None
    if isinstance(wanted, OpportunityChoice):
        deal = wanted
    else:
        deal = _record(snapshot, context, Opportunity, wanted)
    found: dict[str, str] = {}
    if account is None and context.model.is_enabled(Account):
        own = [(one, one.account_id) for one in (contact, deal) if isinstance(one, Record)]
        for one, home in own:
            if account is None and home is not None:
                account = _record(snapshot, context, Account, home)
                found["account"] = f"the account of the {one.ref.kind} given"
        if account is None and shared is not None:
            account = _record(snapshot, context, Account, shared.account_id)
            found["account"] = f"made for lead {shared.lead_id} of the same company, in this batch"
    asked.update(account=account, contact=contact, opportunity=deal)
    return asked, FrozenMap(found)


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
    """The link rows of the targets, the campaigns of the lead, and its receipts."""
    contact, deal = asked["contact"], asked["opportunity"]
    yield from snapshot.find(Query.of(ConversionReceipt, F.lead_id == lead.id))
    if contact is not None:
        yield from _of_contact(snapshot, contact)
    if isinstance(deal, Opportunity):
        yield from snapshot.find(Query.of(OpportunityContactRole, F.opportunity_id == deal.id))
    rows = snapshot.find(Query.of(CampaignMember, F.member == lead.ref))
    campaigns = sorted({row.campaign_id for row in rows})
    yield from snapshot.get(Campaign, campaigns).values()


def _of_contact(snapshot: Snapshot, contact: Contact) -> Iterator[Record]:
    yield from snapshot.find(Query.of(CampaignMember, F.member == contact.ref))
    yield from snapshot.find(Query.of(AccountContactRelation, F.contact_id == contact.id))


def _queues(snapshot: Snapshot, *owners: str | None) -> frozenset[str]:
    ids = [one for one in owners if one is not None]
    users = snapshot.get(User, ids).values()
    return frozenset(one.id for one in users if one.is_queue)


@frozen(kw_only=True)
class _Search:
    """The request with the records it is attached to by policy, and what else was found."""

    request: Request
    findings: tuple[Finding, ...] = ()
    offers: tuple[Ref[Any], ...] = ()


def _searched(snapshot: Snapshot, request: Request, known: Known) -> _Search:
    model, policies = request.model, request.model.policies
    is_attached = policies.conversion_attach is Attach.STRONG_KEYS
    if not is_attached and policies.conversion_matches is Matches.IGNORE:
        return _Search(request=request)
    new = newcomers(request)
    matches = known.matches(snapshot, new)
    told: tuple[Finding, ...] = ()
    # a strong key may hold where the rest of two records speaks against their being one
    near = known.matches(snapshot, new, threshold=0.0) if is_attached else ()
    if near:
        refs = [_other(match, new) for match in near]
        alike = gather.fetch(snapshot, refs, model)
        people = [one for one in alike.values() if isinstance(one, Contact)]
        homes = snapshot.get(Account, sorted({one.account_id for one in people if one.account_id}))
        stored = [one for one in alike.values() if isinstance(one, Account | Contact)]
        found = find_targets(request, new, stored, homes.values())
        request = attrs.evolve(
            request,
            account=request.account or found.account,
            contact=request.contact or found.contact,
            found=request.found.with_items(dict(found.reasons)),
        )
        told = found.findings
    chosen = {"account": request.account, "contact": request.contact}
    left = [one for one in new if chosen[one.ref.kind] is None]
    mine = [match for match in matches if match.left in _refs(left) or match.right in _refs(left)]
    return _Search(
        request=request,
        findings=(*told, *(_finding(request.lead, match, left) for match in mine)),
        offers=tuple(dict.fromkeys(_other(match, left) for match in mine)),
    )


def _refs(records: Iterable[Record]) -> frozenset[Ref[Any]]:
    return frozenset(one.ref for one in records)


def _other(match: Match, new: Iterable[Record]) -> Ref[Any]:
    return match.right if match.left in _refs(new) else match.left


def _finding(lead: Lead, match: Match, new: Iterable[Record]) -> Finding:
    other = _other(match, new)
    agreeing = [point.field for point in match.evidence if point.similarity > 0]
    return error(
        "conversion.duplicate",
        f"the {other.kind} to be made is probably {other} (score {match.score:.2f}, by "
        f"{match.rule}: {', '.join(agreeing)})",
        ref=lead.ref,
        value=other.id,
        suggestion=f"pass {other.kind}={other.id!r} to attach to it, or allow_duplicates=True",
    )
