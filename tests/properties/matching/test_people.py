"""Leads that are contacts, and people who share a mailbox or a telephone."""

from datetime import date
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Contact, Lead
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    CONTACT_LINKAGE,
    CONTACTS,
    LEADS,
    LEADS_AND_CONTACTS,
    STANDARD_MATCH_RULES,
    WEIGHTED_MATCH_RULES,
    Level,
    find_duplicates,
    matches_of,
)
from crmcore.values import Address, PersonName
from tests.properties.matching.records import EMPLOYERS, contacts, leads, match_of


@given(st.lists(contacts(), max_size=5, unique_by=lambda one: one.id), leads())
def test_a_lead_matches_the_contacts_that_match_it(people: list[Contact], lead: Lead) -> None:
    """D9."""
    options: dict[str, Any] = {
        "rules": [LEADS_AND_CONTACTS],
        "model": STANDARD_MODEL,
        "related": EMPLOYERS,
        "threshold": 0.3,
    }
    of_lead = matches_of(lead, people, **options)
    of_contacts = [match for one in people for match in matches_of(one, [lead], **options)]
    event(f"matches: {bool(of_lead)}")
    assert {match.refs: match for match in of_lead} == {match.refs: match for match in of_contacts}
    assert set(find_duplicates([*people, lead], **options).pairs) == set(of_lead)
    for match in of_lead:
        assert (match.left.kind, match.right.kind) == ("contact", "lead")


GIVEN = ("Ada", "Tom", "Hans", "Yuki")
FAMILY = ("King", "Lovelace", "Babbage", "Nguyen")
KNOWN = ("Ada", "Tom", "Hans", "Maria")
"""Given names that are in the tables."""

HOME = Address(street="1 High St", city="Bath", postal_code="BA1 1AA")


@given(
    st.lists(st.sampled_from(GIVEN), min_size=2, max_size=2, unique=True),
    st.sampled_from(FAMILY),
    st.sampled_from(FAMILY),
    st.sampled_from(("home@x.org", None)),
    st.sampled_from(("030 1234567", None)),
)
def test_people_of_different_names_are_never_surely_one(
    given_names: list[str], family: str, other_family: str, email: str | None, phone: str | None
) -> None:
    """D11: be they twins or colleagues, whatever else they share."""
    one, other = (
        PersonName(given=name, family=last)
        for name, last in zip(given_names, (family, other_family), strict=True)
    )
    shared: dict[str, Any] = {"email": email, "phone": phone}
    twins = {"birth_on": date(1990, 3, 4), "account_id": EMPLOYERS[0].id}
    home: dict[str, Any] = {**shared, **twins, "mailing_address": HOME}
    office: dict[str, Any] = {**shared, "address": HOME, "company": EMPLOYERS[0].name}
    for rule, first, second in (
        (CONTACTS, Contact(name=one, **home), Contact(name=other, **home)),
        (LEADS, Lead(name=one, **office), Lead(name=other, **office)),
        (LEADS_AND_CONTACTS, Contact(name=one, **home), Lead(name=other, **office)),
    ):
        match = match_of(rule, first, second)
        assert match is not None
        assert match.level <= Level.POSSIBLE


@given(
    st.lists(st.sampled_from(KNOWN), min_size=2, max_size=2, unique=True),
    st.sampled_from(FAMILY),
    st.fixed_dictionaries(
        {
            "email": st.sampled_from(("home@x.org", None)),
            "phone": st.sampled_from(("030 1234567", None)),
        }
    ),
    st.dates(date(1930, 1, 1), date(1999, 12, 31)),
    st.integers(16, 40),
)
def test_one_household_is_not_one_person(
    given_names: list[str], family: str, shared: dict[str, Any], born: date, years: int
) -> None:
    """D11: neither twins nor spouses are found as one, nor father and son of one name."""
    home: dict[str, Any] = {"phone": shared["phone"], "mailing_address": HOME}
    email = shared["email"]
    twins = [
        Contact(name=PersonName(given=name, family=family), email=email, birth_on=born, **home)
        for name in given_names
    ]
    names = [
        PersonName(given=given_names[0], family=family, suffix=suffix) for suffix in ("Sr.", "Jr")
    ]
    seniors = [Contact(name=name, email=email, **home) for name in names]
    son = date(born.year + years, born.month % 12 + 1, born.day % 28 + 1)
    by_birth = [
        Contact(name=PersonName(given=given_names[0], family=family), birth_on=day, **home)
        for day in (born, son)
    ]
    for both in (twins, seniors, by_birth):
        assert not find_duplicates(both, rules=[CONTACT_LINKAGE], model=STANDARD_MODEL).pairs
    shown = find_duplicates(twins, rules=[CONTACT_LINKAGE], model=STANDARD_MODEL, threshold=0.01)
    event(f"compared: {bool(shown.pairs)}")
    assert all(one.score <= 0.45 for one in shown.pairs)  # the cap of people.py


def test_a_sure_cluster_never_has_people_of_different_names() -> None:
    """D11: two of different names may hang together by a third, but then not surely."""
    shared: dict[str, Any] = {"email": "home@x.org", "phone": "030 1234567"}
    people = [
        Contact(name=PersonName(given=given, family="King"), **shared)
        for given in ("John", "J.", "Jane")
    ]
    sets = find_duplicates(people, rules=STANDARD_MATCH_RULES, model=STANDARD_MODEL)
    assert all(cluster.level < Level.SURE for cluster in sets.clusters)
    weighted = find_duplicates(people, rules=WEIGHTED_MATCH_RULES, model=STANDARD_MODEL)
    assert [cluster.level for cluster in weighted.clusters] == [Level.POSSIBLE]
