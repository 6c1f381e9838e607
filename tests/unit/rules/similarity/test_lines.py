import pytest

from crmcore.errors import InvalidValueError
from crmcore.rules.similarity.lines import NONE, is_one_line, is_slip, line_form, quick_phone


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+49 30 12345678", None, "+493012345678"),
        ("030/1234-5678 ext. 12", "DE", "+493012345678"),
        ("030/1234-5678 ext. 12", None, "3012345678"),
        ("0049 (0)30 12345678", None, "+493012345678"),
        ("06 1234 5678", "IT", "+390612345678"),  # the zero is part of an Italian number
        ("8 (495) 123-45-67", "RU", "+74951234567"),
        ("310 123 4567", "CA", "+13101234567"),
        ("310 1234", "CA", "3101234"),
        ("030 12", "DE", "+493012"),
        ("+49 30 1", None, None),
        ("+999 1234567", None, "9991234567"),
        ("+0 1234567", None, "1234567"),
        ("12345", None, None),
        ("00000000", None, None),
        ("1" * 300, None, None),
        ("٠١٢٣٤٥٦٧٨", None, "12345678"),
        ("no number", "DE", None),
    ],
)
def test_a_line_is_in_e164_where_the_country_is_known(
    text: str, region: str | None, expected: str | None
) -> None:
    assert line_form(text, region) == expected


def test_a_region_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidValueError):
        line_form("030 1234567", "XX")


@pytest.mark.parametrize("text", ["tel:+49301234567", "0301234567x12", "０３０", "49 30 1234567"])
def test_what_is_not_plain_goes_the_long_way(text: str) -> None:
    assert quick_phone(text, "DE") is None


def test_a_number_of_a_length_that_no_line_has_is_known_at_once() -> None:
    assert quick_phone("+34 68 94831293", None) == NONE
    assert quick_phone("+34 68 94831293", "ES") == NONE
    assert quick_phone("0034 68 94831293", "ES") is None  # it may be a number within Spain
    assert quick_phone("+34 1", None) is None


def test_a_line_without_country_is_one_that_ends_so() -> None:
    assert is_one_line("+493012345678", "3012345678")
    assert is_one_line("12345678", "3012345678")
    assert not is_one_line("+493012345678", "+433012345678")
    assert not is_one_line("+493012345678", "345678")


def test_a_slip_is_one_digit_of_numbers_of_one_country() -> None:
    assert is_slip("+493012345678", "+493012345679")
    assert is_slip("+493012345678", "3012345679")
    assert is_slip("3012345678", "3012345679")
    assert not is_slip("+493012345678", "+433012345678")
    assert not is_slip("3012345678", "301234567")
    assert not is_slip("+493012345678", "3099945679")
