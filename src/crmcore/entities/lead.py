"""Lead: unqualified interest, not yet an account, contact or deal."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.record import Record
from crmcore.fields import KEEP, DateTime, Email, Lookup, Phone, Picklist, Text, Url, Whole
from crmcore.values.address import Address
from crmcore.values.ids import AccountId, ContactId, LeadId, OpportunityId, new_id
from crmcore.values.money import Money
from crmcore.values.person import PersonName


def new_lead_id() -> LeadId:
    """A fresh id for a lead."""
    return LeadId(new_id())


@frozen(kw_only=True)
class Lead(Record):
    """Interest shown by somebody, before it is known who they are and whether they will buy.

    ``interest``, ``budget``, ``authority`` and ``timeline`` are the answers that qualify it.
    ``status`` is the key of a lead status of the model. ``converted_at`` is ``None`` until the
    lead is converted; then the converted ids name what it became, and the lead is read-only.
    """

    id: LeadId = field(factory=new_lead_id)
    name: PersonName | None = None
    company: str | None = None
    title: str | None = None
    email: Annotated[str | None, Email()] = None
    phone: Annotated[str | None, Phone()] = None
    mobile: Annotated[str | None, Phone()] = None
    fax: Annotated[str | None, Phone()] = None
    website: Annotated[str | None, Url()] = None
    address: Address | None = None
    industry: str | None = None
    employees: Annotated[int | None, Whole(minimum=0)] = None
    annual_revenue: Money | None = None
    source: str | None = None
    status: str = "New"
    rating: Annotated[str | None, Picklist("Hot", "Warm", "Cold", open_ended=True)] = None
    interest: str | None = None
    budget: Money | None = None
    authority: str | None = None
    timeline: str | None = None
    description: Annotated[str | None, Text(multiline=True)] = None
    is_email_opt_out: bool = False
    is_phone_opt_out: bool = False
    is_post_opt_out: bool = False
    referred_by_id: Annotated[ContactId | None, Lookup("contact")] = None
    converted_account_id: Annotated[AccountId | None, Lookup("account", on_merge=KEEP)] = None
    converted_contact_id: Annotated[ContactId | None, Lookup("contact", on_merge=KEEP)] = None
    converted_opportunity_id: Annotated[
        OpportunityId | None, Lookup("opportunity", on_merge=KEEP)
    ] = None
    converted_at: Annotated[datetime | None, DateTime()] = None
