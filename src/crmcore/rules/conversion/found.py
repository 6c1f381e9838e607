"""Found: the stored account and contact that a lead is attached to without being told."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from crmcore.entities.account import Account
from crmcore.entities.contact import Contact
from crmcore.findings import Finding, remark
from crmcore.rules.conversion.request import Request
from crmcore.rules.similarity import normal_company
from crmcore.rules.strong_key import strong_key


@frozen(kw_only=True)
class Found:
    """The records that a lead is attached to without having been asked for, and why."""

    account: Account | None = None
    contact: Contact | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()


def find_targets(
    request: Request,
    new: Iterable[Account | Contact],
    known: Iterable[Account | Contact],
    homes: Iterable[Account],
) -> Found:
    """The one account and the one contact among ``known`` that share a strong key with ``new``.

    ``homes`` are the accounts of the contacts among ``known``. A contact is taken only where it
    fits: into the account given or found, or its own one where the lead names no other company.
    Where several share a strong key none is taken, and that is reported.
    """
    stored = tuple(known)
    drafts = {one.ref.kind: one for one in new}
    account, why_account, several = _only(request, drafts.get("account"), stored)
    contact, why_contact, more = _only(request, drafts.get("contact"), stored)
    reasons = []
    if isinstance(account, Account):
        reasons.append(("account", f"found by {why_account}"))
    target = request.account or account
    if isinstance(contact, Contact):
        own = next((one for one in homes if one.id == contact.account_id), None)
        draft = drafts.get("account")
        if target is None and own is not None and request.model.is_enabled(Account):
            if _names_another(draft, own):
                contact = None
            else:
                account = own
                reasons.append(("account", "the account of the contact found"))
    if isinstance(contact, Contact):
        reasons.append(("contact", f"found by {why_contact}"))
    return Found(
        account=account if isinstance(account, Account) else None,
        contact=contact if isinstance(contact, Contact) else None,
        reasons=tuple(reasons),
        findings=(*several, *more),
    )


def _names_another(draft: Account | Contact | None, own: Account) -> bool:
    """Whether the lead names a company other than the account."""
    if not isinstance(draft, Account):
        return False
    return draft.is_person is not own.is_person or (
        normal_company(draft.name) != normal_company(own.name)
    )


def _only(
    request: Request, new: Account | Contact | None, known: Iterable[Account | Contact]
) -> tuple[Account | Contact | None, str, tuple[Finding, ...]]:
    if new is None:
        return None, "", ()
    keys = [(one, key) for one in known if (key := strong_key(new, one)) is not None]
    if len(keys) == 1:
        return keys[0][0], keys[0][1], ()
    if not keys:
        return None, "", ()
    names = ", ".join(repr(one.id) for one, _ in keys)
    several = remark(
        "conversion.several_found",
        f"{len(keys)} records of {new.ref.kind} share a strong key with the lead, so none is taken",
        ref=request.lead.ref,
        value=names,
        suggestion=f"pass {new.ref.kind}=, or merge them",
    )
    return None, "", (several,)
