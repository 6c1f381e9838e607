"""Cell: the value of a field as a text that people write, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from attrs import frozen

from crmcore.errors import CrmError, shown
from crmcore.fields import Lookup
from crmcore.model.describe import FieldSchema, Holds
from crmcore.values.address import Address
from crmcore.values.money import Money
from crmcore.values.person import PersonName
from crmcore.values.ref import Ref

TRUE = frozenset({"true", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "no", "n", "off", "0"})
SEPARATOR = ";"
"""Between the elements of a cell that holds several."""


@frozen
class CellError(CrmError):
    """A text that is no value of a field."""

    field: str
    text: str
    wanted: str

    def __str__(self) -> str:
        return f"{shown(self.text)} is no value of {self.field}: it wants {self.wanted}"


def cell_value(one: FieldSchema, text: str, *, currency: str) -> Any:
    """The value of field ``one`` that ``text`` says; ``text`` is not blank.

    Yes and no as most systems write them; numbers with a point, thousands with commas or not (a
    single comma without a point may mean either, and is refused); dates and moments in ISO 8601
    (a moment without a zone is UTC); money as ``1200.50`` in ``currency`` or as ``1200.50 GBP``;
    several elements with ``;`` between them; an address as its street, a person's name as it is
    spoken; a reference as its id, or ``kind:id``. Raises ``CellError``.
    """
    if one.holds is Holds.MAP:
        raise CellError(one.path, text, "a part, such as external_ids.sap")
    if one.holds is not Holds.ONE:
        parts = [part.strip() for part in text.split(SEPARATOR) if part.strip()]
        items = [_one(one, part, currency) for part in parts]
        return tuple(items) if one.holds is Holds.TUPLE else frozenset(items)
    return _one(one, text, currency)


def _one(one: FieldSchema, text: str, currency: str) -> Any:
    if isinstance(one.meaning, Lookup) and one.python is not str:
        kind, _, id_ = text.partition(":")
        if id_ and one.meaning.accepts(kind):
            return Ref(kind, id_)
        raise CellError(one.path, text, "a reference such as contact:<id>")
    if issubclass(one.python, Enum):
        return _enum(one, text)
    reader = _READERS.get(one.python)
    if reader is None:
        return text
    read, wanted = reader
    try:
        return read(text, currency)
    except (ValueError, InvalidOperation, CrmError):
        raise CellError(one.path, text, wanted) from None


def _enum(one: FieldSchema, text: str) -> Any:
    for item in one.python:  # type: ignore[attr-defined]  # it is an Enum
        if text in (item.value, item.name):
            return item
    known = ", ".join(repr(item.value) for item in one.python)  # type: ignore[attr-defined]  # likewise
    raise CellError(one.path, text, f"one of {known}")


def _flag(text: str, _: str) -> bool:
    word = text.casefold()
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise ValueError(text)


def _number(text: str, _: str = "") -> Decimal:
    found = Decimal(text.replace(",", "") if "." in text or text.count(",") != 1 else text)
    if not found.is_finite():
        raise ValueError(text)
    return found


def _whole(text: str, _: str) -> int:
    found = _number(text)
    if found != found.to_integral_value():
        raise ValueError(text)
    return int(found)


def _money(text: str, currency: str) -> Money:
    amount, _, code = text.strip().rpartition(" ")
    if not amount:
        amount, code = text, currency
    return Money(_number(amount), code.upper())


def _moment(text: str, _: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _day(text: str, _: str) -> date:
    return datetime.fromisoformat(text).date() if len(text) > 10 else date.fromisoformat(text)


_READERS: Mapping[type, tuple[Callable[[str, str], Any], str]] = {
    bool: (_flag, "yes or no"),
    int: (_whole, "a whole number"),
    Decimal: (_number, "a number such as 1234.5"),
    Money: (_money, "an amount such as 1200.50 or 1200.50 GBP"),
    datetime: (_moment, "a moment such as 2026-05-04T10:30:00Z"),
    date: (_day, "a date such as 2026-05-04"),
    Address: (lambda text, _: Address(street=text), "an address"),
    PersonName: (lambda text, _: PersonName.parse(text), "a name"),
}


def cell_text(value: object) -> str:
    """A value as a text that ``cell_value`` reads back; ``None`` is empty.

    A composite has no text of its own: its parts are written one by one.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Money):
        return f"{value.amount} {value.currency}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, frozenset):
        return SEPARATOR.join(sorted(map(cell_text, value)))
    if isinstance(value, tuple):
        return SEPARATOR.join(map(cell_text, value))
    return str(value)
