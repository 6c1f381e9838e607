"""Places: how alike two postal addresses are."""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from crmcore.rules.similarity.tables import street_words
from crmcore.rules.similarity.text import jaro_winkler, same_words, shortened
from crmcore.values.address import Address
from crmcore.values.text import normal_text

_LEAST_STREET: Final = 0.8
_LEAST_CITY: Final = 0.9
_ZIP_PLUS_4: Final = re.compile(r"\A(\d{5})-?\d{4}\Z")

_GRADES: Final = {
    # street: the same, missing, another
    "post": (1.0, 0.5, 0.2),
    "city": (1.0, 0.3, 0.1),
    "missing": (0.7, None, 0.0),
    "other": (0.4, 0.0, 0.0),
}
"""By what is said of the place (postal code or only the city) and of the street."""


@frozen(kw_only=True)
class PlaceForm:
    """An address in normal text; empty where a part is missing. ``numbers`` are of the street."""

    street: str
    numbers: frozenset[str]
    postal_code: str
    city: str


def place_form(value: object) -> PlaceForm | None:
    """The form of an address to compare; ``None`` where street, postal code and city are missing.

    Short street words are spelt out (``Rd`` is ``road``).
    """
    if not isinstance(value, Address):
        return None
    words = normal_street(shortened(value.street) or "").split()
    form = PlaceForm(
        street=" ".join(word for word in words if not word[0].isdigit()),
        numbers=frozenset(word for word in words if word[0].isdigit()),
        postal_code=normal_postal_code(shortened(value.postal_code) or ""),
        city=normal_text(shortened(value.city) or ""),
    )
    return form if words or form.postal_code or form.city else None


def normal_street(text: str) -> str:
    """The normal text of a street with short words spelt out: ``"41 Lake Rd."``: 41 lake road."""
    words = street_words()
    return " ".join(_spelt_out(words.get(word, word)) for word in normal_text(text).split())


def _spelt_out(word: str) -> str:
    return f"{word}asse" if word.endswith("str") and len(word) > len("str") else word


def normal_postal_code(text: str) -> str:
    """Letters and digits of a postal code; of a US ZIP+4 code the first five digits."""
    compact = normal_text(text).replace(" ", "")
    zip_code = _ZIP_PLUS_4.match(compact)
    return zip_code[1] if zip_code else compact


def place_likeness(left: PlaceForm, right: PlaceForm) -> float | None:
    """How alike two addresses are; ``None`` where they have no part in common.

    1 for the same street in the same place, 0.7 where no place is given, 0.4 in another place.
    The same place without a street: 0.5 by postal code, 0.3 by city; with another street 0.2 and
    0.1. Streets of other numbers are other streets. Otherwise 0.
    """
    return _GRADES[_place_row(left, right)][_street_column(left, right)]


def _street_column(left: PlaceForm, right: PlaceForm) -> int:
    if not (left.street or left.numbers) or not (right.street or right.numbers):
        return 1
    if left.numbers and right.numbers and not left.numbers & right.numbers:
        return 2
    if not left.street or not right.street:
        return 0 if left.numbers == right.numbers else 2
    return 0 if same_words(left.street, right.street, least=_LEAST_STREET) else 2


def _place_row(left: PlaceForm, right: PlaceForm) -> str:
    if left.postal_code and left.postal_code == right.postal_code:
        return "post"
    cities = left.city and right.city
    if cities and jaro_winkler(left.city, right.city, least=_LEAST_CITY):
        return "city"
    codes = left.postal_code and right.postal_code
    return "other" if cities or codes else "missing"
