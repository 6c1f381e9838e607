from datetime import date

import attrs
import pytest

from crmcore.rules.matching.linkage import people
from crmcore.rules.matching.linkage.names import (
    ALIKE,
    DIFFERENT,
    GIVEN_LEVEL,
    SAME,
    SLIP,
    compare_names,
    read_name,
)
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.subject import LEVELS
from crmcore.rules.matching.linkage.weights import RARE
from crmcore.values import PersonName


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("1980", 1980, 1),
        ("1980", "1982", 2),
        ("1980", "1986", 3),
        ("1980", "1908", 3),
        ("1980", "1955", 4),
    ],
)
def test_two_years_of_birth_have_a_level(one: object, other: object, level: int) -> None:
    year = next(trait for trait in PEOPLE.traits if trait.name == "year")
    mine, theirs = year.form(((one,),)), year.form(((other,),))
    assert year.compare(mine, theirs, PEOPLE.standard.buckets()) % LEVELS == level
    assert year.compare(theirs, mine, PEOPLE.standard.buckets()) % LEVELS == level


def test_a_year_or_gender_that_nobody_knows_is_none() -> None:
    traits = {trait.name: trait for trait in PEOPLE.traits}
    assert [traits["year"].form(((one,),)) for one in ("", "about 1980", True, None)] == [None] * 4
    said = ("F", "Female", "m", "Mann", "x", None)
    found = [traits["gender"].form(((one,),)) for one in said]
    assert found == ["female", "female", "male", None, None, None]
    buckets = PEOPLE.standard.buckets()
    assert traits["gender"].compare("male", "male", buckets) % LEVELS == 1
    assert traits["gender"].compare("male", "female", buckets) % LEVELS == 2


def test_the_year_counts_where_there_is_no_day() -> None:
    place = {trait.name: at for at, trait in enumerate(PEOPLE.traits)}
    codes = [0] * len(place)
    codes[place["year"]] = 1
    assert PEOPLE.classify(tuple(codes))[people.YEAR] == (0, 0)
    codes[place["birth"]] = 1
    assert PEOPLE.classify(tuple(codes))[people.YEAR] is None


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (("ada", "maria"), ("ada", "maria"), 0),
        (("ada", "maria"), ("ada", "m"), 1),
        (("ada", "maria"), ("ada", "marja"), 1),
        (("ada", "maria"), ("ada", "zoe"), 2),
        (("ada", "maria"), ("ada", "mabel"), 2),
    ],
)
def test_two_middle_names_have_a_level(
    one: tuple[str, str], other: tuple[str, str], level: int
) -> None:
    forms = [
        read_name(((PersonName(given=given, middle=middle, family="King"),),))
        for given, middle in (one, other)
    ]
    assert forms[0] is not None
    assert forms[1] is not None
    code = compare_names(forms[0], forms[1], PEOPLE.standard.buckets())
    found = PEOPLE.classify((code, *[0] * (len(PEOPLE.traits) - 1)))
    assert found[people.MIDDLE] == (level, RARE)


def test_names_in_use_among_the_records_are_no_slips_of_each_other() -> None:
    common = {
        "family": {"hill": 7, "hall": 6, "hull": 3, "hillx": 0},
        "given": {"xara": 5, "xira": 4},
    }
    learnt = attrs.evolve(PEOPLE.standard, common=common, usual={}).buckets()

    def levels(one: tuple[str, str], other: tuple[str, str]) -> tuple[int, int]:
        forms = [
            read_name(((PersonName(given=given, family=family),),))
            for given, family in (one, other)
        ]
        assert forms[0] is not None
        assert forms[1] is not None
        code = compare_names(forms[0], forms[1], learnt)
        return code & 15, code >> GIVEN_LEVEL & 15

    assert levels(("Xara", "Hill"), ("Xara", "Hall")) == (ALIKE, SAME)
    assert levels(("Xara", "Hill"), ("Xara", "Hilk")) == (SLIP, SAME)
    assert levels(("Xara", "Hill"), ("Xira", "Hill")) == (SAME, ALIKE)
    assert levels(("Xara", "Hill"), ("Xira", "Zorn")) == (DIFFERENT, ALIKE)


@pytest.mark.parametrize(
    ("other", "level"),
    [
        (date(1980, 5, 17), 1),
        (date(1980, 5, 18), 2),
        (date(1980, 6, 5), 3),
        (date(1980, 11, 2), 4),
        (date(1994, 11, 2), 4),
        (date(1995, 11, 2), 5),
        (date(1998, 5, 17), 3),
    ],
)
def test_two_birthdays_have_a_level(other: date, level: int) -> None:
    birth = next(trait for trait in PEOPLE.traits if trait.name == "birth")
    one = date(1980, 5, 17)
    assert birth.compare(one, other, PEOPLE.standard.buckets()) % LEVELS == level
    assert birth.compare(other, one, PEOPLE.standard.buckets()) % LEVELS == level


def test_a_title_is_the_same_or_another() -> None:
    title = next(trait for trait in PEOPLE.traits if trait.name == "title")
    buckets = PEOPLE.standard.buckets()
    forms = [title.form(((one,),)) for one in ("Buyer", "BUYER", "Engineer")]
    assert title.compare(forms[0], forms[1], buckets) % LEVELS == 1
    assert title.compare(forms[0], forms[2], buckets) % LEVELS == 2
