"""A lead knows what it became, and each of these knows the lead."""

from hypothesis import given

from crmcore.entities import ConversionReceipt, Lead, Opportunity
from crmcore.query import F, Query
from crmcore.values import Ref
from tests.properties.conversion.worlds import World, worlds


@given(worlds())
def test_the_lead_and_what_it_became_know_each_other(world: World) -> None:
    """C6 the back-links of the lead name stored records, and the receipt leads back."""
    plan = world.convert()
    after = world.commit(plan)
    lead = after[world.lead.ref]
    assert isinstance(lead, Lead)
    links = {
        "account": (lead.converted_account_id, plan.account),
        "contact": (lead.converted_contact_id, plan.contact),
        "opportunity": (lead.converted_opportunity_id, plan.opportunity),
    }
    for kind, (id_, shown) in links.items():
        assert (id_ is None) is (shown is None)
        if id_ is None:
            continue
        assert Ref(kind, id_) in after
        with world.repository.snapshot() as moment:
            query = Query.of(ConversionReceipt, F[f"{kind}_id"] == id_)
            assert [one.lead_id for one in moment.find(query)] == [lead.id]
    assert lead.converted_at == plan.receipt.converted_at == world.context.now
    if "opportunity" not in world.targets and plan.opportunity is not None:
        deal = after[plan.opportunity.ref]
        assert isinstance(deal, Opportunity)
        assert deal.lead_id == lead.id
