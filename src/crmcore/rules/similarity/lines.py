"""Lines: telephone numbers as matching compares them, in E.164 wherever the country is known.

``normal_phone`` asks libphonenumber, which takes 50 microseconds for a national number. Nearly all
numbers are digits with the usual separators, and of these the plan of the country says at once what
libphonenumber would answer; that takes 2 microseconds. Everything else goes the long way.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from attrs import frozen

from crmcore.rules.similarity.text import slips
from crmcore.values.phone import MAX_TEXT_LENGTH, normal_phone

_SEPARATORS: Final = dict.fromkeys(map(ord, " ()./-"))
_NOT_DIGITS: Final = re.compile(r"\D+")
_EXTENSION: Final = re.compile(
    r"\s*(?:;ext=|\bext(?:ension|n)?\b[.:]?|#|x)\s*\d{1,7}\s*\Z", re.IGNORECASE
)
_LEAST: Final = 6
_BEFORE: Final = 4
"""So many digits at most are dialled before what two notations of a line have in common."""

NONE: Final = ""
"""What ``quick_phone`` says of digits that are no number."""

_LEAST_NATIONAL: Final = 4
"""No country has shorter numbers; what libphonenumber says of them is for it to say."""

_COUNTRY: Final = 3
"""The plus sign and the digits of most country codes: no slip is sought in them."""


@frozen
class _Plan:
    """How the numbers of a country are written; the fields are those of libphonenumber."""

    code: str
    trunk: str
    prefix: re.Pattern[str] | None
    abroad: re.Pattern[str] | None
    number: re.Pattern[str]
    lengths: frozenset[int]
    possible: frozenset[int]
    is_plain: bool

    def significant(self, digits: str) -> str | None:
        """The national significant number, ``NONE`` for a length that the country does not have.

        ``None`` where libphonenumber must be asked.
        """
        found = self.prefix.match(digits) if self.prefix is not None else None
        if found is None:  # nothing is taken away, so the length decides
            return None if len(digits) < _LEAST_NATIONAL else self._if_possible(digits)
        if not self.is_plain or found[0] != self.trunk:
            return None
        digits = digits[len(self.trunk) :]
        if self.prefix is None or self.prefix.match(digits):
            return None  # twice: parsing takes one away each time
        is_sound = len(digits) in self.lengths and self.number.fullmatch(digits)
        return digits if is_sound else None

    def _if_possible(self, digits: str) -> str:
        return digits if len(digits) in self.possible else NONE


@cache
def _plan(region: str) -> _Plan | None:
    """The plan of a region; ``None`` for one that is not known."""
    import phonenumbers  # noqa: PLC0415  # its tables cost more to load than the rest of crmcore

    data = phonenumbers.PhoneMetadata.metadata_for_region(region)
    general = None if data is None else data.general_desc
    if data is None or general is None or general.national_number_pattern is None:
        return None
    code = data.country_code or 0
    # a length must be possible in the region and, where regions share a code, in the main one
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, (region,))
    main = phonenumbers.PhoneMetadata.metadata_for_region(regions[0])
    shared = general if main is None or main.general_desc is None else main.general_desc
    prefix, trunk = data.national_prefix_for_parsing, data.national_prefix or ""
    return _Plan(
        code=str(code),
        trunk=trunk,
        prefix=re.compile(prefix) if prefix else None,
        abroad=re.compile(data.international_prefix) if data.international_prefix else None,
        number=re.compile(general.national_number_pattern),
        lengths=frozenset(general.possible_length) & frozenset(shared.possible_length),
        possible=frozenset(shared.possible_length) - frozenset(shared.possible_length_local_only),
        is_plain=bool(trunk) and data.national_prefix_transform_rule is None,
    )


@cache
def _region_of(code: str) -> str | None:
    """The main region of a country code; ``None`` for one that nobody has."""
    import phonenumbers  # noqa: PLC0415  # likewise

    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    return next((one for one in regions if one != "001"), None)


def quick_phone(text: str, region: str | None) -> str | None:
    """What ``normal_phone`` says, for a number that needs no libphonenumber; else ``None``.

    ``NONE`` where ``normal_phone`` says that it is no number.
    """
    digits = text.translate(_SEPARATORS)
    return _quick(text, digits, region) if _is_plain(text, digits) else None


def _is_plain(text: str, digits: str) -> bool:
    """Whether a text is digits with the usual separators and at most a plus sign in front."""
    return digits.isascii() and (
        digits.isdecimal() or (digits[:1] == "+" and text[0] == "+" and digits[1:].isdecimal())
    )


def _quick(text: str, digits: str, region: str | None) -> str | None:
    if digits[0] == "+":
        return _abroad(digits[1:])
    if text.startswith(("00", "(00")):
        number = _abroad(digits[2:])
        # in a region it may be a number of that region all the same
        return None if number == NONE and region is not None else number
    plan = None if region is None else _plan(region)
    if (
        plan is None
        or digits.startswith((plan.code, "00"))
        or (plan.abroad is not None and plan.abroad.match(digits))
    ):
        return None
    number = plan.significant(digits)
    return f"+{plan.code}{number}" if number else number


def _abroad(digits: str) -> str | None:
    if digits.startswith("0"):
        return None
    for length in (1, 2, 3):
        region = _region_of(digits[:length]) if digits[:length] else None
        if region is not None:
            plan = _plan(region)
            rest = digits[length:]
            number = None if plan is None else plan.significant(rest)
            if number == NONE:
                return NONE
            # a trunk prefix among others: libphonenumber knows
            return f"+{digits}" if number == rest else None
    return None


def line_form(text: str, region: str | None = None) -> str | None:
    """A number in E.164 where the country is told, or ``region`` is given; else its digits.

    ``region`` as in ``normal_phone``, and so is the error. Digits without a country have no zeros
    in front. The extension is dropped. A number of a length that its country does not have is kept
    as digits, too: a digit may be missing. ``None`` for fewer than six digits, or one digit all
    along, which is no number that anybody has.
    """
    if len(text) > MAX_TEXT_LENGTH:
        return None
    number = text.strip()
    digits = number if number.isdecimal() else number.translate(_SEPARATORS)
    is_plain = _is_plain(number, digits)
    if not is_plain:
        number = _EXTENSION.sub("", number)
        digits = number.translate(_SEPARATORS)
        is_plain = _is_plain(number, digits)
    made = _quick(number, digits, region) if is_plain else None
    if made is None and (region is not None or number.lstrip("( ").startswith(("+", "00"))):
        made = normal_phone(number, region)
        made = made.partition(";")[0] if made is not None and made.startswith("+") else None
    if not made:
        made = (digits.removeprefix("+") if is_plain else _digits(number)).lstrip("0")
    # stripped of its last digit, a number of one digit all along is empty
    return made if len(made) >= _LEAST and made.strip(f"+{made[-1]}") else None


def _digits(number: str) -> str:
    digits = _NOT_DIGITS.sub("", number)
    return digits if digits.isascii() else "".join(str(int(char)) for char in digits)


def is_one_line(one: str, other: str) -> bool:
    """Whether two forms are of one line: equal, or one lacks what the other has dialled before.

    Two numbers with a country are one only if they are equal.
    """
    if one == other:
        return True
    abroad, also = one[0] == "+", other[0] == "+"
    if abroad and also:
        return False
    first, second = one[1:] if abroad else one, other[1:] if also else other
    if len(first) > len(second):
        first, second = second, first
    return second.endswith(first) and len(second) - len(first) <= _BEFORE


def is_slip(one: str, other: str) -> bool:
    """Whether two different lines are one digit apart, the country and the length being the same.

    Where only one has a country, its last digits are compared.
    """
    abroad, also = one[0] == "+", other[0] == "+"
    if abroad is also:
        if len(one) != len(other):
            return False
        return (not abroad or one[:_COUNTRY] == other[:_COUNTRY]) and slips(one, other) <= 1
    shorter, longer = (one, other[1:]) if also else (other, one[1:])
    if len(shorter) > len(longer):
        shorter, longer = longer, shorter
    return len(longer) - len(shorter) <= _BEFORE and slips(longer[-len(shorter) :], shorter) <= 1
