"""Account: an organisation, or a person one sells to, with its place in a group of companies."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.record import Record, exact_number, text_set
from crmcore.fields import (
    CASCADE,
    Lookup,
    MultiPicklist,
    Percent,
    Phone,
    Picklist,
    Shape,
    Text,
    Url,
    Whole,
)
from crmcore.values.address import Address
from crmcore.values.ids import (
    AccountContactRelationId,
    AccountId,
    AccountRelationId,
    ContactId,
    new_id,
)
from crmcore.values.money import Money

INDUSTRIES = (
    "Agriculture",
    "Banking",
    "Chemicals",
    "Construction",
    "Consulting",
    "Education",
    "Energy",
    "Engineering",
    "Finance",
    "Government",
    "Healthcare",
    "Hospitality",
    "Insurance",
    "Manufacturing",
    "Media",
    "Not For Profit",
    "Retail",
    "Technology",
    "Telecommunications",
    "Transportation",
    "Other",
)


def new_account_id() -> AccountId:
    """A fresh id for an account."""
    return AccountId(new_id())


def new_account_relation_id() -> AccountRelationId:
    """A fresh id for a relation between two accounts."""
    return AccountRelationId(new_id())


def new_account_contact_relation_id() -> AccountContactRelationId:
    """A fresh id for a relation between an account and a contact."""
    return AccountContactRelationId(new_id())


@frozen(kw_only=True)
class Account(Record):
    """An organisation you deal with; ``is_person`` makes it a person account (a private customer).

    ``parent_id`` is the account it belongs to (``None``: the top of its group). ``employees`` is a
    head count, ``annual_revenue`` an amount a year. ``roles`` says what it is to you: customer,
    supplier, partner and so on.
    """

    id: AccountId = field(factory=new_account_id)
    name: str
    parent_id: Annotated[AccountId | None, Lookup("account", shape=Shape.TREE)] = None
    type: str | None = None
    roles: Annotated[
        frozenset[str],
        MultiPicklist("customer", "supplier", "partner", "competitor", "prospect", open_ended=True),
    ] = field(default=frozenset(), converter=text_set)
    industry: Annotated[str | None, Picklist(*INDUSTRIES, open_ended=True)] = None
    ownership: Annotated[
        str | None, Picklist("Public", "Private", "Subsidiary", "Other", open_ended=True)
    ] = None
    rating: Annotated[str | None, Picklist("Hot", "Warm", "Cold", open_ended=True)] = None
    employees: Annotated[int | None, Whole(minimum=0)] = None
    annual_revenue: Money | None = None
    website: Annotated[str | None, Url()] = None
    phone: Annotated[str | None, Phone()] = None
    fax: Annotated[str | None, Phone()] = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    account_number: str | None = None
    tax_id: str | None = None
    source: str | None = None
    description: Annotated[str | None, Text(multiline=True)] = None
    is_person: bool = False


@frozen(kw_only=True)
class AccountRelation(Record):
    """A relation between two accounts beside the tree: ``from_id`` is a ``kind`` of ``to_id``.

    ``kind`` names the relation, such as ``supplier`` or ``partner``; the model knows the name of
    its inverse. ``share`` is the percentage of ``to_id`` that ``from_id`` owns (``None``: the
    relation is not about ownership). ``start_on`` and ``end_on`` bound it, both days included
    (``None``: open).
    """

    id: AccountRelationId = field(factory=new_account_relation_id)
    from_id: Annotated[AccountId, Lookup("account", on_delete=CASCADE)]
    to_id: Annotated[AccountId, Lookup("account", on_delete=CASCADE)]
    kind: str
    share: Annotated[Decimal | None, Percent()] = field(default=None, converter=exact_number)
    start_on: date | None = None
    end_on: date | None = None
    description: Annotated[str | None, Text(multiline=True)] = None


@frozen(kw_only=True)
class AccountContactRelation(Record):
    """That a contact has to do with an account: a consultant works for four accounts.

    ``is_direct`` marks the one account that is the contact's own, ``contact.account_id``.
    ``start_on`` and ``end_on`` bound it, both days included (``None``: open).
    """

    id: AccountContactRelationId = field(factory=new_account_contact_relation_id)
    account_id: Annotated[AccountId, Lookup("account", on_delete=CASCADE)]
    contact_id: Annotated[ContactId, Lookup("contact", on_delete=CASCADE)]
    roles: Annotated[
        frozenset[str],
        MultiPicklist(
            "Decision Maker",
            "Evaluator",
            "Influencer",
            "Economic Buyer",
            "Business User",
            "Consultant",
            open_ended=True,
        ),
    ] = field(default=frozenset(), converter=text_set)
    is_direct: bool = False
    is_active: bool = True
    start_on: date | None = None
    end_on: date | None = None
