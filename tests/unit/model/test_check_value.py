"""Checking one value: what a field may hold, and what nothing may hold at any depth."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any

import pytest
from attrs import field, frozen

from crmcore.entities import Account, Record
from crmcore.fields import (
    CustomField,
    Email,
    Lookup,
    MultiPicklist,
    Number,
    Percent,
    Phone,
    Picklist,
    Text,
    Url,
    Whole,
)
from crmcore.findings import Severity
from crmcore.model.check_value import MAX_DEPTH, MAX_TEXT, check_field
from crmcore.model.describe import custom_schema, describe
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref
from tests.examples import JUNK, NOW, Odd


class Plan(Enum):
    FREE = "free"


class Size(StrEnum):
    BIG = "big"


@frozen(kw_only=True)
class Span:
    first: date
    steps: tuple[int, ...] = ()
    rate: Annotated[Decimal | None, Percent()] = None
    name: str | None = None


@frozen(kw_only=True)
class Everything(Record):
    text: str | None = None
    needed: str
    short: Annotated[str | None, Text(max_length=3)] = None
    long: Annotated[str | None, Text(max_length=MAX_TEXT * 2)] = None
    email: Annotated[str | None, Email()] = None
    phone: Annotated[str | None, Phone()] = None
    url: Annotated[str | None, Url()] = None
    closed: Annotated[str | None, Picklist("a", "b")] = None
    open: Annotated[str | None, Picklist("a", open_ended=True)] = None
    many: Annotated[frozenset[str], MultiPicklist("a", "b")] = field(default=frozenset())
    owner: Annotated[str | None, Lookup("user")] = None
    who: Annotated[Ref[Any] | None, Lookup("lead", "contact")] = None
    natural: Annotated[int | None, Whole(minimum=0)] = None
    month: Annotated[int | None, Whole(minimum=1, maximum=12)] = None
    debt: Annotated[Decimal | None, Number(maximum=Decimal(0))] = None
    percent: Annotated[Decimal | None, Percent()] = None
    is_on: bool = False
    day: date | None = None
    moment: datetime | None = None
    money: Money | None = None
    address: Address | None = None
    person: PersonName | None = None
    plan: Plan | None = None
    span: Span | None = None
    notes: tuple[str, ...] = ()
    counts: FrozenMap[int] = FrozenMap()  # noqa: RUF009  # frozen
    extra: FrozenMap[Any] = FrozenMap()  # noqa: RUF009  # frozen
    anything: Any = None


SCHEMA = describe(Everything)


def codes(name: str, value: Any) -> list[tuple[str, str]]:
    one = SCHEMA.field(name)
    return [(found.code, found.path) for found in check_field(one, value, one.path)]


NESTED: Any = FrozenMap(a=(1, FrozenMap(b=frozenset({"c"}))))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", ""),
        ("text", Size.BIG),
        ("text", "two\nlines\tof text"),
        ("short", "abc"),
        ("long", "x" * (MAX_TEXT + 1)),
        ("email", "ada@example.org"),
        ("phone", "+33 1 23 45 67 89"),
        ("url", "acme.example"),
        ("closed", "b"),
        ("many", frozenset({"a", "b"})),
        ("owner", "user-7"),
        ("who", Ref("lead", "1")),
        ("natural", 0),
        ("month", 12),
        ("debt", Decimal(-5)),
        ("percent", Decimal(100)),
        ("percent", Decimal(0)),
        ("is_on", True),
        ("day", date.min),
        ("moment", NOW),
        ("money", Money(1, "EUR")),
        ("address", Address(city="Paris")),
        ("person", PersonName(family="Lovelace")),
        ("plan", Plan.FREE),
        ("span", Span(first=date.max, steps=(1, 2), rate=Decimal("12.5"))),
        ("notes", ("a", "b")),
        ("counts", FrozenMap(a=1)),
        ("extra", NESTED),
        ("extra", FrozenMap(a=None, b=Decimal(1), c=NOW, d=date.min, e=Money(1, "EUR"))),
        ("extra", FrozenMap(a=Ref("account", "1"), b=Address(), c=PersonName(), d=Plan.FREE)),
        ("anything", NESTED),
        ("anything", Account(name="Acme")),
        ("anything", None),
        ("text", None),
    ],
)
def test_what_fits_has_no_finding(name: str, value: Any) -> None:
    assert codes(name, value) == []


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("needed", None, [("value.missing", "needed")]),
        ("needed", " \n", [("value.missing", "needed")]),
        ("many", None, [("value.missing", "many")]),
        ("short", "abcd", [("text.too_long", "short")]),
        ("short", "\x00bcd", [("text.characters", "short"), ("text.too_long", "short")]),
        ("text", "x" * (MAX_TEXT + 1), [("text.too_long", "text")]),
        ("email", "nobody", [("email.form", "email")]),
        ("phone", "none", [("phone.form", "phone")]),
        ("url", "two words", [("url.form", "url")]),
        ("url", " ", [("url.form", "url")]),
        ("closed", "c", [("picklist.unknown", "closed")]),
        ("open", "c", [("picklist.unknown", "open")]),
        ("many", frozenset({"c", "a"}), [("picklist.unknown", "many")]),
        ("many", ("a",), [("type.wrong", "many")]),
        ("many", frozenset({1, 2}), [("type.wrong", "many"), ("type.wrong", "many")]),
        ("owner", "", [("reference.empty", "owner")]),
        ("owner", Ref("user", "1"), [("type.wrong", "owner")]),
        ("who", Ref("account", "1"), [("reference.kind", "who")]),
        ("who", "1", [("type.wrong", "who")]),
        ("natural", -1, [("number.range", "natural")]),
        ("natural", True, [("type.wrong", "natural")]),
        ("natural", Decimal(1), [("type.wrong", "natural")]),
        ("natural", 10**400, [("number.too_long", "natural")]),
        ("month", 13, [("number.range", "month")]),
        ("debt", Decimal(1), [("number.range", "debt")]),
        ("percent", Decimal("100.1"), [("number.range", "percent")]),
        ("percent", Decimal("-0.1"), [("number.range", "percent")]),
        ("percent", Decimal("NaN"), [("number.not_finite", "percent")]),
        ("percent", Decimal("sNaN"), [("number.not_finite", "percent")]),
        ("percent", Decimal("-Infinity"), [("number.not_finite", "percent")]),
        ("percent", 50, [("type.wrong", "percent")]),
        ("percent", Decimal("1e-999"), [("number.too_long", "percent")]),
        ("is_on", 1, [("type.wrong", "is_on")]),
        ("day", NOW, [("type.wrong", "day")]),
        ("moment", date.min, [("type.wrong", "moment")]),
        ("moment", NOW.replace(tzinfo=None), [("moment.naive", "moment")]),
        ("money", Money(1, "QQQ"), [("currency.unknown", "money")]),
        ("address", Address(city=3), [("type.wrong", "address.city")]),  # type: ignore[arg-type]  # wrong
        ("person", PersonName(given="\ud800"), [("text.characters", "person.given")]),
        ("plan", "free", [("type.wrong", "plan")]),
        ("span", Span(first=None), [("value.missing", "span.first")]),  # type: ignore[arg-type]  # wrong
        (
            "span",
            Span(first=date.min, steps=("a",), rate=Decimal(101)),  # type: ignore[arg-type]  # wrong
            [("type.wrong", "span.steps[0]"), ("number.range", "span.rate")],
        ),
        ("notes", ("a", 1, "\x00"), [("type.wrong", "notes[1]"), ("text.characters", "notes[2]")]),
        ("notes", ["a"], [("type.wrong", "notes")]),
        ("counts", FrozenMap(a=True), [("type.wrong", "counts.a")]),
        ("counts", FrozenMap(a=1.5), [("type.wrong", "counts.a")]),
        ("counts", {"a": 1}, [("type.wrong", "counts")]),
        ("extra", FrozenMap(a=1.5), [("type.wrong", "extra.a")]),
        ("extra", FrozenMap(a=Odd()), [("type.wrong", "extra.a")]),
        ("extra", FrozenMap(a=Span(first=date.min)), [("type.wrong", "extra.a")]),
        ("extra", FrozenMap(a=FrozenMap(b=(float("nan"),))), [("type.wrong", "extra.a.b")]),
        ("extra", FrozenMap(a=FrozenMap({"\x00": 1})), [("text.characters", "extra.a.\x00")]),
        ("extra", FrozenMap(a=Address(city="\x00")), [("text.characters", "extra.a.city")]),
        ("anything", 1.5, [("type.wrong", "anything")]),
        ("anything", Odd(), [("type.wrong", "anything")]),
        ("anything", "\x00", [("text.characters", "anything")]),
    ],
)
def test_what_does_not_fit_is_found_at_its_place(
    name: str, value: Any, found: list[tuple[str, str]]
) -> None:
    assert codes(name, value) == found


@pytest.mark.parametrize("name", [one.name for one in SCHEMA])
def test_junk_never_raises(name: str) -> None:
    for junk in (*JUNK, NESTED, type, ..., NotImplemented):
        codes(name, junk)


def test_nesting_has_an_end() -> None:
    deep: Any = "leaf"
    for _ in range(MAX_DEPTH):
        deep = (deep,)
    assert codes("extra", FrozenMap(a=deep)) == []
    assert codes("extra", FrozenMap(a=(deep,))) == [("value.too_deep", "extra.a")]
    for _ in range(900):
        deep = (deep,)
    assert codes("anything", deep) == [("value.too_deep", "anything")]


def test_a_map_that_could_not_be_frozen_is_one_finding() -> None:
    items: Any = {3: 1}
    assert codes("extra", FrozenMap(items)) == [("type.wrong", "extra.3")]
    assert codes("extra", FrozenMap(a=FrozenMap(items))) == [("type.wrong", "extra.a.3")]


def finding(name: str, value: Any) -> Any:
    one = SCHEMA.field(name)
    (found,) = check_field(one, value, one.path)
    return found


def test_findings_say_the_way_out() -> None:
    assert finding("percent", 1.5).suggestion == "floats are not exact: use a Decimal"
    assert finding("text", 3).suggestion == "use text"
    assert finding("plan", "free").message == "Plan is Plan, not str"
    assert finding("closed", "aa").suggestion == "did you mean 'a'?"
    assert finding("natural", -1).message == "Natural is at least 0"
    assert finding("month", 0).message == "Month is from 1 to 12"
    assert finding("debt", Decimal(1)).message == "Debt is at most 0"
    assert finding("who", Ref("account", "1")).message == "Who refers to lead or contact"


def test_only_what_cannot_be_stored_is_an_error() -> None:
    assert finding("open", "c").severity is Severity.INFO
    assert finding("closed", "c").severity is Severity.ERROR
    assert finding("email", "nobody").severity is Severity.WARNING
    assert finding("money", Money(1, "QQQ")).severity is Severity.WARNING


def test_a_custom_field_is_checked_like_any_other() -> None:
    one = custom_schema(CustomField(name="score", type=Number(minimum=Decimal(1))))
    found = list(check_field(one, Decimal(0), one.path))
    assert [(each.code, each.path) for each in found] == [("number.range", "custom.score")]
    assert not list(check_field(one, None, one.path))


def test_moments_in_another_zone_of_the_same_time_are_utc() -> None:
    assert codes("moment", datetime(2026, 1, 1, tzinfo=UTC)) == []
