import json
from decimal import Decimal
from typing import Any

import attrs
import pytest

from crmcore.codec import DecodeError, EncodeError, dump_model, load_model
from crmcore.entities import Account, Contact, Record, User
from crmcore.errors import UnknownNameError, UnsupportedFormatError
from crmcore.fields import (
    KEEP,
    CustomField,
    Lookup,
    MultiPicklist,
    Number,
    Picklist,
    Text,
)
from crmcore.findings import ModelError
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.model.policies import NoCompany
from tests.unit.codec.samples import MODEL as OWN
from tests.unit.codec.samples import Sample

RICH = (
    STANDARD_MODEL.with_custom_fields(
        Account,
        CustomField(name="tier", type=Picklist("gold", "silver"), required=True),
        CustomField(name="score", type=Number(minimum=Decimal("0.5"))),
        CustomField(name="sponsor", type=Lookup("lead", "contact", on_merge=KEEP), label="By"),
        CustomField(name="any", type=Lookup()),
        CustomField(name="tags", type=MultiPicklist("a", open_ended=True)),
        CustomField(name="note", type=Text(max_length=10)),
    )
    .with_disabled("case")
    .renamed(Contact, "Person", "People")
    .with_policies(no_company=NoCompany.REFUSE)
    .with_calendar(time_zone="Europe/Paris", fiscal_year_start=4)
    .with_currency("USD")
    .with_phone_region("FR")
)


@pytest.mark.parametrize("model", [STANDARD_MODEL, RICH, Model(entities=(Account, Contact, User))])
def test_a_model_is_a_document(model: Model) -> None:
    text = dump_model(model)
    assert load_model(text) == model
    assert dump_model(load_model(text)) == text


def test_own_entities_are_given_to_load() -> None:
    text = dump_model(OWN)
    assert load_model(text, [Sample]) == OWN
    with pytest.raises(UnknownNameError, match="unknown entity 'sample'"):
        load_model(text)


def test_the_document_can_be_read_by_people() -> None:
    lines = dump_model(RICH).splitlines()
    assert lines[:3] == ["{", '  "crmcore": "model",', '  "format": 1,']
    assert '  "currency": "USD",' in lines
    assert '          "type": "Picklist",' in lines


def changed(**values: Any) -> str:
    return json.dumps({**json.loads(dump_model(RICH)), **values})


def custom(**field: Any) -> dict[str, Any]:
    return {"custom_fields": {"account": [field]}}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ""),
        ('{"crmcore": "model", "crmcore": "model"}', ""),
        (changed(curency="EUR"), ""),
        (changed(currency=3), "currency"),
        (changed(entities=3), "entities"),
        (changed(entities=["account", 3]), "entities[1]"),
        (changed(policies={"no_company": "x"}), "policies.no_company"),
        (changed(policies={"no_companies": "x"}), "policies"),
        (changed(pipelines=[{"key": "x"}]), "pipelines[0].stages"),
        (changed(**custom(name="x", type="Text")), "custom_fields.account[0].type"),
        (changed(**custom(name="x", type={"type": "Txt"})), "custom_fields.account[0].type"),
        (changed(**custom(name="x", type={"type": ["Text"]})), "custom_fields.account[0].type"),
        (
            changed(**custom(name="x", type={"type": "Text", "max": 3})),
            "custom_fields.account[0].type",
        ),
        (
            changed(**custom(name="x", type={"type": "Picklist", "option": []})),
            "custom_fields.account[0].type",
        ),
        (
            changed(**custom(name="x", type={"type": "Picklist", "options": "a"})),
            "custom_fields.account[0].type.options",
        ),
        (changed(disabled="case"), "disabled"),
    ],
)
def test_a_document_that_does_not_fit_is_refused(text: str, path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        load_model(text)
    assert (caught.value.kind, caught.value.path) == ("model", path)


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"crmcore": 1}', changed(format=2), changed(format=True), changed(format=0)],
)
def test_a_document_of_another_format_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedFormatError):
        load_model(text)


def test_a_model_that_cannot_work_is_refused_with_all_reasons() -> None:
    with pytest.raises(ModelError) as caught:
        load_model(changed(currency="XXY", calendar={"time_zone": "Mars/Base"}))
    assert len(caught.value.findings) == 2


def test_a_model_with_a_field_of_no_known_type_is_not_written() -> None:
    odd = CustomField(name="x", type=Text())
    model = STANDARD_MODEL.with_custom_fields(Account, odd)
    object.__setattr__(odd, "type", "Text")
    with pytest.raises(EncodeError, match=r"custom_fields\.account\[0\]\.type"):
        dump_model(model)


def test_an_entity_is_found_by_its_class() -> None:
    @attrs.frozen(kw_only=True)
    class Order(Record):
        pass

    model = STANDARD_MODEL.with_entity(Order)
    assert load_model(dump_model(model), [Order]).has(Order)
