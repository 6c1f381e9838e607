"""Demo: a small, made-up world of companies, the same for the same seed.

Two groups of companies with subsidiaries, a few single ones, their people, a consultant who works
for four accounts, leads, deals in two pipelines, and some people who were entered twice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count

from attrs import evolve, frozen

from crmcore.entities import (
    Account,
    AccountContactRelation,
    Activity,
    Campaign,
    CampaignMember,
    Contact,
    Lead,
    Opportunity,
    Record,
    Touch,
    User,
)
from crmcore.fields import CustomField, Picklist
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.model.pipeline import ForecastCategory, Pipeline, Stage, StageCategory
from crmcore.values import Address, Money, PersonName
from crmcore.values.ids import (
    AccountContactRelationId,
    AccountId,
    ActivityId,
    CampaignId,
    CampaignMemberId,
    ContactId,
    LeadId,
    OpportunityId,
    TouchId,
    UserId,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""The moment at which the demo takes place."""

RENEWALS = Pipeline(
    "renewal",
    (
        Stage("Due", StageCategory.OPEN, 60, ForecastCategory.BEST_CASE),
        Stage("Offered", StageCategory.OPEN, 80, ForecastCategory.COMMIT),
        Stage("Renewed", StageCategory.WON, 100, ForecastCategory.CLOSED),
        Stage("Cancelled", StageCategory.LOST, 0, ForecastCategory.OMITTED),
    ),
    "Renewals",
)

DEMO_MODEL: Model = STANDARD_MODEL.with_pipelines(RENEWALS).with_custom_fields(
    "account", CustomField(name="tier", type=Picklist("gold", "silver", "bronze"))
)
"""The model of the demo: a second pipeline, and a custom field on accounts."""

_GROUPS = (
    ("Halden", ("Halden Group AS", "Halden Energy GmbH", "Halden Logistics SAS", "Halden UK Ltd")),
    ("Oakmere", ("Oakmere Holdings BV", "Oakmere Foods NV", "Oakmere Retail GmbH")),
)
_SINGLES = ("Brightwater SpA", "Kestrel Robotics Ltd", "Lindqvist & Söner AB", "Mirabel SARL")
_GIVEN = ("Ada", "Björn", "Chiara", "Daniel", "Élodie", "Farid", "Grete", "Hugo", "Ines", "Jonas")
_FAMILY = (
    "Almeida",
    "Bergström",
    "Conti",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Garnier",
    "Hughes",
    "Ivanova",
    "Janssen",
    "Keller",
    "Lefèvre",
)
_TITLES = ("Chief Executive", "Head of Purchasing", "Plant Manager", "IT Director", "Engineer")
_CITIES = (
    ("Oslo", "0155", "NO"),
    ("Hamburg", "20095", "DE"),
    ("Lyon", "69002", "FR"),
    ("Leeds", "LS1 4AP", "GB"),
    ("Utrecht", "3511", "NL"),
    ("Torino", "10121", "IT"),
)


def demo_ids() -> Callable[[], str]:
    """A factory of ids that are the same in every run: ``new-0001``, ``new-0002`` ..."""
    numbers = count(1)
    return lambda: f"new-{next(numbers):04}"


@frozen
class _People:
    """Draws persons, each name once."""

    chance: random.Random
    names: Iterator[PersonName]

    @staticmethod
    def of(chance: random.Random) -> _People:
        names = [PersonName(given=given, family=family) for given in _GIVEN for family in _FAMILY]
        chance.shuffle(names)
        return _People(chance, iter(names))


def demo_world(seed: int = 1) -> tuple[Record, ...]:
    """All records of the demo, in an order in which each refers only to earlier ones."""
    chance = random.Random(seed)  # a demo, not a secret
    people = _People.of(chance)
    users = _users()
    accounts = tuple(_accounts(chance, users))
    contacts = tuple(_contacts(people, accounts))
    consultant = evolve(
        _contact(people, accounts[-1], "con-consultant"), title="Consultant", department=None
    )
    relations = tuple(_engagements(consultant, accounts))
    twins = tuple(_entered_twice(contacts[:3]))
    deals = tuple(_deals(chance, accounts, users))
    leads = tuple(_leads(people))
    return (
        *users,
        *accounts,
        *contacts,
        consultant,
        *relations,
        *twins,
        *deals,
        *leads,
        *_around(leads[0], contacts[0], twins[0], deals[0]),
    )


def _users() -> tuple[User, ...]:
    head = User(id=UserId("usr-1"), name="Paula Brandt")
    return (
        head,
        User(id=UserId("usr-2"), name="Tom Okafor", manager_id=head.id),
        User(id=UserId("usr-3"), name="Mei Tanaka", manager_id=head.id),
    )


def _accounts(chance: random.Random, users: tuple[User, ...]) -> Iterator[Account]:
    numbers = count(1)
    for brand, names in _GROUPS:
        parent: Account | None = None
        for name in names:
            account = _account(chance, next(numbers), name, users)
            domain = f"{brand.lower()}.example"
            account = evolve(
                account, website=domain, parent_id=None if parent is None else parent.id
            )
            parent = parent or account
            yield account
    for name in _SINGLES:
        yield _account(chance, next(numbers), name, users)


