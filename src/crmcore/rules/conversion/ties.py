"""Ties: the role of the contact in the deal, and its relation to an account not its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeVar

from attrs import frozen

from crmcore.changes import Check, CheckNone, Insert
from crmcore.entities.account import Account, AccountContactRelation
from crmcore.entities.contact import Contact
from crmcore.entities.opportunity import Opportunity, OpportunityContactRole
from crmcore.entities.record import Record
from crmcore.findings import Finding, error, remark
from crmcore.model.policies import ContactAccount
from crmcore.query import F, Query
from crmcore.rules.conversion.request import Request
from crmcore.values.ids import AccountContactRelationId, OpportunityContactRoleId

L = TypeVar("L", bound=Record)


@frozen(kw_only=True)
class Ties:
    """Link rows to store, what they rely on, and what was decided and found about them."""

    changes: tuple[Insert, ...] = ()
    checks: tuple[Check, ...] = ()
    read: tuple[Record, ...] = ()
    decisions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __add__(self, other: Ties) -> Ties:
        return Ties(
            changes=self.changes + other.changes,
            checks=self.checks + other.checks,
            read=self.read + other.read,
            decisions=self.decisions + other.decisions,
            findings=self.findings + other.findings,
        )


def links_of(links: Iterable[Record], entity: type[L], **ends: str) -> tuple[L, ...]:
    """The rows of one kind whose fields have these values."""
    return tuple(
        row
        for row in links
        if isinstance(row, entity)
        and all(getattr(row, name) == value for name, value in ends.items())
    )


def role_of(request: Request, deal: Opportunity, contact: Contact, links: Iterable[Record]) -> Ties:
    """The role of the contact in the deal: primary in a new one, and never in another's place.

    In a deal that exists the contact gets a role where it has none, the primary one where the
    deal has no primary contact yet (law C12).
    """
    rows = links_of(links, OpportunityContactRole, opportunity_id=deal.id)
    label = request.model.schema(Opportunity).label
    if any(row.contact_id == contact.id for row in rows):
        return Ties(read=rows, decisions=(f"{label} role: the contact has one already",))
    if not request.model.is_enabled(OpportunityContactRole):
        return _disabled(request, "contact roles of deals")
    is_primary = not any(row.is_primary for row in rows)
    role = OpportunityContactRole(
        id=OpportunityContactRoleId(request.context.new_id()),
        opportunity_id=deal.id,
        contact_id=contact.id,
        is_primary=is_primary,
    )
    ours = (F.opportunity_id == deal.id) & (F.contact_id == contact.id)
    checks = [CheckNone(Query.of(OpportunityContactRole, ours))]
    if is_primary:
        primary = (F.opportunity_id == deal.id) & (F.is_primary == True)  # noqa: E712  # builds a filter
        checks.append(CheckNone(Query.of(OpportunityContactRole, primary)))
    why = "the primary contact" if is_primary else "a further contact; the primary one stays"
    return Ties(
        changes=(Insert(role),),
        checks=tuple(checks),
        read=rows,
        decisions=(f"{label} role: {why}",),
    )


def relation_of(
    request: Request, account: Account, contact: Contact, links: Iterable[Record]
) -> Ties:
    """The indirect relation to an account that is not the contact's own one (law C13).

    None is made where the contact has an active one. Direct relations follow
    ``contact.account_id`` by themselves, and are not made here.
    """
    if contact.account_id in (None, account.id):
        return Ties()
    today = request.context.today
    rows = links_of(links, AccountContactRelation, contact_id=contact.id, account_id=account.id)
    if any(_is_active(row, today) for row in rows):
        return Ties(read=rows)
    if not request.model.is_enabled(AccountContactRelation):
        return _disabled(request, "relations of contacts to further accounts")
    relation = AccountContactRelation(
        id=AccountContactRelationId(request.context.new_id()),
        account_id=account.id,
        contact_id=contact.id,
        start_on=today if rows else None,
    )
    same = (F.contact_id == contact.id) & (F.account_id == account.id) & (F.is_active == True)  # noqa: E712  # builds a filter
    known = [row.id for row in rows]
    query = Query.of(AccountContactRelation, same & ~F.id.in_(known) if known else same)
    label = request.model.schema(Contact).label
    return Ties(
        changes=(Insert(relation),),
        checks=(CheckNone(query),),
        read=rows,
        decisions=(f"{label} relation: to {account.name!r} besides its own account, which stays",),
    )


def _is_active(row: AccountContactRelation, today: date) -> bool:
    return row.is_active and (row.end_on is None or row.end_on >= today)


def stray_contact(
    request: Request, account: Account | None, links: Iterable[Record]
) -> Iterator[Finding]:
    """Where contacts need an account, the one given must belong to the account (law C15)."""
    contact = request.contact
    required = request.model.policies.contact_account is ContactAccount.REQUIRED
    if contact is None or not required or not request.model.is_enabled(Account):
        return
    if contact.account_id is None:
        yield error(
            "conversion.contact_without_account",
            "this model wants contacts to have an account, and the one given has none",
            ref=contact.ref,
            path="account_id",
            suggestion="give the contact its account first",
        )
    elif account is not None and contact.account_id != account.id:
        ends = {"contact_id": contact.id, "account_id": account.id}
        if not links_of(links, AccountContactRelation, **ends):
            yield error(
                "conversion.contact_of_other_account",
                "the contact given belongs to another account",
                ref=contact.ref,
                path="account_id",
                value=contact.account_id,
                suggestion="pass that account, or add a relation between the two first",
            )


def _disabled(request: Request, what: str) -> Ties:
    found = remark(
        "conversion.disabled",
        f"{what} are disabled in this model: that part is skipped",
        ref=request.lead.ref,
    )
    return Ties(findings=(found,))
