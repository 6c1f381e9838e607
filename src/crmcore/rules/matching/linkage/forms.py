"""Forms: the normal forms of mailboxes, lines, companies and places that linkage compares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from crmcore.rules.matching.linkage.subject import Given
from crmcore.rules.matching.linkage.weights import RARE, Buckets
from crmcore.rules.similarity import mailbox, normal_postal_code, normal_street
from crmcore.rules.similarity.company import company_form
from crmcore.rules.similarity.contact_points import is_own_domain, line_end, web_domain
from crmcore.rules.similarity.latin import latin
from crmcore.rules.similarity.lines import line_form
from crmcore.rules.similarity.public_suffix import registrable_domain
from crmcore.rules.similarity.text import jaro_winkler, same_words, shortened
from crmcore.values.address import Address
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ref import Ref
from crmcore.values.text import normal_text

_DIGITS: Final = re.compile(r"\d+")
_LONGEST_IDENTIFIER: Final = 100
_MOST_NUMBERS: Final = 4
_MOST: Final = 12
"""Only so many values of one meaning are looked at, in their order."""


def texts(given: Given) -> Sequence[str]:
    """Every text among the values, in order, each no longer than is compared."""
    found = [shortened(one) for values in given for one in values[:_MOST]]
    return [one for one in found if one]


def unique(found: Sequence[str | None]) -> tuple[str, ...] | None:
    """The different texts, sorted; ``None`` for none."""
    if len(found) == 1:  # as nearly always
        return (found[0],) if found[0] else None
    return tuple(sorted({one for one in found if one})) or None


def different(found: Sequence[str]) -> tuple[str, ...]:
    """The different texts, in their order."""
    return tuple(found) if len(found) < 2 else tuple(dict.fromkeys(found))  # mostly it is one


def mailboxes(given: Given) -> tuple[str, ...] | None:
    """The personal mailboxes."""
    return unique([mailbox(one) for one in texts(given)])


def lines(given: Given, region: str | None = None) -> tuple[str, ...] | None:
    """The telephone lines, in E.164 where the country is known; see ``line_form``."""
    return unique([line_form(one, region) for one in texts(given)])


def line_ends(form: tuple[str, ...]) -> tuple[str, ...]:
    """The last digits of each line, in which all notations of it agree."""
    return different([line_end(one) for one in form])


def sites(given: Given) -> tuple[str, ...] | None:
    """The registrable domains of web sites, those left out where anybody has a page."""
    return unique([site_of(one) for one in texts(given)])


def site_of(text: str) -> str | None:
    """The registrable domain of a web site; ``None`` where anybody has a page."""
    host = web_domain(text)
    return registrable_domain(host) if host else None


def companies(given: Given) -> tuple[str, ...] | None:
    """The names of companies without what does not tell them apart."""
    return unique([company_form(one) for one in texts(given)])


def words(given: Given) -> tuple[str, ...] | None:
    """Texts in normal form."""
    return unique([normal_text(one) for one in texts(given)])


def identifiers(given: Given) -> tuple[str, ...] | None:
    """Letters and digits of identifiers."""
    return unique([identifier_of(one) for one in texts(given)])


def identifier_of(text: str) -> str:
    """Letters and digits of an identifier."""
    return normal_text(text[:_LONGEST_IDENTIFIER]).replace(" ", "")


def day(given: Given) -> date | None:
    """The first date."""
    for values in given:
        for one in values:
            if isinstance(one, date) and not isinstance(one, datetime):
                return one
    return None


def year(given: Given) -> int | None:
    """The first year, as a number or in digits."""
    for values in given:
        for one in values:
            if isinstance(one, int) and not isinstance(one, bool):
                return one
            if isinstance(one, str) and one.strip().isdecimal() and len(one) <= _LONGEST_YEAR:
                return int(one)
    return None


_LONGEST_YEAR: Final = 6

_GENDERS: Final = FrozenMap(
    {
        **dict.fromkeys(
            ("m", "male", "man", "boy", "mannlich", "homme", "masculino", "mr"), "male"
        ),
        **dict.fromkeys(
            ("f", "w", "female", "woman", "girl", "weiblich", "femme", "femenino", "mrs", "ms"),
            "female",
        ),
    }
)


def gender(given: Given) -> str | None:
    """*male* or *female*; ``None`` for everything else."""
    for one in texts(given):
        found = _GENDERS.get(normal_text(one))
        if found is not None:
            return found
    return None


def reference(given: Given) -> str | None:
    """The first reference, as text."""
    for values in given:
        for one in values:
            if isinstance(one, Ref):
                return one.id
            if isinstance(one, str) and one:
                return one
    return None


Place = tuple[str, str]
"""Postal code and city in normal form; empty where missing."""

Street = tuple[str, tuple[str, ...]]
"""The words of a street and its numbers."""


def _addresses(given: Given) -> Iterable[Address]:
    return (one for values in given for one in values[:_MOST] if isinstance(one, Address))


def places(given: Given) -> tuple[Place, ...] | None:
    """Postal codes with cities."""
    found = {(post_of(one.postal_code), city_of(one.city)) for one in _addresses(given)}
    return tuple(sorted(one for one in found if any(one))) or None


def post_of(given: object) -> str:
    """The normal form of a postal code; empty for none."""
    return normal_postal_code(shortened(given) or "")


def city_of(given: object) -> str:
    """The normal form of a city, in Latin letters as far as is known; empty for none."""
    return latin(normal_text(shortened(given) or ""))


def streets(given: Given) -> tuple[Street, ...] | None:
    """Streets with their numbers."""
    found = {street_of(one.street) for one in _addresses(given)}
    return tuple(sorted(one for one in found if any(one))) or None


def street_of(given: object) -> Street:
    """The words of a street and its first numbers, both empty for none."""
    said = latin(normal_street(shortened(given) or "")).split()
    numbers = [word for word in said if word[0].isdigit()]
    names = " ".join([word for word in said if not word[0].isdigit()] if numbers else said)
    return names, tuple(numbers[:_MOST_NUMBERS])


def is_own(domain: str) -> bool:
    """Whether a domain is one company's own."""
    return is_own_domain(domain)


