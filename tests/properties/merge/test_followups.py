"""What follows from records stays exact through merges and unmerges: matches, reports, links."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore import Crm
from crmcore.entities import (
    Account,
    Campaign,
    CampaignMember,
    Contact,
    Lead,
    Opportunity,
    OpportunityContactRole,
    Record,
    Touch,
)
from crmcore.model.model import STANDARD_MODEL
from crmcore.values import Money, PersonName, Ref
from tests.properties.merge.worlds import NOW, made

FEW = settings(max_examples=min(40, settings().max_examples))
"""Each example is a company, merged, reported on and taken apart again."""

PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["Ada", "Eda", "Ida"]),
        st.sampled_from(["ada@one.example", "ida@two.example", None]),
        st.sampled_from(["a0", "a1", None]),
    ),
    min_size=3,
    max_size=6,
)


def records(people: list[tuple[str, str | None, str | None]]) -> list[Record]:
    found: list[Record] = [
        made(Account, id=id_, name=f"Acme {id_}", website=f"{id_}.example") for id_ in ("a0", "a1")
    ]
    found += [made(Campaign, id="k0", name="Fair", actual_cost=Money(90, "EUR"))]
    for at, (given_name, email, account_id) in enumerate(people):
        name = PersonName(given=given_name, family="Lovelace")
        contact = made(Contact, id=f"c{at}", name=name, email=email, account_id=account_id)
        deal = made(
            Opportunity,
            id=f"o{at}",
            name="Engine",
            account_id=account_id,
            amount=Money(100 + at, "EUR"),
            stage="Won" if at % 2 else "Prospecting",
        )
        found += [
            contact,
            deal,
            made(
                OpportunityContactRole, id=f"p{at}", opportunity_id=deal.id, contact_id=contact.id
            ),
            made(CampaignMember, id=f"m{at}", campaign_id="k0", member=contact.ref, status="Sent"),
            made(
                Touch,
                id=f"t{at}",
                who=contact.ref,
                at=NOW - timedelta(days=at + 1),
                source=("Web", "Fair")[at % 2],
                campaign_id="k0",
            ),
        ]
    return found


def company(people: list[tuple[str, str | None, str | None]]) -> Crm:
    crm = Crm(model=STANDARD_MODEL, clock=lambda: NOW)
    crm.add_all(records(people))
    lead = crm.add(made(Lead, id="l0", name=PersonName(family="King"), company="King Ltd"))
    crm.convert_lead(lead.id, contact="c0", opportunity_name="Mill", allow_duplicates=True)
    return crm


def some_merges(crm: Crm, data: st.DataObject) -> list[Any]:
    """Up to three merges of contacts, accounts or deals; refused ones are left out."""
    found: list[Any] = []
    for _ in range(data.draw(st.integers(1, 3))):
        entity = data.draw(st.sampled_from([Contact, Contact, Account, Opportunity]))
        rows: tuple[Record, ...] = crm.find(entity)
        ids = [one.ref.id for one in rows]
        if len(ids) > 1:
            first, second = data.draw(st.permutations(ids))[:2]
            kind = STANDARD_MODEL.schema(entity).kind
            found.append(crm.merge(Ref(kind, first), Ref(kind, second)))
    return found


def told(crm: Crm) -> dict[str, Any]:
    """What is reported and what follows from the records."""
    members = crm.find(CampaignMember)
    return {
        "attribution": {
            model: str(crm.attribution(model)) for model in ("first", "linear", "time_decay")
        },
        "campaign": sorted(str(one.member) for one in members),
        "pipeline": str(crm.pipeline()),
        "funnel": str(crm.funnel()),
        "rollups": dict(crm.rollups("open_pipeline")),
        "lead": crm.get(Lead, "l0").converted_contact_id,
    }


@FEW
@given(PEOPLE, st.data())
def test_every_report_is_as_before_once_all_merges_are_taken_back(
    people: list[tuple[str, str | None, str | None]], data: st.DataObject
) -> None:
    """M18 M14 attribution, campaign counts, pipeline, funnel, rollups, links of leads."""
    crm = company(people)
    before = told(crm)
    for merge in data.draw(st.permutations(some_merges(crm, data))):
        crm.unmerge(merge)
    assert told(crm) == before


@FEW
@given(PEOPLE, st.data())
def test_reports_of_merged_records_are_those_of_a_company_that_always_was_so(
    people: list[tuple[str, str | None, str | None]], data: st.DataObject
) -> None:
    """M14 every figure after a merge and an unmerge is that of the same records in a new store."""
    crm = company(people)
    merges = some_merges(crm, data)
    told(crm)  # so that what keeps itself up to date is there before
    crm.unmerge(data.draw(st.sampled_from(merges)))
    again = Crm(crm._repository, model=STANDARD_MODEL, clock=lambda: NOW)
    assert told(crm) == told(again)
    lead = crm.get(Lead, "l0")
    assert lead.converted_contact_id == "c0"
    assert crm.get(Contact, "c0").ref == crm.resolve(Ref("contact", "c0"))


@FEW
@given(PEOPLE, st.data())
def test_the_match_index_answers_like_a_new_one_after_merges_and_unmerges(
    people: list[tuple[str, str | None, str | None]], data: st.DataObject
) -> None:
    """D12 M20 asked before, between and after; the index it has built follows."""
    crm = company(people)

    def answers(one: Crm) -> str:
        return str(one.find_duplicates(Contact))

    start = answers(crm)
    merges = some_merges(crm, data)
    fresh = Crm(crm._repository, model=STANDARD_MODEL, clock=lambda: NOW)
    assert answers(crm) == answers(fresh)
    for merge in data.draw(st.permutations(merges)):
        crm.unmerge(merge)
        fresh = Crm(crm._repository, model=STANDARD_MODEL, clock=lambda: NOW)
        assert answers(crm) == answers(fresh)
    assert answers(crm) == start


@FEW
@given(PEOPLE, st.data())
def test_the_similar_of_a_contact_are_found_through_merges_and_unmerges(
    people: list[tuple[str, str | None, str | None]], data: st.DataObject
) -> None:
    """D12 what a candidate resembles is what a new index says, and at the end as at first."""
    crm = company(people)
    candidate = made(
        Contact, id="new", name=PersonName(given="Ada", family="Lovelace"), email="ada@one.example"
    )

    def answers(one: Crm) -> Any:
        return one.matches_of(candidate, threshold=0.05).found

    start = answers(crm)
    merges = some_merges(crm, data)
    for merge in merges[::-1]:
        fresh = Crm(crm._repository, model=STANDARD_MODEL, clock=lambda: NOW)
        assert answers(crm) == answers(fresh)
        crm.unmerge(merge)
    assert answers(crm) == start
