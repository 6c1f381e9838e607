"""Small worlds of people and companies, in which many are alike and many values are missing."""

from datetime import date
from typing import Any, TypeVar

from attrs import evolve
from hypothesis import strategies as st

from crmcore.entities import Account, Contact, Lead, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import ACCOUNTS, CONTACTS, LEADS, LEADS_AND_CONTACTS, Match, MatchRule
from crmcore.rules.matching import compare as compare_records
from crmcore.values import Address, PersonName

R = TypeVar("R", bound=Record)

GIVEN = ("Ada", "A.", "Adah", "Robert", "Bob", "Łucja", "Lucja", "太郎", "", None)
FAMILY = ("Lovelace", "LOVELACE", "Lovelcae", "Babbage", "de la Vega", "Ada", "山田", " ", None)
EMAILS = ("ada@x.org", "ADA@X.org", "ada@x.rog", "bob@x.org", "info@x.org", "nonsense", "", None)
PHONES = ("030 1234567", "+49 30 1234567", "030/765 43 21", "+33 1 23 45 67 89", "-", None)
COMPANIES = (
    "Acme Ltd",
    "ACME",
    "Acme Foods",
    "Acme USA",
    "Ada & Co. KG",
    "株式会社アクメ",
    "",
    None,
)
SITES = ("acme.example", "https://www.acme.example/de", "shop.acme.example", "gmail.com", None)
STREETS = ("1 High St", "1, High Street", "2 High St", "Hauptstr. 1", "", None)
CITIES = ("Bath", "BATH", "Rome", None)
CODES = ("12345", "12345-6789", "BA1 1AA", "ba11aa", None)
DAYS = (date(1990, 3, 4), date(1990, 4, 3), date(1955, 7, 28), None)


def names() -> st.SearchStrategy[PersonName]:
    """Names of people, some without one part or without any."""
    return st.builds(
        PersonName,
        given=st.sampled_from(GIVEN),
        family=st.sampled_from(FAMILY),
        middle=st.sampled_from((None, None, "King", "K.")),
        suffix=st.sampled_from((None, None, "Jr.", "Sr.")),
    )


def addresses() -> st.SearchStrategy[Address]:
    """Postal addresses, some without any part."""
    return st.builds(
        Address,
        street=st.sampled_from(STREETS),
        city=st.sampled_from(CITIES),
        postal_code=st.sampled_from(CODES),
    )


def contacts(ids: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Contact]:
    """People one deals with."""
    more = st.tuples() | st.tuples(st.sampled_from(EMAILS[:5]))
    fields: dict[str, Any] = {
        "id": st.uuids().map(str) if ids is None else ids,
        "name": names(),
        "email": st.sampled_from(EMAILS),
        "other_emails": more,
        "phone": st.sampled_from(PHONES),
        "mobile": st.sampled_from(PHONES),
        "birth_on": st.sampled_from(DAYS),
        "mailing_address": st.none() | addresses(),
        "account_id": st.sampled_from((None, *(one.id for one in EMPLOYERS))),
    }
    return st.builds(Contact, **fields)


def leads(ids: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Lead]:
    """People who may become contacts."""
    fields: dict[str, Any] = {
        "id": st.uuids().map(str) if ids is None else ids,
        "name": st.none() | names(),
        "company": st.sampled_from(COMPANIES),
        "email": st.sampled_from(EMAILS),
        "phone": st.sampled_from(PHONES),
        "address": st.none() | addresses(),
    }
    return st.builds(Lead, **fields)


def accounts(ids: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Account]:
    """Organisations, some of them people."""
    fields: dict[str, Any] = {
        "id": st.uuids().map(str) if ids is None else ids,
        "name": st.sampled_from([name or "" for name in COMPANIES]),
        "website": st.sampled_from(SITES),
        "phone": st.sampled_from(PHONES),
        "billing_address": st.none() | addresses(),
        "tax_id": st.sampled_from((None, None, "DE 123", "de-123", "FR 9")),
        "is_person": st.sampled_from((False, False, True)),
    }
    return st.builds(Account, **fields)


EMPLOYERS: tuple[Account, ...] = tuple(
    Account(id=f"employer-{at}", name=name)  # type: ignore[arg-type]  # an id
    for at, name in enumerate(("Acme Ltd", "ACME", "Bolt"))
)

PAIRS: tuple[tuple[MatchRule, Any, Any], ...] = (
    (ACCOUNTS, accounts, accounts),
    (CONTACTS, contacts, contacts),
    (LEADS, leads, leads),
    (LEADS_AND_CONTACTS, contacts, leads),
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[MatchRule, Record, Record]:
    """A standard rule and two different records that it compares."""
    rule, left, right = draw(st.sampled_from(PAIRS))
    return rule, draw(left(st.just("left"))), draw(right(st.just("right")))


def people(size: int = 8) -> st.SearchStrategy[list[Record]]:
    """Contacts and leads, each with an id of its own."""
    every = st.lists(contacts() | leads(), max_size=size, unique_by=lambda one: one.id)
    return every.map(list)


def changed(record: R, **fields: Any) -> R:
    """The record with these fields, be their values right or wrong."""
    return evolve(record, **fields)


def match_of(rule: MatchRule, one: Record, other: Record) -> Match | None:
    """The match of two records by a rule, employers known."""
    return compare_records(one, other, rule=rule, model=STANDARD_MODEL, related=EMPLOYERS)


def score(rule: MatchRule, one: Record, other: Record) -> float | None:
    """The score of two records by a rule; ``None``: nothing to compare."""
    match = match_of(rule, one, other)
    return None if match is None else match.score
