"""References: kind and id, comparable and hashable."""

import copy
import pickle
from typing import Any

import pytest

from crmcore.entities import Account, Lead
from crmcore.values import Ref


def test_a_reference_is_written_kind_and_id() -> None:
    ref: Ref[Any] = Ref("account", "1")
    assert (ref.kind, ref.id) == ("account", "1")
    assert str(ref) == "account:1"
    assert repr(ref) == "Ref(kind='account', id='1')"


def test_references_compare_by_what_they_hold() -> None:
    assert Account(name="Acme", id="1").ref == Ref("account", "1")  # type: ignore[arg-type]  # any text
    assert Ref("account", "1") != Ref("lead", "1")
    pair: Any = ("account", "1")
    assert Ref("account", "1") != pair
    assert len({Ref[Any]("a", "1"), Ref[Any]("a", "1"), Ref[Any]("a", "2")}) == 2


def test_references_are_ordered_by_kind_then_id() -> None:
    refs: list[Ref[Any]] = [Ref("lead", "1"), Ref("account", "2"), Ref("account", "1")]
    assert [str(one) for one in sorted(refs)] == ["account:1", "account:2", "lead:1"]


def test_the_type_parameter_is_for_type_checkers_only() -> None:
    other: Any = Ref[Account]("lead", "1")
    assert Ref[Lead]("lead", "1") == other


def test_a_reference_is_frozen_and_can_be_copied() -> None:
    ref: Any = Ref("account", "1")
    with pytest.raises(AttributeError):
        ref.id = "2"
    assert copy.deepcopy(ref) == ref
    assert pickle.loads(pickle.dumps(ref)) == ref  # noqa: S301  # our own
