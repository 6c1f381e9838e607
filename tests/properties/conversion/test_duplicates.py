"""What would be made is looked for first: a match stops, alerts, or is the target."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import (
    STANDARD_MODEL,
    Account,
    Address,
    Contact,
    Crm,
    Lead,
    PersonName,
    Severity,
    ValidationError,
)
from crmcore.model.policies import Attach, Matches
from crmcore.rules.similarity import mailbox, normal_company, web_domain
from crmcore.values.ids import AccountId, ContactId
from tests.properties.conversion.worlds import NOW, made

GIVEN = st.sampled_from(["Ada", "Augusta", "Grace"])
FAMILIES = st.sampled_from(["Lovelace", "Hopper", "Love"])
MAILS = st.sampled_from([None, "ada@vega.example", "ADA@vega.example", "grace@vega.example"])
PHONES = st.sampled_from([None, "+442079460018", "+33123456789"])
COMPANIES = st.sampled_from(["Vega", "Vega Ltd", "Vega Engines", "Nova Vega Group", "Orion"])
SITES = st.sampled_from([None, "vega.example", "https://www.vega.example/", "orion.example"])
PLACES = st.sampled_from(
    [
        None,
        Address(city="London", postal_code="SW1A 1AA"),
        Address(city="Paris", postal_code="75001"),
        Address(city="London"),
    ]
)
NAMES = st.builds(PersonName, family=FAMILIES, given=GIVEN)


def crm_with(matches: Matches, attach: Attach = Attach.NEVER) -> Crm:
    numbers = count(1)
    model = STANDARD_MODEL.with_policies(conversion_matches=matches, conversion_attach=attach)
    return Crm(model=model, clock=lambda: NOW, ids=lambda: f"new-{next(numbers)}")


@st.composite
def known_contacts(draw: st.DrawFn) -> list[Contact]:
    return [
        made(
            Contact,
            id=ContactId(f"contact-{place}"),
            name=draw(NAMES),
            email=draw(MAILS),
            phone=draw(PHONES),
        )
        for place in range(draw(st.integers(1, 3)))
    ]


@st.composite
def known_accounts(draw: st.DrawFn) -> list[Account]:
    return [
        made(
            Account,
            id=AccountId(f"account-{place}"),
            name=draw(COMPANIES),
            website=draw(SITES),
            billing_address=draw(PLACES),
            tax_id=None,
        )
        for place in range(draw(st.integers(1, 3)))
    ]


LEADS = st.builds(
    Lead,
    name=NAMES,
    company=COMPANIES,
    email=MAILS,
    phone=PHONES,
    website=SITES,
    address=PLACES,
)


@given(known_contacts(), LEADS, st.sampled_from([Matches.BLOCK, Matches.ALERT]))
def test_a_match_stops_or_is_recorded(people: list[Contact], lead: Lead, policy: Matches) -> None:
    """C19 a blocking match stops with its evidence; an alerting or allowed one is recorded."""
    crm = crm_with(policy)
    crm.add_all(people)
    lead = crm.add(lead)
    plan = crm.convert_lead(lead.id, dry_run=True)
    told = plan.findings.with_code("conversion.duplicate")
    assert bool(told) is bool(plan.offers)
    event("matched" if told else "nothing like it")
    if not told:
        assert crm.convert_lead(lead.id).contact is not None
        return
    for one in told:
        assert one.value in {person.id for person in people}
        assert "score" in one.message
        assert "name" in one.message
    if policy is Matches.BLOCK:
        assert not plan.changes
        with pytest.raises(ValidationError) as refused:
            crm.convert_lead(lead.id)
        assert refused.value.findings.with_code("conversion.duplicate") == told
        assert crm.count(Contact) == len(people)
    done = crm.convert_lead(lead.id, allow_duplicates=policy is Matches.BLOCK)
    assert {one.severity for one in done.findings.with_code("conversion.duplicate")} == {
        Severity.WARNING
    }
    recorded = [one for one in done.receipt.decisions if one.startswith("duplicate: accepted")]
    assert len(recorded) == len(told)
    target = plan.offers[0]
    assert target.kind == "contact"


@given(known_contacts(), LEADS)
def test_matches_may_be_ignored(people: list[Contact], lead: Lead) -> None:
    """C19 where the policy says so nothing is looked for."""
    crm = crm_with(Matches.IGNORE)
    crm.add_all(people)
    done = crm.convert_lead(crm.add(lead).id)
    assert not done.offers
    assert not done.findings.with_code("conversion.duplicate")


def same_place(lead: Lead, account: Account) -> bool:
    """Told by hand: the postal codes agree, or where one is missing the cities do."""
    one, other = lead.address, account.billing_address
    if one is None or other is None:
        return False
    if one.postal_code and other.postal_code:
        return one.postal_code == other.postal_code
    return one.city == other.city


@given(known_accounts(), known_contacts(), LEADS)
def test_only_a_strong_key_attaches_by_itself(
    companies: list[Account], people: list[Contact], lead: Lead
) -> None:
    """C20 an e-mail with the name, or the exact name with domain or place; never a name alone."""
    crm = crm_with(Matches.ALERT, Attach.STRONG_KEYS)
    crm.add_all([*companies, *people])
    done = crm.convert_lead(crm.add(lead).id, dry_run=True)
    assert not done.findings.errors
    assert done.account is not None
    assert done.contact is not None
    if done.contact.id in {one.id for one in people}:
        before = next(one for one in people if one.id == done.contact.id)
        assert mailbox(before.email) == mailbox(lead.email) is not None
        assert lead.name is not None
        assert before.name.family == lead.name.family
        event("contact attached")
    if done.account.id in {one.id for one in companies}:
        account = next(one for one in companies if one.id == done.account.id)
        assert normal_company(account.name) == normal_company(lead.company or "")
        domain = web_domain(lead.website)
        is_same_site = domain is not None and domain == web_domain(account.website)
        assert is_same_site or same_place(lead, account)
        event("account attached")
        strong = [
            one
            for one in companies
            if normal_company(one.name) == normal_company(account.name)
            and domain is not None
            and web_domain(one.website) == domain
        ]
        assert len(strong) <= 1
    ids = {one.ref for one in (*companies, *people)}
    for part in (done.account, done.contact):
        if part.ref in ids:
            label = part.ref.kind.title()
            said = next(one for one in done.receipt.decisions if one.startswith(f"{label}:"))
            assert "found by its" in said


@given(known_accounts(), known_contacts(), LEADS)
def test_nothing_attaches_by_itself_where_the_policy_says_never(
    companies: list[Account], people: list[Contact], lead: Lead
) -> None:
    """C20 then what is found is only offered."""
    crm = crm_with(Matches.ALERT)
    crm.add_all([*companies, *people])
    done = crm.convert_lead(crm.add(lead).id)
    assert crm.count(Account) == len(companies) + 1
    assert crm.count(Contact) == len(people) + 1
    assert set(done.offers) <= {one.ref for one in (*companies, *people)}
