from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

from crmcore import STANDARD_MODEL, Account, AccountContactRelation, Contact, PersonName
from crmcore.changes import Change, CheckNone, CheckVersion, Delete, Insert, Update
from crmcore.rules.persons import Persons, check_persons, concerns


def account(id_: str = "a", *, is_person: bool = True, version: int = 3) -> Account:
    return Account(id=id_, name="A", is_person=is_person, version=version)  # type: ignore[arg-type]  # plain ids


def contact(id_: str, home: str | None = "a") -> Contact:
    return Contact(id=id_, name=PersonName(family="F"), account_id=home, version=4)  # type: ignore[arg-type]  # plain ids


def relation(who: str, home: str = "a", *, is_active: bool = True) -> AccountContactRelation:
    names: Any = {"id": f"{who} {home}", "account_id": home, "contact_id": who}
    return AccountContactRelation(is_active=is_active, **names)


def judged(changes: Sequence[Change], *stored: Any, model: Any = STANDARD_MODEL) -> Persons:
    return check_persons(
        concerns(changes),
        accounts=[one for one in stored if isinstance(one, Account)],
        people=[one for one in stored if isinstance(one, Contact)],
        relations=[one for one in stored if isinstance(one, AccountContactRelation)],
        model=model,
    )


def codes(found: Persons) -> list[str]:
    return [one.code for one in found.findings]


A, P, Q = account(), contact("p"), contact("q")


@pytest.mark.parametrize(
    ("changes", "stored", "expected"),
    [
        ([Insert(A)], (A,), ["person.missing"]),
        ([Insert(A), Insert(P)], (A, P), []),
        ([Insert(Q)], (A, P, Q), ["person.several"]),
        ([Delete(P)], (A,), ["person.missing"]),
        ([Update(P, evolve(P, account_id=None))], (A,), ["person.missing"]),
        ([Update(P, evolve(P, account_id=None))], (), []),
        ([Update(account(is_person=False), A)], (A, P, Q), ["person.several"]),
        ([Update(account(is_person=False), A)], (A, P, relation("q")), ["person.other"]),
        ([Insert(relation("q"))], (A, P, relation("q")), ["person.other"]),
        ([Insert(relation("p"))], (A, P, relation("p")), []),
        ([Insert(relation("q"))], (A, P, relation("q", is_active=False)), []),
        ([Update(relation("q", is_active=False), relation("q"))], (A, P, relation("q")), 1),
        ([Delete(relation("q"))], (A, P), []),
    ],
)
def test_what_is_wrong(changes: list[Change], stored: tuple[Any, ...], expected: Any) -> None:
    found = codes(judged(changes, *stored))
    assert found == (["person.other"] if expected == 1 else expected)


def test_whoever_leaves_with_a_relation_in_force_is_another_contact() -> None:
    left = evolve(P, account_id=None)
    found = judged([Update(P, left), Insert(Q)], A, Q, relation("p"))
    assert codes(found) == ["person.other"]


@pytest.mark.parametrize(
    ("change", "stored"),
    [
        (Update(contact("r"), evolve(contact("r"), account_id=None)), (A, P, Q)),
        (Update(A, evolve(A, name="B")), (A, P, Q)),
        (Update(P, evolve(P, title="Dr")), (A, P, Q)),
    ],
)
def test_what_was_wrong_before_can_be_put_right_step_by_step(change: Any, stored: Any) -> None:
    assert not judged([change], *stored).findings


def test_a_model_without_contacts_asks_for_none() -> None:
    assert judged([Insert(A)], A, model=evolve(STANDARD_MODEL, disabled={"contact"})) == Persons()


def test_who_joins_an_organisation_relies_on_its_staying_one() -> None:
    firm = account(is_person=False)
    assert judged([Insert(P)], firm, P).checks == (CheckVersion(firm.ref, 3),)
    assert judged([Insert(firm), Insert(P)], firm, P).checks == ()


def test_a_person_account_relies_on_nobody_else_coming() -> None:
    checks = judged([Insert(Q)], A, Q).checks
    assert [type(one) for one in checks] == [CheckNone, CheckNone]
    assert "account_id" in str(checks[0])
    related = judged([Insert(relation("p"))], A, P, relation("p")).checks
    assert related == (CheckVersion(P.ref, 4),)
    model = evolve(STANDARD_MODEL, disabled={"account_contact_relation"})
    assert len(judged([Insert(Q)], A, Q, model=model).checks) == 1
