from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from crmcore.codec import Codec, DecodeError, EncodeError
from crmcore.entities import (
    Account,
    Activity,
    Campaign,
    Contact,
    Judgement,
    MergeReceipt,
    Opportunity,
    Record,
)
from crmcore.entities.ledger import Clash, Fate, Transfer, Verdict
from crmcore.errors import StorageError, UnknownNameError
from crmcore.model.model import STANDARD_MODEL
from crmcore.ports import Row
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref
from crmcore.values.ids import AccountId, CampaignId, ContactId, OpportunityId

CODEC = Codec(STANDARD_MODEL)
ACME = Account(
    id=AccountId("acme"),
    name="Acme",
    version=7,
    roles=frozenset({"supplier", "customer"}),
    annual_revenue=Money("100.50", "EUR"),
    billing_address=Address(city="Berlin"),
    created_at=datetime(2026, 1, 2, tzinfo=UTC),
    custom=FrozenMap(tier="gold", score=Decimal("1.50")),
)


def test_a_row_says_what_the_record_says() -> None:
    row = CODEC.row(ACME)
    assert row == Row(
        "account",
        "acme",
        7,
        {
            "custom": {"score": {"$decimal": "1.5"}, "tier": "gold"},
            "created_at": "2026-01-02T00:00:00.000000Z",
            "id": "acme",
            "name": "Acme",
            "roles": ["customer", "supplier"],
            "annual_revenue": {"amount": "100.5", "currency": "EUR"},
            "billing_address": {"city": "Berlin"},
            "is_person": False,
        },
    )
    assert CODEC.record(row) == ACME


@pytest.mark.parametrize(
    ("record", "path", "stored"),
    [
        (Contact(name=PersonName(family="L", given="A")), "name", {"family": "L", "given": "A"}),
        (
            Activity(subject="x", who=Ref("lead", "l")),
            "who",
            {"kind": "lead", "id": "l"},
        ),
        (Activity(subject="x", due_on=date(2026, 2, 1)), "due_on", "2026-02-01"),
        (Opportunity(name="x", account_id=AccountId("a")), "account_id", "a"),
        (Opportunity(name="x", probability=Decimal(10)), "probability", "10"),
        (
            Judgement(first=Ref("lead", "a"), second=Ref("lead", "b"), verdict=Verdict.DUPLICATE),
            "verdict",
            "duplicate",
        ),
        (Campaign(name="x", member_statuses=()), "member_statuses", []),
        (Account(name="x", billing_address=Address()), "billing_address", {}),
        (Account(name="", description=""), "description", ""),
        (Account(name="x", employees=0), "employees", 0),
        (
            Account(name="x", external_ids=FrozenMap(sap="1")),
            "external_ids",
            {"sap": "1"},
        ),
    ],
)
def test_each_value_has_its_form(record: Record, path: str, stored: Any) -> None:
    row = CODEC.row(record)
    assert row.data[path] == stored
    assert CODEC.record(row) == record


def test_a_receipt_holds_whole_records() -> None:
    receipt = MergeReceipt(
        survivor=ACME.ref,
        losers=(Ref("account", "old"),),
        before=ACME,
        merged=(ACME, Contact(id=ContactId("c"), name=PersonName(family="L"))),
        clashes=(Clash(kept=ACME, removed=ACME),),
        transfers=(
            Transfer(field="x", value=Money(1, "EUR"), fate=Fate.KEPT, source=ACME.ref, over=ACME),
        ),
    )
    row = CODEC.row(receipt)
    assert row.data["before"]["kind"] == "account"
    assert row.data["before"]["version"] == 7
    assert row.data["before"]["data"] == CODEC.row(ACME).data
    assert CODEC.record(row) == receipt


def stored(record: Record, **changed: Any) -> Row:
    row = CODEC.row(record)
    return attrs.evolve(row, data={**row.data, **changed})


def test_keys_that_the_entity_does_not_know_are_passed_over() -> None:
    row = stored(ACME, later="x", billing_address={"city": "Berlin", "later": 1}, version=99)
    assert CODEC.record(row) == ACME
    assert CODEC.unknown(row) == {"later": "x", "version": 99}


