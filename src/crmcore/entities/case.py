"""Case: a question or a problem that a customer brings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.contact import Contact
from crmcore.entities.lead import Lead
from crmcore.entities.record import Record
from crmcore.fields import DateTime, Lookup, Picklist, Text
from crmcore.values.ids import AccountId, CaseId, new_id
from crmcore.values.ref import Ref


def new_case_id() -> CaseId:
    """A fresh id for a case."""
    return CaseId(new_id())


@frozen(kw_only=True)
class Case(Record):
    """A question or problem; ``closed_at`` is ``None`` while it is open."""

    id: CaseId = field(factory=new_case_id)
    subject: str
    account_id: Annotated[AccountId | None, Lookup("account")] = None
    who: Annotated[Ref[Lead | Contact] | None, Lookup("lead", "contact")] = None
    status: Annotated[str, Picklist("New", "Working", "Escalated", "Closed", open_ended=True)] = (
        "New"
    )
    priority: Annotated[str | None, Picklist("High", "Medium", "Low", open_ended=True)] = None
    origin: str | None = None
    type: str | None = None
    opened_at: Annotated[datetime | None, DateTime()] = None
    closed_at: Annotated[datetime | None, DateTime()] = None
    description: Annotated[str | None, Text(multiline=True)] = None
