"""References: found from the schema, and re-pointed."""

from typing import Annotated, Any

import pytest
from attrs import field, frozen

from crmcore.entities import Account, Activity, Contact, Lead, MergeReceipt, Record
from crmcore.fields import CustomField, Lookup
from crmcore.model.describe import FieldSchema, describe
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.references import as_ref, as_stored, field_references, references, repointed
from crmcore.values import PersonName, Ref
from tests.examples import JUNK, changed, example

A: Ref[Any] = Ref("account", "a")
B: Ref[Any] = Ref("account", "b")


@frozen(kw_only=True)
class Team(Record):
    members: Annotated[frozenset[str], Lookup("user")] = field(default=frozenset())
    ranked: Annotated[tuple[str, ...], Lookup("user")] = ()


def test_a_stored_value_is_read_as_a_reference() -> None:
    assert as_ref("a", Lookup("account")) == A
    assert as_ref(A, Lookup("account", "lead")) == A
    assert as_ref(A, Lookup()) == A
    for nothing in ("", None, 3):
        assert as_ref(nothing, Lookup("account")) is None
    assert as_ref("a", Lookup("account", "lead")) is None


def test_a_reference_is_stored_in_the_form_of_what_was_there() -> None:
    assert as_stored(A, "b") == "a"
    assert as_stored(A, B) is A


def test_all_references_of_a_record_are_found_in_the_order_of_its_fields() -> None:
    model = STANDARD_MODEL.with_custom_fields(
        Activity, CustomField(name="partner_id", type=Lookup("account"))
    )
    activity = Activity(
        subject="Call",
        owner_id="u",  # type: ignore[arg-type]  # any text
        who=Lead(id="l").ref,  # type: ignore[arg-type]  # any text
        about=A,
        custom={"partner_id": "b"},
    )
    found = [(one.path, str(ref)) for one, ref in references(activity, model.schema(Activity))]
    assert found == [
        ("owner_id", "user:u"),
        ("who", "lead:l"),
        ("about", "account:a"),
        ("custom.partner_id", "account:b"),
    ]


def test_containers_of_references_are_read_in_order() -> None:
    team = Team(members=frozenset({"c", "a", "b"}), ranked=("b", "a", ""))
    members, ranked = (describe(Team).field(name) for name in ("members", "ranked"))
    assert [one.id for one in field_references(team, members)] == ["a", "b", "c"]
    assert [one.id for one in field_references(team, ranked)] == ["b", "a"]


@pytest.mark.parametrize("index", range(len(JUNK)))
def test_bad_data_holds_no_references_and_never_raises(index: int) -> None:
    for entity in (Team, MergeReceipt, Contact):
        for one in describe(entity).lookups:
            record = example(entity, **{one.name: JUNK[index]})
            assert all(isinstance(ref, Ref) for ref in field_references(record, one))


def test_a_field_that_is_no_reference_holds_none() -> None:
    account = Account(name="Acme")
    name = describe(Account).field("name")
    assert list(field_references(account, name)) == []
    assert repointed(account, name, lambda _: B) is account


def moved(record: Record, name: str, target: Any) -> Any:
    one: FieldSchema = describe(type(record)).field(name)
    return repointed(record, one, target)


def test_a_reference_is_repointed_kept_or_cleared() -> None:
    account = Account(name="Acme", parent_id="a")  # type: ignore[arg-type]  # any text
    assert moved(account, "parent_id", {A: B}.get) == changed(account, parent_id="b")
    assert moved(account, "parent_id", lambda ref: ref) is account
    assert moved(account, "parent_id", lambda _: None).parent_id is None
    top = Account(name="Acme")
    assert moved(top, "parent_id", {A: B}.get) is top


def test_a_polymorphic_reference_stays_one() -> None:
    contact = Contact(name=PersonName(family="Lovelace")).ref
    activity = Activity(subject="Call", who=Lead().ref)
    assert moved(activity, "who", lambda _: contact).who == contact


def test_elements_that_become_equal_are_kept_once() -> None:
    users = {Ref[Any]("user", "b"): Ref[Any]("user", "a")}
    team = Team(members=frozenset({"a", "b", "c"}), ranked=("c", "b", "a"))
    merged = moved(team, "ranked", lambda ref: users.get(ref, ref))
    assert merged.ranked == ("c", "a")
    assert moved(team, "members", lambda ref: users.get(ref, ref)).members == {"a", "c"}
    assert moved(team, "ranked", lambda ref: None if ref.id == "b" else ref).ranked == ("c", "a")
    assert moved(team, "ranked", lambda ref: ref) is team
