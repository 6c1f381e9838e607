"""Convert: the decision what becomes of one lead, from records to changes, findings and receipt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, TypedDict, Unpack

import attrs
from attrs import frozen

from crmcore.changes import Change, ChangeSet, Check, CheckVersion, Insert, Update
from crmcore.entities.account import Account
from crmcore.entities.contact import Contact
from crmcore.entities.lead import Lead
from crmcore.entities.ledger import ConversionReceipt
from crmcore.entities.opportunity import Opportunity
from crmcore.entities.record import Record
from crmcore.findings import Finding, Findings, Severity, error, remark
from crmcore.model.policies import Children, Matches
from crmcore.rules.conversion.accounting import remaining
from crmcore.rules.conversion.children import Moves, moved_children
from crmcore.rules.conversion.parts import account_part, contact_part, opportunity_part
from crmcore.rules.conversion.plan import AlreadyConvertedError, LeadConversion
from crmcore.rules.conversion.request import (
    CREATE,
    OpportunityChoice,
    Request,
    check_request,
    converted_status,
    is_converted,
    overwritten,
)
from crmcore.rules.conversion.targets import Part
from crmcore.rules.conversion.ties import Ties, relation_of, role_of, stray_contact
from crmcore.rules.field_map import STANDARD_FIELD_MAP, FieldMap
from crmcore.rules.rule import Context
from crmcore.values.ids import ConversionReceiptId, UserId
from crmcore.values.ref import Ref


@frozen(kw_only=True)
class _Parts:
    """The three records that one lead becomes."""

    account: Part[Account]
    contact: Part[Contact]
    opportunity: Part[Opportunity]

    @property
    def all(self) -> tuple[Part[Account] | Part[Contact] | Part[Opportunity], ...]:
        return (self.account, self.contact, self.opportunity)

    def ends(self, policy: Children) -> tuple[Record, ...]:
        """What children move to, the most fitting first."""
        records: dict[str, Record | None] = {
            "contact": self.contact.after,
            "deal": self.opportunity.after,
            "account": self.account.after,
        }
        order = sorted(records, key=lambda kind: kind != policy.value)  # the rest stays in order
        return tuple(one for kind in order if (one := records[kind]) is not None)


class Asked(TypedDict, total=False):
    """What a conversion may be asked for, as ``convert_lead`` explains it."""

    account: Account | None
    contact: Contact | None
    opportunity: Opportunity | OpportunityChoice
    opportunity_name: str | None
    owner_id: str | None
    status: str | None
    close_on: date | None
    pipeline: str | None
    stage: str | None
    overwrite: str | Iterable[str]
    field_map: FieldMap


def convert_lead(
    lead: Lead,
    *,
    context: Context,
    children: Iterable[Record] = (),
    links: Iterable[Record] = (),
    matches: Iterable[Finding] = (),
    allow_duplicates: bool = False,
    queue_ids: frozenset[str] = frozenset(),
    **asked: Unpack[Asked],
) -> LeadConversion:
    """Decide what becomes of ``lead``; nothing is stored.

    ``account``, ``contact`` and ``opportunity`` are records to attach to, else new ones are made;
    ``opportunity=SKIP`` makes no deal. A contact or deal that has an account is given with it.
    On a record given, gaps are filled and the rest stays, except for ``overwrite``: targets such
    as ``contact.phone``, or plain field names. ``owner_id`` owns what is made (``None``: the
    lead's owner), ``status`` is the lead's new one (``None``: the model's first converted one),
    ``close_on``, ``pipeline``, ``stage`` and ``opportunity_name`` describe a new deal (``None``:
    the map's, else the last day of the fiscal quarter, the model's first pipeline, its first open
    stage, a name made of who and what).

    ``children`` are all records that refer to the lead; ``links`` the memberships and account
    relations of the contact given, the roles of the deal given, the campaigns of the lead's
    memberships, and the lead's receipt if there is one. ``matches`` are the duplicates found of
    what would be made; the model's policy says whether they stop it. ``queue_ids`` are the users
    that are queues and own nothing but leads.

    Raises ``AlreadyConvertedError``, ``ModelError`` for a map that cannot work, ``UsageError`` and
    ``UnknownNameError`` for arguments that cannot mean anything. Bad data becomes findings.
    """
    known = tuple(links)
    receipts = (one for one in known if isinstance(one, ConversionReceipt))
    request = requested(lead, context=context, receipts=receipts, **asked)
    return decided(
        request,
        children=children,
        links=known,
        matches=matches,
        allow_duplicates=allow_duplicates,
        queue_ids=queue_ids,
    )


def requested(
    lead: Lead,
    *,
    context: Context,
    account: Account | None = None,
    contact: Contact | None = None,
    opportunity: Opportunity | OpportunityChoice = CREATE,
    opportunity_name: str | None = None,
    owner_id: str | None = None,
    status: str | None = None,
    close_on: date | None = None,
    pipeline: str | None = None,
    stage: str | None = None,
    overwrite: str | Iterable[str] = (),
    field_map: FieldMap = STANDARD_FIELD_MAP,
    receipts: Iterable[ConversionReceipt] = (),
) -> Request:
    """The first half of ``convert_lead``: what is asked for, checked; with the same errors.

    ``receipts`` are those of the lead. Between the halves ``newcomers`` says what would be made,
    so that it can be looked for; ``attached`` takes up what was found.
    """
    _refuse_converted(lead, receipts)
    return Request(
        lead=lead,
        context=context,
        account=account,
        contact=contact,
        opportunity=opportunity,
        opportunity_name=opportunity_name,
        owner_id=owner_id,
        status=converted_status(status, lead, context.model),
        close_on=close_on,
        pipeline=pipeline,
        stage=stage,
        overwrite=overwritten(overwrite, field_map),
        field_map=field_map.checked(context.model),
    )


def newcomers(request: Request) -> tuple[Account | Contact, ...]:
    """The account and the contact that the request would make, under ids that are not theirs.

    Those that it attaches to, or that there will not be, are left out.
    """
    trial = attrs.evolve(
        request, context=attrs.evolve(request.context, new_id=lambda: "not made yet")
    )
    account = account_part(trial)
    contact = contact_part(trial, account.after)
    parts: tuple[Part[Account] | Part[Contact], ...] = (account, contact)
    return tuple(one.after for one in parts if one.is_new and one.after is not None)


def decided(
    request: Request,
    *,
    children: Iterable[Record] = (),
    links: Iterable[Record] = (),
    matches: Iterable[Finding] = (),
    allow_duplicates: bool = False,
    queue_ids: frozenset[str] = frozenset(),
    missing: Iterable[Finding] = (),
) -> LeadConversion:
    """The second half of ``convert_lead``: what becomes of the lead.

    ``missing`` is what keeps the lead from it by the company's own rules.
    """
    gate = _Gate(tuple(matches), queue_ids, tuple(missing), is_open=allow_duplicates)
    return _decided(request, children=children, links=tuple(links), gate=gate)


def _refuse_converted(lead: Lead, receipts: Iterable[ConversionReceipt]) -> None:
    if not is_converted(lead):
        return
    ids = (
        ("account", lead.converted_account_id),
        ("contact", lead.converted_contact_id),
        ("opportunity", lead.converted_opportunity_id),
    )
    became = tuple(Ref[Any](kind, id_) for kind, id_ in ids if id_ is not None)
    own = (one for one in receipts if one.lead_id == lead.id and one.undone_at is None)
    raise AlreadyConvertedError(lead.id, became, next(own, None))


@frozen
class _Gate:
    """What may stop a conversion from outside: duplicates, unless it is open, and queues."""

    matches: tuple[Finding, ...]
    queue_ids: frozenset[str]
    missing: tuple[Finding, ...]
    is_open: bool


def _decided(
    request: Request, *, children: Iterable[Record], links: tuple[Record, ...], gate: _Gate
) -> LeadConversion:
    check_request(request)
    account = account_part(request)
    contact = contact_part(request, account.after)
    opportunity = opportunity_part(request, account.after)
    parts = _Parts(account=account, contact=contact, opportunity=opportunity)
    ties = _ties(request, parts, links) + _stopped(request, parts, gate)
    moves = moved_children(
        request,
        children,
        targets=parts.ends(request.model.policies.conversion_children),
        links=links,
    )
    return _plan(request, parts, ties, moves)


def _ties(request: Request, parts: _Parts, links: tuple[Record, ...]) -> Ties:
    account, contact, deal = parts.account.after, parts.contact.after, parts.opportunity.after
    ties = Ties(findings=tuple(stray_contact(request, account, links)))
    if contact is not None and deal is not None:
        ties += role_of(request, deal, contact, links)
    if contact is not None and account is not None:
        ties += relation_of(request, account, contact, links)
    return ties


def _stopped(request: Request, parts: _Parts, gate: _Gate) -> Ties:
    """What may stop the conversion beside its parts: nothing to make, the owner, duplicates."""
    found = list(gate.missing)
    is_empty = all(part.after is None for part in parts.all)
    if is_empty and not any(part.findings for part in parts.all if _has_errors(part)):
        found.append(
            error(
                "conversion.nothing",
                "nothing would come of this lead",
                ref=request.lead.ref,
                suggestion="enable accounts, contacts or deals in the model",
            )
        )
    if request.owner in gate.queue_ids and any(part.is_new for part in parts.all):
        found.append(
            error(
                "conversion.queue_owner",
                "a queue owns the lead, and cannot own what it becomes",
                ref=request.lead.ref,
                path="owner_id",
                value=request.owner,
                suggestion="pass owner_id=, the user who takes it over",
            )
        )
    policy = request.model.policies.conversion_matches
    known = () if policy is Matches.IGNORE else gate.matches
    is_stopped = policy is Matches.BLOCK and not gate.is_open
    severity = Severity.ERROR if is_stopped else Severity.WARNING
    found += (attrs.evolve(one, severity=severity) for one in known)
    told = () if is_stopped else tuple(f"duplicate: accepted; {one.message}" for one in known)
    return Ties(findings=tuple(found), decisions=told)


def _has_errors(part: Part[Any]) -> bool:
    return any(one.severity is Severity.ERROR for one in part.findings)


def _plan(request: Request, parts: _Parts, ties: Ties, moves: Moves) -> LeadConversion:
    receipt = _receipt(request, parts, ties, moves)
    found = [*(one for part in parts.all for one in part.findings), *ties.findings]
    found += moves.findings
    inserted: tuple[Change, ...] = (Insert(receipt),)
    if not request.model.is_enabled(ConversionReceipt):
        why = "receipts of conversions are disabled in this model: none is stored"
        found.append(remark("conversion.disabled", why, ref=request.lead.ref))
        inserted = ()
    changes: list[Change] = [change for part in parts.all for change in part.changes]
    changes += [*ties.changes, *moves.changes, _stamped(request, parts), *inserted]
    read = (*(part.before for part in parts.all), *ties.read, *moves.read)
    findings = Findings(found)
    changed = ChangeSet(
        changes,
        (*_versions(changes, read), *ties.checks, *moves.checks),
        reason=f"convert lead {request.lead.id}",
        by=request.context.by,
        at=request.context.now,
    )
    return LeadConversion(
        changes=ChangeSet() if findings.errors else changed,
        findings=findings,
        receipt=receipt,
        account=parts.account.after,
        contact=parts.contact.after,
        opportunity=parts.opportunity.after,
    )


def _versions(changes: Iterable[Change], read: Iterable[Record | None]) -> Iterator[Check]:
    """That the records which were read, and are not written, stay as they were read."""
    written = {one.ref for one in changes}
    for ref, record in {one.ref: one for one in read if one is not None}.items():
        if ref not in written:
            yield CheckVersion(ref, record.version)


def _stamped(request: Request, parts: _Parts) -> Update:
    """The lead with its new status and back-links, and nothing else changed (laws C6, C8)."""
    account, contact, deal = parts.account.after, parts.contact.after, parts.opportunity.after
    after = attrs.evolve(
        request.lead,
        status=request.status.key,
        converted_account_id=None if account is None else account.id,
        converted_contact_id=None if contact is None else contact.id,
        converted_opportunity_id=None if deal is None else deal.id,
        converted_at=request.context.now,
    )
    return Update(request.lead, after)


def _receipt(request: Request, parts: _Parts, ties: Ties, moves: Moves) -> ConversionReceipt:
    context = request.context
    transfers = tuple(one for part in parts.all for one in part.transfers)
    account, contact, deal = parts.account.after, parts.contact.after, parts.opportunity.after
    return ConversionReceipt(
        id=ConversionReceiptId(context.new_id()),
        lead_id=request.lead.id,
        account_id=None if account is None else account.id,
        contact_id=None if contact is None else contact.id,
        opportunity_id=None if deal is None else deal.id,
        converted_at=context.now,
        converted_by=None if context.by is None else UserId(context.by),
        lead=request.lead,
        transfers=(*transfers, *remaining(request, transfers)),
        moved=moves.moved,
        clashes=moves.clashes,
        decisions=(
            *(text for part in parts.all for text in part.decisions),
            *ties.decisions,
            f"Status: {request.status.key!r}",
        ),
    )
