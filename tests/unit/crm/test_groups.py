"""Hierarchies through the facade: up, down, beside, and what is wrong with them."""

from typing import Any

import pytest

from crmcore import AccountRelation, Contact, Crm, MemoryRepository, User
from crmcore.changes import ChangeSet, Insert
from crmcore.errors import UsageError
from tests.properties.rollup.records import account, report, user


@pytest.fixture
def crm() -> Crm:
    made = Crm()
    parents = {"top": None, "left": "top", "right": "top", "low": "left", "else": None}
    made.add_all([account(one, parent) for one, parent in parents.items()])
    return made


def ids(records: Any) -> list[str]:
    return [one.id for one in records]


def test_up_down_and_beside(crm: Crm) -> None:
    assert ids(crm.path("low")) == ["top", "left", "low"]
    assert ids(crm.children("top")) == ["left", "right"]
    assert ids(crm.siblings("left")) == ["right"]
    assert crm.siblings("top") == ()
    common = crm.common_parent("low", "right")
    assert common is not None
    assert common.id == "top"
    assert crm.common_parent("low", "else") is None
    itself = crm.common_parent("left", "low")
    assert itself is not None
    assert itself.id == "left"


def test_reports_to_trees_of_contacts_and_users(crm: Crm) -> None:
    crm.add_all([report("boss"), report("lead", "boss"), report("new", "lead")])
    crm.add_all([user("head"), user("agent", "head")])
    new, boss = crm.get(Contact, "new"), crm.get(Contact, "boss")
    assert ids(crm.superiors(new)) == ["lead", "boss"]
    assert ids(crm.reports(boss)) == ["lead", "new"]
    assert ids(crm.superiors(crm.get(User, "agent"))) == ["head"]
    assert ids(crm.reports(crm.get(User, "head"))) == ["agent"]
    with pytest.raises(UsageError, match="make no tree"):
        crm.superiors(AccountRelation(from_id="x", to_id="y", kind="partner"))  # type: ignore[arg-type]  # on purpose


def test_relations_beside_the_tree_have_a_name_from_each_end(crm: Crm) -> None:
    relation: Any = {"from_id": "left", "to_id": "else"}
    crm.add(AccountRelation(kind="supplier", **relation))
    crm.add(AccountRelation(kind="partner", **relation))
    assert list(map(str, crm.network("left"))) == ["customer: else", "partner: else"]
    assert list(map(str, crm.network("else"))) == ["partner: left", "supplier: left"]
    assert list(map(str, crm.network("else", "supplier"))) == ["supplier: left"]


def test_loops_and_missing_parents_are_listed_and_repaired() -> None:
    store = MemoryRepository()
    parents = {"a": "b", "b": "a", "c": "gone", "d": "c"}
    store.commit(ChangeSet(Insert(account(one, parent)) for one, parent in parents.items()))
    crm = Crm(store)
    codes = [one.code for one in crm.hierarchy_flaws()]
    assert codes == ["hierarchy.loop", "hierarchy.parent_missing"]
    preview = crm.repair_hierarchy(dry_run=True)
    assert {change.ref.id for change in preview.changes} == {"a", "c"}
    assert len(crm.hierarchy_flaws()) == 2
    crm.repair_hierarchy()
    assert not crm.hierarchy_flaws()
    assert ids(crm.path("b")) == ["a", "b"]
    assert not crm.repair_hierarchy().changes
    assert not Crm().hierarchy_flaws()
    assert not Crm().repair_hierarchy().changes
