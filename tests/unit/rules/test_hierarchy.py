import itertools
from datetime import UTC, datetime

import pytest

from crmcore.changes import CheckVersion, Update
from crmcore.entities import Account, Contact
from crmcore.errors import CycleError, UsageError
from crmcore.fields import CustomField, Lookup, Shape
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.hierarchy import reparent
from crmcore.rules.rule import Context, Decision
from crmcore.values.ref import Ref
from tests.properties.rollup.records import account, contact, link

NOW = datetime(2025, 3, 31, 12, tzinfo=UTC)
CONTEXT = Context(
    model=STANDARD_MODEL, now=NOW, new_id=map(str, itertools.count()).__next__, by="ada"
)


TOP = account("top", version=1)
MIDDLE = account("middle", "top", version=3)
LEAF = account("leaf", "middle", version=1)
OTHER = account("other", version=5)


def test_a_move_relies_on_everyone_above_the_new_parent() -> None:
    decision = reparent(OTHER, LEAF, context=CONTEXT, ancestors_of_parent=[TOP, MIDDLE])
    (change,) = decision.changes
    assert isinstance(change, Update)
    assert change.fields == ("parent_id",)
    assert change.after == account("other", "leaf", version=5)
    assert decision.changes.checks == (
        CheckVersion(LEAF.ref, 1),
        CheckVersion(MIDDLE.ref, 3),
        CheckVersion(TOP.ref, 1),
    )
    assert (decision.changes.by, decision.changes.at) == ("ada", NOW)
    assert not decision.findings


def test_an_ancestor_that_is_not_given_must_still_not_be_there() -> None:
    decision = reparent(OTHER, LEAF, context=CONTEXT)
    assert decision.changes.checks[-1] == CheckVersion(Ref("account", "middle"), 0)


def test_a_move_to_the_top_relies_on_nothing_else() -> None:
    decision = reparent(LEAF, None, context=CONTEXT)
    assert decision.changes.written == (account("leaf", version=1),)
    assert decision.changes.checks == ()


@pytest.mark.parametrize(("record", "parent"), [(LEAF, MIDDLE), (TOP, None)])
def test_where_it_stands_already_nothing_changes(record: Account, parent: Account | None) -> None:
    assert reparent(record, parent, context=CONTEXT, ancestors_of_parent=[TOP]) == Decision()


def test_a_move_below_oneself_is_refused_with_the_path() -> None:
    with pytest.raises(CycleError) as refused:
        reparent(TOP, LEAF, context=CONTEXT, ancestors_of_parent=[MIDDLE, TOP])
    assert refused.value == CycleError("account", ("top", "leaf", "middle", "top"))
    assert "top -> leaf -> middle -> top" in str(refused.value)


def test_nobody_is_their_own_parent_not_even_where_it_is_stored_so() -> None:
    odd = account("odd", "odd")
    with pytest.raises(CycleError) as refused:
        reparent(odd, odd, context=CONTEXT)
    assert refused.value.path == ("odd", "odd")


def test_a_loop_that_is_there_already_is_reported_not_made_worse() -> None:
    first, second = account("first", "second"), account("second", "first")
    decision = reparent(OTHER, first, context=CONTEXT, ancestors_of_parent=[second])
    assert len(decision.changes) == 1
    (finding,) = decision.findings
    assert (finding.code, finding.value) == ("hierarchy.loop", "first -> second -> first")


def test_people_report_to_people_in_the_same_way() -> None:
    boss = contact("boss")
    clerk = contact("clerk")
    (after,) = reparent(clerk, boss, context=CONTEXT).changes.written
    assert isinstance(after, Contact)
    assert after.reports_to_id == "boss"


def test_one_of_several_trees_can_be_meant() -> None:
    custom = CustomField(name="billed_by", type=Lookup("account", shape=Shape.TREE))
    model = STANDARD_MODEL.with_custom_fields(Account, custom)
    context = Context(model=model, now=NOW, new_id=CONTEXT.new_id)
    (after,) = reparent(TOP, LEAF, context=context, along="billed_by").changes.written
    assert after.custom == {"billed_by": "leaf"}


def test_a_parent_of_another_entity_is_refused() -> None:
    with pytest.raises(UsageError, match=r"of the same entity: .*contact"):
        reparent(TOP, contact("boss"), context=CONTEXT)


def test_an_entity_without_a_tree_is_refused() -> None:
    relation = link("a", "b")
    with pytest.raises(UsageError, match="make no tree"):
        reparent(relation, None, context=CONTEXT)


def test_taking_a_move_back_relies_on_the_former_line() -> None:
    old, top, new = account("old", "top"), account("top"), account("new")
    child = account("child", "old")
    moved = reparent(child, new, context=CONTEXT, former_line=[old, top])
    assert {one.ref.id for one in moved.changes.undo_checks if isinstance(one, CheckVersion)} == {
        "old",
        "top",
    }
    assert moved.changes.inverse().checks == moved.changes.undo_checks
