"""Leads that are contacts, and people who share a mailbox or a telephone."""

from datetime import date
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Contact, Lead
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
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
