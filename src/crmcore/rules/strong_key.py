"""Strong key: what two records share that is enough to take them for one without asking (C20).

A strong key is a tax number, a mailbox with an agreeing name, an exact normal company name with
the web domain, or with the place. A name that merely contains another is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from crmcore.entities.account import Account
from crmcore.entities.contact import Contact
from crmcore.entities.lead import Lead
from crmcore.entities.record import Record
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


def strong_key(new: Record, known: Record) -> str | None:
    """The strong key that both share, in words, or ``None`` where they share none.

    Accounts are compared with accounts, leads and contacts with one another.
    """
    if isinstance(new, Account) and isinstance(known, Account):
        return _account_key(new, known)
    if isinstance(new, Lead | Contact) and isinstance(known, Lead | Contact):
        return _person_key(new, known)
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


def mailboxes(person: Lead | Contact) -> tuple[str, ...]:
    """The mailboxes of a person in normal form, those of offices left out."""
    others = person.other_emails if isinstance(person, Contact) else ()
    return tuple(box for one in (person.email, *others) if (box := mailbox(one)) is not None)


def _person_key(new: Lead | Contact, known: Lead | Contact) -> str | None:
    address = mailbox(new.email)
    if address is None or address not in mailboxes(known):
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
