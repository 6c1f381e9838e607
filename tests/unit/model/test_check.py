"""Checking a record: every problem at once, with its path, and never an exception."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import (
    STANDARD_ENTITIES,
    Account,
    Activity,
    Attachment,
    Campaign,
    Case,
    Contact,
    Lead,
    Opportunity,
    Record,
)
from crmcore.fields import Checkbox, CustomField, Lookup, MultiPicklist, Number, Picklist
from crmcore.findings import Severity
from crmcore.model.check import check_record
from crmcore.model.describe import describe
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.policies import ContactAccount
from crmcore.values import PersonName, Ref
from tests.examples import JUNK, example

MODEL = STANDARD_MODEL.with_custom_fields(
    Account,
    CustomField(name="tier", type=Picklist("gold", "silver")),
    CustomField(name="tags", type=MultiPicklist("a", "b")),
    CustomField(name="score", type=Number()),
    CustomField(name="is_key", type=Checkbox()),
    CustomField(name="partner", type=Lookup("account", "contact")),
)


def codes(record: Record, model: Any = MODEL) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in check_record(record, model)]


def is_about(path: str, field: str) -> bool:
    return path == field or path.startswith((f"{field}.", f"{field}["))


@pytest.mark.parametrize("entity", STANDARD_ENTITIES)
def test_what_is_required_is_enough(entity: type[Record]) -> None:
    assert not check_record(example(entity), STANDARD_MODEL).errors


@given(st.data())
def test_junk_in_any_fields_is_built_and_all_of_it_is_reported(data: st.DataObject) -> None:
    entity = data.draw(st.sampled_from(STANDARD_ENTITIES))
    names = st.sampled_from([one.name for one in describe(entity).fields])
    junk = data.draw(st.dictionaries(names, st.sampled_from(JUNK)))
    record = example(entity, **junk)
    found = check_record(record, MODEL)
    reported = {one.path for one in found.errors}
    assert {name for name in junk if not any(is_about(path, name) for path in reported)} == set()
    sound = {describe(entity).field(name).path for name in junk}
    assert all(any(is_about(path, name) for name in sound) for path in reported)
    assert str(found)
    assert repr(found)
    assert repr(record)
    assert hash(found) == hash(check_record(record, MODEL))
    assert found == check_record(record, MODEL)
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize("index", range(len(JUNK)))  # pytest cannot show all of them
@pytest.mark.parametrize("name", ["tier", "tags", "score", "is_key", "partner"])
def test_junk_in_a_custom_field_is_reported_once(name: str, index: int) -> None:
    found = check_record(Account(name="Acme", custom={name: JUNK[index]}), MODEL).errors
    assert len(found) >= 1
    assert all(is_about(one.path, f"custom.{name}") for one in found)
    assert len({(one.code, one.path) for one in found}) == len(found)


def test_each_custom_problem_is_named() -> None:
    custom = {"tier": "golden", "tags": {"a", "z"}, "score": 1.5, "is_key": 1, "scor": "x"}
    record = Account(name="Acme", custom=custom)
    assert codes(record) == [
        ("picklist.unknown", "custom.tier"),
        ("picklist.unknown", "custom.tags"),
        ("type.wrong", "custom.score"),
        ("type.wrong", "custom.is_key"),
        ("custom.unknown", "custom.scor"),
    ]
    assert check_record(record, MODEL)[-1].suggestion == "did you mean 'score'?"


def test_an_unknown_custom_field_says_how_to_declare_it() -> None:
    (found,) = check_record(Lead(company="Acme", custom={"x": Record}), MODEL)
    assert found.suggestion == "declare it: model.with_custom_fields(Lead, ...)"
    assert found.value is Record


def test_required_custom_fields_need_a_value() -> None:
    model = STANDARD_MODEL.with_custom_fields(Lead, CustomField(name="region", required=True))
    assert codes(Lead(company="Acme"), model) == [("value.missing", "custom.region")]
    assert codes(Lead(company="Acme", custom={"region": " "}), model) == [
        ("value.missing", "custom.region")
    ]
    assert codes(Lead(company="Acme", custom={"region": "EMEA"}), model) == []


def test_keys_are_text() -> None:
    keys: Any = {3: "x", None: "y", "z\ud800": "z"}
    record = Account(name="Acme", custom=keys, external_ids=keys)
    assert codes(record) == [
        ("text.characters", "custom.z\ud800"),
        ("type.wrong", "custom.3"),
        ("type.wrong", "custom.None"),
        ("text.characters", "external_ids.z\ud800"),
        ("type.wrong", "external_ids.3"),
        ("type.wrong", "external_ids.None"),
        ("custom.unknown", "custom.z\ud800"),
    ]


def test_external_ids_are_texts() -> None:
    wrong: Any = {"sap": 4711, "erp": "4711"}
    assert codes(Account(name="Acme", external_ids=wrong)) == [("type.wrong", "external_ids.sap")]


def test_custom_values_that_are_no_mapping_are_one_finding() -> None:
    wrong: Any = "gold"
    assert codes(Account(name="Acme", custom=wrong)) == [("type.wrong", "custom")]
    ring: list[Any] = []
    ring.append(ring)
    assert codes(Account(name="Acme", custom={"tier": ring})) == [("type.wrong", "custom")]


@pytest.mark.parametrize("wrong", [5, None, [[]], {1}])
def test_labels_are_a_set_of_texts(wrong: Any) -> None:
    (found,) = check_record(Account(name="Acme", labels=wrong), MODEL)
    assert found.path == "labels"
    assert found.severity is Severity.ERROR


@pytest.mark.parametrize("wrong", [5, None, [], 1.5, b"x"])
def test_an_id_is_text(wrong: Any) -> None:
    found = check_record(Account(name="Acme", id=wrong), MODEL)
    assert [one.path for one in found] == ["id"]
    assert found[0].ref is not None
    assert isinstance(found[0].ref.id, str)


def test_an_id_is_not_empty() -> None:
    assert ("id.empty", "id") in codes(Account(name="Acme", id=""))  # type: ignore[arg-type]  # wrong


def test_a_version_is_not_negative() -> None:
    assert codes(Account(name="Acme", version=-1)) == [("version.negative", "version")]


def test_an_entity_that_the_model_lacks_is_one_finding() -> None:
    @frozen(kw_only=True)
    class Acount(Record):
        pass

    (found,) = check_record(Acount(id=[]), MODEL)  # type: ignore[arg-type]  # whatever it holds
    assert (found.code, found.suggestion) == ("entity.unknown", "did you mean 'account'?")
    assert found.ref == Ref("acount", "[]")


def test_records_of_disabled_entities_are_refused() -> None:
    assert codes(Lead(company="Acme"), MODEL.with_disabled(Lead)) == [("entity.disabled", "")]


def test_several_problems_are_reported_together_in_the_order_of_the_fields() -> None:
    record = Contact(
        name=PersonName(),
        labels=[" "],
        email="nobody",
        phone="none",
        birth_on=datetime(2000, 1, 1, tzinfo=UTC),
        other_emails=["a@example.com", "b"],
    )
    assert codes(record) == [
        ("email.form", "email"),
        ("email.form", "other_emails[1]"),
        ("phone.form", "phone"),
        ("type.wrong", "birth_on"),
        ("value.missing", "name"),
    ]


def test_findings_name_the_record() -> None:
    record = Account(name="")
    (found,) = check_record(record, MODEL)
    assert found.ref == record.ref


def test_a_reference_names_a_kind_that_the_model_has() -> None:
    assert codes(Attachment(about=Ref("acount", "1"), uri="x")) == [("reference.kind", "about")]
    assert codes(Attachment(about=Ref("account", "1"), uri="x")) == []
    assert codes(Attachment(about=Ref("account", ""), uri="x")) == [("value.missing", "about.id")]


def test_a_reference_is_to_one_of_its_kinds() -> None:
    wrong: Any = Account(name="Acme").ref
    assert codes(Activity(subject="Call", who=wrong)) == [("reference.kind", "who")]


def test_an_interval_does_not_run_backwards() -> None:
    day = date(2026, 1, 2)
    backwards = Campaign(name="Fair", start_on=day, end_on=day - timedelta(days=1))
    assert codes(backwards) == [("interval.backwards", "end_on")]
    assert codes(Campaign(name="Fair", start_on=day, end_on=day)) == []
    assert codes(Campaign(name="Fair", end_on=day)) == []
    closed = Case(
        subject="Help",
        opened_at=datetime(2026, 1, 2, tzinfo=UTC),
        closed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert codes(closed) == [("interval.backwards", "closed_at")]


def test_an_interval_of_doubtful_ends_is_not_compared() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001  # wanted
    mixed = Case(subject="Help", opened_at=datetime(2026, 1, 2, tzinfo=UTC), closed_at=naive)
    assert codes(mixed) == [("moment.naive", "closed_at")]


def test_an_entity_of_a_user_may_mix_dates_and_moments() -> None:
    @frozen(kw_only=True)
    class Visit(Record):
        start_on: date
        end_on: datetime
        opened_at: str = "b"
        closed_at: str = "a"

    visit = Visit(start_on=date(2026, 1, 2), end_on=datetime(2026, 1, 1, tzinfo=UTC))
    assert codes(visit, MODEL.with_entity(Visit)) == []


def test_a_moment_is_kept_in_utc() -> None:
    paris = timezone(timedelta(hours=1))
    record = Activity(subject="Call", done_at=datetime(2026, 1, 1, tzinfo=paris))
    assert codes(record) == [("moment.not_utc", "done_at")]


def test_a_model_may_ask_contacts_for_an_account() -> None:
    contact = Contact(name=PersonName(given="Ada"))
    model = MODEL.with_policies(contact_account=ContactAccount.REQUIRED)
    assert codes(contact) == []
    assert codes(contact, model) == [("contact.no_account", "account_id")]


def test_a_lead_has_a_status_of_the_model_and_is_not_anonymous() -> None:
    assert codes(Lead(company="Acme", status="Nwe")) == [("lead.status", "status")]
    assert (
        check_record(Lead(company="A", status="Nwe"), MODEL)[0].suggestion == "did you mean 'New'?"
    )
    anonymous = check_record(Lead(name=PersonName()), MODEL)
    assert [(one.code, one.severity) for one in anonymous] == [("lead.anonymous", Severity.WARNING)]
    assert codes(Lead(name=PersonName(given="Ada"))) == []
    assert codes(Lead(mobile="+33 6 12 34 56 78")) == []


def test_a_deal_has_a_stage_of_its_pipeline() -> None:
    assert codes(Opportunity(name="Engine", pipeline="other")) == [
        ("opportunity.pipeline", "pipeline")
    ]
    assert codes(Opportunity(name="Engine", stage="Prospect")) == [("opportunity.stage", "stage")]
    wrong: Any = 3
    assert codes(Opportunity(name="Engine", stage=wrong, pipeline="other")) == [
        ("type.wrong", "stage")
    ]


def test_a_deal_has_a_known_forecast_category() -> None:
    assert codes(Opportunity(name="Engine", forecast_category="best")) == [
        ("opportunity.forecast_category", "forecast_category")
    ]
    assert codes(Opportunity(name="Engine", forecast_category="commit")) == []


@pytest.mark.parametrize("char", ["a", "\x00", "\ud800", "é", "@", "1", " ", "."])
def test_ten_megabytes_of_text_are_refused_in_few_words(char: str) -> None:
    text = char * 10_000_000
    record = Contact(
        name=PersonName(family=text), email=text, phone=text, source=text, decision_role=text
    )
    lead = Lead(website=text, status=text)
    found = [*check_record(record, MODEL), *check_record(lead, MODEL)]
    assert "text.too_long" in {one.code for one in found}
    assert all(len(str(one)) < 2_000 for one in found)


def test_bad_values_stand_in_the_findings_as_they_are() -> None:
    junk: Any = [1, 2]
    (found,) = check_record(Account(name=junk), MODEL)
    assert found.value is junk
    assert attrs.asdict(found, recurse=False)["path"] == "name"
