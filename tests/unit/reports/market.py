"""A small company's sales, for tests: made on a repository, as its users would make it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from crmcore import (
    Account,
    AccountContactRelation,
    Activity,
    Campaign,
    Case,
    Contact,
    Contract,
    Crm,
    ExchangeRate,
    Lead,
    Money,
    Opportunity,
    OpportunityContactRole,
    PersonName,
    Touch,
    User,
)
from crmcore.entities import Quota
from crmcore.values.ids import UserId

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ANN, BOB = UserId("ann"), UserId("bob")


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def go(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def deal(name: str, **fields: Any) -> Opportunity:
    values = {"amount": Money(1000, "EUR"), "close_on": date(2026, 3, 31), "owner_id": ANN}
    return Opportunity(name=name, **{**values, **fields})


def company(**settings: Any) -> tuple[Crm, Clock]:
    """Four deals with history, people with roles, touches, activities, a lead and a quota."""
    clock = Clock()
    crm = Crm(clock=clock, **settings)
    crm.add_all([User(id=ANN, name="Ann", team="North"), User(id=BOB, name="Bob")])
    crm.add(Quota(owner_id=ANN, period_start=date(2026, 2, 1), amount=Money(2000, "EUR")))
    crm.add(ExchangeRate(base="EUR", currency="USD", valid_from=date(2026, 1, 1), rate=Decimal(2)))
    top = crm.add(Account(name="Acme"))
    low = crm.add(Account(name="Acme France", parent_id=top.id))
    away = crm.add(Account(name="Advisers"))
    ada = crm.add(Contact(name=PersonName(family="Lovelace", given="Ada"), account_id=low.id))
    carl = crm.add(Contact(name=PersonName(family="Consult", given="Carl"), account_id=away.id))
    crm.add(AccountContactRelation(account_id=low.id, contact_id=carl.id, roles={"adviser"}))
    fair = crm.add(Campaign(name="Fair", actual_cost=Money(100, "EUR")))
    crm.add(Case(subject="Broken", account_id=low.id))
    crm.add(Contract(name="Support", account_id=low.id, value=Money(900, "EUR")))
    engine = crm.add(deal("Engine", account_id=low.id))
    crm.add(OpportunityContactRole(opportunity_id=engine.id, contact_id=ada.id, role="Evaluator"))
    others = [
        crm.add(deal("Motor", account_id=top.id, amount=Money(500, "USD"), owner_id=BOB)),
        crm.add(deal("Wheel", amount=None)),
        crm.add(deal("Yen", amount=Money(10_000, "JPY"))),
    ]
    crm.add(Touch(who=ada.ref, at=clock.now, source="web", opportunity_id=engine.id))
    clock.go(days=3)
    crm.add(Touch(who=ada.ref, at=clock.now, source="fair", campaign_id=fair.id))
    crm.add(Lead(company="Nobody", source="web", owner_id=BOB))
    moved(crm, engine, clock, stage="Proposal")
    call = Activity(subject="Call", kind="call", about=engine.ref, owner_id=ANN, done_at=clock.now)
    crm.add(call)
    crm.add(Activity(subject="Meet", kind="meeting", who=ada.ref, due_on=date(2026, 2, 1)))
    clock.go(days=30)
    moved(crm, engine, clock, stage="Won", close_on=clock.now.date())
    moved(crm, others[1], clock, stage="Lost", lost_reason="Price", close_on=clock.now.date())
    moved(crm, others[0], clock, close_on=date(2026, 5, 31))
    return crm, clock


def moved(crm: Crm, deal: Opportunity, clock: Callable[[], datetime], **fields: Any) -> None:
    """The stored deal with these fields changed."""
    crm.save(attrs.evolve(crm.get(Opportunity, deal.id), **fields))
