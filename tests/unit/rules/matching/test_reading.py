"""Reading values out of records."""

from typing import Any

import pytest

from crmcore.entities import Account, Activity, Contact
from crmcore.errors import UnknownNameError, UsageError
from crmcore.fields import CustomField, MultiPicklist, Text
from crmcore.findings import ModelError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import BlockKey, Comparison, KeyPart, MatchRule
from crmcore.rules.matching.reading import Forms, field_path, reader
from crmcore.rules.matching.soundness import check
from crmcore.values import Address, PersonName, Ref

MODEL = STANDARD_MODEL.with_custom_fields(
    "contact",
    CustomField(name="tier", type=Text()),
    CustomField(name="teams", type=MultiPicklist("red", "blue")),
)
ACME = Account(id="a", name="Acme", parent_id="g")  # type: ignore[arg-type]  # ids
GROUP = Account(id="g", name="Group")  # type: ignore[arg-type]  # an id
ADA = Contact(
    name=PersonName(family="Lovelace", given="Ada"),
    email="ada@x.org",
    other_emails=("ada@y.org", "info@y.org"),
    account_id="a",  # type: ignore[arg-type]  # an id
    mailing_address=Address(city="Bath"),
    custom={"tier": "gold", "teams": frozenset({"red", "blue"})},
)
RELATED: dict[Ref[Any], Any] = {one.ref: one for one in (ACME, GROUP)}


def values(path: str) -> list[object]:
    return list(field_path(path, "contact", MODEL).values(ADA, RELATED))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("email", ["ada@x.org"]),
        ("phone", []),
        ("other_emails", ["ada@y.org", "info@y.org"]),
        ("name.family", ["Lovelace"]),
        ("mailing_address.city", ["Bath"]),
        ("custom.tier", ["gold"]),
        ("custom.teams", ["blue", "red"]),
        ("account_id", ["a"]),
        ("account_id.name", ["Acme"]),
        ("account_id.parent_id.name", ["Group"]),
        ("account_id.parent_id.parent_id.name", []),
        ("reports_to_id.email", []),
    ],
)
def test_a_path_leads_to_the_values(path: str, expected: list[object]) -> None:
    assert values(path) == expected


def test_a_reference_to_a_record_that_is_not_given_leads_nowhere() -> None:
    assert list(field_path("account_id.name", "contact", MODEL).values(ADA, {})) == []


@pytest.mark.parametrize("path", ["emial", "name.famly", "account_id.nam", "custom.teir", "custom"])
def test_an_unknown_name_is_refused(path: str) -> None:
    if path == "custom":
        assert values(path) != []
    else:
        with pytest.raises(UnknownNameError, match="did you mean"):
            field_path(path, "contact", MODEL)


def test_a_reference_to_several_kinds_is_not_followed() -> None:
    with pytest.raises(UsageError, match="several kinds"):
        field_path("who.name", "activity", MODEL)
    assert list(
        field_path("who", "activity", MODEL).values(Activity(subject="Call", who=ADA.ref), {})
    ) == [ADA.ref]


def rule(**fields: str) -> MatchRule:
    return MatchRule(
        name="test-1",
        kinds="contact",
        keys=[
            BlockKey(
                name="both",
                parts=[
                    KeyPart(how="mailbox", fields={"contact": ("email", "other_emails")}),
                    KeyPart(how="words", fields={"contact": "custom.teams"}),
                ],
            )
        ],
        comparisons=[
            Comparison(name=name, how="email", fields={"contact": (path, "other_emails")}, weight=1)
            for name, path in fields.items()
        ],
        enough=1,
    )


def test_values_are_read_beside_their_normal_forms() -> None:
    forms = Forms(None, RELATED)
    assert forms.values(ADA, reader(rule(mail="email"), "contact", MODEL)) == (
        (("ada@x.org", "ada@x.org"), ("ada@y.org", "ada@y.org")),
    )


def test_a_key_of_several_parts_is_made_of_each_combination() -> None:
    (keys,) = Forms(None, RELATED).keys(ADA, reader(rule(mail="email"), "contact", MODEL))
    assert keys == (
        "ada@x.org | blue",
        "ada@x.org | red",
        "ada@y.org | blue",
        "ada@y.org | red",
    )


def test_what_cannot_be_hashed_cannot_be_compared() -> None:
    assert Forms(None, {}).of("email", ["ada@x.org"]) is None


def test_a_rule_that_names_what_the_model_lacks_is_refused_with_all_reasons() -> None:
    with pytest.raises(ModelError) as refused:
        reader(rule(one="emial", two="reports_to_id.emial"), "contact", STANDARD_MODEL)
    found = refused.value.findings
    assert [one.code for one in found] == ["rule.unknown"] * 3
    assert "did you mean 'email'?" in str(found[0])
    assert found[2].value == "custom.teams"


def test_a_path_that_cannot_be_followed_is_a_reason_too() -> None:
    odd = MatchRule(
        name="odd-1",
        kinds="activity",
        keys=[BlockKey(name="k", parts=[KeyPart(how="words", fields={"activity": "subject"})])],
        comparisons=[Comparison(name="w", how="text", fields={"activity": "who.name"}, weight=1)],
        enough=1,
    )
    with pytest.raises(ModelError) as refused:
        reader(odd, "activity", STANDARD_MODEL)
    assert [one.code for one in refused.value.findings] == ["rule.fields"]


def test_everything_that_the_model_lacks_is_listed() -> None:
    assert not check(rule(mail="email"), MODEL)
    found = check(rule(one="emial"), STANDARD_MODEL)
    assert [one.value for one in found] == ["emial", "custom.teams"]
    odd = MatchRule(
        name="odd-1",
        kinds="acount",
        keys=[BlockKey(name="k", parts=[KeyPart(how="words", fields={"acount": "name"})])],
        comparisons=[Comparison(name="n", how="text", fields={"acount": "name"}, weight=1)],
        enough=1,
    )
    (finding,) = check(odd, STANDARD_MODEL)
    assert (finding.code, finding.value) == ("rule.unknown", "acount")
    assert "account" in finding.suggestion
