"""What policies, disabled objects and the calendar make of a conversion."""

from datetime import UTC, date, datetime, timedelta

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import Lead
from crmcore.model.policies import ContactAccount, NoCompany
from crmcore.rules.conversion import CREATE, SKIP
from tests.properties.conversion.worlds import MODEL, World, contact_and_account, worlds

BLANK = st.sampled_from([None, "", "  "])


@given(worlds(st.just((None, None, CREATE))), BLANK, st.sampled_from(NoCompany))
def test_a_lead_without_company_becomes_what_policy_says(
    world: World, company: str | None, policy: NoCompany
) -> None:
    """C14 a person account, a contact without account, or a finding."""
    model = MODEL.with_policies(no_company=policy)
    lead = evolve(world.lead, company=company)
    plan = world.convert(lead=lead, context=evolve(world.context, model=model))
    if policy is NoCompany.REFUSE:
        assert plan.findings.errors.with_code("conversion.no_company")
        assert not plan.changes
        return
    assert not plan.findings.errors
    assert plan.contact is not None
    if policy is NoCompany.PERSON_ACCOUNT:
        assert plan.account is not None
        assert plan.account.is_person
        assert plan.account.name == str(lead.name)
        assert plan.contact.account_id == plan.account.id
    else:
        assert plan.account is None
        assert plan.contact.account_id is None


@given(worlds(contact_and_account()))
def test_a_stray_contact_is_refused_where_contacts_need_an_account(world: World) -> None:
    """C15 under that policy a contact without account, or of an unrelated one, is refused."""
    assert world.contact is not None
    assert world.account is not None
    model = MODEL.with_policies(contact_account=ContactAccount.REQUIRED)
    plan = world.convert(context=evolve(world.context, model=model))
    is_related = world.contact.account_id == world.account.id or (
        world.contact.account_id is not None
        and any(one.ref.kind == "account_contact_relation" for one in world.links)
    )
    assert bool(plan.findings.errors) is not is_related
    assert bool(plan.changes) is is_related


@given(
    worlds(),
    st.sets(
        st.sampled_from(
            [
                "account",
                "contact",
                "opportunity",
                "opportunity_contact_role",
                "account_contact_relation",
                "activity",
                "campaign_member",
                "touch",
            ]
        ),
        min_size=1,
    ),
)
def test_the_part_of_a_disabled_object_is_skipped_and_reported(
    world: World, disabled: set[str]
) -> None:
    """C22 nothing of a disabled object is written, its part is reported, the rest is done."""
    model = MODEL.with_disabled(*disabled)
    account = None if {"account"} & disabled else world.account
    contact = None if {"contact"} & disabled or world.account != account else world.contact
    opportunity = world.opportunity if isinstance(world.opportunity, type(CREATE)) else SKIP
    plan = world.convert(
        context=evolve(world.context, model=model),
        account=account,
        contact=contact,
        opportunity=opportunity,
        overwrite=(),
    )
    nothing = {"account", "contact", "opportunity"} <= disabled
    if (plan.account, plan.contact, plan.opportunity) == (None, None, None):
        # an account is made of a company only, and the policy of this model is no other
        assert nothing or opportunity is SKIP or not (world.lead.company or "").strip()
        assert plan.findings.errors.with_code("conversion.nothing")
        return
    assert not disabled & {one.ref.kind for one in plan.changes}
    told = plan.findings.with_code("conversion.disabled")
    parts = disabled & {"account", "contact", "opportunity"}
    assert len(
        [one for one in told if "relation" not in one.message and "role" not in one.message]
    ) == len(parts)
    after = world.commit(plan)
    moved = {one.ref for one in plan.receipt.moved}
    stays = {one.ref for one in plan.findings.with_code("conversion.reference_stays")}
    for child in world.children:
        if child.ref.kind in disabled:
            assert after[child.ref] == child
            assert child.ref in stays
            assert child.ref not in moved
    lead = after[world.lead.ref]
    assert isinstance(lead, Lead)
    assert lead.converted_at is not None


@given(
    worlds(),
    st.dates(date(2020, 1, 1), date(2031, 12, 31)),
    st.integers(1, 12),
)
def test_a_deal_closes_at_the_end_of_the_fiscal_quarter(
    world: World, today: date, start: int
) -> None:
    """C24 the default close date is the last day of the current fiscal quarter, by the clock."""
    model = MODEL.with_calendar(fiscal_year_start=start)
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    context = evolve(world.context, model=model, now=now)
    deal = world.convert(
        context=context, opportunity=CREATE, overwrite=(), links=(), children=()
    ).opportunity
    assert deal is not None
    assert deal.close_on is not None
    assert today <= deal.close_on <= today + timedelta(days=92)
    following = deal.close_on + timedelta(days=1)
    assert following.day == 1
    assert (following.month - start) % 3 == 0
    assert all(
        (today + timedelta(days=ahead)).day != 1
        or ((today + timedelta(days=ahead)).month - start) % 3
        for ahead in range(1, (deal.close_on - today).days + 1)
    )
