"""Opportunity: a deal that is pursued, with the people who play a part in it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.record import Record, exact_number, text_set
from crmcore.fields import CASCADE, Lookup, Percent, Picklist, Text
from crmcore.values.ids import (
    AccountId,
    ContactId,
    LeadId,
    OpportunityContactRoleId,
    OpportunityId,
    new_id,
)
from crmcore.values.money import Money


def new_opportunity_id() -> OpportunityId:
    """A fresh id for an opportunity."""
    return OpportunityId(new_id())


def new_opportunity_contact_role_id() -> OpportunityContactRoleId:
    """A fresh id for the role of a contact in an opportunity."""
    return OpportunityContactRoleId(new_id())


@frozen(kw_only=True)
class Opportunity(Record):
    """A deal. ``stage`` is the key of a stage of ``pipeline``, which is a key of the model.

    ``probability`` is in percent, 0 to 100, and ``forecast_category`` one of the model's; ``None``
    takes the stage's. ``close_on`` is the expected close date, and the actual one once closed.
    ``amount`` is what it is worth (``None``: not known yet). ``lead_id`` is the lead it came from.
    ``checked`` are the items of the checklists of its stages that are ticked.
    """

    id: OpportunityId = field(factory=new_opportunity_id)
    name: str
    account_id: Annotated[AccountId | None, Lookup("account")] = None
    amount: Money | None = None
    pipeline: str = "standard"
    stage: str = "Prospecting"
    probability: Annotated[Decimal | None, Percent()] = field(default=None, converter=exact_number)
    forecast_category: str | None = None
    close_on: date | None = None
    source: str | None = None
    type: str | None = None
    next_step: str | None = None
    lost_reason: str | None = None
    description: Annotated[str | None, Text(multiline=True)] = None
    lead_id: Annotated[LeadId | None, Lookup("lead")] = None
    checked: frozenset[str] = field(default=frozenset(), converter=text_set)


@frozen(kw_only=True)
class OpportunityContactRole(Record):
    """The part a contact plays in a deal; at most one role of a deal is the primary one."""

    id: OpportunityContactRoleId = field(factory=new_opportunity_contact_role_id)
    opportunity_id: Annotated[OpportunityId, Lookup("opportunity", on_delete=CASCADE)]
    contact_id: Annotated[ContactId, Lookup("contact", on_delete=CASCADE)]
    role: Annotated[
        str | None,
        Picklist(
            "Decision Maker",
            "Economic Buyer",
            "Evaluator",
            "Influencer",
            "Executive Sponsor",
            "Business User",
            "Other",
            open_ended=True,
        ),
    ] = None
    is_primary: bool = False
