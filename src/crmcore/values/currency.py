"""Currency code: three upper-case ASCII letters that name a unit of money, as ISO 4217 lists them.

Source: ISO 4217, tables A.1 (current) and A.3 (historic).
Historic codes stay known, because old deals and exchange-rate histories still carry them.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from crmcore.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODE: Final = re.compile(r"[A-Z]{3}")
_CODE_IN_ANY_CASE: Final = re.compile(r"[A-Za-z]{3}")

_WHOLE_UNITS = """
    BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
    ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE ROL TPE TRL
"""
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_TEN_THOUSANDTHS = "CLF UYW"
_HUNDREDTHS = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
    MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
    PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
    TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
    AFA ANG ATS AYM AZM BGL BGN CSD CUC CYP DEM EEK FIM FRF GHC GWP HRK IEP LTL LVL MRO MTL MZM NLG
    RUR SDD SIT SKK SLL SRG STD TMM USS VEB VEF YUM ZMK ZWD ZWL ZWN ZWR
"""
_WITHOUT_SUBDIVISION = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX"

DEFAULT_MINOR_UNITS: Final = 2
"""Decimals of a code that ISO 4217 does not list, or lists as not applicable (gold, XDR)."""

MINOR_UNITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        code: units
        for codes, units in (
            (_WHOLE_UNITS, 0),
            (_HUNDREDTHS, 2),
            (_THOUSANDTHS, 3),
            (_TEN_THOUSANDTHS, 4),
            (_WITHOUT_SUBDIVISION, DEFAULT_MINOR_UNITS),
        )
        for code in codes.split()
    }
)
"""Every known code, current or historic, with the number of decimals of its smallest unit."""


def check_currency_code(code: object) -> None:
    """Refuse what is not three upper-case ASCII letters; an unlisted code passes.

    Raises ``InvalidValueError``, whose hint gives the upper-case form where there is one.
    """
    if isinstance(code, str) and _CODE.fullmatch(code):
        return
    if isinstance(code, str) and _CODE_IN_ANY_CASE.fullmatch(code):
        raise InvalidValueError(
            what="currency code",
            value=code,
            why="is not in upper case",
            hint=f"write {code.upper()!r}",
        )
    raise InvalidValueError(
        what="currency code",
        value=code,
        why="is not three letters A to Z",
        hint="use an ISO 4217 code such as 'EUR'",
    )


def is_known_currency(code: str) -> bool:
    """Whether ISO 4217 lists the code, as current or as historic; ``False`` for malformed ones."""
    return code in MINOR_UNITS


def minor_units(code: str) -> int:
    """Decimals of the smallest unit of a currency: 2 for EUR, 0 for JPY, 3 for KWD, at most 4.

    A well-formed code that is not listed counts as having 2, the usual number.
    Raises ``InvalidValueError`` for a malformed code.
    """
    units = MINOR_UNITS.get(code)
    if units is None:
        check_currency_code(code)
        return DEFAULT_MINOR_UNITS
    return units
