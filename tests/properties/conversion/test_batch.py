"""Many leads converted together become what each would have become by itself."""

from __future__ import annotations

from itertools import count
from typing import Any

from attrs import evolve
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import (
    STANDARD_MODEL,
    Account,
    ChangeSet,
    Contact,
    Crm,
    Lead,
    Opportunity,
    PersonName,
    Ref,
)
from crmcore.changes import Insert
from crmcore.crm.batch import ONE_FOR_ALL, ONE_PER_LEAD, Commits
from crmcore.errors import CrmError
from crmcore.model.policies import NoCompany
from crmcore.rules.similarity import normal_company
from crmcore.values.ids import AccountId, ContactId, LeadId
from tests.properties.conversion.worlds import NOW, made

PEOPLE = ["Lovelace", "Hopper", "Noether", "Meitner", "Curie", "Germain"]
BAD: Any = 5
"""No title: a lead with it was stored by something else, and what it would become is refused."""
COMPANIES = [None, "", "Vega Ltd", "VEGA", "Solberg AS", "Orion"]

MODEL = STANDARD_MODEL.with_policies(no_company=NoCompany.REFUSE)


@st.composite
def lead_lists(draw: st.DrawFn) -> tuple[Lead, ...]:
    """Leads of a few companies; some lack what a conversion needs, and are refused."""
    names = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=5, unique=True))
    return tuple(
        Lead(
            id=LeadId(f"lead-{place}"),
            name=draw(st.sampled_from([PersonName(family=name, given="A"), None])),
            company=draw(st.sampled_from(COMPANIES)),
            website=draw(st.sampled_from([None, "vega.example"])),
            title=draw(st.sampled_from([None, "CTO", "", BAD])),
        )
        for place, name in enumerate(names)
    )


def crm_with(leads: tuple[Lead, ...]) -> Crm:
    numbers = count(1)
    crm = Crm(model=MODEL, clock=lambda: NOW, ids=lambda: f"new-{next(numbers)}")
    crm.add(made(Account, id=AccountId("known"), name="Orion"))
    crm.add(made(Contact, id=ContactId("known"), name=PersonName(family="Curie", given="A")))
    crm._repository.commit(ChangeSet(map(Insert, leads)))  # a title may be bad data
    return crm


def picture(crm: Crm, leads: tuple[Lead, ...]) -> list[Any]:
    """What became of each lead, ids and versions apart, and which of them share an account."""
    found: list[Any] = []
    first: dict[str, str] = {}
    for one in leads:
        lead = crm.get(Lead, one.id)
        became: Any = (
            None if id_ is None else crm.get(entity, id_)
            for entity, id_ in (
                (Account, lead.converted_account_id),
                (Contact, lead.converted_contact_id),
                (Opportunity, lead.converted_opportunity_id),
            )
        )
        account, contact, deal = became
        home = first.setdefault(str(lead.converted_account_id), one.id)
        blank: Any = {"id": "", "version": 0, "updated_at": None, "created_at": None}
        found.append(
            (
                home,
                lead.status,
                None if account is None else evolve(account, **blank),
                None if contact is None else evolve(contact, **blank, account_id=None),
                None if deal is None else evolve(deal, **blank, account_id=None),
            )
        )
    return found


def one_by_one(crm: Crm, leads: tuple[Lead, ...]) -> None:
    """Each lead converted by itself, told which account one of its company made."""
    homes: dict[str, str] = {}
    for lead in leads:
        company = normal_company(lead.company or "")
        try:
            done = crm.convert_lead(lead.id, account=homes.get(company))
        except CrmError:
            continue
        if company and done.account is not None:
            homes.setdefault(company, done.account.id)


@given(lead_lists(), st.sampled_from(Commits))
def test_a_batch_equals_one_conversion_after_the_other(
    leads: tuple[Lead, ...], commits: Commits
) -> None:
    """C18 equal for the successes; failures leave no trace; one company is one account."""
    alone, together = crm_with(leads), crm_with(leads)
    one_by_one(alone, leads)
    batch = together.convert_leads([one.id for one in leads], commits=commits)
    assert picture(together, leads) == picture(alone, leads)
    done = {one.receipt.lead_id for one in batch.conversions}
    refused = {one.lead_id for one in batch.refused}
    assert done | refused == {one.id for one in leads}
    assert not done & refused
    event(f"{len(refused)} refused")
    for one in leads:
        if one.id in refused:
            stored = together.get(Lead, one.id)
            assert (stored.status, stored.converted_at) == (one.status, None)
    homes: dict[str, set[str | None]] = {}
    for conversion in batch.conversions:
        lead = conversion.receipt.lead
        assert isinstance(lead, Lead)
        company = normal_company(lead.company or "")
        homes.setdefault(company, set()).add(conversion.receipt.account_id)
    assert all(len(ids) == 1 for ids in homes.values())
    wrong = {one.ref for one in together.check().errors}
    assert wrong == {Ref("lead", one.id) for one in leads if one.title is BAD}


@given(lead_lists())
def test_one_commit_for_all_stores_what_a_commit_each_does(leads: tuple[Lead, ...]) -> None:
    """C18 how a batch is stored does not show in what is stored, and a dry run stores nothing."""
    ids = [one.id for one in leads]
    crm, other = crm_with(leads), crm_with(leads)
    before = picture(crm, leads)
    preview = crm.convert_leads(ids, dry_run=True)
    assert picture(crm, leads) == before
    batch = crm.convert_leads(ids, commits=ONE_FOR_ALL)
    other.convert_leads(ids, commits=ONE_PER_LEAD)
    assert picture(crm, leads) == picture(other, leads)
    assert len(preview.conversions) == len(batch.conversions)
    assert {one.receipt.ref for one in batch.conversions} <= batch.changes.refs
    assert all(Ref("lead", one.lead_id) not in batch.changes.refs for one in batch.refused)
