from crmcore.rules.matching.linkage.lone import Lone
from crmcore.rules.matching.linkage.lone_forms import LINES, NAMES, PLACES, WORDS
from crmcore.values import Address, PersonName


def test_only_values_of_the_kind_are_taken() -> None:
    assert WORDS.takes(["a", None, 7, ("a", "b"), PersonName()]) == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_parts_are_what_the_form_is_made_of() -> None:
    assert WORDS.parts_of(["a", None]) == ["a", None]
    assert PLACES.parts_of([Address(city="Bath", state="x"), None]) == [
        (None, "Bath"),
        (None, None),
    ]
    assert NAMES.parts_of([PersonName(family="King")]) == [("King", None, None, None)]


def test_lines_are_those_of_the_region() -> None:
    assert LINES.in_region("DE").forms(["030 1234567"]) == [("+49301234567",)]
    assert LINES.forms(["030 1234567", None, ""]) == [("301234567",), None, None]
    assert WORDS.in_region("DE") is WORDS


def test_many_are_given_to_one_call() -> None:
    given: list[object] = []

    def forms(parts: object) -> list[tuple[str]]:
        given.append(parts)
        return [("x",)]

    assert Lone(kind=str, forms=forms).forms(["a"]) == [("x",)]
    assert given == [["a"]]
