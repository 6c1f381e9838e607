from datetime import date, datetime

from crmcore.rules.matching.linkage import forms
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.values import Address, Ref

BUCKETS = PEOPLE.standard.buckets()


def test_lines_are_those_of_the_region() -> None:
    given = (("030 1234567", "+49 30 1234567", "+43 30 1234567"),)
    assert forms.lines(given, "DE") == ("+43301234567", "+49301234567")
    assert forms.lines(given) == ("+43301234567", "+49301234567", "301234567")
    assert forms.line_ends(("+43301234567",)) == ("1234567",)
    assert forms.line_ends(("+43301234567", "+49301234567")) == ("1234567",)


def test_values_of_a_wrong_type_are_passed_over() -> None:
    rubbish = ((None, 7, b"x"),)
    assert forms.mailboxes(rubbish) is None
    assert forms.lines(rubbish) is None
    assert forms.places(rubbish) is None
    assert forms.streets(rubbish) is None
    assert forms.day(((datetime(2020, 1, 1),),)) is None  # noqa: DTZ001  # any moment
    assert forms.day((("x", date(2020, 1, 1)),)) == date(2020, 1, 1)
    assert forms.identifiers((("DE 12-3",),)) == ("de123",)
    assert forms.reference(((Ref("account", "a"),),)) == "a"
    assert forms.reference((("a",),)) == "a"
    assert forms.reference((("",),)) is None
    assert forms.words((("Head of  Sales!",),)) == ("head of sales",)
    assert forms.sites((("https://www.shop.acme.co.uk/x",),)) == ("acme.co.uk",)


def test_places_are_one_by_code_or_by_city() -> None:
    def level(one: forms.Place, other: forms.Place) -> int:
        return forms.compare_places(one, other, BUCKETS)[0]

    assert level(("12345", "bath"), ("12345", "rome")) == 1
    assert level(("", "new york"), ("", "new york city")) == 2
    assert level(("", "bath"), ("", "rome")) == 3
    assert level(("1", ""), ("2", "")) == 3
    assert level(("1", ""), ("", "rome")) == forms.NOTHING


def test_streets_are_one_with_their_number() -> None:
    def level(one: str, other: str) -> int:
        left, right = (forms.streets(((Address(street=text),),)) for text in (one, other))
        assert left is not None
        assert right is not None
        return forms.compare_streets(left[0], right[0], BUCKETS)[0]

    assert level("41 Lake Rd", "Lake Road 41") == 1
    assert level("41 Lake Rd", "43 Lake Rd") == 2
    assert level("41 Lake Rd", "41 Elm St") == 2
    assert level("41", "41 Elm St") == 1
    assert level("41 Lake Rd", "7 Elm St") == 3
