"""Field maps: what they carry, what they refuse, and how successors are made."""

from decimal import Decimal

import pytest

from crmcore.entities import Account, Contact, Lead, Opportunity
from crmcore.errors import UnknownNameError
from crmcore.fields import (
    Checkbox,
    CustomField,
    Date,
    Email,
    FieldType,
    Lookup,
    MultiPicklist,
    Number,
    Percent,
    Picklist,
    Text,
    Url,
    Whole,
)
from crmcore.findings import ModelError
from crmcore.model.describe import custom_schema, describe
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.field_map import (
    STANDARD_FIELD_MAP,
    Computed,
    Constant,
    FieldMap,
    FromField,
    MapEntry,
    takes,
)

TIERS = (
    STANDARD_MODEL.with_custom_fields(
        Lead, CustomField(name="tier"), CustomField(name="score", type=Whole())
    )
    .with_custom_fields(Account, CustomField(name="tier", type=Picklist("gold", "blue")))
    .with_custom_fields(Contact, CustomField(name="tier"), CustomField(name="score"))
    .with_custom_fields(Opportunity, CustomField(name="score", type=Whole()))
)
INITIAL = Computed(
    name="initial",
    function=lambda lead: (lead.company or "")[:1] or None,
    gives=str,
    reads=("company",),
)


def codes(field_map: FieldMap) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in field_map.check(STANDARD_MODEL).errors]


def test_the_standard_map_works_and_leaves_no_lead_field_unexplained() -> None:
    assert not STANDARD_FIELD_MAP.check(STANDARD_MODEL)
    known = STANDARD_FIELD_MAP.carried | STANDARD_FIELD_MAP.left.keys()
    entered = {one.path for one in describe(Lead) if not one.is_system and one.path != "custom"}
    assert entered == known
    assert not STANDARD_FIELD_MAP.carried & STANDARD_FIELD_MAP.left.keys()


def test_an_entry_names_its_source_by_a_path() -> None:
    entry = MapEntry("contact.custom.tier", "custom.tier")
    assert entry.source == FromField("custom.tier")
    assert (entry.kind, entry.path, entry.reads) == ("contact", "custom.tier", ("custom.tier",))


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (MapEntry("contact.title", "title"), "title -> contact.title"),
        (MapEntry("account.type", Constant("Customer")), "'Customer' -> account.type"),
        (MapEntry("account.type", INITIAL), "initial(company) -> account.type"),
    ],
)
def test_an_entry_says_what_it_does(entry: MapEntry, text: str) -> None:
    assert str(entry) == text
    assert text in str(FieldMap(entries=[entry]))


def test_a_map_says_what_it_leaves() -> None:
    assert str(FieldMap(left={"rating": "nobody reads it"})) == "rating stays: nobody reads it"


def test_an_entry_takes_a_field_out_of_those_left() -> None:
    field_map = STANDARD_FIELD_MAP.with_entries(MapEntry("opportunity.type", "status"))
    assert "status" not in field_map.left
    assert field_map.targets[-1] == "opportunity.type"
    assert not codes(field_map)


def test_an_entry_is_replaced_by_taking_it_out_first() -> None:
    twice = STANDARD_FIELD_MAP.with_entries(MapEntry("contact.phone", "mobile"))
    assert codes(twice) == [("map.target_twice", "contact.phone")]
    once = STANDARD_FIELD_MAP.without("contact.phone", "contact.mobile").with_entries(
        MapEntry("contact.phone", "mobile")
    )
    assert not codes(once)
    assert [str(one) for one in once if one.path == "phone"] == [
        "phone -> account.phone",
        "mobile -> contact.phone",
    ]


def test_taking_out_what_is_not_there_is_an_error_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"contact\.phone"):
        STANDARD_FIELD_MAP.without("contact.phon")


def test_a_field_that_nothing_carries_is_a_remark() -> None:
    field_map = STANDARD_FIELD_MAP.without("account.industry")
    (found,) = field_map.check(STANDARD_MODEL)
    assert (found.code, found.path) == ("map.lead_field_unmapped", "industry")
    assert field_map.checked(STANDARD_MODEL) is field_map
    assert not field_map.with_left({"industry": "known already"}).check(STANDARD_MODEL)
    assert [one.path for one in STANDARD_FIELD_MAP.check(TIERS)] == ["custom.tier", "custom.score"]


def test_custom_fields_of_the_same_name_and_a_fitting_type_are_carried() -> None:
    field_map = STANDARD_FIELD_MAP.with_same_names(TIERS)
    new = [str(one) for one in field_map if "custom" in one.target]
    assert new == [
        "custom.tier -> contact.custom.tier",
        "custom.score -> opportunity.custom.score",
    ]
    assert field_map.with_same_names(TIERS) == field_map
    assert not field_map.check(TIERS)