def test_a_field_that_was_added_later_has_its_default() -> None:
    data = {"id": "o", "name": "x"}
    record = CODEC.record(Row("opportunity", "o", 1, data))
    assert record == Opportunity(id=OpportunityId("o"), name="x", version=1)


@pytest.mark.parametrize(
    ("changed", "path", "value"),
    [
        ({"name": 3}, "name", 3),
        ({"name": None}, "name", None),
        ({"employees": "3"}, "employees", "3"),
        ({"employees": True}, "employees", True),
        ({"is_person": 1}, "is_person", 1),
        ({"roles": "customer"}, "roles", "customer"),
        ({"roles": ["customer", 3]}, "roles[1]", 3),
        ({"billing_address": {"city": 3}}, "billing_address.city", 3),
        ({"billing_address": "Berlin"}, "billing_address", "Berlin"),
        ({"annual_revenue": {"amount": 1, "currency": "EUR"}}, "annual_revenue.amount", 1),
        ({"annual_revenue": {"amount": "1"}}, "annual_revenue.currency", None),
        (
            {"annual_revenue": {"amount": "1", "currency": "euro"}},
            "annual_revenue",
            {"amount": "1", "currency": "euro"},
        ),
        ({"custom": {"x": {"$later": 1}}}, "custom.x", {"$later": 1}),
        ({"custom": {"x": {"$tuple": ["a", 1.5]}}}, "custom.x[1]", 1.5),
        ({"custom": []}, "custom", []),
        ({"created_at": "2026-01-01"}, "created_at", "2026-01-01"),
        ({"id": "other"}, "id", "other"),
        ({"id": 3}, "id", 3),
    ],
)
def test_a_row_that_does_not_fit_is_refused(
    changed: Mapping[str, Any], path: str, value: Any
) -> None:
    with pytest.raises(DecodeError) as caught:
        CODEC.record(stored(ACME, **changed))
    error = caught.value
    assert (error.kind, error.id, error.path, error.value) == ("account", "acme", path, value)
    assert isinstance(error, StorageError)


def test_a_row_without_a_required_field_is_refused() -> None:
    with pytest.raises(DecodeError, match=r"account:acme\.name cannot be read: this is missing"):
        CODEC.record(Row("account", "acme", 1, {"id": "acme"}))


@pytest.mark.parametrize("version", ["1", None, True])
def test_a_version_is_a_whole_number(version: Any) -> None:
    row = attrs.evolve(CODEC.row(ACME), version=version)
    with pytest.raises(DecodeError) as caught:
        CODEC.record(row)
    assert caught.value.path == "version"


@pytest.mark.parametrize(
    ("record", "path", "value"),
    [
        (Account(name=3), "name", 3),  # type: ignore[arg-type]  # bad data
        (Account(name=None), "name", None),  # type: ignore[arg-type]  # bad data
        (Account(name="x", employees=1.5), "employees", 1.5),  # type: ignore[arg-type]  # bad data
        (Contact(name=PersonName(family=3)), "name.family", 3),  # type: ignore[arg-type]  # bad data
        (Contact(name="L"), "name", "L"),  # type: ignore[arg-type]  # bad data
        (Account(name="x", labels=frozenset({3})), "labels[0]", 3),  # type: ignore[arg-type]  # bad data
        (Account(name="x", labels=3), "labels", 3),  # type: ignore[arg-type]  # bad data
        (Campaign(name="x", member_statuses=3), "member_statuses", 3),  # type: ignore[arg-type]  # bad data
        (Account(name="x", custom=3), "custom", 3),  # type: ignore[arg-type]  # bad data
        (Account(name="x", custom=FrozenMap(a={"b": [0, 1.5]})), "custom.a.b[1]", 1.5),
        (Account(name="x", custom=FrozenMap({3: 1})), "custom", 3),  # type: ignore[arg-type]  # bad data
        (Account(name="x", custom=FrozenMap(a=b"x")), "custom.a", b"x"),
        (Campaign(name="x", member_statuses=("a", 3)), "member_statuses[1]", 3),  # type: ignore[arg-type]  # bad data
        (Account(id=3, name="x"), "id", 3),  # type: ignore[arg-type]  # bad data
    ],
)
def test_a_value_that_cannot_be_stored_is_named(record: Record, path: str, value: Any) -> None:
    with pytest.raises(EncodeError) as caught:
        CODEC.row(record)
    assert (caught.value.path, caught.value.value) == (path, value)


