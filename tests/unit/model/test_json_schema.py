"""JSON Schema: what the codec writes is valid by it, and what it would not write is not."""

import json
from enum import Enum
from typing import Annotated, Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from crmcore.codec.codec import Codec
from crmcore.entities import STANDARD_ENTITIES, Account, Activity, Lead, Opportunity, Record
from crmcore.errors import UnknownNameError
from crmcore.fields import (
    Checkbox,
    Currency,
    CustomField,
    Date,
    DateTime,
    Email,
    Lookup,
    MultiPicklist,
    Number,
    Percent,
    Picklist,
    Text,
    Whole,
)
from crmcore.model.json_schema import json_schema
from crmcore.model.model import STANDARD_MODEL
from crmcore.testing.strategies import records
from crmcore.values import Address, FrozenMap, Money, Ref
from tests.examples import example

jsonschema = pytest.importorskip("jsonschema")


class Plan(Enum):
    FREE = "free"
    PAID = "paid"


@frozen(kw_only=True)
class Node:
    """A value type that holds itself."""

    name: str
    below: tuple["Node", ...] = ()


@frozen(kw_only=True)
class Subscription(Record):
    plan: Plan = Plan.FREE
    root: Node | None = None
    sizes: FrozenMap[int] = FrozenMap()  # noqa: RUF009  # frozen
    anything: Any = None
    months: Annotated[int, Whole(minimum=1, maximum=12)] = 12
    about: Annotated[Ref[Any] | None, Lookup("account", "lead")] = None


COMMON = STANDARD_MODEL.with_custom_fields(
    Account,
    CustomField(name="tier", type=Picklist("gold", "silver")),
    CustomField(name="mood", type=Picklist("good", open_ended=True)),
    CustomField(name="tags", type=MultiPicklist("a", "b")),
    CustomField(name="score", type=Number()),
    CustomField(name="share", type=Percent()),
    CustomField(name="seats", type=Whole()),
    CustomField(name="budget", type=Currency()),
    CustomField(name="since", type=Date()),
    CustomField(name="seen", type=DateTime()),
    CustomField(name="is_key", type=Checkbox()),
    CustomField(name="site_id", type=Lookup("account")),
    CustomField(name="sponsor", type=Lookup("account", "contact")),
    CustomField(name="address", type=Email(), required=True),
)
MODEL = COMMON.with_entity(Subscription)
CODEC = Codec(MODEL)


def validator(entity: type[Record]) -> Any:
    schema = json_schema(MODEL, entity)
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


VALIDATORS = {entity: validator(entity) for entity in (*STANDARD_ENTITIES, Subscription)}


def row(record: Record) -> Any:
    return json.loads(json.dumps(CODEC.row(record).data))


@given(st.data())
def test_what_the_codec_writes_is_valid(data: st.DataObject) -> None:
    entity = data.draw(st.sampled_from(STANDARD_ENTITIES))
    record = data.draw(records(entity, COMMON))
    VALIDATORS[entity].validate(row(record))


def test_values_of_an_own_entity_are_described_too() -> None:
    record = Subscription(
        plan=Plan.PAID,
        root=Node(name="a", below=(Node(name="b"),)),
        sizes=FrozenMap(a=1),
        anything=FrozenMap(a=(1, Money(1, "EUR"))),
        about=Ref("lead", "1"),
    )
    VALIDATORS[Subscription].validate(row(record))
    VALIDATORS[Subscription].validate(row(Subscription()))
    assert list(json_schema(MODEL, Subscription)["$defs"]) == ["Node"]


