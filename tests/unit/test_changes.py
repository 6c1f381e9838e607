from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from crmcore.changes import (
    ChangeSet,
    Check,
    CheckExists,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
    Insert,
    Update,
    change,
    compose,
    differences,
    same_content,
)
from crmcore.entities import Account, Case
from crmcore.errors import UsageError
from crmcore.query import F, Query
from crmcore.values import Ref
from crmcore.values.ids import AccountId, CaseId

MORNING = datetime(2024, 5, 1, 8, tzinfo=UTC)
EVENING = datetime(2024, 5, 1, 20, tzinfo=UTC)


def account(id_: str = "a", *, version: int = 0, **values: Any) -> Account:
    return Account(id=AccountId(id_), version=version, **{"name": "x"} | values)


A, B = account("a", version=1), account("b", version=1, name="y")
NEW = account("new")
UNHASHABLE: dict[str, Any] = {"id": []}
ODD: dict[str, Any] = {"is_person": 0}
NO_MAPPING: dict[str, Any] = {"custom": 5}
UPDATE = Update(A, attrs.evolve(A, name="z"))


def test_a_change_knows_its_record_and_its_way_back() -> None:
    assert Insert(NEW).ref == Delete(NEW).ref == NEW.ref
    assert Insert(NEW).inverse() == Delete(NEW)
    assert Delete(A).inverse() == Insert(A)
    assert UPDATE.inverse() == Update(UPDATE.after, A)
    assert UPDATE.fields == ("name",)


def test_changes_are_shown_field_by_field() -> None:
    first = account(custom={"tier": 1}, employees=1)
    then = account(custom={"tier": True}, employees=2, phone="1")
    shown = str(ChangeSet([Update(first, then), Insert(NEW), Delete(B)], reason="import"))
    assert shown.splitlines() == [
        "import (3):",
        "  ~ account:a custom.tier: 1 -> True; employees: 1 -> 2; phone: None -> '1'",
        "  + account:new name='x', is_person=False",
        "  - account:b name='y', is_person=False",
    ]
    assert str(Update(A, A)) == "~ account:a (no difference)"
    assert str(ChangeSet()) == "changes (0):"


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (CheckVersion(A.ref, 3), "account:a has version 3"),
        (CheckExists(A.ref), "account:a exists"),
        (CheckNone(Query.of(Account, F.name == "x")), "no account where (F.name == 'x')"),
    ],
)
def test_checks_are_shown_in_words(check: Check, said: str) -> None:
    assert str(check) == said


def test_differences_are_of_content_and_type() -> None:
    later = attrs.evolve(A, version=7, updated_at=MORNING)
    assert differences(A, later) == ()
    assert same_content(A, later)
    assert differences(A, attrs.evolve(A, created_at=MORNING)) == (("created_at", None, MORNING),)
    odd: Any = attrs.evolve(A, **ODD)
    assert differences(A, odd) == (("is_person", False, 0),)
    assert not same_content(A, odd)
    assert not same_content(A, B)
    some = attrs.evolve(A, custom={"a": 1, "b": 2})
    other = attrs.evolve(A, custom={"b": 3, "c": None})
    assert differences(some, other) == (("custom.a", 1, None), ("custom.b", 2, 3))
    bad: Any = attrs.evolve(A, **NO_MAPPING)
    assert differences(A, bad) == (("custom", A.custom, 5),)


def test_a_change_between_two_states() -> None:
    assert change(None, None) is None
    assert change(None, A) == Insert(A)
    assert change(A, None) == Delete(A)
    assert change(A, UPDATE.after) == UPDATE