def _account(chance: random.Random, number: int, name: str, users: tuple[User, ...]) -> Account:
    city, code, country = chance.choice(_CITIES)
    brand = name.partition(" ")[0].lower()
    return Account(
        id=AccountId(f"acc-{number:02}"),
        name=name,
        website=f"{brand}.example",
        employees=chance.randrange(20, 4_000),
        annual_revenue=Money(chance.randrange(2, 400) * 1_000_000, "EUR"),
        billing_address=Address(city=city, postal_code=code, country=country),
        roles={"customer"},
        owner_id=chance.choice(users).id,
        custom={"tier": chance.choice(("gold", "silver", "bronze"))},
    )


def _contact(people: _People, account: Account, id_: str) -> Contact:
    name = next(people.names)
    mailbox = f"{name.given}.{name.family}".lower()
    plain = mailbox.translate(str.maketrans("äéèëöøüå", "aeeeooua"))
    return Contact(
        id=ContactId(id_),
        name=name,
        account_id=account.id,
        email=f"{plain}@{account.website}",
        phone=f"+49 40 {people.chance.randrange(100_000, 999_999)}",
        title=people.chance.choice(_TITLES),
        department="Operations",
    )


def _contacts(people: _People, accounts: tuple[Account, ...]) -> Iterator[Contact]:
    numbers = count(1)
    for account in accounts:
        for _ in range(2):
            yield _contact(people, account, f"con-{next(numbers):02}")


def _engagements(
    consultant: Contact, accounts: tuple[Account, ...]
) -> Iterator[AccountContactRelation]:
    """The three accounts that the consultant works for beside the own one."""
    for account in accounts[:3]:
        yield AccountContactRelation(
            id=AccountContactRelationId(f"rel-{account.id}"),
            account_id=account.id,
            contact_id=consultant.id,
            roles={"Consultant"},
            start_on=date(2026, 1, 1),
        )


def _entered_twice(contacts: tuple[Contact, ...]) -> Iterator[Contact]:
    """The same people again, as somebody in a hurry types them."""
    for number, one in enumerate(contacts, start=1):
        given = (one.name.given or "")[:1] + "." if number == 2 else one.name.given
        yield evolve(
            one,
            id=ContactId(f"con-again-{number}"),
            name=PersonName(given=given, family=(one.name.family or "").upper()),
            email=(one.email or "").upper(),
            phone=None if number == 3 else (one.phone or "").replace(" ", "-"),
            mobile=f"+49 170 555{number:04}",
            title=None,
        )


def _deals(
    chance: random.Random, accounts: tuple[Account, ...], users: tuple[User, ...]
) -> Iterator[Opportunity]:
    numbers = count(1)
    for account in accounts:
        for product in chance.sample(("Turbine", "Service plan", "Sensors", "Control room"), 2):
            number = next(numbers)
            pipeline = RENEWALS if product == "Service plan" else DEMO_MODEL.pipeline()
            stage = chance.choice(pipeline.stages)
            yield Opportunity(
                id=OpportunityId(f"opp-{number:02}"),
                name=f"{product} for {account.name}",
                account_id=account.id,
                amount=Money(chance.randrange(5, 250) * 1_000, "EUR"),
                pipeline=pipeline.key,
                stage=stage.key,
                close_on=NOW.date() + timedelta(days=chance.randrange(-60, 90)),
                owner_id=chance.choice(users).id,
                lost_reason="price" if stage.category is StageCategory.LOST else None,
            )


def _leads(people: _People) -> Iterator[Lead]:
    companies = (("Vega Instruments", "vega.example"), ("Solberg Marine", "solberg.example"))
    for number, (company, domain) in enumerate(companies, start=1):
        name = next(people.names)
        yield Lead(
            id=LeadId(f"lead-{number}"),
            name=name,
            company=company,
            email=f"info{number}@{domain}",
            phone=f"+47 22 33 44 {number:02}",
            website=domain,
            source="Web",
            status="Qualified",
            interest="Sensors for a new plant",
            budget=Money(48_000, "EUR"),
            authority="decides with the board",
            timeline="this quarter",
            owner_id=UserId("usr-2"),
        )


def _around(lead: Lead, contact: Contact, twin: Contact, deal: Opportunity) -> Iterator[Record]:
    """What happened with a lead, with a contact, and with the contact's second entry."""
    fair = Campaign(id=CampaignId("cmp-1"), name="Sensor fair", start_on=date(2026, 9, 1))
    yield fair
    yield Touch(
        id=TouchId("tch-1"),
        who=lead.ref,
        at=NOW - timedelta(days=20),
        source="Web",
        medium="organic",
    )
    yield CampaignMember(
        id=CampaignMemberId("mem-1"), campaign_id=fair.id, member=lead.ref, status="Responded"
    )
    yield Activity(
        id=ActivityId("act-1"),
        subject="Call back about the new plant",
        kind="call",
        who=lead.ref,
        due_on=date(2026, 11, 4),
    )
    yield Activity(
        id=ActivityId("act-2"),
        subject="Site visit",
        kind="meeting",
        who=contact.ref,
        about=deal.ref,
        done_at=NOW - timedelta(days=3),
    )
    yield Activity(
        id=ActivityId("act-3"),
        subject="Send the offer",
        who=twin.ref,
        due_on=date(2026, 11, 6),
    )
