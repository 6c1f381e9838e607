"""Strong key: what two records share that is enough to take them for one without asking (C20).

A strong key is a tax number, a mailbox with an agreeing name, an exact normal company name with
the web domain, or with the place. A name that merely contains another is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from crmcore.entities.account import Account
from crmcore.entities.contact import Contact
from crmcore.findings import Finding, remark
from crmcore.rules.conversion.request import Request
from crmcore.rules.similarity import (
    NameForm,
    PlaceForm,
    mailbox,
    name_form,
    normal_company,
    place_form,
    web_domain,
)
from crmcore.rules.similarity.person import given_likeness
from crmcore.values.text import normal_text

AGREEING = 0.8
"""The least likeness of two given names of one person: short forms (0.9) and initials (0.8)."""


def strong_key(new: Account | Contact, known: Account | Contact) -> str | None:
    """The strong key that both share, in words, or ``None`` where they share none."""
    if isinstance(new, Account) and isinstance(known, Account):
        return _account_key(new, known)
    if isinstance(new, Contact) and isinstance(known, Contact):
        return _contact_key(new, known)
    return None


def _account_key(new: Account, known: Account) -> str | None:
    if new.is_person is not known.is_person:
        return None
    numbers = [normal_text(one.tax_id or "").replace(" ", "") for one in (new, known)]
    if all(numbers):
        return f"its tax number {known.tax_id}" if numbers[0] == numbers[1] else None
    name = normal_company(new.name)
    if not name or name != normal_company(known.name):
        return None
    domain, other = web_domain(new.website), web_domain(known.website)
    if domain is not None and domain == other:
        return f"its name and web domain {domain}"
    if domain is not None and other is not None:
        return None
    city = next(_shared_places(new, known), None)
    return None if city is None else f"its name and place, {city}"


def _shared_places(new: Account, known: Account) -> Iterator[str]:
    for one in _places(new):
        for other in _places(known):
            if one.postal_code and one.postal_code == other.postal_code:
                if not (one.city and other.city) or one.city == other.city:
                    yield one.postal_code
            elif (
                one.city and one.city == other.city and not (one.postal_code and other.postal_code)
            ):
                yield one.city


def _places(account: Account) -> Iterator[PlaceForm]:
    for one in (account.billing_address, account.shipping_address):
        form = place_form(one)
        if form is not None:
            yield form


def _contact_key(new: Contact, known: Contact) -> str | None:
    address = mailbox(new.email)
    if address is None or address not in map(mailbox, (known.email, *known.other_emails)):
        return None
    if not _names_agree(name_form(new.name), name_form(known.name)):
        return None
    return f"its e-mail {known.email or address} and name"


def _names_agree(one: NameForm | None, other: NameForm | None) -> bool:
    """Equal family names, and given names that are no other ones: a short form, an initial."""
    if one is None or other is None or not one.family or one.family != other.family:
        return False
    if one.generation and other.generation and one.generation != other.generation:
        return False
    likeness = given_likeness(one.given, other.given)
    return likeness is None or likeness >= AGREEING


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
