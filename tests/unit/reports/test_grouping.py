from datetime import UTC, datetime
from typing import Any

import pytest

from crmcore import (
    STANDARD_MODEL,
    Account,
    Campaign,
    CustomField,
    F,
    Lead,
    Opportunity,
    Touch,
    User,
)
from crmcore.errors import UnknownNameError, UsageError
from crmcore.fields import Text
from crmcore.reports.grouping import By, Group, grouping
from crmcore.reports.material import Material
from crmcore.rules.rule import Context
from crmcore.values import Ref
from crmcore.values.ids import AccountId, CampaignId, UserId

MODEL = STANDARD_MODEL.with_custom_fields(Opportunity, CustomField(name="product", type=Text()))
CONTEXT = Context(model=MODEL, now=datetime(2026, 1, 1, tzinfo=UTC), new_id=lambda: "new")
MATERIAL = Material.of(
    [
        User(id=UserId("boss"), name="Zoe"),
        User(id=UserId("u"), name="Ann", manager_id=UserId("boss"), team="North"),
        Account(id=AccountId("top"), name="Top"),
        Account(id=AccountId("low"), name="Low", parent_id=AccountId("top")),
        Campaign(id=CampaignId("k"), name="Fair"),
    ]
)
DEAL = Opportunity(
    name="d", owner_id=UserId("u"), account_id=AccountId("low"), custom={"product": "Engine"}
)
TOUCH = Touch(who=Ref("contact", "c"), at=CONTEXT.now, campaign_id=CampaignId("k"))


def groups(by: By, record: Any) -> list[tuple[Any, str]]:
    way = grouping(by, type(record), material=MATERIAL, context=CONTEXT)
    assert way is not None
    return [(group.key, str(group)) for group, _ in way.split([record])]


@pytest.mark.parametrize(
    ("by", "record", "group"),
    [
        ("owner", DEAL, ("u", "Ann")),
        ("manager", DEAL, ("boss", "Zoe")),
        ("team", DEAL, ("North", "North")),
        ("account", DEAL, ("low", "Low")),
        ("ultimate_parent", DEAL, ("top", "Top")),
        (F.custom["product"], DEAL, ("Engine", "Engine")),
        ("custom.product", DEAL, ("Engine", "Engine")),
        ("stage", DEAL, ("Prospecting", "Prospecting")),
        ("source", DEAL, (None, "–")),
        ("team", Opportunity(name="d"), (None, "–")),
        ("ultimate_parent", Opportunity(name="d"), (None, "–")),
        ("owner", Opportunity(name="d", owner_id=UserId("gone")), ("gone", "gone")),
        ("account", Lead(converted_account_id=AccountId("low")), ("low", "Low")),
        ("account", Opportunity(name="d", account_id=AccountId("gone")), ("gone", "gone")),
        ("campaign", TOUCH, ("k", "Fair")),
    ],
)
def test_a_record_falls_into_its_group(by: By, record: Any, group: tuple[Any, str]) -> None:
    assert groups(by, record) == [group]


def test_groups_come_by_key_with_those_without_last() -> None:
    deals = [Opportunity(name="d", source=one) for one in ("web", None, "fair", "web")]
    way = grouping("source", Opportunity, material=MATERIAL, context=CONTEXT)
    assert way is not None
    found = way.split(deals)
    assert [group.key for group, _ in found] == ["fair", "web", None]
    assert [len(some) for _, some in found] == [1, 2, 1]
    assert Group("web", "Web") == Group("web", "another name")


def test_what_is_no_grouping_is_refused() -> None:
    assert grouping(None, Opportunity, material=MATERIAL, context=CONTEXT) is None
    with pytest.raises(UnknownNameError, match="did you mean 'team'"):
        groups("teem", DEAL)
    with pytest.raises(UsageError, match=r"F\.source"):
        groups(3, DEAL)  # type: ignore[arg-type]  # what is refused here
