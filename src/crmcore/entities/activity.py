"""Activity: what was done, or is to be done, with somebody about something."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.account import Account
from crmcore.entities.campaign import Campaign
from crmcore.entities.case import Case
from crmcore.entities.contact import Contact
from crmcore.entities.contract import Contract
from crmcore.entities.lead import Lead
from crmcore.entities.opportunity import Opportunity
from crmcore.entities.record import Record
from crmcore.fields import DateTime, Lookup, Picklist, Text
from crmcore.values.ids import ActivityId, AttachmentId, new_id
from crmcore.values.ref import Ref


def new_activity_id() -> ActivityId:
    """A fresh id for an activity."""
    return ActivityId(new_id())


def new_attachment_id() -> AttachmentId:
    """A fresh id for an attachment."""
    return AttachmentId(new_id())


@frozen(kw_only=True)
class Activity(Record):
    """A task, event, call, e-mail or note: ``kind`` says which.

    ``who`` is the lead or contact it is with, ``about`` what it concerns. ``due_on`` is the day it
    is due (``None``: any time), ``done_at`` the moment it was done (``None``: open).
    """

    id: ActivityId = field(factory=new_activity_id)
    subject: str
    kind: Annotated[
        str, Picklist("task", "event", "call", "email", "meeting", "note", open_ended=True)
    ] = "task"
    who: Annotated[Ref[Lead | Contact] | None, Lookup("lead", "contact")] = None
    about: Annotated[
        Ref[Account | Opportunity | Case | Contract | Campaign] | None,
        Lookup("account", "opportunity", "case", "contract", "campaign"),
    ] = None
    due_on: date | None = None
    starts_at: Annotated[datetime | None, DateTime()] = None
    ends_at: Annotated[datetime | None, DateTime()] = None
    done_at: Annotated[datetime | None, DateTime()] = None
    priority: Annotated[str | None, Picklist("High", "Normal", "Low", open_ended=True)] = None
    outcome: str | None = None
    location: str | None = None
    description: Annotated[str | None, Text(multiline=True)] = None


@frozen(kw_only=True)
class Attachment(Record):
    """A file kept elsewhere: ``uri`` says where, ``about`` which record it belongs to."""

    id: AttachmentId = field(factory=new_attachment_id)
    about: Annotated[Ref[Record], Lookup()]
    uri: str
    name: str | None = None
    media_type: str | None = None
    description: Annotated[str | None, Text(multiline=True)] = None
