"""Comparers: the named ways to compare two values.

A comparer brings each value into its normal form once, and grades two normal forms: 1 where they
say the same, 0 where they differ, and numbers between for what may be a slip or another notation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from typing import Any, Final

from attrs import frozen

from crmcore.rules.similarity.company import company_form, company_likeness
from crmcore.rules.similarity.contact_points import (
    domain_likeness,
    line,
    line_likeness,
    mailbox,
    mailbox_likeness,
    web_domain,
)
from crmcore.rules.similarity.person import name_form, name_likeness
from crmcore.rules.similarity.place import place_form, place_likeness
from crmcore.rules.similarity.text import jaro_winkler, shortened
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.money import Money
from crmcore.values.ref import Ref
from crmcore.values.text import normal_text

_LEAST_TEXT: Final = 0.85
_SWAPPED_DAY_AND_MONTH: Final = 0.8
_ONE_DIGIT: Final = 0.7


@frozen(kw_only=True)
class Comparer:
    """A named way to compare two values.

    ``normal`` gives the normal form of a value, or ``None`` where there is nothing to compare: the
    value is missing, blank, or not of the type. ``alike`` grades two normal forms in [0, 1], the
    same whichever comes first, or gives ``None`` where they have no part in common.
    """

    name: str
    about: str
    normal: Callable[[Any], Any]
    alike: Callable[[Any, Any], float | None]

    def __call__(self, left: object, right: object) -> float | None:
        """The similarity of two values in [0, 1]; ``None`` where there is nothing to compare."""
        one, other = self.normal(left), self.normal(right)
        return None if one is None or other is None else self.alike(one, other)


def _plain(value: object) -> object:
    """Text in normal form; numbers, dates, money and references as they are; else ``None``."""
    text = shortened(value)
    if text is not None:
        return normal_text(text) or None
    plain = isinstance(value, bool | int | Decimal | date | Money | Ref | Enum)
    return (type(value).__name__, value) if plain else None


def _same(left: object, right: object) -> float:
    return 1.0 if left == right else 0.0


def _text(value: object) -> str | None:
    text = shortened(value)
    return (normal_text(text) or None) if text is not None else None


def _identifier(value: object) -> str | None:
    text = _text(value)
    return text.replace(" ", "") if text is not None else None


def _stored_id(value: object) -> object:
    return value if isinstance(value, Ref) or (isinstance(value, str) and value) else None


def _day(value: object) -> date | None:
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return value if is_day else None  # type: ignore[return-value]  # told by is_day


def day_likeness(left: date, right: date) -> float:
    """How alike two dates are: 1 the same, less for day and month exchanged or one slip, else 0."""
    if left == right:
        return 1.0
    if (left.year, left.month, left.day) == (right.year, right.day, right.month):
        return _SWAPPED_DAY_AND_MONTH
    one, other = left.strftime("%Y%m%d").zfill(8), right.strftime("%Y%m%d").zfill(8)
    wrong = [at for at in range(8) if one[at] != other[at]]
    exchanged = len(wrong) == 2 and wrong[1] == wrong[0] + 1
    swapped = exchanged and one[wrong[0]] == other[wrong[1]] and one[wrong[1]] == other[wrong[0]]
    return _ONE_DIGIT if len(wrong) == 1 or swapped else 0.0


_STANDARD: Final = (
    Comparer(
        name="exact",
        about="equal, texts in normal form; a number never equals a text",
        normal=_plain,
        alike=_same,
    ),
    Comparer(
        name="identifier",
        about="equal letters and digits, as of a tax number",
        normal=_identifier,
        alike=_same,
    ),
    Comparer(
        name="reference",
        about="a reference to the same record",
        normal=_stored_id,
        alike=_same,
    ),
    Comparer(
        name="text",
        about="Jaro-Winkler similarity of the normal texts, 0 below 0.85",
        normal=_text,
        alike=partial(jaro_winkler, least=_LEAST_TEXT),
    ),
    Comparer(
        name="date",
        about="equal; 0.8 with day and month exchanged, 0.7 with one digit wrong or two swapped",
        normal=_day,
        alike=day_likeness,
    ),
    Comparer(
        name="email",
        about="the same mailbox of a person, or one slip away; an office (info@) says nothing",
        normal=mailbox,
        alike=mailbox_likeness,
    ),
    Comparer(
        name="phone",
        about="the same line in any notation, with or without country code",
        normal=line,
        alike=line_likeness,
    ),
    Comparer(
        name="person_name",
        about="family and given name, either way round; initials, short forms, misspellings",
        normal=name_form,
        alike=name_likeness,
    ),
    Comparer(
        name="company_name",
        about="without case, punctuation and legal form; acronyms, added words, misspellings",
        normal=company_form,
        alike=company_likeness,
    ),
    Comparer(
        name="domain",
        about="the same web domain, or one within the other; free providers say nothing",
        normal=web_domain,
        alike=domain_likeness,
    ),
    Comparer(
        name="address",
        about="the same street in the same place; less for the place alone",
        normal=place_form,
        alike=place_likeness,
    ),
)

COMPARERS: Final[Mapping[str, Comparer]] = FrozenMap({one.name: one for one in _STANDARD})
"""Every comparer by its name; phone numbers without a country code have no region."""


@cache
def comparers(region: str | None = None) -> Mapping[str, Comparer]:
    """The comparers, with phone numbers read as those of ``region`` (an ISO 3166 code such as FR).

    Raises ``InvalidValueError``, when a phone number is read, for a region that is not known.
    """
    if region is None:
        return COMPARERS
    phone = COMPARERS["phone"]
    local = Comparer(
        name=phone.name,
        about=phone.about,
        normal=partial(line, region=region),
        alike=phone.alike,
    )
    return FrozenMap({**COMPARERS, phone.name: local})