FULL = Account(
    name="Acme",
    billing_address=Address(city="Paris"),
    annual_revenue=Money("1.50", "EUR"),
    roles="customer",
    custom={"address": "a@example.org", "tags": {"a"}},
)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": None}, "None is not of type 'string'"),
        ({"name": ""}, "should be non-empty"),
        ({"name": 3}, "3 is not of type 'string'"),
        ({"nme": "x"}, "'nme' was unexpected"),
        ({"employees": -1}, "-1 is less than the minimum of 0"),
        ({"employees": 1.5}, "1.5 is not of type 'integer'"),
        ({"roles": "customer"}, "is not of type 'array'"),
        ({"roles": ["a", "a"]}, "has non-unique elements"),
        ({"annual_revenue": 5}, "5 is not valid under any"),
        ({"annual_revenue": {"amount": "1e5", "currency": "EUR"}}, "not valid under any"),
        ({"billing_address": {"town": "Paris"}}, "not valid under any"),
        ({"created_at": "2026-01-01"}, "2026-01-01"),
        ({"parent_id": ""}, "should be non-empty"),
        ({"is_person": None}, "None is not of type 'boolean'"),
        ({"custom": {}}, "'address' is a required property"),
        ({"custom": {"address": "a", "tier": "bronze"}}, "'bronze' is not"),
        ({"custom": {"address": "a", "tire": "gold"}}, "'tire' was unexpected"),
        ({"custom": {"address": "a", "score": "1.5"}}, "'1.5' is not of type 'object'"),
        ({"custom": {"address": "a", "tags": ["a"]}}, "is not of type 'object'"),
        ({"custom": {"address": "a", "sponsor": {"$ref": {"kind": "lead", "id": "1"}}}}, "'lead'"),
    ],
)
def test_what_the_codec_would_not_write_is_invalid(change: dict[str, Any], why: str) -> None:
    data = row(FULL)
    VALIDATORS[Account].validate(data)
    with pytest.raises(jsonschema.ValidationError) as caught:
        VALIDATORS[Account].validate(data | change)
    assert why in str(caught.value)


@pytest.mark.parametrize("entity", [*STANDARD_ENTITIES, Subscription])
def test_what_is_required_is_required_and_nothing_else(entity: type[Record]) -> None:
    record = example(entity, custom={"address": "x"} if entity is Account else {})
    data = row(record)
    VALIDATORS[entity].validate(data)
    required = json_schema(MODEL, entity)["required"]
    assert "id" in required
    for name in required:
        with pytest.raises(jsonschema.ValidationError):
            VALIDATORS[entity].validate({key: data[key] for key in data if key != name})
    VALIDATORS[entity].validate({name: data[name] for name in required})


def test_the_schema_is_the_same_each_time_and_plain_json() -> None:
    for entity in STANDARD_ENTITIES:
        written = json.dumps(json_schema(MODEL, entity))
        assert written == json.dumps(json_schema(MODEL, entity))
        assert json.loads(written)["$schema"].startswith("https://json-schema.org/")


def test_meanings_become_keywords() -> None:
    properties = json_schema(MODEL, Activity)["properties"]
    assert properties["kind"]["examples"][:2] == ["task", "event"]
    assert "enum" not in properties["kind"]
    assert properties["due_on"]["format"] == "date"
    assert properties["who"]["type"] == ["object", "null"]
    assert properties["who"]["properties"]["kind"] == {"enum": ["lead", "contact"]}
    assert "version" not in properties
    months = json_schema(MODEL, Subscription)["properties"]["months"]
    assert (months["minimum"], months["maximum"]) == (1, 12)
    deal = json_schema(MODEL, Opportunity)["properties"]
    assert deal["probability"]["description"] == "An exact number from 0 to 100."
    assert deal["account_id"]["description"] == "The id of a record of account."
    rate = json_schema(MODEL, "exchange_rate")["properties"]["rate"]
    assert rate["description"] == "An exact number, at least 0."


def test_labels_become_titles() -> None:
    model = MODEL.renamed(Lead, "Enquiry", "Enquiries").with_custom_fields(
        Lead, CustomField(name="x", label="Region", type=Text(max_length=5))
    )
    schema = json_schema(model, Lead)
    assert schema["title"] == "Enquiry"
    assert schema["description"].startswith("Interest shown by somebody")
    custom = schema["properties"]["custom"]["properties"]["x"]
    assert (custom["title"], custom["maxLength"]) == ("Region", 5)
    assert schema["properties"]["name"]["anyOf"][0] == {"$ref": "#/$defs/PersonName"}
    assert list(schema["$defs"]) == ["Address", "Money", "PersonName"]


def test_an_entity_without_docstring_has_no_description() -> None:
    class Plain(Record):
        pass

    assert "description" not in json_schema(MODEL.with_entity(Plain), Plain)


def test_an_unknown_entity_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        json_schema(MODEL, "acount")
