"""Direct relations follow ``contact.account_id``."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from attrs import evolve

from crmcore import Crm
from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import Account, AccountContactRelation, Attachment, Contact
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.relations import direct_relations, rehomed
from crmcore.rules.rule import Context
from crmcore.values import FrozenMap, PersonName
from tests.examples import NOW

TODAY = date(2026, 3, 14)
ADA: Any = Contact(name=PersonName(family="Lovelace"), id="ada")  # type: ignore[arg-type]  # any text
AT_A = evolve(ADA, account_id="a")


def context() -> Context:
    numbers = count(1)
    return Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: f"new-{next(numbers)}")


def relation(id: str, account: str = "a", **given: Any) -> AccountContactRelation:  # the word
    names: Any = {"id": id, "account_id": account, "contact_id": "ada", **given}
    return AccountContactRelation(**names)


def in_step(contact: Contact, *rows: AccountContactRelation) -> list[Any]:
    return list(direct_relations([contact], rows, context=context()))


def test_contacts_whose_account_changes_are_found() -> None:
    at_b = evolve(ADA, account_id="b", id="bob")
    changes = ChangeSet(
        [
            Insert(evolve(AT_A, id="new")),
            Insert(evolve(ADA, id="private")),
            Update(ADA, AT_A),
            Update(at_b, evolve(at_b, title="CTO")),
            Delete(evolve(AT_A, id="gone")),
            Insert(Account(name="Acme")),
        ]
    )
    assert [one.id for one in rehomed(changes)] == ["new", "ada"]


def test_a_first_account_gives_a_direct_relation_of_all_times() -> None:
    made = relation("new-1", is_direct=True)
    assert in_step(AT_A) == [Insert(made)]


def test_no_account_gives_no_relation() -> None:
    assert in_step(ADA) == []


def test_what_is_in_step_stays() -> None:
    assert in_step(AT_A, relation("r", is_direct=True), relation("s", "b")) == []


def test_a_plain_direct_relation_goes_with_its_account() -> None:
    old = relation("r", "b", is_direct=True)
    assert in_step(ADA, old) == [Delete(old)]
    assert in_step(AT_A, old) == [Delete(old), Insert(relation("new-1", is_direct=True))]


def test_a_direct_relation_that_says_something_becomes_a_former_one() -> None:
    for said in (
        {"roles": {"Evaluator"}},
        {"labels": {"vip"}},
        {"custom": {"x": 1}},
        {"start_on": date(2020, 1, 1)},
    ):
        old = relation("r", "b", is_direct=True, **said)
        former = evolve(old, is_direct=False, is_active=False, end_on=TODAY)
        assert in_step(ADA, old) == [Update(old, former)]


def test_a_former_relation_never_ends_before_it_begins() -> None:
    later = TODAY + timedelta(days=9)
    (change,) = in_step(ADA, relation("r", "b", is_direct=True, start_on=later))
    assert change.after.end_on == later


def test_a_former_relation_keeps_the_end_it_has() -> None:
    (change,) = in_step(ADA, relation("r", "b", is_direct=True, end_on=date(2030, 1, 1)))
    assert change.after.end_on == date(2030, 1, 1)


def test_an_open_relation_to_the_new_account_becomes_the_direct_one() -> None:
    active = relation("s", roles={"Consultant"})
    rows = [relation("r", is_active=False, start_on=TODAY), active, relation("b", "b")]
    assert in_step(AT_A, *rows) == [Update(active, evolve(active, is_direct=True))]
    resting = relation("r", is_active=False)
    woken = evolve(resting, is_direct=True, is_active=True)
    assert in_step(AT_A, resting) == [Update(resting, woken)]


def test_a_relation_that_ended_today_is_taken_up_again() -> None:
    former = relation("r", is_active=False, end_on=TODAY, roles={"Evaluator"})
    again = evolve(former, is_direct=True, is_active=True, end_on=None)
    assert in_step(AT_A, former) == [Update(former, again)]
    opened = relation("s", is_active=False)
    assert [one.ref.id for one in in_step(AT_A, former, opened)] == ["s"]


def test_a_relation_that_ended_before_is_followed_by_another() -> None:
    former = relation("r", is_active=False, end_on=TODAY - timedelta(days=1))
    assert in_step(AT_A, former) == [Insert(relation("new-1", is_direct=True, start_on=TODAY))]


def test_two_relations_for_one_time_are_united() -> None:
    twin = relation("t", "b", end_on=TODAY, is_active=False, roles={"A"}, custom={"x": 1, "y": 1})
    old = relation("r", "b", is_direct=True, roles={"B"}, custom={"x": 2, "z": 2}, labels={"l"})
    united = evolve(
        twin, roles={"A", "B"}, custom=FrozenMap(x=1, y=1, z=2), labels=frozenset({"l"})
    )
    assert in_step(ADA, old, twin) == [Delete(old), Update(twin, united)] or in_step(
        ADA, old, twin
    ) == [Update(twin, united), Delete(old)]


def test_each_contact_has_relations_of_its_own() -> None:
    bob = evolve(AT_A, id="bob")
    direct = relation("r", is_direct=True)
    changes = direct_relations([AT_A, bob], [direct], context=context())
    assert [one.ref.id for one in changes] == ["new-1"]
    assert changes.written[0] == evolve(relation("new-1", is_direct=True), contact_id=bob.id)


def test_two_direct_relations_of_old_data_are_both_released() -> None:
    rows = [
        relation("r", "b", is_direct=True, roles={"A"}),
        relation("s", "b", is_direct=True, end_on=TODAY, roles={"B"}),
    ]
    (kept,) = [one for one in in_step(ADA, *rows) if isinstance(one, Update)]
    assert (kept.after.roles, kept.after.is_direct) == ({"A", "B"}, False)  # type: ignore[attr-defined]  # a relation


def test_a_plain_relation_that_somebody_refers_to_stays_as_a_former_one() -> None:
    crm = Crm()
    old, new = crm.add_all([Account(name="Old"), Account(name="New")])
    ada = crm.add(Contact(name=PersonName(family="x"), account_id=old.id))
    (row,) = crm.find(AccountContactRelation)
    note = crm.add(Attachment(about=row.ref, uri="https://x.example/card.pdf"))
    crm.save(evolve(ada, account_id=new.id))
    former, direct = sorted(crm.find(AccountContactRelation), key=lambda one: one.is_direct)
    assert (former.id, former.account_id, former.is_active) == (row.id, old.id, False)
    assert (direct.account_id, direct.is_active) == (new.id, True)
    assert crm.get(Attachment, note.id).about == former.ref
    assert not crm.check().errors
