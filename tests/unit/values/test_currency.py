"""Currency codes: what is known, what is well-formed, how many decimals."""

from typing import Any

import pytest

from crmcore.errors import InvalidValueError
from crmcore.values.currency import (
    MINOR_UNITS,
    check_currency_code,
    is_known_currency,
    minor_units,
)

ECB_HISTORY = """
    USD JPY BGN CYP CZK DKK EEK GBP HUF LTL LVL MTL PLN ROL RON SEK SIT SKK CHF ISK NOK HRK RUB TRL
    TRY AUD BRL CAD CNY HKD IDR ILS INR KRW MXN MYR NZD PHP SGD THB ZAR EUR
"""
BEFORE_THE_EURO = "DEM FRF ITL ESP NLG ATS BEF FIM GRD IEP PTE LUF"


@pytest.mark.parametrize("code", f"{ECB_HISTORY} {BEFORE_THE_EURO}".split())
def test_codes_of_today_and_of_old_exchange_rates_are_known(code: str) -> None:
    assert is_known_currency(code)


@pytest.mark.parametrize(
    ("code", "units"),
    [
        ("EUR", 2),
        ("JPY", 0),
        ("ISK", 0),
        ("TRL", 0),
        ("KWD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("UYW", 4),
        ("XAU", 2),
    ],
)
def test_minor_units_are_those_of_iso_4217(code: str, units: int) -> None:
    assert minor_units(code) == units


def test_every_known_code_is_well_formed_and_has_0_to_4_decimals() -> None:
    for code, units in MINOR_UNITS.items():
        check_currency_code(code)
        assert 0 <= units <= 4


def test_there_are_as_many_codes_as_iso_4217_has() -> None:
    assert 180 <= len(MINOR_UNITS) <= 260


def test_the_list_of_codes_cannot_be_changed() -> None:
    codes: Any = MINOR_UNITS  # Any: the types refuse already what is tried here
    with pytest.raises(TypeError):
        codes["EUR"] = 3


def test_an_unlisted_but_well_formed_code_has_two_decimals() -> None:
    assert not is_known_currency("ABC")
    assert minor_units("ABC") == 2


def test_the_error_for_lower_case_shows_the_upper_case_form() -> None:
    with pytest.raises(InvalidValueError, match="write 'EUR'"):
        minor_units("eur")


@pytest.mark.parametrize(
    "code", ["", "EU", "EURO", "E1R", "€UR", "ＥＵＲ", "EUR\n", " EUR", "\ud800AB"]
)
def test_what_is_not_three_letters_is_refused(code: str) -> None:
    assert not is_known_currency(code)
    with pytest.raises(InvalidValueError, match="three letters"):
        minor_units(code)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidValueError):
        check_currency_code(None)
