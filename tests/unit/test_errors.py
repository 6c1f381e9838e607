"""Exceptions: values that show what was wrong and the way out."""

import copy
import pickle
from typing import Any

import pytest

from crmcore.errors import (
    AmbiguousIdError,
    CrmError,
    CycleError,
    DamagedStoreError,
    InvalidValueError,
    ManyFoundError,
    MixedCurrencyError,
    NotFoundError,
    OutcomeUnknownError,
    QueryError,
    StorageError,
    StoreClosedError,
    StoreLockedError,
    UnknownNameError,
    UnsupportedFormatError,
    UsageError,
    did_you_mean,
    safe_repr,
    shown,
)

ALL: tuple[tuple[CrmError, str], ...] = (
    (
        InvalidValueError("money amount", 1.5, "is a float", "pass a str"),
        "1.5 is not a valid money amount: it is a float; pass a str",
    ),
    (
        InvalidValueError("amount", "x", "is no number"),
        "'x' is not a valid amount: it is no number",
    ),
    (
        MixedCurrencyError("EUR", "USD", "add"),
        "cannot add EUR and USD: convert one of them with an exchange rate first",
    ),
    (NotFoundError("account", "1"), "there is no account '1'"),
    (NotFoundError("account", "1", "it was deleted"), "there is no account '1'; it was deleted"),
    (
        AmbiguousIdError("1", ("account", "lead")),
        (
            "the id '1' belongs to several records (account, lead): "
            "pass the record or its reference (record.ref) instead"
        ),
    ),
    (
        ManyFoundError("account", "name == 'A'"),
        "several records match name == 'A' in account: use find, or narrow the filter",
    ),
    (
        UnknownNameError("field", "nme", ("name", "id"), "account"),
        "unknown field 'nme' in account; did you mean 'name'?",
    ),
    (UnknownNameError("rollup", "x"), "unknown rollup 'x'"),
    (QueryError("a limit is 0 or more", -1), "a limit is 0 or more: -1"),
    (QueryError("no filter", 1, "write F.a == 1"), "no filter: 1; write F.a == 1"),
    (UsageError("not together", ("a",)), "not together: ('a',)"),
    (UsageError("not together", None, "leave it out"), "not together: None; leave it out"),
    (
        CycleError("account", ("a", "b", "a")),
        "this would make a loop of account records: a -> b -> a",
    ),
    (StorageError("disk full", "a.json"), "a.json: disk full"),
    (StorageError("disk full", "a.json", "make room"), "a.json: disk full; make room"),
    (DamagedStoreError("bad checksum", "a.json"), "a.json: bad checksum"),
    (UnsupportedFormatError("format 9", "a.json"), "a.json: format 9"),
    (StoreClosedError("closed", "memory"), "memory: closed"),
    (StoreLockedError("in use", "a.json"), "a.json: in use"),
    (OutcomeUnknownError("no answer", "a.json"), "a.json: no answer"),
)


@pytest.mark.parametrize(("error", "message"), ALL)
def test_an_error_shows_its_values_and_the_way_out(error: CrmError, message: str) -> None:
    assert str(error) == message


@pytest.mark.parametrize("error", [error for error, _ in ALL])
def test_an_error_is_a_value(error: CrmError) -> None:
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301  # our own
        assert twin == error
        assert hash(twin) == hash(error)
        assert repr(twin) == repr(error)
        assert type(twin) is type(error)
    assert error != CrmError("other")
    assert error != "other"


def test_errors_of_different_classes_or_values_differ() -> None:
    assert StorageError("full", "a") != DamagedStoreError("full", "a")
    assert StorageError("full", "a") != StorageError("full", "b")
    assert len({StorageError("full", "a"), StorageError("full", "a")}) == 1


def test_equal_errors_have_equal_hashes_whatever_they_hold() -> None:
    assert UsageError("x", 1) == UsageError("x", True)
    assert hash(UsageError("x", 1)) == hash(UsageError("x", True))
    assert UsageError("x", {1}) == UsageError("x", frozenset({1}))
    assert hash(UsageError("x", {1})) == hash(UsageError("x", frozenset({1})))
    assert hash(UsageError("x", 10**5_000)) == hash(UsageError("x", 10**5_000))


def test_errors_are_frozen_but_can_be_raised_and_chained() -> None:
    error: Any = UsageError("x", 1)
    with pytest.raises(AttributeError):
        error.why = "y"

    def fail() -> None:
        try:
            next(iter(()))
        except StopIteration as cause:
            raise error from cause

    with pytest.raises(UsageError) as caught:
        fail()
    assert caught.value is error
    assert isinstance(error.__cause__, StopIteration)


def test_a_long_loop_is_cut_in_the_middle() -> None:
    path = tuple(f"a{number}" for number in range(100))
    text = str(CycleError("account", path))
    assert "a5 -> ... -> a95" in text
    assert text.endswith("a99")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("short", "'short'"),
        ("é\ud800", "'\\xe9\\ud800'"),
        ("x" * 121, f"'{'x' * 120}'... (121 characters)"),
        ("x" * 10_000_000, f"'{'x' * 120}'... (10,000,000 characters)"),
        (12, "12"),
        (None, "None"),
        ((1,) * 100, f"({'1, ' * 39}1,... (300 characters)"),
    ],
)
def test_a_value_is_shown_short_and_in_ascii(value: object, text: str) -> None:
    assert shown(value)[:40] == text[:40]
    assert shown(value)[-20:] == text[-20:]
    assert len(shown(value)) < 160


def test_the_limit_of_what_is_shown_can_be_given() -> None:
    assert shown("abcdef", limit=3) == "'abc'... (6 characters)"
    assert shown([1, 2, 3], limit=3) == "[1,... (9 characters)"


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("make", [lambda: 10**5_000, lambda: (10**5_000,), Unshowable])
def test_showing_a_value_never_fails(make: Any) -> None:
    assert safe_repr(make()) == shown(make()) == f"<{type(make()).__name__} that cannot be shown>"
    assert "that cannot be shown" in str(UsageError("x", make()))


@pytest.mark.parametrize(
    ("wrong", "known", "text"),
    [
        ("nme", ["name", "id"], "did you mean 'name'?"),
        ("nme" * 1_000_000, ["name"], "known: 'name'"),
        ("zzz", ["b", "a", "b"], "known: 'a', 'b'"),
        ("zzz", [], ""),
        (
            "zzz",
            [f"k{number:02}" for number in range(13)],
            "known: " + ", ".join(f"'k{number:02}'" for number in range(12)) + ", ...",
        ),
    ],
)
def test_a_wrong_name_gets_the_nearest_or_all(wrong: str, known: list[str], text: str) -> None:
    assert did_you_mean(wrong, known) == text
