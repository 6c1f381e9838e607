import pytest

from crmcore.rules.matching.linkage.names import (
    ALIKE,
    ANOTHER,
    CROSSWISE,
    DIFFERENT,
    GIVEN_LEVEL,
    INITIAL,
    PART,
    SAME,
    SHORT_FORM,
    SLIP,
    compare_names,
    read_name,
)
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.values import PersonName


def levels(one: tuple[str, str], other: tuple[str, str]) -> tuple[int, int, bool]:
    """The levels of given and family name, and whether they are read crosswise."""
    forms = [
        read_name(((PersonName(given=given, family=family),),)) for given, family in (one, other)
    ]
    assert forms[0] is not None
    assert forms[1] is not None
    buckets = PEOPLE.standard.buckets()
    code = compare_names(forms[0], forms[1], buckets)
    assert code == compare_names(forms[1], forms[0], buckets)
    return code >> GIVEN_LEVEL & 15, code & 15, bool(code >> CROSSWISE & 1)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("Ada", "King"), ("ADA", "King"), (SAME, SAME, False)),
        (("Bob", "King"), ("Robert", "King"), (SHORT_FORM, SAME, False)),
        (("A.", "King"), ("Ada", "King"), (INITIAL, SAME, False)),
        (("Ada", "Kowalczyk"), ("Ada", "Kowalzcyk"), (SAME, SLIP, False)),
        (("kraM", "King"), ("Mark", "King"), (SLIP, SAME, False)),
        (("Ada", "King Lovelace"), ("Ada", "King"), (SAME, PART, False)),
        (("Ada", "King-Smith"), ("Ada", "Kingsmith"), (SAME, SLIP, False)),
        (("Aloisia", "King"), ("Aloina", "King"), (ALIKE, SAME, False)),
        (("Marianne", "King"), ("Marie", "King"), (ANOTHER, SAME, False)),  # two known names
        (("Daniel", "King"), ("Daniela", "King"), (ANOTHER, SAME, False)),
        (("Daniel", "King"), ("Olivia", "King"), (ANOTHER, SAME, False)),
        (("Daniel", "King"), ("Xobert", "King"), (DIFFERENT, SAME, False)),
        (("M1chael", "Ki5g"), ("Mlchael", "Kisg"), (SAME, SAME, False)),  # read by a machine
        (("Michael", "Kin8"), ("Michael", "Kinb"), (SAME, SLIP, False)),
        (("Luc y", "King"), ("Lucy", "King"), (SLIP, SAME, False)),
        (("J. Robert", "King"), ("Robert", "King"), (SHORT_FORM, SAME, False)),
        (("Gabriel García", "Márquez"), ("Gabriel", "García"), (SAME, PART, False)),
        (("", "Ada"), ("Ada", "Lovelace"), (SAME, 0, False)),
        (("", "Ada"), ("", "Ada"), (SAME, 0, False)),
        (("", "Lovelace"), ("Lovelace", ""), (SAME, 0, True)),
        (("", "Lovelace"), ("", "Lovelace"), (0, SAME, False)),
        (("Unknown", "King"), ("Ada", "King"), (0, SAME, False)),
        (("Daniel", "King"), ("Danial", "King"), (SLIP, SAME, False)),
        (("Kamil", "King"), ("Kamila", "King"), (ANOTHER, SAME, False)),
        (("Ada", "Tester17"), ("Ada", "Tester18"), (SAME, DIFFERENT, False)),
        (("Youssef", "Mansour"), ("Yousef", "منصور"), (SHORT_FORM, SLIP, False)),
        (("Abd al-Rahman", "al-Saud"), ("Abdurrahman", "Alsaud"), (SAME, SLIP, False)),
        (("Ana", "Jiménez López"), ("Ana", "Gimenez"), (SAME, ALIKE, False)),
        (("Сергей", "Щербаков"), ("Sergey", "Shcherbakov"), (SAME, SAME, False)),
        (("ケンジ", "スズキ"), ("Kenji", "Suzuki"), (SAME, SAME, False)),
        (("", "スズキケンジ"), ("Kenji", "Suzuki"), (SAME, SAME, False)),
        (("Ada", "King"), ("Zoe", "Babbage"), (ANOTHER, DIFFERENT, False)),
        (("Lovelace", "Ada"), ("Ada", "Lovelace"), (SAME, SAME, True)),
        (("", "King"), ("Ada", "King"), (0, SAME, False)),
        (("Ada", "K"), ("Ada", "King"), (SAME, INITIAL, False)),
        (("Ada", "K"), ("Ada", "King Lovelace"), (SAME, INITIAL, False)),
    ],
)
def test_names_are_compared_part_by_part(
    one: tuple[str, str], other: tuple[str, str], expected: tuple[int, int, bool]
) -> None:
    assert levels(one, other) == expected


def test_a_generation_may_stand_in_the_family_name() -> None:
    assert levels(("Ada", "King Jr."), ("Ada", "King Sr")) == (ANOTHER, SAME, False)
    assert levels(("Ada", "King Jr."), ("Ada", "King")) == (SAME, SAME, False)
    assert levels(("Ada", "King"), ("xxx", "King")) == (0, SAME, False)


def test_father_and_son_are_two() -> None:
    forms = [
        read_name(((PersonName(given="Ada", family="King", suffix=suffix),),))
        for suffix in ("Jr.", "Sr.")
    ]
    assert forms[0] is not None
    assert forms[1] is not None
    code = compare_names(forms[0], forms[1], PEOPLE.standard.buckets())
    assert code >> GIVEN_LEVEL & 15 == ANOTHER
