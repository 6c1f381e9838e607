import pytest

from crmcore.entities import Account, AccountRelation, Contact, Record
from crmcore.errors import UnknownNameError
from crmcore.fields import CustomField, Lookup, Shape
from crmcore.findings import Severity
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.tree import (
    ancestors,
    children_index,
    depth,
    descendants,
    forest,
    forest_findings,
    loops,
    parents_of,
    path,
    tree_field,
    tree_fields,
    ultimate_parent,
    would_loop,
)
from crmcore.values.ref import Ref
from tests.properties.rollup.records import account

GROUP = {"top": None, "left": "top", "right": "top", "leaf": "left"}
RING = {"a": "b", "b": "c", "c": "a", "tail": "b"}


def test_the_way_up_is_nearest_first() -> None:
    assert ancestors("leaf", GROUP.get) == ("left", "top")
    assert ancestors("top", GROUP.get) == ()
    assert path("leaf", GROUP.get) == ("top", "left", "leaf")
    assert (depth("leaf", GROUP.get), depth("top", GROUP.get)) == (2, 0)


def test_the_way_down_is_level_by_level() -> None:
    children = children_index(GROUP)
    assert children == {"top": ("left", "right"), "left": ("leaf",)}
    assert descendants("top", lambda one: children.get(one, ())) == ("left", "right", "leaf")


@pytest.mark.parametrize(
    ("start", "top"),
    [("leaf", "top"), ("top", "top"), ("stranger", "stranger"), ("tail", "b"), ("a", "a")],
)
def test_the_ultimate_parent_is_the_top_or_where_a_loop_begins(start: str, top: str) -> None:
    assert ultimate_parent(start, {**GROUP, **RING}.get) == top


def test_walks_end_on_loops() -> None:
    assert ancestors("tail", RING.get) == ("b", "c", "a")
    children = children_index(RING)
    assert descendants("a", lambda one: children.get(one, ())) == ("c", "b", "tail")


def test_a_loop_is_told_from_its_smallest_id_and_closed() -> None:
    assert loops(["tail", "c"], RING.get) == (("a", "b", "c", "a"),)
    assert loops(["x"], {"x": "x"}.get) == (("x", "x"),)
    assert loops(GROUP, GROUP.get) == ()


def test_a_move_below_oneself_would_loop() -> None:
    assert would_loop("top", "leaf", GROUP.get) == ("top", "leaf", "left", "top")
    assert would_loop("top", "top", GROUP.get) == ("top", "top")
    assert would_loop("leaf", "right", GROUP.get) is None


def test_a_forest_cuts_what_is_unsound_and_says_so() -> None:
    found = forest({**RING, "lost": "gone", "child": "lost"})
    assert found.roots == ("a", "b", "c", "lost")
    assert found.children == {"b": ("tail",), "lost": ("child",)}
    assert found.below("lost") == ("lost", "child")
    problems = forest_findings(found, kind="account", field="parent_id")
    assert [(one.code, one.ref, one.severity) for one in problems] == [
        ("hierarchy.loop", Ref("account", "a"), Severity.ERROR),
        ("hierarchy.parent_missing", Ref("account", "lost"), Severity.WARNING),
    ]
    assert (problems[0].value, problems[1].value) == ("a -> b -> c -> a", "gone")


@pytest.mark.parametrize(
    ("entity", "name"),
    [(Account, "parent_id"), (Contact, "reports_to_id"), (AccountRelation, None)],
)
def test_the_field_that_makes_a_tree_is_found_from_the_schema(
    entity: type[Record], name: str | None
) -> None:
    found = tree_field(STANDARD_MODEL.schema(entity))
    assert (found.name if found else None) == name


def test_one_of_several_trees_is_named() -> None:
    custom = CustomField(name="billed_by", type=Lookup("account", shape=Shape.TREE))
    schema = STANDARD_MODEL.with_custom_fields(Account, custom).schema(Account)
    assert [one.path for one in tree_fields(schema)] == ["parent_id", "custom.billed_by"]
    named = tree_field(schema, "custom.billed_by")
    assert named == tree_field(schema, "billed_by") != tree_field(schema)
    with pytest.raises(UnknownNameError, match=r"did you mean 'custom.billed_by'\?"):
        tree_field(schema, "custom.billed_bye")


def test_the_parents_of_records_are_ids_or_none() -> None:
    field = tree_field(STANDARD_MODEL.schema(Account))
    accounts = [
        account("a", "b"),
        account("b", 7),
    ]
    assert parents_of(accounts, field) == {"a": "b", "b": None}
    assert parents_of(accounts, None) == {"a": None, "b": None}
