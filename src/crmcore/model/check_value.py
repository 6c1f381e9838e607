"""Check value: all findings of what one field holds, read against what the field may hold.

Bad data never raises, whatever its type. Values that no field can hold, at any depth, are errors:
floats, numbers without end, moments without a time zone, text that is no Unicode.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from crmcore.entities.record import Record
from crmcore.errors import did_you_mean, shown
from crmcore.fields import (
    Email,
    Lookup,
    MultiPicklist,
    Number,
    Percent,
    Phone,
    Picklist,
    Text,
    Url,
    Whole,
)
from crmcore.findings import Finding, error, remark, warning
from crmcore.model.describe import FieldSchema, Holds, value_fields
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref
from crmcore.values.currency import is_known_currency
from crmcore.values.email import is_email
from crmcore.values.text import bad_characters

MAX_TEXT = 100_000
"""The most characters a text field holds unless it says otherwise."""

MAX_DIGITS = 100
"""The most digits that a number has when it is written out."""

MAX_DEPTH = 20
"""How deep values without a declared type may be nested."""

FREE = (
    *(str, bool, int, Decimal, date, datetime, Money, Address, PersonName, Ref, Record, Enum),
    *(tuple, frozenset, FrozenMap),
)
"""What a value without a declared type can be: anything that says by itself what it is."""


def check_field(one: FieldSchema, value: Any, path: str) -> Iterator[Finding]:
    """Every finding of what the field ``one`` holds, which stands at ``path``."""
    if value is None:
        if not one.is_optional:
            yield error("value.missing", f"{one.label} needs a value", path=path)
    elif one.holds is Holds.ONE:
        yield from _value(one, value, path)
    elif one.holds is Holds.MAP:
        yield from _map(one, value, path)
    else:
        wanted = tuple if one.holds is Holds.TUPLE else frozenset
        if not isinstance(value, wanted):
            yield _wrong_type(one, value, path, f"a {wanted.__name__} of values")
            return
        items = sorted(value, key=shown) if isinstance(value, frozenset) else value
        for index, item in enumerate(items):
            place = f"{path}[{index}]" if one.holds is Holds.TUPLE else path
            yield from _value(one, item, place)


def _map(one: FieldSchema, value: Any, path: str) -> Iterator[Finding]:
    if not isinstance(value, FrozenMap):
        yield _wrong_type(one, value, path, "a mapping of values that can be frozen")
        return
    for key, item in value.items():
        place = _below(path, key)
        yield from _key(key, place)
        if path == "custom":
            continue  # each of its values has a field of its own, or is unknown
        if one.python is not object and not _is_a(item, one.python):
            yield _wrong_type(one, item, place, _called(one.python))
        else:
            yield from _free(item, place)


def _below(path: str, key: object) -> str:
    return f"{path}.{key if isinstance(key, str) else shown(key)}"


def _key(key: object, path: str) -> Iterator[Finding]:
    if isinstance(key, str):
        yield from _text(key, path, MAX_TEXT)
    else:
        yield error("type.wrong", "a key must be text", path=path, value=key)


def _value(one: FieldSchema, value: Any, path: str) -> Iterator[Finding]:
    if one.python is object:
        yield from _free(value, path)
        return
    if not _is_a(value, one.python):
        yield _wrong_type(one, value, path, _called(one.python))
        return
    if isinstance(value, str):
        most = one.meaning.max_length if isinstance(one.meaning, Text) else None
        yield from _text(value, path, MAX_TEXT if most is None else most)
        yield from _meant_text(one, value, path)
        return
    yield from _fit(value, path, 0)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield from _range(one, value, path)
    elif isinstance(value, Ref) and one.lookup is not None and not one.lookup.accepts(value.kind):
        yield error(
            "reference.kind",
            f"{one.label} refers to {' or '.join(one.lookup.kinds)}",
            path=path,
            value=value,
        )


def _is_a(value: Any, python: type) -> bool:
    if isinstance(value, bool):
        return python in (bool, object)
    if python is date and isinstance(value, datetime):
        return False
    return isinstance(value, python)


_CALLED = {
    str: "text",
    int: "a whole number",
    bool: "True or False",
    Decimal: "a Decimal",
    date: "a date without time",
    datetime: "an aware datetime",
    Money: "Money(amount, currency)",
    Ref: "a reference, such as record.ref",
    PersonName: "PersonName(family=..., given=...)",
}


def _called(python: type) -> str:
    return _CALLED.get(python, python.__name__)


def _wrong_type(one: FieldSchema, value: Any, path: str, wanted: str) -> Finding:
    hint = f"use {wanted}"
    if isinstance(value, float):
        hint = f"floats are not exact: use {wanted}"
    return error(
        "type.wrong",
        f"{one.label} is {wanted}, not {type(value).__name__}",
        path=path,
        value=value,
        suggestion=hint,
    )


def _free(value: Any, path: str, depth: int = 0) -> Iterator[Finding]:
    """What makes a value without a declared type unfit to be stored."""
    if value is None:
        return
    if isinstance(value, float):
        yield error(
            "type.wrong", "floats are not exact", path=path, value=value, suggestion="use Decimal"
        )
    elif not isinstance(value, FREE):
        yield error(
            "type.wrong",
            f"a value of type {type(value).__name__} cannot be stored",
            path=path,
            value=value,
            suggestion="use text, a number, a date or one of the value types of crmcore",
        )
    elif depth > MAX_DEPTH:
        yield error(
            "value.too_deep",
            f"values are nested at most {MAX_DEPTH} deep",
            path=path,
            suggestion="flatten them",
        )
    else:
        yield from _fit(value, path, depth)


def _fit(value: Any, path: str, depth: int) -> Iterator[Finding]:
    """What makes a value of the right type unfit to be stored, at any depth."""
    if isinstance(value, str):
        yield from _text(value, path, MAX_TEXT)
    elif isinstance(value, int | Decimal):
        yield from _number(value, path)
    elif isinstance(value, datetime):
        yield from _moment(value, path)
    elif isinstance(value, Money):
        yield from _money(value, path)
    elif isinstance(value, tuple | frozenset):
        for item in value:
            yield from _free(item, path, depth + 1)
    elif isinstance(value, FrozenMap):
        for key, item in value.items():
            yield from _key(key, _below(path, key))
            yield from _free(item, _below(path, key), depth + 1)
    else:
        for one in value_fields(type(value)):
            yield from check_field(one, getattr(value, one.name), f"{path}.{one.name}")


def _text(value: str, path: str, most: int) -> Iterator[Finding]:
    bad = bad_characters(value)
    if bad:
        yield error(
            "text.characters",
            f"this text has characters that cannot be stored: {', '.join(bad[:5])}",
            path=path,
            value=value,
            suggestion="remove them",
        )
    if len(value) > most:
        yield error(
            "text.too_long",
            f"this text has {len(value):,} characters, at most {most:,} are kept",
            path=path,
            value=value,
            suggestion="keep long content elsewhere, as an Attachment",
        )


def _number(value: int | Decimal, path: str) -> Iterator[Finding]:
    if isinstance(value, Decimal) and not value.is_finite():
        yield error("number.not_finite", "a number must be finite", path=path, value=value)
    elif _digits(value) > MAX_DIGITS:
        yield error(
            "number.too_long",
            f"written out, a number has at most {MAX_DIGITS} digits",
            path=path,
            value=value,
            suggestion="check its unit",
        )


def _digits(value: int | Decimal) -> int:
    """How many digits a number has when it is written out, or a few more."""
    if isinstance(value, int):
        return value.bit_length() * 3 // 10  # writing it out could take for ever
    _, digits, exponent = value.as_tuple()
    return len(digits) + abs(exponent) if isinstance(exponent, int) else 0


def _moment(value: datetime, path: str) -> Iterator[Finding]:
    offset = value.utcoffset()
    if offset is None:
        yield error(
            "moment.naive",
            "a moment needs a time zone",
            path=path,
            value=value,
            suggestion="use datetime.now(UTC), or .replace(tzinfo=UTC)",
        )
    elif offset != timedelta(0):
        yield error(
            "moment.not_utc",
            "a moment is kept in UTC",
            path=path,
            value=value,
            suggestion="use .astimezone(UTC)",
        )


def _money(value: Money, path: str) -> Iterator[Finding]:
    if not is_known_currency(value.currency):
        yield warning(
            "currency.unknown",
            "this is not an ISO 4217 currency",
            path=path,
            value=value.currency,
        )


def _meant_text(one: FieldSchema, value: str, path: str) -> Iterator[Finding]:
    meaning = one.meaning
    if one.is_required and not value.strip():
        yield error("value.missing", f"{one.label} needs a value", path=path, value=value)
    elif isinstance(meaning, Email) and not is_email(value):
        yield warning(
            "email.form", "this does not look like an e-mail address", path=path, value=value
        )
    elif isinstance(meaning, Phone) and not any(map(str.isdigit, value)):
        yield warning(
            "phone.form", "this does not look like a phone number", path=path, value=value
        )
    elif isinstance(meaning, Url) and (not value.strip() or " " in value.strip()):
        yield warning("url.form", "this does not look like a web address", path=path, value=value)
    elif isinstance(meaning, Picklist | MultiPicklist) and value not in meaning.options:
        kind = remark if meaning.open_ended else error
        yield kind(
            "picklist.unknown",
            f"{one.label} does not have this option",
            path=path,
            value=value,
            suggestion=did_you_mean(value, meaning.options),
        )
    elif isinstance(meaning, Lookup) and not value:
        yield error("reference.empty", "a reference is an id or None", path=path, value=value)


def _range(one: FieldSchema, value: int | Decimal, path: str) -> Iterator[Finding]:
    meaning = one.meaning
    if isinstance(value, Decimal) and not value.is_finite():
        return
    low: int | Decimal | None = None
    high: int | Decimal | None = None
    if isinstance(meaning, Percent):
        low, high = 0, 100
    elif isinstance(meaning, Whole | Number):
        low, high = meaning.minimum, meaning.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"from {low} to {high}"
        if low is None:
            bounds = f"at most {high}"
        yield error("number.range", f"{one.label} is {bounds}", path=path, value=value)
