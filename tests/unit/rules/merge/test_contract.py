from typing import Annotated, Any

import pytest
from attrs import frozen

from crmcore.entities import Record
from crmcore.errors import CycleError
from crmcore.fields import KEEP, Lookup
from crmcore.model.describe import EntitySchema, describe
from crmcore.rules.merge import MergeError
from crmcore.rules.merge.contract import BELOW, SELF, Contracted, contracted, require_no_loop
from crmcore.values import Ref
from tests.unit.rules.merge.examples import account, contact, who


@frozen(kw_only=True)
class Machine(Record):
    """References to its own kind in every form."""

    twin_id: Annotated[str | None, Lookup("machine")] = None
    model_id: Annotated[str, Lookup("machine")] = "m"
    parts: Annotated[tuple[str, ...], Lookup("machine")] = ()
    seen_with: Annotated[Ref[Any] | None, Lookup("machine", "contact")] = None
    replaced_id: Annotated[str | None, Lookup("machine", on_merge=KEEP)] = None


MACHINE = describe(Machine)


def machines(*records: Machine) -> Contracted:
    return contracted(records, schema=MACHINE, known={})


def above(*records: Any, around: tuple[Record, ...] = ()) -> Contracted:
    known = {one.ref: one for one in (*around, *records)}
    return contracted(records, schema=describe(type(records[0])), known=known)


def test_references_among_the_merged_are_dropped_with_the_reason() -> None:
    found = machines(Machine(id="a", twin_id="b", parts=("b", "z")), Machine(id="b", twin_id="x"))
    first, second = found.records
    assert isinstance(first, Machine)
    assert (first.twin_id, first.parts) == (None, ("z",))
    assert second == Machine(id="b", twin_id="x")
    machine = Ref[Any]("machine", "a")
    assert found.dropped == {
        (machine, "twin_id", Ref("machine", "b")): SELF,
        (machine, "parts", Ref("machine", "b")): SELF,
    }


def test_a_reference_of_a_record_to_itself_stays_one() -> None:
    found = machines(Machine(id="a"), Machine(id="b", twin_id="b"))
    assert found.records[1] == Machine(id="b", twin_id="a")
    assert not found.dropped


def test_a_required_reference_cannot_be_dropped() -> None:
    found = machines(Machine(id="a", model_id="b"), Machine(id="b"))
    assert found.records[0] == Machine(id="a", model_id="a")


def test_another_kind_with_the_same_id_is_not_meant() -> None:
    record = Machine(id="a", seen_with=who("b"))
    assert machines(record, Machine(id="b")).records[0] == record


def test_a_historic_reference_stays_as_it_is() -> None:
    record = Machine(id="a", replaced_id="b")
    assert machines(record, Machine(id="b")).records[0] == record


def test_a_parent_that_stands_below_the_merged_record_is_dropped() -> None:
    low, middle, top = (
        contact("s", reports_to_id="m"),
        contact("m", reports_to_id="l"),
        contact("l"),
    )
    found = above(low, top, around=(middle,))
    assert found.records == (contact("s"), top)
    assert found.dropped == {(low.ref, "reports_to_id", middle.ref): BELOW}
    assert found.walked == {middle.ref}


def test_a_parent_elsewhere_stays_and_is_walked_up_once() -> None:
    chain = [contact("t"), contact("m", reports_to_id="t")]
    first, second = contact("a", reports_to_id="m"), contact("b", reports_to_id="m")
    found = above(first, second, around=tuple(chain))
    assert found.records == (first, second)
    assert found.walked == {one.ref for one in chain}


def test_a_parent_that_is_not_known_ends_the_way() -> None:
    found = above(account("a", parent_id="x"), account("b"))
    assert found.walked == {Ref("account", "x")}
    assert not found.dropped


def test_a_loop_among_others_does_not_hang_the_walk() -> None:
    loop = (contact("x", reports_to_id="y"), contact("y", reports_to_id="x"))
    assert above(contact("a", reports_to_id="x"), contact("b"), around=loop).dropped == {}


def checked(golden: Record, *losers: str, schema: EntitySchema, around: Any = ()) -> Any:
    refs = [Ref[Any](schema.kind, loser) for loser in losers]
    known = {one.ref: one for one in around}
    return require_no_loop(golden, refs, schema=schema, known=known)


def test_a_loop_is_refused_with_its_path() -> None:
    around = [contact("x", reports_to_id="y"), contact("y", reports_to_id="l")]
    schema = describe(type(around[0]))
    with pytest.raises(CycleError) as caught:
        checked(contact("s", reports_to_id="x"), "l", schema=schema, around=around)
    assert caught.value.path == ("s", "x", "y", "s")
    with pytest.raises(CycleError) as caught:
        checked(contact("s", reports_to_id="s"), "l", schema=schema)
    assert caught.value.path == ("s", "s")


def test_what_was_walked_is_told() -> None:
    top = contact("t")
    found = checked(contact("s", reports_to_id="t"), "l", schema=describe(type(top)), around=[top])
    assert found == {top.ref}


def test_a_chosen_reference_to_a_loser_is_refused() -> None:
    with pytest.raises(MergeError) as caught:
        checked(Machine(id="a", twin_id="b"), "b", schema=MACHINE)
    assert caught.value.refs == (Ref("machine", "b"),)
    assert checked(Machine(id="a", twin_id="c"), "b", schema=MACHINE) == frozenset()
