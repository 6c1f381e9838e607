"""Standard linkage rules: one for each kind of record, and for leads that are there already."""

from __future__ import annotations

from typing import Final

from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.match_rule import Fields

_PERSON: Final[dict[str, Fields]] = {
    "name": {"contact": "name", "lead": "name"},
    "email": {"contact": ("email", "other_emails"), "lead": "email"},
    "phone": {"contact": ("phone", "mobile", "other_phones"), "lead": ("phone", "mobile")},
    "company": {"contact": "account_id.name", "lead": "company"},
    "address": {"contact": "mailing_address", "lead": "address"},
    "title": {"contact": "title", "lead": "title"},
    "birth_date": {"contact": "birth_on"},
}

_ORGANISATION: Final[dict[str, Fields]] = {
    "name": {"account": "name", "lead": "company"},
    "website": {"account": "website", "lead": "website"},
    "phone": {"account": "phone", "lead": "phone"},
    "address": {"account": ("billing_address", "shipping_address"), "lead": "address"},
    "tax_id": {"account": "tax_id"},
}


def _of(fields: dict[str, Fields], *kinds: str) -> dict[str, Fields]:
    chosen = {
        meaning: {kind: where[kind] for kind in kinds if kind in where}
        for meaning, where in fields.items()
    }
    return {meaning: where for meaning, where in chosen.items() if where}


CONTACT_LINKAGE: Final = LinkageRule(
    name="contact-standard-2",
    kinds="contact",
    subject="person",
    fields=_of(_PERSON, "contact"),
)
"""Contacts that are one person."""

LEAD_LINKAGE: Final = LinkageRule(
    name="lead-standard-2", kinds="lead", subject="person", fields=_of(_PERSON, "lead")
)
"""Leads that are one person's interest."""

LEAD_CONTACT_LINKAGE: Final = LinkageRule(
    name="lead-contact-standard-2",
    kinds=("contact", "lead"),
    subject="person",
    fields=_of(_PERSON, "contact", "lead"),
)
"""Leads of people who are contacts already."""

ACCOUNT_LINKAGE: Final = LinkageRule(
    name="account-standard-2",
    kinds="account",
    subject="organisation",
    fields=_of(_ORGANISATION, "account"),
    within={"account": "is_person"},
)
"""Accounts that are one organisation; a person account is never an organisation."""

LEAD_ACCOUNT_LINKAGE: Final = LinkageRule(
    name="lead-account-standard-2",
    kinds=("account", "lead"),
    subject="organisation",
    fields=_of(_ORGANISATION, "account", "lead"),
)
"""Leads of companies that are accounts already."""

STANDARD_MATCH_RULES: Final = (
    ACCOUNT_LINKAGE,
    CONTACT_LINKAGE,
    LEAD_LINKAGE,
    LEAD_CONTACT_LINKAGE,
    LEAD_ACCOUNT_LINKAGE,
)
"""The match rules of the standard rule book."""
