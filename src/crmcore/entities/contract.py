"""Contract: what was agreed with an account, and for how long."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.record import Record
from crmcore.fields import Lookup, Picklist, Text
from crmcore.values.ids import AccountId, ContractId, OpportunityId, new_id
from crmcore.values.money import Money


def new_contract_id() -> ContractId:
    """A fresh id for a contract."""
    return ContractId(new_id())


@frozen(kw_only=True)
class Contract(Record):
    """An agreement, in force from ``start_on`` to ``end_on``, both included (``None``: open)."""

    id: ContractId = field(factory=new_contract_id)
    name: str
    account_id: Annotated[AccountId | None, Lookup("account")] = None
    opportunity_id: Annotated[OpportunityId | None, Lookup("opportunity")] = None
    status: Annotated[
        str, Picklist("Draft", "In Approval", "Activated", "Ended", open_ended=True)
    ] = "Draft"
    number: str | None = None
    start_on: date | None = None
    end_on: date | None = None
    value: Money | None = None
    description: Annotated[str | None, Text(multiline=True)] = None
