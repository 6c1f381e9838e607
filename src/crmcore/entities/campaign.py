"""Campaign: an effort to win attention, who took part in it, and every touch that came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from attrs import field, frozen

from crmcore.entities.contact import Contact
from crmcore.entities.lead import Lead
from crmcore.entities.record import Record, custom_values, text_tuple
from crmcore.fields import CASCADE, DateTime, Lookup, Shape, Text
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ids import CampaignId, CampaignMemberId, OpportunityId, TouchId, new_id
from crmcore.values.money import Money
from crmcore.values.ref import Ref


def new_campaign_id() -> CampaignId:
    """A fresh id for a campaign."""
    return CampaignId(new_id())


def new_campaign_member_id() -> CampaignMemberId:
    """A fresh id for a campaign member."""
    return CampaignMemberId(new_id())


def new_touch_id() -> TouchId:
    """A fresh id for a touch."""
    return TouchId(new_id())


@frozen(kw_only=True)
class Campaign(Record):
    """A mailing, a fair, a webinar ...; ``member_statuses`` run from the first to the furthest."""

    id: CampaignId = field(factory=new_campaign_id)
    name: str
    parent_id: Annotated[CampaignId | None, Lookup("campaign", shape=Shape.TREE)] = None
    type: str | None = None
    status: str | None = None
    start_on: date | None = None
    end_on: date | None = None
    budget: Money | None = None
    actual_cost: Money | None = None
    expected_revenue: Money | None = None
    member_statuses: tuple[str, ...] = field(default=("Sent", "Responded"), converter=text_tuple)
    is_active: bool = True
    description: Annotated[str | None, Text(multiline=True)] = None


@frozen(kw_only=True)
class CampaignMember(Record):
    """That a lead or contact takes part in a campaign, and how far they got.

    ``status`` is one of the campaign's member statuses (``None``: the first of them);
    ``first_responded_at`` is ``None`` until they respond.
    """

    id: CampaignMemberId = field(factory=new_campaign_member_id)
    campaign_id: Annotated[CampaignId, Lookup("campaign", on_delete=CASCADE)]
    member: Annotated[Ref[Lead | Contact], Lookup("lead", "contact", on_delete=CASCADE)]
    status: str | None = None
    first_responded_at: Annotated[datetime | None, DateTime()] = None


@frozen(kw_only=True)
class Touch(Record):
    """One contact between a person and your marketing, as attribution counts it.

    ``at`` is the moment; ``source`` and ``medium`` say where it came from; ``detail`` keeps what
    else was captured, such as the UTM parameters.
    """

    id: TouchId = field(factory=new_touch_id)
    who: Annotated[Ref[Lead | Contact], Lookup("lead", "contact")]
    at: Annotated[datetime, DateTime()]
    source: str | None = None
    medium: str | None = None
    campaign_id: Annotated[CampaignId | None, Lookup("campaign")] = None
    opportunity_id: Annotated[OpportunityId | None, Lookup("opportunity")] = None
    detail: FrozenMap[Any] = field(default=FrozenMap(), converter=custom_values)
