from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from crmcore import STANDARD_MODEL, AccountRelation, CustomField, F, Opportunity, Rollup
from crmcore.fields import Percent
from crmcore.rules.rollup import Shares, check
from crmcore.rules.rollup.shares import Ownership, is_in_force, ownership

DAY = date(2025, 3, 20)
HALF = Fraction(1, 2)
ONE = Fraction(1)


def owns(owner: str, owned: str, share: Any = 50, **rest: Any) -> AccountRelation:
    id_ = f"{owner}{owned}{share}"
    given: Any = {"id": id_, "from_id": owner, "to_id": owned, "share": share, "kind": "owner"}
    return AccountRelation(**given | rest)


def graph(parents: dict[str, str | None], *relations: AccountRelation) -> Ownership:
    return ownership(Shares(), parents, relations, DAY)


def codes(found: Ownership) -> list[str]:
    return [one.code for one in found.findings]


def test_owners_come_before_the_parent_and_the_order_is_from_below() -> None:
    found = graph({"a": None, "b": None, "v": "a", "w": "v"}, owns("a", "v"), owns("b", "v"))
    assert found.owners == {"v": (("a", HALF), ("b", HALF)), "w": (("v", ONE),)}
    assert found.order.index("w") < found.order.index("v") < found.order.index("a")
    assert not found.findings
    assert found.parts_of("a") == {"a": 1, "v": HALF, "w": HALF}


def test_the_same_owner_twice_has_both_shares() -> None:
    found = graph({"a": None, "v": None}, owns("a", "v", 30), owns("a", "v", 70))
    assert found.owners == {"v": (("a", ONE),)}


@pytest.mark.parametrize(
    ("share", "rest", "part"), [(30, ["ownership.sum"], "3/10"), (120, ["ownership.sum"], "1")]
)
def test_shares_that_do_not_add_up(share: int, rest: list[str], part: str) -> None:
    found = graph({"a": None, "v": "a"}, owns("a", "v", share))
    assert found.owners == {"v": (("a", Fraction(part)),)}
    assert codes(found) == rest


@pytest.mark.parametrize("share", [None, 0, -5])
def test_a_relation_without_a_share_is_none(share: Any) -> None:
    found = graph({"a": None, "b": None, "v": "b"}, owns("a", "v", share))
    assert found.owners == {"v": (("b", ONE),)}
    assert codes(found) == ["ownership.no_share"]


def test_what_an_owner_has_that_is_not_there_counts_for_nobody() -> None:
    found = graph({"a": None, "v": "a"}, owns("gone", "v", 40), owns("a", "v", 60))
    assert found.owners == {"v": (("a", Fraction(3, 5)),)}
    assert not found.findings
    assert graph({"a": None}, owns("a", "gone")).owners == {}


def test_a_loop_is_cut_and_named() -> None:
    parents: dict[str, str | None] = {"a": None, "b": None, "c": None, "d": "c"}
    found = graph(parents, owns("a", "b", 100), owns("b", "a", 40), owns("c", "a", 60))
    assert found.owners["b"] == ()
    assert found.owners["a"] == (("c", Fraction(3, 5)),)
    loop = found.findings.with_code("ownership.loop")
    assert [one.value for one in loop] == ["a, b"]
    assert codes(graph({"a": None}, owns("a", "a", 100))) == ["ownership.loop"]
    assert not graph({"a": "b", "b": "a"}).findings


def test_a_relation_counts_on_both_of_its_days() -> None:
    row = owns("a", "b", start_on=DAY, end_on=DAY)
    assert is_in_force(row, DAY)
    assert not is_in_force(row, date(2025, 3, 19))
    assert not is_in_force(row, date(2025, 3, 21))
    assert not graph({"a": None, "b": None}, owns("a", "b", kind="partner")).owners


def test_every_way_is_told() -> None:
    parents = dict.fromkeys("abcv")
    found = graph(
        parents, owns("a", "b", 100), owns("a", "c", 100), owns("b", "v", 30), owns("c", "v", 70)
    )
    ways = sorted(found.ways("v", "a", found.parts_of("a")))
    assert [[owner for owner, _ in way] for way in ways] == [["b", "a"], ["c", "a"]]
    assert found.parts_of("a")["v"] == 1
    assert list(found.ways("v", "v", {"v"})) == [()]


def test_depth_does_not_matter() -> None:
    parents = {f"{one:05}": f"{one - 1:05}" if one else None for one in range(20_000)}
    found = graph(parents, owns("00000", "00001", 50))
    assert found.parts_of("00000")["19999"] == HALF


def test_a_share_is_a_field_as_other_definitions_have() -> None:
    assert Shares(share="custom.part") == Shares(share=F.custom["part"])
    assert Shares() != Shares(kind="holding")


def test_the_percentage_may_be_in_a_custom_field() -> None:
    parts: Any = {"child": Opportunity, "by": F.account_id, "aggregate": "count"}
    rollup = Rollup(name="x", shares=Shares(share=F.custom["part"]), **parts)
    assert [one.path for one in check(rollup, STANDARD_MODEL).errors] == ["x.share"]
    part = CustomField(name="part", type=Percent())
    model = STANDARD_MODEL.with_custom_fields(AccountRelation, part)
    assert not check(rollup, model)
    row = owns("a", "v", None, custom={"part": Decimal(25)})
    shares = Shares(share=F.custom["part"])
    found = ownership(shares, {"a": None, "v": None}, [row], DAY)
    assert found.owners == {"v": (("a", Fraction(1, 4)),)}
