"""Person names: parts, and what can be read out of one line."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.values.person import PersonName

ADA = PersonName(
    salutation="Dr.",
    given="Ada",
    middle="King",
    family="Lovelace",
    suffix="PhD",
    nickname="Countess",
)


def test_the_full_name_is_in_spoken_order() -> None:
    assert ADA.full == str(ADA) == "Dr. Ada King Lovelace PhD"


def test_the_sort_name_begins_with_the_family() -> None:
    assert ADA.sort_name == "Lovelace, Ada"


@pytest.mark.parametrize(
    ("name", "full", "sort_name"),
    [
        (PersonName(family="Lovelace"), "Lovelace", "Lovelace"),
        (PersonName(given="Ada"), "Ada", "Ada"),
        (PersonName(family=" Lovelace ", given=""), "Lovelace", "Lovelace"),
        (PersonName(salutation="Dr."), "Dr.", "Dr."),
        (PersonName(nickname="Countess"), "Countess", "Countess"),
        (PersonName(), "", ""),
    ],
)
def test_absent_and_blank_parts_are_not_shown(name: PersonName, full: str, sort_name: str) -> None:
    assert (name.full, name.sort_name) == (full, sort_name)


def test_a_name_of_blank_parts_is_empty() -> None:
    assert PersonName().is_empty
    assert PersonName(family=" ", nickname="").is_empty
    assert not PersonName(nickname="Countess").is_empty


def test_a_part_of_a_wrong_type_can_still_be_shown() -> None:
    wrong: Any = 3
    assert PersonName(family=wrong).full == "3"


def name(**parts: str) -> PersonName:
    return PersonName(**parts)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("Ada Lovelace", name(given="Ada", family="Lovelace")),
        ("Lovelace, Ada", name(given="Ada", family="Lovelace")),
        ("Lovelace,Ada", name(given="Ada", family="Lovelace")),
        ("  Ada \t Lovelace ", name(given="Ada", family="Lovelace")),
        (
            "Dr. Ada King Lovelace",
            name(salutation="Dr.", given="Ada", middle="King", family="Lovelace"),
        ),
        (
            "Lovelace, Dr. Ada King, PhD",
            name(salutation="Dr.", given="Ada", middle="King", family="Lovelace", suffix="PhD"),
        ),
        ("Prof. Dr. Noether", name(salutation="Prof. Dr.", family="Noether")),
        ("Ludwig van Beethoven", name(given="Ludwig", family="van Beethoven")),
        ("Beethoven, Ludwig van", name(given="Ludwig", family="van Beethoven")),
        ("van Beethoven, Ludwig", name(given="Ludwig", family="van Beethoven")),
        ("María de la Vega", name(given="María", family="de la Vega")),
        ("Ana María de la Vega", name(given="Ana", middle="María", family="de la Vega")),
        ("de la Vega", name(family="de la Vega")),
        ("Dick Van Dyke", name(given="Dick", family="Van Dyke")),
        ("Van Morrison", name(given="Van", family="Morrison")),
        ("Mary Ben Smith", name(given="Mary", middle="Ben", family="Smith")),
        (
            "Martin Luther King Jr.",
            name(given="Martin", middle="Luther", family="King", suffix="Jr."),
        ),
        (
            "King Jr., Martin Luther",
            name(given="Martin", middle="Luther", family="King", suffix="Jr."),
        ),
        ("Ada Lovelace, Ph.D.", name(given="Ada", family="Lovelace", suffix="Ph.D.")),
        ("Dr. Lovelace, Ada", name(salutation="Dr.", given="Ada", family="Lovelace")),
        ("Lovelace, Dr.", name(salutation="Dr.", family="Lovelace")),
        ("Jack Ma", name(given="Jack", family="Ma")),
        ("Lovelace", name(family="Lovelace")),
        ("Lovelace,", name(family="Lovelace")),
        (", Ada", name(family="Ada")),
        ("Dr.", name(family="Dr.")),
        ("山田太郎", name(family="山田太郎")),
        ("山田 太郎", name(given="山田", family="太郎")),
        ("", name()),
        (" \n ", name()),
        (" , ", name()),
    ],
)
def test_a_name_is_split_into_its_parts(text: str, parsed: PersonName) -> None:
    assert PersonName.parse(text) == parsed


USUAL_WORDS = "Dr. Mr Ada King Lovelace van de la Van PhD Jr. III 山田 o' - Sr"
WORDS = st.lists(
    st.sampled_from(USUAL_WORDS.split())
    | st.text(st.characters(exclude_characters=",", exclude_categories=["Z", "C"]), min_size=1)
)


@given(WORDS)
@example(["Dr.", "PhD"])
@example(["van", "van"])
def test_without_a_comma_no_word_is_lost_or_moved(words: list[str]) -> None:
    assert PersonName.parse(" ".join(words)).full.split() == words


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_with_commas_no_word_is_lost(parts: list[list[str]]) -> None:
    text = ", ".join(" ".join(part) for part in parts)
    assert sorted(PersonName.parse(text).full.split()) == sorted(
        word for part in parts for word in part
    )


@given(st.text())
def test_any_text_can_be_parsed_and_only_blank_text_gives_an_empty_name(text: str) -> None:
    assert PersonName.parse(text).is_empty == (not text.replace(",", " ").split())


@given(WORDS)
def test_parsing_the_full_name_gives_the_same_name(words: list[str]) -> None:
    parsed = PersonName.parse(" ".join(words))
    assert PersonName.parse(parsed.full) == parsed
