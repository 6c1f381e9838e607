"""Contact: a person you deal with."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.record import Record, text_tuple
from crmcore.fields import Email, Lookup, Phone, Picklist, Shape, Text
from crmcore.values.address import Address
from crmcore.values.ids import AccountId, ContactId, new_id
from crmcore.values.person import PersonName


def new_contact_id() -> ContactId:
    """A fresh id for a contact."""
    return ContactId(new_id())


@frozen(kw_only=True)
class Contact(Record):
    """A person you deal with. ``account_id`` is the direct account; ``None`` is a private contact.

    Accounts the person works for besides are ``AccountContactRelation`` records. ``reports_to_id``
    is the superior. ``decision_role`` is the part the person plays in buying. ``birth_on`` is the
    birthday. The opt-outs say by which ways the person does not want to be reached.
    """

    id: ContactId = field(factory=new_contact_id)
    name: PersonName
    account_id: Annotated[AccountId | None, Lookup("account")] = None
    email: Annotated[str | None, Email()] = None
    other_emails: Annotated[tuple[str, ...], Email()] = field(default=(), converter=text_tuple)
    phone: Annotated[str | None, Phone()] = None
    mobile: Annotated[str | None, Phone()] = None
    other_phones: Annotated[tuple[str, ...], Phone()] = field(default=(), converter=text_tuple)
    title: str | None = None
    department: str | None = None
    decision_role: Annotated[
        str | None,
        Picklist(
            "Decision Maker",
            "Economic Buyer",
            "Evaluator",
            "Influencer",
            "Champion",
            "Gatekeeper",
            "User",
            open_ended=True,
        ),
    ] = None
    is_active: bool = True
    birth_on: date | None = None
    mailing_address: Address | None = None
    reports_to_id: Annotated[ContactId | None, Lookup("contact", shape=Shape.TREE)] = None
    source: str | None = None
    description: Annotated[str | None, Text(multiline=True)] = None
    is_email_opt_out: bool = False
    is_phone_opt_out: bool = False
    is_post_opt_out: bool = False
