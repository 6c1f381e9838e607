import threading
from decimal import Decimal
from typing import Any

import pytest

from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, ConflictError, Insert
from crmcore.entities import Account, Case, Contact
from crmcore.errors import StoreLockedError
from crmcore.testing.verdict import form, hold, patient, put, read, refuse, same, seq, together
from crmcore.values import Address, FrozenMap, PersonName
from crmcore.values.ids import CaseId, ContactId


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        (1, Decimal(1)),
        ("é", "e\u0301"),
        ((1,), (True,)),
        ((1,), [1]),
        (frozenset({1}), frozenset({True})),
        (FrozenMap(a=1), FrozenMap(a=True)),
        (Address(city="x"), Address(city="y")),
        (Case(id=CaseId("a"), subject="x"), Case(id=CaseId("a"), subject="y")),
        (None, ""),
    ],
)
def test_values_of_other_types_are_not_the_same(one: Any, other: Any) -> None:
    assert form(one) != form(other)
    with pytest.raises(AssertionError, match=r"law S1 is broken: a value\n  got: .*\n  wanted: "):
        same("S1", one, other, "a value")


@pytest.mark.parametrize(
    "one",
    [
        Contact(id=ContactId("a"), name=PersonName(family="x"), other_emails=["a@x.org"]),
        {"b": 1, "a": [True]},
        frozenset({"b", "a"}),
        Decimal("0.10"),
    ],
    ids=["record", "dict", "set", "decimal"],
)
def test_equal_values_are_the_same(one: Any) -> None:
    same("S1", one, one, "a value")
    assert form(Decimal("0.1")) == form(Decimal("0.10"))
    assert form({"a": 1, "b": 2}) == form({"b": 2, "a": 1})


def test_what_holds_says_nothing() -> None:
    hold("S1", truth=True, said="never shown")


def test_what_was_put_is_read() -> None:
    store = MemoryRepository()
    (account,) = put(store, Account(name="x"))
    assert (account.version, seq(store)) == (1, 1)
    assert read(store, account, Account(name="y")) == (account, None)


def test_a_set_that_is_not_refused_is_an_error() -> None:
    store = MemoryRepository()
    with pytest.raises(
        AssertionError, match="law S4 is broken: no ConflictError though it is late"
    ):
        refuse("S4", store, ChangeSet([Insert(Account(name="x"))]), "it is late")


def test_threads_start_together_and_conflicts_are_outcomes() -> None:
    seen: set[int] = set()

    def work() -> str:
        seen.add(threading.get_ident())
        return "done"

    def clash() -> str:
        raise ConflictError(None, "a", "b")

    assert together([work, clash, work]) == ["done", ConflictError(None, "a", "b"), "done"]
    assert threading.get_ident() not in seen


def test_other_errors_of_threads_are_raised() -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        together([fail])


def test_a_locked_store_is_tried_again() -> None:
    left = [StoreLockedError("locked", "here")] * 3

    def commit() -> int:
        if left:
            raise left.pop()
        return 7

    assert patient(commit) == 7


def test_patience_has_an_end() -> None:
    def commit() -> int:
        raise StoreLockedError("locked", "here")

    with pytest.raises(StoreLockedError):
        patient(commit)