@pytest.mark.parametrize(
    ("entry", "code", "hint"),
    [
        (MapEntry("contact.emial", "email"), "map.target_unknown", "'email'"),
        (MapEntry("contcat.email", "email"), "map.target_unknown", "contact"),
        (MapEntry("contact", "email"), "map.target_unknown", "known:"),
        (MapEntry("contact.tier", "custom.tier"), "map.target_unknown", "custom.tier"),
        (MapEntry("contact.department", "emial"), "map.source_unknown", "email"),
        (MapEntry("contact.custom.tier", "tier"), "map.source_unknown", "custom.tier"),
        (MapEntry("contact.department", "custom"), "map.source_unknown", ""),
        (MapEntry("contact.custom", "labels"), "map.target_reserved", "one by one"),
        (MapEntry("contact.account_id", "company"), "map.target_reserved", "take the entry out"),
        (MapEntry("opportunity.version", "employees"), "map.target_reserved", ""),
        (MapEntry("opportunity.close_on", "timeline"), "map.incompatible", "named function"),
        (MapEntry("account.custom.tier", "custom.tier"), "map.incompatible", ""),
        (MapEntry("account.custom.tier", Constant("red")), "map.incompatible", ""),
        (MapEntry("opportunity.close_on", INITIAL), "map.incompatible", ""),
        (MapEntry("account.roles", Constant("partner")), "map.incompatible", ""),
        (
            MapEntry(
                "contact.department",
                Computed(name="f", function=str, gives=str, reads=("nmae",)),
            ),
            "map.source_unknown",
            "name",
        ),
    ],
)
def test_a_map_that_cannot_work_is_refused_with_a_way_out(
    entry: MapEntry, code: str, hint: str
) -> None:
    field_map = FieldMap(entries=[entry])
    with pytest.raises(ModelError) as raised:
        field_map.checked(TIERS)
    (found,) = raised.value.findings
    assert found.code == code
    assert hint in found.suggestion


@pytest.mark.parametrize(
    "entry",
    [
        MapEntry("account.custom.tier", Constant("gold")),
        MapEntry("account.roles", Constant({"partner"})),
        MapEntry("contact.other_emails", Constant(["a@b.example"])),
        MapEntry("account.type", INITIAL),
        MapEntry("contact.external_ids", "external_ids"),
        MapEntry("account.custom.score", "custom.score"),
    ],
)
def test_a_map_that_can_work_is_accepted(entry: MapEntry) -> None:
    model = TIERS.with_custom_fields(Account, CustomField(name="score", type=Whole()))
    assert FieldMap(entries=[entry]).checked(model).entries == (entry,)


def test_a_reason_for_a_field_that_does_not_exist_is_refused() -> None:
    assert codes(FieldMap(left={"raiting": "typo"})) == [("map.source_unknown", "left")]


def test_a_disabled_kind_is_no_problem() -> None:
    assert not STANDARD_FIELD_MAP.check(STANDARD_MODEL.with_disabled("opportunity"))


CLOSED = Picklist("a", "b")
OPEN = Picklist("a", open_ended=True)
ANY_TWO = Lookup("lead", "contact")


@pytest.mark.parametrize(
    ("target", "source", "fits"),
    [
        (Text(), Email(), True),
        (Text(), CLOSED, True),
        (OPEN, Text(), True),
        (Email(), Text(), False),
        (Url(), Email(), False),
        (Text(), Whole(), False),
        (Whole(), Checkbox(), False),
        (Number(), Percent(), True),
        (Percent(), Number(), False),
        (Number(), Whole(), False),
        (Date(), Date(), True),
        (CLOSED, Picklist("a"), True),
        (CLOSED, Picklist("c"), False),
        (CLOSED, OPEN, False),
        (CLOSED, Text(), False),
        (CLOSED, MultiPicklist("a"), False),
        (MultiPicklist("a", "b"), MultiPicklist("a"), True),
        (MultiPicklist("a", open_ended=True), MultiPicklist("z"), True),
        (Lookup("account"), Lookup("account"), True),
        (Lookup("account"), Lookup("contact"), False),
        (Lookup("account"), Text(), False),
        (Text(), Lookup("account"), False),
        (Lookup(), ANY_TWO, True),
        (ANY_TWO, Lookup(), False),
        (Lookup("contact"), ANY_TWO, False),
    ],
)
def test_a_target_takes_only_what_fits(target: FieldType, source: FieldType, fits: bool) -> None:
    fields = (CustomField(name="t", type=target), CustomField(name="s", type=source))
    assert takes(*map(custom_schema, fields)) is fits


def test_a_number_is_no_text_even_as_a_constant() -> None:
    found = FieldMap(entries=[MapEntry("contact.title", Constant(Decimal(1)))])
    assert codes(found) == [("map.incompatible", "contact.title")]
