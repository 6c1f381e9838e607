"""Names of people."""

import pytest

from crmcore.rules.similarity.person import NameForm, given_likeness, name_form, name_likeness
from crmcore.values import PersonName


def likeness(left: str | PersonName, right: str | PersonName) -> float:
    one, other = name_form(left), name_form(right)
    assert one is not None
    assert other is not None
    assert name_likeness(one, other) == name_likeness(other, one)
    return name_likeness(one, other)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Ada Lovelace", "ADA LOVELACE", 1.0),
        ("Łukasz Żółć", "Lukasz Zolc", 1.0),
        ("Ada Lovelace", "Lovelace Ada", 0.95),
        ("Ada Lovelace", "A. Lovelace", 0.9),
        ("Robert Johnson", "Bob Johnson", 0.95),
        ("María de la Vega", "Maria Vega", 1.0),
        ("Ryan Molina-Clay", "Ryan Molina", 0.925),
        ("Ada King Lovelace", "Ada K. Lovelace", 1.0),
        ("Ada King Lovelace", "Ada Byron Lovelace", 0.8),
        ("Lovelace", "Ada Lovelace", 0.5),
        ("Lovelace", "Lovelace", 0.5),
        ("John Smith", "Jane Smith", 0.0),
        ("J. Smith", "Kate Smith", 0.0),
        ("John Smith", "John Miller", 0.0),
        ("John Smith Jr.", "John Smith Sr.", 0.0),
        ("John Smith Jr.", "John Smith", 1.0),
        ("山田太郎", "山田太郎", 1.0),
        ("Mark King", "Mary King", 0.0),
        ("Daniel King", "Daniela King", 0.0),
        ("Youssef Mansour", "Yousuf Mansour", 0.95),
    ],
)
def test_names_are_graded(left: str, right: str, expected: float) -> None:
    assert likeness(left, right) == expected


def test_a_name_in_one_text_equals_the_same_name_in_two() -> None:
    assert likeness("山田太郎", PersonName(family="山田", given="太郎")) == 1.0


def test_a_misspelt_name_is_nearly_the_same() -> None:
    assert 0.9 < likeness("Stephanie Christensen", "Stephanie Christenson") < 1


def test_a_given_name_alone_says_little() -> None:
    assert likeness(PersonName(given="Ada"), PersonName(given="Ada", family="Lovelace")) == 0.3
    assert likeness(PersonName(given="Ada"), PersonName(family="Ada")) == pytest.approx(0.285)
    assert likeness(PersonName(given="Ada"), PersonName(family="Lovelace")) == 0.0


def test_a_title_is_no_given_name() -> None:
    assert name_form(PersonName(given="Dr. Anabel", family="Benet")) == NameForm(
        family="benet", given="anabel", middle="", generation=""
    )


@pytest.mark.parametrize("value", [None, 5, "", "  ", PersonName(), PersonName(salutation="Dr")])
def test_nothing_is_compared_of_what_is_no_name(value: object) -> None:
    assert name_form(value) is None


def test_parts_of_wrong_types_are_missing() -> None:
    bad: object = 5
    assert name_form(PersonName(family=bad, given="Ada")) == name_form(PersonName(given="Ada"))  # type: ignore[arg-type]  # bad data


def test_a_particle_alone_is_a_family_name() -> None:
    assert likeness(PersonName(family="Van", given="Anh"), "Anh Van") == 1.0


def test_a_missing_given_name_is_not_compared() -> None:
    assert given_likeness("", "ada") is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Salah al-Din", "Salahuddin"),
        ("Salaheddine", "Salahuddin"),
        ("Abd al-Rahman", "Abdurrahman"),
        ("Abdul Rahman", "Abdelrahman"),
        ("Abdallah", "Abdullah"),
        ("Abdel", "Abdul"),
    ],
)
def test_arabic_names_of_several_words_are_one_word(left: str, right: str) -> None:
    one, other = PersonName(family="Aziz", given=left), PersonName(family="Aziz", given=right)
    assert likeness(one, other) == 1.0


@pytest.mark.parametrize("given", ["Abdi", "Nadine", "Bernadine", "Abd"])
def test_other_names_stay_as_they_are(given: str) -> None:
    form = name_form(PersonName(family="Aziz", given=given))
    assert form is not None
    assert form.given == given.lower()


def test_a_particle_may_be_written_on() -> None:
    for one, other in (("Alsaud", "al-Saud"), ("Legoff", "Le Goff"), ("Delacruz", "de la Cruz")):
        assert likeness(PersonName(family=one), PersonName(family=other)) == 0.45
