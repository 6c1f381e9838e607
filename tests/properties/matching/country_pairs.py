"""Pairs of records of several countries: which are one person or company, and which are not.

Written for crmcore, after public patterns of names; nobody in them is real. A line of a file in
``countries`` is a pair: ``==`` one entity, ``!=`` two that are hard to tell apart. Fields are set
apart by ``;``: of people given name, family name, mailbox, telephone, street, postal code and city,
of companies name, web site, telephone, street, postal code and city. Every second pair is in the
half that was held out while tables and weights were made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import frozen

from crmcore.entities import Account, Contact, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import ACCOUNT_LINKAGE, CONTACT_LINKAGE, Match, find_duplicates
from crmcore.values import Address, PersonName
from crmcore.values.ids import AccountId, ContactId

COUNTRIES: Final = {
    "fr": "FR",
    "de": "DE",
    "gb": "GB",
    "es": "ES",
    "pl": "PL",
    "jp": "JP",
    "ar": "AE",
}
"""The files, and the region of telephone numbers in them."""

KINDS: Final = ("people", "companies")
FOLDER: Final = Path(__file__).parent / "countries"


@frozen
class Found:
    """What a search of half a file found: right pairs of all, wrong ones, and those missed."""

    right: int
    true: int
    wrong: tuple[Match, ...]
    missed: tuple[str, ...]


def pairs_of(kind: str, country: str, *, is_held_out: bool) -> list[tuple[str, str, str]]:
    """The line number, relation and texts of one half of a file."""
    lines = (FOLDER / f"{kind}_{country}.txt").read_text("utf-8").splitlines()
    return [
        (str(at), "==" if " == " in line else "!=", line)
        for at, line in enumerate(lines)
        if (at % 2 == 1) == is_held_out
    ]


def person(id_: str, text: str) -> Record:
    """A contact."""
    parts = [one.strip() or None for one in text.split(";")]
    given, family, email, phone, street, code, city = (*parts, *[None] * 7)[:7]
    return Contact(
        id=ContactId(id_),
        name=PersonName(given=given, family=family),
        email=email,
        phone=phone,
        mailing_address=Address(street=street, postal_code=code, city=city),
    )


def company(id_: str, text: str) -> Record:
    """An account."""
    parts = [one.strip() or None for one in text.split(";")]
    name, site, phone, street, code, city = (*parts, *[None] * 6)[:6]
    return Account(
        id=AccountId(id_),
        name=name or "",
        website=site,
        phone=phone,
        billing_address=Address(street=street, postal_code=code, city=city),
    )


def search(kind: str, country: str, *, is_held_out: bool) -> Found:
    """What the standard rule finds among all records of one half of a file, in one search."""
    made, rule = (person, CONTACT_LINKAGE) if kind == "people" else (company, ACCOUNT_LINKAGE)
    records, true = [], {}
    for number, relation, line in pairs_of(kind, country, is_held_out=is_held_out):
        one, other = line.split(f" {relation} ")
        records += [made(f"{number}-a", one), made(f"{number}-b", other)]
        if relation == "==":
            true[number] = line
    sets = find_duplicates(
        records,
        rules=[rule],
        model=STANDARD_MODEL.with_phone_region(COUNTRIES[country]),
    )
    found: set[str] = set()
    wrong = []
    for match in sets.pairs:
        number, other = match.left.id[:-2], match.right.id[:-2]
        if number == other and number in true:
            found.add(number)
        else:
            wrong.append(match)
    return Found(
        right=len(found),
        true=len(true),
        wrong=tuple(wrong),
        missed=tuple(line for number, line in true.items() if number not in found),
    )
