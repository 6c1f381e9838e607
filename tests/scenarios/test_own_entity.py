"""A model of one's own in fifteen lines: an entity and a custom lookup, on both adapters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from attrs import frozen

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Account,
    Contact,
    Crm,
    CustomField,
    F,
    Money,
    PersonName,
    Record,
    Rollup,
)
from crmcore.fields import Lookup


@frozen(kw_only=True)
class Subscription(Record):
    """What an account pays for every month."""

    name: str
    account_id: Annotated[str, Lookup("account")]
    monthly: Money


MODEL = STANDARD_MODEL.with_entity(Subscription).with_custom_fields(
    Subscription, CustomField(name="champion_id", type=Lookup("contact"))
)
RULES = STANDARD_RULES.with_rollups(
    Rollup(name="monthly", child=Subscription, by=F.account_id, value=F.monthly, aggregate="sum")
)


@pytest.fixture(params=["memory", "file"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crm]:
    if request.param == "memory":
        yield Crm(model=MODEL, rules=RULES)
        return
    with Crm.open(tmp_path / "own.crm.json", model=MODEL, rules=RULES) as opened:
        yield opened


def test_an_own_entity_is_added_found_merged_and_rolled_up(crm: Crm) -> None:
    group = crm.add(Account(name="Group"))
    acme = crm.add(Account(name="Acme", parent_id=group.id))
    twin = crm.add(Account(name="ACME Inc"))
    ada = crm.add(Contact(name=PersonName(given="Ada", family="King"), account_id=acme.id))
    again = crm.add(Contact(name=PersonName(given="Ada", family="King"), account_id=twin.id))
    crm.add(Subscription(name="Basic", account_id=acme.id, monthly=Money(10, "EUR")))
    plus = crm.add(
        Subscription(
            name="Plus",
            account_id=twin.id,
            monthly=Money(30, "EUR"),
            custom={"champion_id": again.id},
        )
    )
    assert crm.rollup("monthly", group.id) == Money(10, "EUR")

    crm.merge(acme, twin)
    crm.merge(ada, again)

    moved = crm.one(Subscription, F.custom["champion_id"] == ada.id)
    assert (moved.id, moved.account_id) == (plus.id, acme.id)
    assert {one.name for one in crm.find(Subscription, F.account_id == acme.id)} == {
        "Basic",
        "Plus",
    }
    assert crm.rollup("monthly", group.id) == Money(40, "EUR")
    assert crm.get(Account, twin.id).id == acme.id
    assert crm.related(ada).incoming["subscription.custom.champion_id"] == (moved,)
    assert not crm.check().errors
