"""Every adapter passes the kit; here is the model it is tried with, which has a bit of all."""

from typing import Annotated

from attrs import field, frozen

from crmcore.entities import Account, Contact, Lead, Record
from crmcore.fields import (
    Checkbox,
    Currency,
    CustomField,
    Date,
    DateTime,
    Email,
    Lookup,
    MultiPicklist,
    Number,
    Percent,
    Phone,
    Picklist,
    Text,
    Url,
    Whole,
)
from crmcore.model.model import STANDARD_MODEL
from crmcore.values import Money, Ref
from crmcore.values.ids import AccountId, new_id


@frozen(kw_only=True)
class Subscription(Record):
    """An entity of a user's own."""

    id: str = field(factory=new_id)
    name: str
    account_id: Annotated[AccountId, Lookup("account")]
    sold_by: Annotated[Ref[Lead | Contact] | None, Lookup("lead", "contact")] = None
    seats: Annotated[int, Whole(minimum=1)] = 1
    price: Money | None = None
    follows_id: Annotated[str | None, Lookup("subscription")] = None


_EVERY_TYPE = (
    Text(max_length=10),
    Email(),
    Phone(),
    Url(),
    Whole(minimum=-1),
    Number(),
    Percent(),
    Currency(),
    Date(),
    DateTime(),
    Checkbox(),
    Picklist("gold", "silver"),
    MultiPicklist("red", "green", open_ended=True),
    Lookup("account"),
)

MODEL = (
    STANDARD_MODEL.with_entity(Subscription)
    .with_custom_fields(
        Account,
        *(CustomField(name=f"my_{type(one).__name__.lower()}", type=one) for one in _EVERY_TYPE),
    )
    .with_custom_fields(
        Subscription, CustomField(name="tier", type=Picklist("a", "b"), required=True)
    )
    .with_custom_fields(Contact, CustomField(name="knows", type=Lookup("lead", "contact")))
)
"""The standard model with an entity of a user's own and custom fields of every type."""