def digits(text: str) -> str:
    """The digits of a text."""
    return "".join(_DIGITS.findall(text))


def letters(text: str) -> str:
    """A text without its digits."""
    return _DIGITS.sub("", text)


NOTHING: Final = 4
"""The level of two places that have no part in common."""

_SAME_STREET: Final = 0.8
_LEAST_CITY: Final = 0.9


def compare_places(one: Place, other: Place, learnt: Buckets) -> tuple[int, int]:
    """1 one postal code, 2 one city, 3 another place; with the bucket of what is shared."""
    if one[0] and one[0] == other[0]:
        return 1, learnt.bucket("post", one[0])
    city, town = one[1], other[1]
    if city and town:
        if city == town:
            return 2, learnt.bucket("city", city)
        if are_one_city(city, town):
            return 2, max(learnt.bucket("city", city), learnt.bucket("city", town))
        return 3, RARE
    return (3 if one[0] and other[0] else NOTHING), RARE


def are_one_city(one: str, other: str) -> bool:
    """Whether two different cities may be one: alike, or one with a word more at an end."""
    if " " in one or " " in other:
        shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
        if longer.startswith(f"{shorter} ") or longer.endswith(f" {shorter}"):
            return True
    return bool(jaro_winkler(one, other, least=_LEAST_CITY))


def compare_streets(one: Street, other: Street, learnt: Buckets) -> tuple[int, int]:
    """1 the same house, 2 the same street or the same number, 3 another."""
    street, road = one[0], other[0]
    words = bool(street and road)
    near = words and are_near_streets(street, road)
    numbers, others = one[1], other[1]
    if numbers and others and (numbers == others or not set(numbers).isdisjoint(others)):
        if near or not words:
            return 1, max(learnt.bucket("house", house(one)), learnt.bucket("house", house(other)))
        return 2, RARE
    return (2 if near else 3), RARE


def are_near_streets(one: str, other: str) -> bool:
    """Whether the words of two streets are the same, alike, or all words of one in the other."""
    return (
        one == other
        or same_words(one, other, least=_SAME_STREET) > 0
        or ((" " in one or " " in other) and _within(one, other))
    )


def _within(one: str, other: str) -> bool:
    words, others = frozenset(one.split()), frozenset(other.split())
    return words <= others or others <= words


def house(street: Street) -> str:
    """The number and the beginning of a street."""
    return f"{street[1][0] if street[1] else ''} {street[0].replace(' ', '')[:4]}"


def houses(form: tuple[Street, ...]) -> tuple[str, ...]:
    """The houses of streets with a number."""
    return tuple(
        dict.fromkeys(
            f"{number} {street[0].replace(' ', '')[:4]}"
            for street in form
            for number in street[1][:2]
        )
    )


def numbered_houses(form: tuple[Street, ...]) -> Sequence[str]:
    """The house of each street with a number."""
    return [house(one) for one in form if one[1]]


def all_posts(form: tuple[Place, ...]) -> Sequence[str]:
    """The postal code of each place that has one."""
    return [post for post, _ in form if post]


def all_cities(form: tuple[Place, ...]) -> Sequence[str]:
    """The city of each place that has one."""
    return [city for _, city in form if city]


PLACE_VALUES: Final = FrozenMap({"post": all_posts, "city": all_cities})
"""Postal codes and cities by their tables."""


def posts(form: tuple[Place, ...]) -> tuple[str, ...]:
    """The postal codes."""
    return different(all_posts(form))


def cities(form: tuple[Place, ...]) -> tuple[str, ...]:
    """The first six letters of each city."""
    return different([city.replace(" ", "")[:6] for _, city in form if city])
