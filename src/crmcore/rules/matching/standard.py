"""Weighted rules: match rules with given weights, for accounts, contacts, leads and across them.

The standard rule book has linkage rules, which learn their weights; these here are for those who
want weights that they can read and set, as an example and a beginning.

The weights follow one thought: what only one record can have (a tax number, a personal mailbox)
weighs most, what colleagues or a family share (a company, a place) least; and people change
employers and numbers, so a difference there says little. Names decide: two people who share a
mailbox or a telephone but not a name are never more than *possible*.
"""

from __future__ import annotations

from typing import Final

from crmcore.rules.matching.match_rule import (
    BlockKey,
    Comparison,
    Fields,
    Gate,
    KeyPart,
    MatchRule,
)

_NAMES: Final[Fields] = {"contact": "name", "lead": "name"}
_MAIL: Final[Fields] = {"contact": ("email", "other_emails"), "lead": "email"}
_LINES: Final[Fields] = {
    "contact": ("phone", "mobile", "other_phones"),
    "lead": ("phone", "mobile"),
}
_COMPANIES: Final[Fields] = {"contact": "account_id.name", "lead": "company"}
_PLACES: Final[Fields] = {"contact": "mailing_address", "lead": "address"}
_BIRTHDAYS: Final[Fields] = {"contact": "birth_on"}


def _of(fields: Fields, kinds: tuple[str, ...]) -> Fields:
    return {kind: fields[kind] for kind in kinds}


def _key(name: str, about: str, kinds: tuple[str, ...], *parts: tuple[str, Fields]) -> BlockKey:
    made = (KeyPart(how=how, fields=_of(fields, kinds)) for how, fields in parts)
    return BlockKey(name=name, about=about, parts=tuple(made))


def _person_keys(kinds: tuple[str, ...]) -> tuple[BlockKey, ...]:
    return (
        _key("mailbox", "one mailbox", kinds, ("mailbox", _MAIL)),
        _key("telephone", "one telephone line", kinds, ("line", _LINES)),
        _key("full name", "one name, in whichever order", kinds, ("full_name", _NAMES)),
        _key(
            "name and company",
            "a misspelt name at one company",
            kinds,
            ("either_name", _NAMES),
            ("company_start", _COMPANIES),
        ),
        _key(
            "start of name and company",
            "misspelt ends of both names at one company",
            kinds,
            ("name_start", _NAMES),
            ("company_start", _COMPANIES),
        ),
        _key(
            "name and postal code",
            "a misspelt name in one place",
            kinds,
            ("either_name", _NAMES),
            ("postal_code", _PLACES),
        ),
        _key(
            "start of name and city",
            "misspelt ends of both names in one city",
            kinds,
            ("name_start", _NAMES),
            ("city", _PLACES),
        ),
    )


def _person_comparisons(kinds: tuple[str, ...]) -> tuple[Comparison, ...]:
    def compared(name: str, how: str, fields: Fields, weight: float, against: float) -> Comparison:
        return Comparison(
            name=name, how=how, fields=_of(fields, kinds), weight=weight, against=against
        )

    return (
        compared("name", "person_name", _NAMES, 4, 4),
        compared("e-mail", "email", _MAIL, 5, 0.75),
        compared("telephone", "phone", _LINES, 3, 1),
        compared("company", "company_name", _COMPANIES, 2, 0.75),
        compared("address", "address", _PLACES, 3, 0.75),
    )


_NAME_GATES: Final = (
    Gate(comparison="name", at_least=0.3, cap=0.7),
    Gate(comparison="name", at_least=0.7, cap=0.9, is_for_missing=True),
)
"""Different names are possible at best; names that are missing or say too little are never sure."""

CONTACTS: Final = MatchRule(
    name="contact-standard-1",
    kinds=("contact",),
    keys=(
        *_person_keys(("contact",)),
        _key("birthday", "one birthday", ("contact",), ("day", _BIRTHDAYS)),
    ),
    comparisons=(
        *_person_comparisons(("contact",)),
        Comparison(name="birthday", how="date", fields=_BIRTHDAYS, weight=4, against=2),
    ),
    enough=6,
    gates=_NAME_GATES,
)
"""Contacts that are one person."""

LEADS: Final = MatchRule(
    name="lead-standard-1",
    kinds=("lead",),
    keys=_person_keys(("lead",)),
    comparisons=_person_comparisons(("lead",)),
    enough=6,
    gates=_NAME_GATES,
)
"""Leads that are one person's interest."""

LEADS_AND_CONTACTS: Final = MatchRule(
    name="lead-contact-standard-1",
    kinds=("contact", "lead"),
    keys=_person_keys(("contact", "lead")),
    comparisons=_person_comparisons(("contact", "lead")),
    enough=6,
    gates=_NAME_GATES,
)
"""Leads of people who are contacts already."""

_ACCOUNT: Final = ("account",)
_COMPANY: Final[Fields] = {"account": "name"}
_SITE: Final[Fields] = {"account": "website"}
_OFFICE: Final[Fields] = {"account": ("billing_address", "shipping_address")}
_SWITCHBOARD: Final[Fields] = {"account": "phone"}
_TAX_ID: Final[Fields] = {"account": "tax_id"}

ACCOUNTS: Final = MatchRule(
    name="account-standard-1",
    kinds=_ACCOUNT,
    keys=(
        _key("name", "one name but for its legal form", _ACCOUNT, ("company", _COMPANY)),
        _key("web site", "one web site", _ACCOUNT, ("domain", _SITE)),
        _key("telephone", "one telephone line", _ACCOUNT, ("line", _SWITCHBOARD)),
        _key("tax number", "one tax number", _ACCOUNT, ("identifier", _TAX_ID)),
        _key(
            "start of name and city",
            "a misspelt name in one city",
            _ACCOUNT,
            ("company_start", _COMPANY),
            ("city", _OFFICE),
        ),
        _key(
            "start of name and postal code",
            "a misspelt name in one place",
            _ACCOUNT,
            ("company_start", _COMPANY),
            ("postal_code", _OFFICE),
        ),
        _key(
            "street and postal code",
            "one house",
            _ACCOUNT,
            ("street", _OFFICE),
            ("postal_code", _OFFICE),
        ),
    ),
    comparisons=(
        Comparison(name="name", how="company_name", fields=_COMPANY, weight=4, against=3),
        Comparison(name="web site", how="domain", fields=_SITE, weight=3, against=0.5),
        Comparison(name="telephone", how="phone", fields=_SWITCHBOARD, weight=2.5, against=0.5),
        Comparison(name="address", how="address", fields=_OFFICE, weight=3, against=2),
        Comparison(name="tax number", how="identifier", fields=_TAX_ID, weight=6, against=4),
        Comparison(
            name="person account", how="exact", fields={"account": "is_person"}, weight=0, against=0
        ),
    ),
    enough=6,
    gates=(
        Gate(comparison="name", at_least=0.3, cap=0.7),
        Gate(comparison="person account", at_least=1, cap=0),
    ),
)
"""Accounts that are one organisation; a person account is never an organisation."""

WEIGHTED_MATCH_RULES: Final = (ACCOUNTS, CONTACTS, LEADS, LEADS_AND_CONTACTS)
"""The rules with given weights, in place of the standard ones: ``with_match_rules(*these)``."""
