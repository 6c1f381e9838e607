"""Normal phone numbers."""

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.errors import InvalidValueError
from crmcore.values.phone import is_phone, normal_phone

REGIONS = st.sampled_from([None, "DE", "US", "GB", "FR", "JP", "IT", "AR", "MX", "CX"])
NUMBERS = st.text() | st.from_regex(
    r"(tel:|\(?\+|00)?[0-9٠-٩() ./-]{3,18}(( ?x| ext\. ?|;ext=|#)[0-9]{1,7})?", fullmatch=True
)


@pytest.mark.parametrize(
    ("text", "region", "normal"),
    [
        ("+49 30 12345678", None, "+493012345678"),
        ("+49 (0)30 / 123 456-78", None, "+493012345678"),
        ("0049 30 12345678", None, "+493012345678"),
        ("(0049) 30 12345678", None, "+493012345678"),
        ("0049 30 12345678", "US", "+493012345678"),
        ("030 12345678", "DE", "+493012345678"),
        ("+49 30 12345678", "FR", "+493012345678"),
        ("tel:+49-30-12345678", None, "+493012345678"),
        ("(+44) 20 7946 0958", None, "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("01 23 45 67 89", "FR", "+33123456789"),
        ("03-1234-5678", "JP", "+81312345678"),
        ("０３（１２３４）５６７８", "JP", "+81312345678"),
        ("＋４９　３０　１２３４５６７８", None, "+493012345678"),
        ("+٤٩ ٣٠ ١٢٣٤٥٦٧٨", None, "+493012345678"),
        ("011 49 30 12345678", "US", "+493012345678"),
        ("0011 49 30 12345678", "AU", "+493012345678"),
        ("0/0 49 30 12345678", None, "+493012345678"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("+1 201 555 0123 x12", None, "+12015550123;ext=12"),
        ("tel:+1-201-555-0123;ext=12", None, "+12015550123;ext=12"),
        ("030 12345678 ext. 7", "DE", "+493012345678;ext=7"),
        ("+20 0098482686", None, "+2098482686"),
    ],
)
def test_notations_of_the_same_line_have_one_form(
    text: str, region: str | None, normal: str
) -> None:
    assert normal_phone(text, region) == normal
    assert is_phone(text, region)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("030 12345678", "03012345678"),
        ("(030) 1234-5678", "03012345678"),
        ("٠٣٠ ١٢٣٤٥٦٧٨", "03012345678"),
        ("12345", "12345"),
        ("030/123456 ext. 7", "030123456;ext=7"),
        ("030 123456 x7", "030123456;ext=7"),
        ("030123456;ext=7", "030123456;ext=7"),
        ("1" * 20, "1" * 20),
    ],
)
def test_without_a_country_the_plain_digits_are_what_can_be_compared(
    text: str, digits: str
) -> None:
    assert normal_phone(text) == digits


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("", None),
        ("  ", "DE"),
        ("1234", None),
        ("1" * 21, None),
        ("none", None),
        ("call 12345", None),
        ("ada1815@x.org", None),
        ("none", "DE"),
        ("+", None),
        ("+49", None),
        ("+999 123456", None),
        ("+49 1", None),
        ("0000000", None),
        ("555-0123", "US"),
        ("\ud800 12345", None),
        ("12345\x00", None),
        ("+49 30 12345678" * 100, None),
        pytest.param("1" * 10_000_000, "DE", id="10 MB"),
    ],
)
def test_what_is_no_phone_number_has_no_normal_form(text: str, region: str | None) -> None:
    assert normal_phone(text, region) is None
    assert not is_phone(text, region)


@given(NUMBERS, REGIONS)
@example("+20 0098482686", None)
@example("085672", "CX")
@example("0/0000", None)
def test_the_normal_form_of_a_number_is_a_fixed_point(text: str, region: str | None) -> None:
    once = normal_phone(text, region)
    if once is not None:
        assert normal_phone(once, region) == once
        assert normal_phone(once) == once


@pytest.mark.parametrize("region", ["de", "UK", "Germany", ""])
def test_a_region_that_is_not_known_is_refused(region: str) -> None:
    with pytest.raises(InvalidValueError, match="phone region"):
        normal_phone("030 12345678", region)


def test_the_phone_tables_are_loaded_only_when_they_are_needed() -> None:
    code = (
        "import sys; from crmcore.values.phone import normal_phone as n; n('030 123456');"
        "assert 'phonenumbers' not in sys.modules; n('+49 30 123456');"
        "assert 'phonenumbers' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
