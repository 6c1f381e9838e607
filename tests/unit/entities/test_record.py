"""The base of all records: what they have in common, and how forgiving they are."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve, field, frozen

from crmcore.entities import STANDARD_ENTITIES, SYSTEM_FIELDS, Account, Record, kind_of
from crmcore.entities.record import custom_values, exact_number, plain_tuple, text_set, text_tuple
from crmcore.values import FrozenMap, Ref
from tests.unit.entities.shape import COMMON


def test_every_record_has_these_fields_and_they_may_be_left_out() -> None:
    record = Record()
    assert record.id
    assert {name: getattr(record, name) for name in COMMON} == COMMON
    assert {"id", "version", "created_at", "updated_at"} == SYSTEM_FIELDS


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Account", "account"),
        ("OpportunityContactRole", "opportunity_contact_role"),
        ("HTTPServer", "http_server"),
        ("Plan2Account", "plan2_account"),
        ("already_low", "already_low"),
    ],
)
def test_the_stored_name_is_the_class_name_in_snake_case(name: str, kind: str) -> None:
    assert kind_of(type(name, (Record,), {})) == kind


def test_stored_names_are_all_different() -> None:
    assert len({kind_of(entity) for entity in STANDARD_ENTITIES}) == len(STANDARD_ENTITIES)


def test_a_record_knows_its_reference() -> None:
    assert Account(name="Acme", id="1").ref == Ref("account", "1")  # type: ignore[arg-type]  # any text


def test_what_the_caller_keeps_changes_no_record() -> None:
    labels, custom, external_ids = {"vip"}, {"tags": ["a"]}, {"sap": "1"}
    record = Account(name="Acme", labels=labels, custom=custom, external_ids=external_ids)
    labels.add("x")
    custom["tags"].append("b")
    external_ids["erp"] = "2"
    assert record.labels == {"vip"}
    assert record.custom == FrozenMap(tags=("a",))
    assert record.external_ids == {"sap": "1"}
    assert hash(record) == hash(evolve(record))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("vip", frozenset({"vip"})),
        (["a", "b", "a"], frozenset({"a", "b"})),
        ((one for one in "ab"), frozenset({"a", "b"})),
        ((), frozenset()),
        (None, None),
        (5, 5),
        ([[1]], ([1],)),
    ],
)
def test_labels_become_a_frozen_set(given: Any, kept: Any) -> None:
    assert text_set(given) == kept
    assert type(text_set(given)) is type(kept)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a", ("a",)), (["b", "a", "b"], ("b", "a", "b")), ((), ()), (None, None), (5, 5)],
)
def test_texts_become_a_tuple_in_their_order(given: Any, kept: Any) -> None:
    assert text_tuple(given) == kept


def test_values_become_a_tuple() -> None:
    wrong: Any = 5
    kept: Any = plain_tuple(wrong)
    assert plain_tuple([1, 2]) == (1, 2)
    assert kept == 5


def test_custom_values_become_a_frozen_map_if_they_can() -> None:
    frozen_map = FrozenMap(a=1)
    assert custom_values(frozen_map) is frozen_map
    assert isinstance(custom_values({"a": [1]}), FrozenMap)
    wrong: Any = [1]
    assert custom_values(wrong) is wrong
    ring: dict[str, Any] = {}
    ring["ring"] = ring
    assert custom_values(ring) is ring


def test_whole_numbers_become_exact_ones() -> None:
    assert exact_number(5) == Decimal(5)
    assert isinstance(exact_number(5), Decimal)
    assert exact_number(Decimal("1.5")) == Decimal("1.5")
    assert exact_number(None) is None
    for wrong in (True, 1.5, "5"):
        bad: Any = wrong
        kept: Any = exact_number(bad)
        assert kept is wrong


def test_a_record_is_shown_by_what_it_says() -> None:
    record = Account(name="Acme", id="1", labels=["vip"])  # type: ignore[arg-type]  # any text
    assert repr(record) == "Account(id='1', name='Acme', labels=frozenset({'vip'}))"
    stored = evolve(record, version=7, created_at=datetime(2026, 1, 1, tzinfo=UTC), employees=0)
    assert repr(stored) == (
        "Account(id='1', name='Acme', employees=0, version=7, labels=frozenset({'vip'}), "
        "created_at=datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))"
    )
    assert repr(evolve(record, employees=10**5_000)).count("that cannot be shown") == 1


@frozen(kw_only=True)
class Subscription(Record):
    plan: str
    seats: int = 1
    token: str = field(default="", repr=False)


@frozen(kw_only=True)
class Special(Record):
    def __repr__(self) -> str:
        return "special"


@frozen(kw_only=True)
class VerySpecial(Special):
    plan: str = ""


def test_a_users_own_record_is_shown_alike_unless_it_says_otherwise() -> None:
    one = Subscription(id="1", plan="gold", token="secret")  # noqa: S106  # an example
    assert repr(one) == "Subscription(id='1', plan='gold')"
    assert repr(evolve(one, seats=2)) == "Subscription(id='1', plan='gold', seats=2)"
    assert eval(repr(one)) == evolve(one, token="")  # noqa: S307  # our own
    assert repr(Special()) == repr(VerySpecial(plan="x")) == "special"
