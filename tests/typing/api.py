"""Expressions for the type checkers: what must be accepted, and what must be refused.

Nobody runs this. A line that ends in ``# type: ignore[code]`` must be an error of that code.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, assert_type

from attrs import evolve, field, frozen

from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Activity,
    Attachment,
    Campaign,
    CampaignMember,
    Case,
    Contact,
    ExchangeRate,
    Lead,
    Opportunity,
    Record,
    Touch,
)
from crmcore.fields import CASCADE, CustomField, Lookup, Picklist, Shape
from crmcore.findings import Findings
from crmcore.model.check import check_record
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.query import F, Query
from crmcore.rules.rollup import (
    Day,
    Formula,
    Measure,
    Rollup,
    Shares,
    days_ago,
    figure,
    largest,
    measure,
)
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref
from crmcore.values.ids import AccountId, ContactId

account = Account(name="Acme")
contact = Contact(name=PersonName(family="Lovelace"))
lead = Lead(company="Acme")
deal = Opportunity(name="Engine")

# Records are built with their business fields only, and by name.
Account(name="Acme", employees=5, annual_revenue=Money("1.50", "EUR"), parent_id=account.id)
Account(name="Acme", roles=["customer"], labels={"vip"}, custom={"tier": "gold"})
Account(name="Acme", external_ids={"sap": "4711"}, billing_address=Address(city="Paris"))
Account()  # type: ignore[call-arg]
Account("Acme")  # type: ignore[arg-type, call-arg]
Account(nme="Acme", name="Acme")  # type: ignore[call-arg]
Account(name=3)  # type: ignore[arg-type]
Account(name=None)  # type: ignore[arg-type]
Account(name="Acme", employees="5")  # type: ignore[arg-type]
Account(name="Acme", annual_revenue=100)  # type: ignore[arg-type]
Contact(name="Lovelace")  # type: ignore[arg-type]
Opportunity(name="Engine", probability=50)
Opportunity(name="Engine", probability=Decimal("12.5"))
Opportunity(name="Engine", probability=0.5)  # type: ignore[arg-type]
Opportunity(name="Engine", close_on=date(2026, 6, 30))
Opportunity(name="Engine", close_on="2026-06-30")  # type: ignore[arg-type]
ExchangeRate(currency="USD", base="EUR", valid_from=date(2026, 1, 1), rate=Decimal("1.1"))
ExchangeRate(currency="USD", base="EUR", valid_from=date(2026, 1, 1), rate=1.1)  # type: ignore[arg-type]

# Ids of different entities are different types.
assert_type(account.id, AccountId)
assert_type(contact.account_id, AccountId | None)
AccountContactRelation(account_id=account.id, contact_id=contact.id)
AccountContactRelation(account_id=contact.id, contact_id=account.id)  # type: ignore[arg-type]
Contact(name=PersonName(), reports_to_id=account.id)  # type: ignore[arg-type]
Contact(name=PersonName(), reports_to_id=ContactId("0035g00000XyZ"))
Account(name="Acme", parent_id="1")  # type: ignore[arg-type]

# A reference to one of several kinds takes each of them, and no other.
assert_type(lead.ref, Ref[Lead])
assert_type(account.ref, Ref[Account])
Activity(subject="Call", who=lead.ref, about=account.ref)
Activity(subject="Call", who=contact.ref, about=deal.ref)
Activity(subject="Call", who=account.ref)  # type: ignore[arg-type]
Activity(subject="Call", about=contact.ref)  # type: ignore[arg-type]
Activity(subject="Call", who=lead)  # type: ignore[arg-type]
Activity(subject="Call", who=lead.id)  # type: ignore[arg-type]
Touch(who=lead.ref, at=datetime(2026, 1, 1, tzinfo=UTC))
Touch(who=deal.ref, at=datetime(2026, 1, 1, tzinfo=UTC))  # type: ignore[arg-type]
CampaignMember(campaign_id=Campaign(name="Fair").id, member=contact.ref)
Case(subject="Help", who=contact.ref)
Attachment(about=account.ref, uri="file.pdf")
Attachment(about=lead.ref, uri="file.pdf")
either: Ref[Lead | Contact] = lead.ref
neither: Ref[Lead | Contact] = account.ref  # type: ignore[assignment]
anything: Ref[Record] = account.ref

# Records are frozen; a successor is of the same class.
account.name = "Acme 2"  # type: ignore[misc]
assert_type(evolve(account, name="Acme 2"), Account)
evolve(account, nme="Acme 2")  # type: ignore[call-arg]
evolve(account, name=3)  # type: ignore[arg-type]

# Values.
Money("1.50", "EUR")
Money(1, "EUR")
Money(1.5, "EUR")  # type: ignore[arg-type]
Money(1)  # type: ignore[call-arg]
total: Money = Money(1, "EUR") + Money(2, "EUR")
Money(1, "EUR") + 2  # type: ignore[operator]
PersonName("Lovelace")  # type: ignore[call-arg]
Address(town="Paris")  # type: ignore[call-arg]
values: FrozenMap[int] = FrozenMap(a=1)
wrong_values: FrozenMap[int] = FrozenMap(a="1")  # type: ignore[arg-type]
values["a"] = 2  # type: ignore[index]

# Changes.
ChangeSet([Insert(account), Delete(lead)], reason="import")
ChangeSet([account])  # type: ignore[list-item]
Update(account)  # type: ignore[call-arg]

# Models and own entities.


@frozen(kw_only=True)
class Subscription(Record):
    """An entity of a user."""

    name: str
    account_id: Annotated[AccountId, Lookup("account", on_delete=CASCADE)]
    parent_id: Annotated[str | None, Lookup("subscription", shape=Shape.TREE)] = None
    tags: tuple[str, ...] = field(default=())


Subscription(name="Gold", account_id=account.id, labels=["x"], owner_id=None)
Subscription(name="Gold")  # type: ignore[call-arg]
Subscription(name="Gold", account_id=account.id, plan="x")  # type: ignore[call-arg]
assert_type(Subscription(name="Gold", account_id=account.id).ref, Ref[Subscription])
model = STANDARD_MODEL.with_entity(Subscription).with_disabled(Lead, "case")
assert_type(model, Model)
model.with_custom_fields(Account, CustomField(name="tier", type=Picklist("gold")))
model.with_custom_fields(Account, CustomField(name="tier", type="text"))  # type: ignore[arg-type]
model.with_entity(3)  # type: ignore[arg-type]
assert_type(check_record(account, model), Findings)

# Queries.
assert_type(Query.of(Account, F.name == "Acme"), Query[Account])
Query.of(Account, (F.amount.amount >= 100) & ~(F.custom["tier"] == "gold"))
any_filter: Any = F.name.in_(["a"])

# Rollups.


def company_of(lead: Lead) -> str | None:
    return lead.company


Rollup(name="open", child=Opportunity, by=F.account_id, aggregate="count")
Rollup(name="open", child=Opportunity, by=F.account_id, value=F.amount, aggregate=largest(3))
Rollup(name="own", child=Account, by=F.id, value=figure("open"), aggregate="max")
Rollup(name="half", child=Opportunity, by=F.account_id, aggregate="count", shares=Shares())
Rollup(name="open", child=Opportunity, by=F.account_id, value=measure("m"), aggregate="sum")
Measure(name="m", of=Opportunity, gives=Money, function=lambda deal: deal.amount)
Rollup(name="open", child=Opportunity, by=F.account_id)  # type: ignore[call-arg]
Rollup(name="half", child=Opportunity, by=F.account_id, aggregate="count", shares=60)  # type: ignore[arg-type]
Measure(name="m", of=Opportunity, gives=str, function=company_of)  # type: ignore[arg-type]
Rollup(name="open", child=Opportunity, by=F.account_id, aggregate="cuont")  # type: ignore[arg-type]
Rollup(name="open", child="opportunity", by=F.account_id, aggregate="count")  # type: ignore[arg-type]
Rollup(name="open", child=Opportunity, by=F.x, aggregate="count", where="open")  # type: ignore[arg-type]
Formula(name="mean", of=figure("won_amount") / figure("won_deals"))
Formula(name="mean", of="won_amount / won_deals")
figure("won_amount") / 1.5  # type: ignore[operator]
largest("3")
assert_type(days_ago(30), Day)
