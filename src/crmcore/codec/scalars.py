"""Scalars: values of one part in their stored form, strictly: nothing is coerced.

A ``Form`` is a pair of functions, from a value to JSON and back; both raise ``Misfit``. It may
have a third one, from a value to JSON text (see ``codec.compiled``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol, TypeAlias

from attrs import frozen

from crmcore.codec.compiled import WriteText
from crmcore.codec.errors import Misfit
from crmcore.codec.text import canonical, plain_text, quoted
from crmcore.ports.rows import Json

MOST_DIGITS = 1_000
"""A number of more digits than this, written out, is not stored."""

_FEW = 100
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(rf"{_DATE.pattern}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\.[0-9]{{6}}Z")


class Read(Protocol):
    """From the stored form to the value; the second argument is what cattrs hands on."""

    def __call__(self, stored: Json, _: Any = None, /) -> Any:
        """The value."""
        ...


Write: TypeAlias = Callable[[Any], Json]
"""From the value to the stored form."""


@frozen
class Form:
    """How values of one type are written and read."""

    write: Write
    read: Read
    text: WriteText | None = None
    """The canonical text of the stored form at once, where there is a short way to it."""

    def text_of(self, value: Any) -> str:
        """The canonical text of the stored form; any error: take the plain way."""
        return plain_text(self.write(value)) if self.text is None else self.text(value)


def _wrong(value: Any, wanted: str) -> Misfit:
    return Misfit(value, f"this must be {wanted}, not {type(value).__name__}")


def write_text(value: Any) -> Json:
    """Text as it is; a member of a ``StrEnum`` becomes its text."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    raise _wrong(value, "text")


def read_text(stored: Json, _: Any = None, /) -> str:
    """Text as it is."""
    if type(stored) is str:
        return stored
    raise _wrong(stored, "text")


def flag(value: Any, _: Any = None, /) -> bool:
    """``True`` or ``False``, which are the same in both forms."""
    if type(value) is bool:
        return value
    raise _wrong(value, "True or False")


def whole(value: Any, _: Any = None, /) -> int:
    """A whole number, which is the same in both forms; one of an ``IntEnum`` becomes its number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(value, "a whole number")
    if value.bit_length() > MOST_DIGITS * 3:
        raise Misfit(hex(value)[:40], f"this number has more than {MOST_DIGITS - 100} digits")
    return int(value)


def write_decimal(value: Any) -> Json:
    """A Decimal in plain digits, without exponent or trailing zeros: equal ones give equal text."""
    if not isinstance(value, Decimal):
        raise _wrong(value, "a Decimal")
    if value.__class__ is Decimal:
        text = str(value)
        # the usual case, at a third of the price: plain digits already, and not too many
        if len(text) < _FEW and "E" not in text and "N" not in text and "y" not in text:
            return _trimmed(text)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise Misfit(value, "a number must be finite")
    if abs(exponent) + len(value.as_tuple().digits) > MOST_DIGITS:
        raise Misfit(value, f"written out, this number has more than {MOST_DIGITS:,} digits")
    return _trimmed(f"{value:f}")


def _trimmed(text: str) -> str:
    """Plain digits without trailing zeros and negative zero."""
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text.strip("-0") == "" else text


def read_decimal(stored: Json, _: Any = None, /) -> Decimal:
    """The Decimal that a text of plain digits says."""
    if type(stored) is str and len(stored) < 2 * MOST_DIGITS and _DECIMAL.fullmatch(stored):
        return Decimal(stored)
    raise Misfit(stored, "this must be a number as text, such as '1234.5'")


def write_date(value: Any) -> Json:
    """``2026-02-28``: text order is time order."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise _wrong(value, "a date without time")


def read_date(stored: Json, _: Any = None, /) -> date:
    """The date that ``2026-02-28`` says."""
    if type(stored) is str and _DATE.fullmatch(stored):
        with suppress(ValueError):
            return date.fromisoformat(stored)
    raise Misfit(stored, "this must be a date as text, such as '2026-02-28'")


def write_moment(value: Any) -> Json:
    """``2026-02-28T12:30:00.000000Z``: always UTC, always this wide; text order is time order."""
    if not isinstance(value, datetime):
        raise _wrong(value, "an aware datetime")
    if value.utcoffset() is None:
        raise Misfit(value, "a moment needs a time zone, such as datetime.now(UTC)")
    if value.tzinfo is UTC and value.__class__ is datetime:
        return f"{value.isoformat(timespec='microseconds')[:-6]}Z"  # without +00:00
    try:
        utc = value.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise Misfit(value, "this moment lies outside the years 1 to 9999 in UTC") from None
    return f"{utc.isoformat(timespec='microseconds')}Z"


def read_moment(stored: Json, _: Any = None, /) -> datetime:
    """The moment that ``2026-02-28T12:30:00.000000Z`` says, in UTC."""
    if type(stored) is str and _MOMENT.fullmatch(stored):
        with suppress(ValueError):
            return datetime.fromisoformat(stored)
    raise Misfit(stored, "this must be a moment as text, such as '2026-02-28T12:30:00.000000Z'")


def _flag_text(value: Any) -> str:
    return "true" if flag(value) else "false"


def _whole_text(value: Any) -> str:
    return int.__repr__(whole(value))


def _decimal_text(value: Any) -> str:
    return f'"{write_decimal(value)}"'


def _date_text(value: Any) -> str:
    return f'"{value.isoformat() if value.__class__ is date else write_date(value)}"'


def _moment_text(value: Any) -> str:
    return f'"{write_moment(value)}"'


SCALARS: dict[type, Form] = {
    str: Form(write_text, read_text, quoted),
    bool: Form(flag, flag, _flag_text),
    int: Form(whole, whole, _whole_text),
    Decimal: Form(write_decimal, read_decimal, _decimal_text),
    date: Form(write_date, read_date, _date_text),
    datetime: Form(write_moment, read_moment, _moment_text),
}
"""The form of each scalar type."""


def enum_form(python: type[Enum]) -> Form:
    """The form of an enum with texts or whole numbers as values: members are stored as these."""
    members = {(type(one.value), one.value): one for one in python}

    def write(value: Any) -> Json:
        if not isinstance(value, python):
            raise _wrong(value, f"one of {python.__name__}")
        if not isinstance(value.value, str | int):
            raise Misfit(value, "only enums with texts or whole numbers as values can be stored")
        return value.value

    def read(stored: Json, _: Any = None, /) -> Any:
        member = members.get((type(stored), stored)) if isinstance(stored, str | int) else None
        if member is None:
            raise Misfit(stored, f"this must be the value of one of {python.__name__}")
        return member

    return Form(write, read, _enum_text(python))


def _enum_text(python: type[Enum]) -> WriteText | None:
    texts = {one.name: canonical(one.value) for one in python if type(one.value) in (str, int)}
    if len(texts) < len(python):
        return None

    def text(value: Any) -> str:
        if value.__class__ is not python:
            raise TypeError(value)
        return texts[value._name_]  # what ``name`` gives, without its detour

    return text
