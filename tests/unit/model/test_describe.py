"""Describing entities: everything that the library knows of a class, it knows from its schema."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Optional

import attrs
import pytest
from attrs import evolve, field, frozen

from crmcore.entities import STANDARD_ENTITIES, Account, Activity, Contact, Record
from crmcore.errors import UnknownNameError
from crmcore.fields import (
    Checkbox,
    Composite,
    Currency,
    CustomField,
    Date,
    DateTime,
    Email,
    Lookup,
    MultiPicklist,
    Number,
    Picklist,
    Text,
    Whole,
)
from crmcore.model.describe import (
    EntitySchema,
    FieldSchema,
    Holds,
    custom_schema,
    defaults,
    describe,
    parts,
    slots,
    value_fields,
    words,
)
from crmcore.model.model import STANDARD_MODEL
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref
from crmcore.values.ids import AccountId


class Plan(Enum):
    FREE = "free"
    PAID = "paid"


@frozen(kw_only=True)
class Span:
    first: date
    last: date | None = None


@frozen(kw_only=True)
class Subscription(Record):
    name: str
    account_id: Annotated[AccountId, Lookup("account")]
    emails: Annotated[tuple[str, ...], Email()] = ()
    notes: tuple[Annotated[str, Text(multiline=True)], ...] = ()
    old_style: Optional[int] = None  # noqa: UP045  # both are read
    price: Money | None = None
    discount: Decimal | None = None
    is_active: bool = True
    begins: date | None = None
    ends_at: datetime | None = None
    plan: Plan = Plan.FREE
    span: Span | None = None
    about: Ref[Account] | None = None
    anything: Any = None
    extra: FrozenMap[str] = FrozenMap()  # noqa: RUF009  # frozen
    tags: frozenset[str] = field(default=frozenset())


@pytest.mark.parametrize(
    ("name", "meaning", "python", "holds", "is_optional", "is_required"),
    [
        ("id", Text(), str, Holds.ONE, False, False),
        ("name", Text(), str, Holds.ONE, False, True),
        ("account_id", Lookup("account"), str, Holds.ONE, False, True),
        ("emails", Email(), str, Holds.TUPLE, False, False),
        ("notes", Text(multiline=True), str, Holds.TUPLE, False, False),
        ("old_style", Whole(), int, Holds.ONE, True, False),
        ("price", Currency(), Money, Holds.ONE, True, False),
        ("discount", Number(), Decimal, Holds.ONE, True, False),
        ("is_active", Checkbox(), bool, Holds.ONE, False, False),
        ("begins", Date(), date, Holds.ONE, True, False),
        ("ends_at", DateTime(), datetime, Holds.ONE, True, False),
        ("plan", Composite(), Plan, Holds.ONE, False, False),
        ("span", Composite(), Span, Holds.ONE, True, False),
        ("about", Lookup(), Ref, Holds.ONE, True, False),
        ("anything", Composite(), object, Holds.ONE, True, False),
        ("extra", Text(), str, Holds.MAP, False, False),
        ("tags", Text(), str, Holds.SET, False, False),
    ],
)
def test_a_field_is_read_from_its_annotation(  # noqa: PLR0917  # a table
    name: str, meaning: object, python: type, holds: Holds, is_optional: bool, is_required: bool
) -> None:
    one = describe(Subscription).field(name)
    assert (one.meaning, one.python, one.holds) == (meaning, python, holds)
    assert (one.is_optional, one.is_required) == (is_optional, is_required)
    assert not one.is_custom
    assert one.path == name


def test_an_entity_is_described_once() -> None:
    assert describe(Subscription) is describe(Subscription)
    assert describe(Subscription).kind == "subscription"
    assert describe(Subscription).entity is Subscription


@pytest.mark.parametrize("entity", STANDARD_ENTITIES)
def test_every_field_of_the_class_is_in_the_schema(entity: type[Record]) -> None:
    schema = describe(entity)
    assert [one.name for one in schema] == [one.name for one in attrs.fields(entity)]
    assert schema.standard == schema.fields
    assert schema.custom == ()
    assert all(one.label for one in schema)
    assert {one.name for one in schema if one.is_system} == {
        "id",
        "version",
        "created_at",
        "updated_at",
    }


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("name", "Name"),
        ("parent_id", "Parent"),
        ("reports_to_id", "Reports to"),
        ("close_on", "Close date"),
        ("created_at", "Created time"),
        ("is_email_opt_out", "Email opt out"),
        ("external_ids", "External ids"),
        ("id", "Id"),
        ("_id", "Id"),
    ],
)
def test_a_label_is_made_from_the_name(name: str, label: str) -> None:
    assert words(name) == label


@pytest.mark.parametrize(
    ("name", "label", "plural"),
    [
        ("Opportunity", "Opportunity", "Opportunities"),
        ("Touch", "Touch", "Touches"),
        ("Holiday", "Holiday", "Holidays"),
        ("Box", "Box", "Boxes"),
        ("Process", "Process", "Processes"),
        ("AccountContactRelation", "Account contact relation", "Account contact relations"),
    ],
)
def test_an_entity_has_labels(name: str, label: str, plural: str) -> None:
    schema = describe(attrs.frozen(type(name, (Record,), {})))
    assert (schema.label, schema.plural) == (label, plural)


def test_references_are_found() -> None:
    assert [one.name for one in describe(Contact).lookups] == [
        "owner_id",
        "account_id",
        "reports_to_id",
    ]
    assert describe(Activity).field("who").lookup == Lookup("lead", "contact")
    assert describe(Activity).field("subject").lookup is None


MODEL = STANDARD_MODEL.with_custom_fields(
    Account,
    CustomField(name="tier", type=Picklist("gold"), label="Service tier", required=True),
    CustomField(name="tags", type=MultiPicklist("a", "b")),
    CustomField(name="partner_id", type=Lookup("account")),
    CustomField(name="sponsor", type=Lookup("account", "contact")),
)


@pytest.mark.parametrize(
    ("name", "label", "python", "holds", "required"),
    [
        ("tier", "Service tier", str, Holds.ONE, True),
        ("tags", "Tags", str, Holds.SET, False),
        ("partner_id", "Partner", str, Holds.ONE, False),
        ("sponsor", "Sponsor", Ref, Holds.ONE, False),
    ],
)
def test_a_custom_field_has_a_schema(
    name: str, label: str, python: type, holds: Holds, required: bool
) -> None:
    one = MODEL.schema(Account).field(name)
    assert (one.label, one.python, one.holds) == (label, python, holds)
    assert (one.is_required, one.is_optional) == (required, not required)
    assert one.is_custom
    assert not one.is_system
    assert one.path == f"custom.{name}"


def test_standard_and_custom_fields_are_told_apart() -> None:
    schema = MODEL.schema(Account)
    assert [one.name for one in schema.custom] == ["tier", "tags", "partner_id", "sponsor"]
    assert schema.standard == describe(Account).fields
    assert [one.name for one in schema.lookups][-2:] == ["partner_id", "sponsor"]


def test_a_field_is_found_by_its_name_or_its_path() -> None:
    schema = MODEL.schema(Account)
    assert schema.field("tier") is schema.field("custom.tier")
    assert schema.has("tier")
    assert schema.has("custom.tier")
    assert schema.has("name")
    for wrong in ("custom.name", "custom.tire", "nme"):
        assert not schema.has(wrong)
        with pytest.raises(UnknownNameError):
            schema.field(wrong)
    with pytest.raises(UnknownNameError, match=r"did you mean 'custom\.tier'"):
        schema.field("custom.tire")


def test_a_standard_field_is_found_before_a_custom_one_of_its_name() -> None:
    plain = describe(Account).field("name")
    shadow = custom_schema(CustomField(name="name"))
    schema = evolve(describe(Account), fields=(plain, shadow))
    assert schema.field("name") is plain


def test_a_value_is_read_and_replaced_through_its_field() -> None:
    schema = MODEL.schema(Account)
    record = Account(name="Acme", custom={"tier": "gold"})
    name, tier, tags = (schema.field(one) for one in ("name", "tier", "tags"))
    assert (name.value(record), tier.value(record), tags.value(record)) == ("Acme", "gold", None)
    assert name.changed(record, "Acme 2") == evolve(record, name="Acme 2")
    assert tags.changed(record, {"a"}).custom == {"tier": "gold", "tags": frozenset({"a"})}
    assert tier.changed(record, "silver").custom == {"tier": "silver"}
    assert tier.changed(record, None).custom == {}
    assert tags.changed(record, None).custom == record.custom


@pytest.mark.parametrize(
    ("python", "names"),
    [
        (Address, ["street", "city", "state", "postal_code", "country"]),
        (Money, ["amount", "currency"]),
        (Ref, ["kind", "id"]),
        (PersonName, ["family", "given", "middle", "salutation", "suffix", "nickname"]),
        (Span, ["first", "last"]),
        (str, []),
        (Account, []),
    ],
)
def test_value_types_have_parts(python: type, names: list[str]) -> None:
    assert list(parts(python)) == names
    assert [one.name for one in value_fields(python)] == names


def test_parts_have_their_class() -> None:
    assert parts(Span) == {"first": date, "last": date}
    assert value_fields(Span)[1].is_optional


def test_defaults_are_read_in_their_order() -> None:
    read = defaults(Subscription)
    assert list(read) == [one.name for one in attrs.fields(Subscription)]
    assert read["name"] is attrs.NOTHING
    assert read["plan"] is Plan.FREE
    assert defaults(str) == {}


def test_schemas_are_values() -> None:
    one = describe(Account)
    twin = EntitySchema(
        kind=one.kind, entity=one.entity, label=one.label, plural=one.plural, fields=one.fields
    )
    assert twin == one
    assert hash(twin) == hash(one)
    assert isinstance(one.fields[0], FieldSchema)


@pytest.mark.parametrize("entity", STANDARD_ENTITIES)
def test_an_entity_is_built_slot_by_slot_as_by_its_constructor(entity: type[Record]) -> None:
    found = slots(entity)
    assert found is not None
    assert [one.name for one in found] == [one.name for one in attrs.fields(entity)]
    given: dict[str, Any] = {one.name: "x" for one in found if one.default is attrs.NOTHING}
    built, made = object.__new__(entity), entity(**given)
    for one in found:
        value = given.get(one.name, one.default)
        one.put(built, value if one.converter is None else one.converter(value))
    assert built == made
    assert hash(built) == hash(made)


def _after(self: object) -> None:
    """Do nothing, which nobody knows."""


@pytest.mark.parametrize(
    "python",
    [
        Money,
        int,
        frozen(type("Hooked", (), {"__annotations__": {}, "__attrs_post_init__": _after})),
        attrs.make_class("Tested", {"x": field(validator=attrs.validators.instance_of(int))}),
        attrs.make_class("Derived", {"x": field(init=False, default=1)}, slots=True),
        attrs.make_class("Told", {"x": field(converter=attrs.Converter(str))}, slots=True),
        attrs.make_class("Open", {"x": field()}, slots=False),
        attrs.make_class("Hashed", {"x": field()}, slots=True, frozen=True, cache_hash=True),
        attrs.make_class("Own", {"x": field()}, slots=True, init=False),
    ],
)
def test_a_class_whose_constructor_does_more_is_not(python: type) -> None:
    assert slots(python) is None


def test_a_default_is_converted_once() -> None:
    python = attrs.make_class("Wide", {"x": field(default=1, converter=str)}, slots=True)
    (found,) = slots(python) or ()
    assert (found.name, found.default, found.converter) == ("x", "1", str)
