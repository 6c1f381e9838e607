"""The contact plays its part in the deal, and keeps its own account."""

from hypothesis import assume, given

from crmcore.entities import (
    AccountContactRelation,
    Contact,
    OpportunityContactRole,
)
from tests.properties.conversion.worlds import World, contact_and_account, with_deal, worlds


@given(worlds())
def test_the_contact_is_primary_in_a_new_deal(world: World) -> None:
    """C12 a new deal has the contact in exactly one role, the primary one."""
    plan = world.convert()
    assume(plan.opportunity is not None and "opportunity" not in world.targets)
    after = world.commit(plan)
    assert plan.opportunity is not None
    assert plan.contact is not None
    roles = [
        one
        for one in after.values()
        if isinstance(one, OpportunityContactRole) and one.opportunity_id == plan.opportunity.id
    ]
    assert [(one.contact_id, one.is_primary) for one in roles] == [(plan.contact.id, True)]


@given(worlds(with_deal()))
def test_a_deal_keeps_its_primary_contact(world: World) -> None:
    """C12 joining a deal that exists demotes nobody, and makes no second primary or second role."""
    plan = world.convert()
    after = world.commit(plan)
    assert plan.contact is not None
    old = [one for one in world.links if isinstance(one, OpportunityContactRole)]
    roles = [one for one in after.values() if isinstance(one, OpportunityContactRole)]
    for one in old:
        assert after[one.ref] == one
    assert sum(one.is_primary for one in roles) == 1 or any(
        one.contact_id == plan.contact.id for one in old
    )
    assert sum(one.is_primary for one in roles) <= 1
    assert [one.contact_id for one in roles].count(plan.contact.id) == 1


@given(worlds(contact_and_account()))
def test_the_own_account_of_a_contact_stays(world: World) -> None:
    """C13 a contact of another account gets an indirect relation, and stays where it is."""
    contact, account = world.contact, world.account
    assume(contact is not None and contact.account_id is not None)
    assert contact is not None
    assert account is not None
    after = world.commit(world.convert())
    stored = after[contact.ref]
    assert isinstance(stored, Contact)
    assert stored.account_id == contact.account_id
    rows = [
        one
        for one in after.values()
        if isinstance(one, AccountContactRelation) and one.account_id == account.id
    ]
    if contact.account_id != account.id:
        assert sum(one.is_active and not one.is_direct for one in rows) == 1
        intervals = {(one.start_on, one.end_on) for one in rows}
        assert len(intervals) == len(rows)
    else:
        assert len(rows) <= 1
