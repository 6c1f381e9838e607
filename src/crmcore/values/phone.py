"""Normal phone number: the form in which two notations of the same line are equal."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from crmcore.errors import InvalidValueError

MAX_TEXT_LENGTH: Final = 250
"""Longer text is no phone number; the limit of libphonenumber."""

MIN_PLAIN_DIGITS: Final = 5
"""Fewer digits than this, without a country, are an internal extension at best."""

MAX_PLAIN_DIGITS: Final = 20
"""The 15 digits of E.164 and room for what is dialled before them."""

_EXTENSION: Final = re.compile(
    r"(?P<number>.+?)[\s,]*(?:;ext=|\bext(?:ension|n)?\b[.:]?|#|x)\s*(?P<extension>\d{1,7})",
    re.IGNORECASE,
)
_BETWEEN_DIGITS: Final = r"\s()\[\]./~\-\u2010-\u2015\u2212"
_NOTATION: Final = re.compile(rf"[\d{_BETWEEN_DIGITS}]+")
_DOUBLE_ZERO: Final = re.compile(rf"\A[{_BETWEEN_DIGITS}]*0[{_BETWEEN_DIGITS}]*0")
_SCHEME: Final = re.compile(r"\Atel:\s*", re.IGNORECASE)


def normal_phone(text: str, region: str | None = None) -> str | None:
    """The number in E.164, such as ``"+493012345678"``; ``None`` if ``text`` is no phone number.

    ``region`` is an ISO 3166 alpha-2 code, such as ``"DE"``: the country of a number without an
    international prefix. ``None`` means that it is not known; such a number then becomes its plain
    digits (5 to 20 of them), which can be compared but not dialled. An international prefix is
    ``+`` or ``00``, or the one in use in the region. An extension is kept, as in
    ``"+493012345678;ext=12"``. Digits may be of any script. Idempotent.

    A number counts if its length is possible in its country, whether or not it is in use.
    Raises ``InvalidValueError`` for a region that is not known. Source: libphonenumber.
    """
    if len(text) > MAX_TEXT_LENGTH:
        text = ""
    notation = "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() else char
        for char in unicodedata.normalize("NFKC", text).strip()
    )
    notation = _SCHEME.sub("", notation)
    international = _DOUBLE_ZERO.sub("+", notation)
    if region is None and not international.lstrip("(").startswith("+"):
        return _plain(notation)
    number = _e164(international, region) or _e164(notation, region)
    while number is not None and number != (again := _e164(number, region)):
        number = again  # a trunk prefix stood twice, and parsing takes one away each time
    return number


def is_phone(text: str, region: str | None = None) -> bool:
    """Whether ``text`` can be a phone number: whether it has a normal form.

    ``region`` as in ``normal_phone``, and so is the error.
    """
    return normal_phone(text, region) is not None


def _e164(notation: str, region: str | None) -> str | None:
    import phonenumbers  # noqa: PLC0415  # its tables cost more to load than the rest of crmcore

    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidValueError(
            what="phone region",
            value=region,
            why="is not a known country",
            hint="use an upper-case ISO 3166 alpha-2 code such as 'DE' or 'GB'",
        )
    try:
        number = phonenumbers.parse(notation, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{e164};ext={number.extension}" if number.extension else e164


def _plain(notation: str) -> str | None:
    match = _EXTENSION.fullmatch(notation)
    number, suffix = (match["number"], f";ext={match['extension']}") if match else (notation, "")
    digits = "".join(char for char in number if char.isdecimal())
    if not _NOTATION.fullmatch(number) or not MIN_PLAIN_DIGITS <= len(digits) <= MAX_PLAIN_DIGITS:
        return None
    return digits + suffix
