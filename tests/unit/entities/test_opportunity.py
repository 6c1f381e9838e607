"""Deals and the people in them."""

from decimal import Decimal

from crmcore.entities import Opportunity, OpportunityContactRole
from crmcore.fields import CASCADE
from crmcore.model.describe import describe
from tests.unit.entities.shape import check_shape


def test_a_deal_needs_a_name() -> None:
    names = (
        "account_id amount probability forecast_category close_on source type next_step "
        "lost_reason description lead_id"
    )
    defaults = dict.fromkeys(names.split(), None) | {
        "pipeline": "standard",
        "stage": "Prospecting",
    }
    check_shape(Opportunity, "opportunity", {"name"}, defaults)


def test_a_role_needs_both_ends() -> None:
    defaults = {"role": None, "is_primary": False}
    check_shape(
        OpportunityContactRole,
        "opportunity_contact_role",
        {"opportunity_id", "contact_id"},
        defaults,
    )


def test_a_whole_percentage_becomes_exact() -> None:
    assert Opportunity(name="Engine", probability=50).probability == Decimal(50)
    assert isinstance(Opportunity(name="Engine", probability=50).probability, Decimal)


def test_a_role_goes_with_either_end() -> None:
    lookups = [one.lookup for one in describe(OpportunityContactRole).lookups]
    assert {one.kind for one in lookups if one and one.on_delete is CASCADE} == {
        "opportunity",
        "contact",
    }