def no_text() -> object:
    bad: Any = attrs.evolve(A, **UNHASHABLE)
    return ChangeSet([Insert(bad)])


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: Update(A, B), "an update keeps kind and id"),
        (lambda: Update(A, Case(id=CaseId("a"), subject="x")), "an update keeps kind and id"),
        (lambda: ChangeSet([Insert(A), Delete(A)]), "a change set changes each record once"),
        (no_text, "the id of a record is text"),
    ],
)
def test_what_is_no_change_is_refused(wrong: Callable[[], object], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        wrong()


def test_a_set_is_a_value() -> None:
    changes = ChangeSet([UPDATE, Insert(NEW), Delete(B)], [CheckExists(A.ref)])
    assert changes == ChangeSet(iter(changes.changes), iter(changes.checks))
    assert (len(changes), bool(changes), bool(ChangeSet())) == (3, True, False)
    assert list(changes) == [UPDATE, Insert(NEW), Delete(B)]
    assert changes.refs == {A.ref, NEW.ref, B.ref}
    assert changes.written == (UPDATE.after, NEW)
    assert (changes.after(A.ref), changes.after(B.ref)) == (UPDATE.after, None)


def test_a_stored_set_has_the_number_as_version() -> None:
    stored = ChangeSet([UPDATE, Insert(NEW), Delete(B)]).as_stored(9)
    assert [one.version for one in stored.written] == [9, 9]
    assert stored.changes[0] == Update(A, attrs.evolve(UPDATE.after, version=9))
    assert stored.changes[2] == Delete(B)


def test_a_set_is_stamped_with_moment_and_user() -> None:
    old = account("old", created_at=MORNING)
    changes = ChangeSet([UPDATE, Insert(NEW), Insert(old), Delete(B)]).stamped(EVENING, "ada")
    assert (changes.at, changes.by) == (EVENING, "ada")
    updated, new, again = changes.written
    assert (updated.created_at, updated.updated_at) == (None, EVENING)
    assert (new.created_at, new.updated_at) == (EVENING, EVENING)
    assert (again.created_at, again.updated_at) == (MORNING, EVENING)
    kept = ChangeSet([Insert(NEW)], at=MORNING, by="bob").stamped(EVENING, "ada")
    assert (kept.at, kept.by, kept.written[0].updated_at) == (MORNING, "bob", MORNING)


def test_a_conflict_says_what_to_do() -> None:
    error = ConflictError(A.ref, "version 1", "version 2")
    assert (
        str(error) == "account:a: expected version 1, found version 2; read again and decide anew"
    )
    assert str(ConflictError(None, "none", "one")).startswith("expected none, found one")


MADE = Update(NEW, attrs.evolve(NEW, name="z"))


@pytest.mark.parametrize(
    ("first", "later", "both"),
    [
        ([Insert(NEW)], [MADE], [Insert(MADE.after)]),
        ([Insert(NEW)], [Delete(NEW)], []),
        (
            [UPDATE],
            [Update(UPDATE.after, B_AS_A := attrs.evolve(A, name="q"))],
            [Update(A, B_AS_A)],
        ),
        ([UPDATE], [Delete(UPDATE.after)], [Delete(A)]),
        (
            [Delete(A)],
            [Insert(account(name="again"))],
            [Update(A, account(version=1, name="again"))],
        ),
        ([UPDATE], [Delete(B)], [UPDATE, Delete(B)]),
    ],
)
def test_two_changes_of_a_record_become_one(first: Any, later: Any, both: Any) -> None:
    assert ChangeSet(first).then(ChangeSet(later)).changes == tuple(both)


def test_what_is_made_and_deleted_still_needs_its_id_to_be_free() -> None:
    nothing = ChangeSet([Insert(NEW)]).then(ChangeSet([Delete(NEW)]))
    assert nothing.checks == nothing.undo_checks == (CheckVersion(NEW.ref, 0),)
    again = nothing.then(ChangeSet([Insert(NEW)]))
    assert (again.changes, again.checks) == ((Insert(NEW),), ())


NAMED_Z = CheckNone(Query.of(Account, F.name == "z"))
NAMED_Y = CheckNone(Query.of(Account, F.name == "y"))


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (ChangeSet([Insert(NEW)]), ChangeSet([Insert(NEW)])),
        (ChangeSet([Delete(A)]), ChangeSet([Delete(A)])),
        (ChangeSet([UPDATE]), ChangeSet([Delete(A)])),
        (ChangeSet([Delete(A)]), ChangeSet([UPDATE])),
        (ChangeSet([Delete(A)]), ChangeSet(checks=[CheckExists(A.ref)])),
        (ChangeSet([Delete(A)]), ChangeSet(checks=[CheckVersion(A.ref, 1)])),
        (ChangeSet([UPDATE]), ChangeSet(checks=[CheckVersion(A.ref, 0)])),
        (ChangeSet([UPDATE]), ChangeSet([Insert(NEW)], [NAMED_Z])),
        (ChangeSet([Insert(NEW)], [NAMED_Y]), ChangeSet([Delete(B)])),
    ],
    ids=str,
)
def test_sets_that_contradict_one_another_are_a_conflict(
    first: ChangeSet, later: ChangeSet
) -> None:
    with pytest.raises(ConflictError):
        first.then(later)


@pytest.mark.parametrize(
    ("first", "later", "wanted"),
    [
        (ChangeSet([UPDATE]), ChangeSet(checks=[CheckExists(A.ref)]), ()),
        (ChangeSet([UPDATE]), ChangeSet(checks=[CheckVersion(A.ref, 1)]), ()),
        (ChangeSet([UPDATE], [CheckVersion(A.ref, 1)]), ChangeSet(), ()),
        (ChangeSet([Delete(A)]), ChangeSet(checks=[CheckVersion(A.ref, 0)]), ()),
        (ChangeSet([UPDATE]), ChangeSet(checks=[CheckExists(B.ref)]), (CheckExists(B.ref),)),
        (ChangeSet([UPDATE]), ChangeSet(checks=[NAMED_Y]), (NAMED_Y,)),
        (ChangeSet([UPDATE], [NAMED_Z]), ChangeSet([Insert(NEW)]), (NAMED_Z,)),
        (
            ChangeSet([UPDATE]),
            ChangeSet([Delete(UPDATE.after)], [NAMED_Z]),
            (NAMED_Z,),
        ),
        (
            ChangeSet([Insert(Case(id=CaseId("c"), subject="z"))]),
            ChangeSet(checks=[NAMED_Z]),
            (NAMED_Z,),
        ),
    ],
    ids=str,
)
def test_checks_that_are_settled_are_left_out(
    first: ChangeSet, later: ChangeSet, wanted: tuple[Check, ...]
) -> None:
    assert first.then(later).checks == wanted


def test_the_earlier_reason_and_the_later_moment_count() -> None:
    first = ChangeSet(reason="one", by="ada", at=MORNING)
    later = ChangeSet(reason="two", by="bob", at=EVENING)
    both, alone = first.then(later), ChangeSet().then(later)
    assert (both.reason, both.by, both.at) == ("one", "ada", EVENING)
    assert (alone.reason, alone.by, alone.at) == ("two", "bob", EVENING)
    assert later.then(ChangeSet()).at == EVENING
    assert compose([first, ChangeSet(), later]) == both
    assert Ref("a", "b") not in both.refs
