"""Campaigns, their members, and touches."""

from crmcore.entities import Campaign, CampaignMember, Touch
from crmcore.values import FrozenMap
from tests.examples import example
from tests.unit.entities.shape import check_shape


def test_a_campaign_needs_a_name() -> None:
    names = "parent_id type status start_on end_on budget actual_cost expected_revenue description"
    defaults = dict.fromkeys(names.split(), None) | {
        "member_statuses": ("Sent", "Responded"),
        "is_active": True,
    }
    check_shape(Campaign, "campaign", {"name"}, defaults)


def test_a_campaign_member_needs_both_ends() -> None:
    defaults = {"status": None, "first_responded_at": None}
    check_shape(CampaignMember, "campaign_member", {"campaign_id", "member"}, defaults)


def test_a_touch_needs_a_person_and_a_moment() -> None:
    names = ("source", "medium", "campaign_id", "opportunity_id")
    defaults = dict.fromkeys(names, None) | {"detail": {}}
    check_shape(Touch, "touch", {"who", "at"}, defaults)


def test_member_statuses_keep_their_order() -> None:
    assert Campaign(name="Fair", member_statuses=["Sent", "Came"]).member_statuses == (
        "Sent",
        "Came",
    )
    assert Campaign(name="Fair", member_statuses="Sent").member_statuses == ("Sent",)


def test_the_detail_of_a_touch_is_frozen() -> None:
    detail = {"utm": {"term": ["crm"]}}
    touch = example(Touch, detail=detail)
    detail["utm"]["term"].append("x")
    assert touch.detail == FrozenMap(utm=FrozenMap(term=("crm",)))