def test_an_entity_that_the_model_lacks_is_named() -> None:
    @attrs.frozen(kw_only=True)
    class Subscription(Record):
        pass

    with pytest.raises(UnknownNameError, match="subscription"):
        CODEC.row(Subscription())
    with pytest.raises(UnknownNameError, match="subscription"):
        CODEC.record(Row("subscription", "a", 1, {"id": "a"}))


def test_another_class_of_the_same_name_is_refused() -> None:
    @attrs.frozen(kw_only=True)
    class Campaign(Record):
        id: CampaignId

    with pytest.raises(EncodeError, match="this must be Campaign"):
        CODEC.row(Campaign(id=CampaignId("c")))


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = (value,)
    return value


def test_values_nested_too_deeply_are_refused() -> None:
    # in a thread of its own, as running out of stack ends the measuring of coverage there
    with ThreadPoolExecutor(1) as aside:
        aside.submit(refuse_what_is_nested_too_deeply).result()


def refuse_what_is_nested_too_deeply() -> None:
    deep = Account(name="x", custom=FrozenMap(a=1))
    object.__setattr__(deep.custom, "_items", {"a": nested(10_000)})
    with pytest.raises(EncodeError, match="nested too deeply"):
        CODEC.row(deep)
    data: Any = "x"
    for _ in range(10_000):
        data = {"$tuple": [data]}
    with pytest.raises(DecodeError, match="nested too deeply"):
        CODEC.record(stored(ACME, custom={"a": data}))


def _lower(text: str) -> str:
    return text.lower()


def _positive(number: int) -> int:
    return abs(number)


@attrs.frozen(kw_only=True)
class Tag(Record):
    """An entity whose fields do something with what they are given."""

    id: str
    name: str = attrs.field(converter=_lower)
    note: str | None = attrs.field(default=None, converter=attrs.converters.optional(_lower))
    level: int = attrs.field(default=1, converter=_positive)


def test_a_converter_of_a_users_own_is_asked_when_reading() -> None:
    codec = Codec(STANDARD_MODEL.with_entity(Tag))
    data = {"id": "x", "name": "ADA", "note": "B", "level": -2}
    assert codec.record(Row("tag", "x", 1, data)) == Tag(
        id="x", name="ada", note="b", level=2, version=1
    )
    assert codec.record(Row("tag", "x", 1, {**data, "note": None})).note is None
    assert codec.record(Row("tag", "x", 1, {"id": "x", "name": "A"})) == Tag(
        id="x", name="a", version=1
    )


def test_records_are_written_as_text_at_once() -> None:
    rows = CODEC.new_rows([ACME, evolve_id(ACME, "other")])
    assert rows is not None
    assert list(rows.kinds) == ["account", "account"]
    assert list(rows.ids) == ["acme", "other"]
    assert rows.texts[0] == rows.texts[1]
    assert rows[0].data == CODEC.row(ACME).data
    assert rows.part(ACME, "roles") == ["customer", "supplier"]
    assert rows.part(ACME, "phone") is None
    assert [one.id for one in rows[1:]] == ["other"]


def evolve_id(record: Account, id_: str) -> Account:
    return attrs.evolve(record, id=AccountId(id_))


@pytest.mark.parametrize(
    "changed",
    [
        {"name": 3},
        {"name": "\ud800"},
        {"id": 3},
        {"custom": {"x": 0.5}},
        {"employees": 2**4000},
        {"roles": frozenset({"a", 1})},
        {"external_ids": {1: "x"}},
    ],
)
def test_what_is_unusual_is_written_row_by_row(changed: Mapping[str, Any]) -> None:
    assert CODEC.new_rows([ACME, attrs.evolve(ACME, **changed)]) is None
