"""The tables of words."""

import pytest

from crmcore.rules.similarity.company import normal_company
from crmcore.rules.similarity.tables import (
    company_words,
    given_name_genders,
    given_name_groups,
    number_words,
    street_words,
    table,
    table_lines,
)
from crmcore.values.text import normal_text

TABLES = (
    "countries",
    "generic_words",
    "given_names",
    "given_names_female",
    "given_names_male",
    "legal_forms",
    "legal_forms_attached",
    "legal_forms_first",
    "placeholders",
    "street_words",
)


def test_comments_are_no_entries() -> None:
    assert "gmbh" in table("legal_forms")
    assert not [line for line in table_lines("legal_forms") if line.startswith("#")]


@pytest.mark.parametrize("name", TABLES)
def test_entries_are_in_normal_text(name: str) -> None:
    odd = [line for line in table_lines(name) if normal_text(line) != line.replace("-", " ")]
    assert not odd


def test_names_of_one_line_share_a_group_and_others_do_not() -> None:
    groups = given_name_groups()
    assert groups["robert"] & groups["bob"]
    assert not groups["robert"] & groups["thomas"]
    assert len(groups["alex"]) > 1


def test_spelling_out_a_street_word_is_done_once() -> None:
    words = street_words()
    assert words["rd"] == "road"
    assert all(words.get(full, full) == full for full in words.values())


def test_a_legal_form_alone_is_a_name() -> None:
    assert {normal_company(form) for form in ("GmbH", "AB", "株式会社")} == {
        "gmbh",
        "ab",
        "株式会社",
    }


def test_no_name_is_a_womans_and_a_mans() -> None:
    assert not table("given_names_female") & table("given_names_male")
    genders = given_name_genders()
    assert (genders["daniela"], genders["daniel"]) == ("female", "male")


def test_a_word_to_compare_by_stays_itself() -> None:
    words = company_words()
    assert words["bros"] == "brothers"
    assert all(words.get(full, full) == full for full in words.values())


def test_numbers_are_figures() -> None:
    numbers = number_words()
    assert (numbers["twelve"], numbers["iii"], numbers["drei"]) == ("12", "3", "3")
    assert all(figures.isdigit() for figures in numbers.values())
