"""Companies: how accounts are read, brought together, compared and weighed."""

from __future__ import annotations

from typing import Final

from crmcore.rules.matching.linkage import forms, lone_forms
from crmcore.rules.matching.linkage.compare import (
    beginnings,
    compare_idents,
    compare_lines,
    compare_places,
    compare_streets,
    found_by,
    itself,
)
from crmcore.rules.matching.linkage.many_lines import compare_many_lines
from crmcore.rules.matching.linkage.many_places import compare_many_places, compare_many_streets
from crmcore.rules.matching.linkage.subject import LEVELS, Basis, Found, Key, Subject, Trait, coded
from crmcore.rules.matching.linkage.weights import RARE, Buckets, Group, Level
from crmcore.rules.similarity.company import taken_apart
from crmcore.rules.similarity.company_relation import (
    Relation,
    company_relation,
    part_of_group,
)
from crmcore.rules.similarity.text import slips

NAME, SITE, PHONE, PLACE, IDENT = range(5)

GROUPS: Final = (
    Group(
        name="name",
        shows=("company",),
        table="company",
        rare=0.02,
        apart=(0.1, 0.5),
        levels=(
            Level(name="same", likeness=1, m=0.68, u=1e-5, is_counted=True),
            Level(name="slip", likeness=0.9, m=0.1, u=0.0001),
            Level(name="more words", likeness=0.7, m=0.08, u=0.001),
            Level(name="alike", likeness=0.6, m=0.08, u=0.002),
            Level(name="different", likeness=0, m=0.05, u=0.99, most=-4.0),
            Level(name="another branch", likeness=0, m=0.01, u=0.003, most=-6.0),
        ),
    ),
    Group(
        name="web site",
        shows=("site",),
        table="site",
        levels=(
            Level(name="same", likeness=1, m=0.6, u=1e-5, is_counted=True, case="other name"),
            Level(
                name="same, as is the name",
                likeness=1,
                m=0.6,
                u=0.15,
                is_counted=True,
                case="one name",
            ),
            Level(name="alike", likeness=0.6, m=0.1, u=0.0005, case="other name"),
            Level(name="alike, as is the name", likeness=0.6, m=0.15, u=0.1, case="one name"),
            Level(name="different", likeness=0, m=0.2, u=0.99, least=-4.0, case="other name"),
            Level(
                name="different, one name", likeness=0, m=0.2, u=0.7, least=-5.0, case="one name"
            ),
        ),
    ),
    Group(
        name="telephone",
        shows=("line",),
        table="line",
        levels=(
            Level(name="same", likeness=1, m=0.65, u=1e-5, is_counted=True),
            Level(name="slip", likeness=0.7, m=0.05, u=0.0001),
            Level(name="different", likeness=0, m=0.3, u=0.99, least=-4.0),
        ),
    ),
    Group(
        name="place",
        shows=("place",),
        is_by_case=True,
        levels=(
            Level(name="same house", likeness=1, m=0.68, u=1e-5, is_counted=True, case="street"),
            Level(name="same street", likeness=0.9, m=0.12, u=0.0003, case="street"),
            Level(name="same town", likeness=0.6, m=0.8, u=1e-5, is_counted=True, case="town"),
            Level(name="same town, other street", likeness=0.3, m=0.05, u=1e-5, is_counted=True),
            Level(name="same house, other town", likeness=0.3, m=0.05, u=1e-5, is_counted=True),
            Level(name="other town", likeness=0, m=0.1, u=0.98, least=-5.0),
        ),
    ),
    Group(
        name="tax number",
        shows=("tax",),
        table="identifier",
        levels=(
            Level(name="same", likeness=1, m=0.9, u=1e-6, is_counted=True),
            Level(name="slip", likeness=0.8, m=0.05, u=0.00002),
            Level(name="different", likeness=0, m=0.05, u=1.0),
        ),
    ),
)

_SLIP_LETTERS: Final = 5
N_SAME, N_SLIP, N_MORE, N_ALIKE, N_DIFFERENT, N_BRANCH = map(int, Relation)
N_TOWN: Final = 7
"""One has the name of a town more: the same company, if that is where the other one is."""

_TRADE: Final = 4
"""A word that eight companies have, the least count of this bucket, may say what they do."""


def _name(one: tuple[str, ...], other: tuple[str, ...], learnt: Buckets) -> int:
    if len(one) == len(other) == 1:
        return coded(*_names(one[0], other[0], learnt))
    return coded(*min(_names(a, b, learnt) for a in one for b in other))


def _names(one: str, other: str, learnt: Buckets) -> tuple[int, int]:
    level = int(company_relation(one, other))
    if level == N_MORE:
        shorter, longer = sorted((one, other), key=lambda name: len(taken_apart(name).told))
        level = _more(shorter, longer, learnt)
    if level in (N_DIFFERENT, N_BRANCH):
        return level, RARE
    return level, max(learnt.bucket("company", one), learnt.bucket("company", other))


def _more(shorter: str, longer: str, learnt: Buckets) -> int:
    """What it means that a name has more words, by what is known of these words."""
    base = taken_apart(shorter).telling
    more = [word for word in taken_apart(longer).told if word not in base]
    towns = ("".join(more), *more)
    if any(learnt.bucket("town", text) > RARE for text in towns):
        return N_TOWN
    is_part = part_of_group(
        base, frozenset(more), is_trade=lambda word: learnt.bucket("word", word) >= _TRADE
    )
    return N_BRANCH if is_part else N_MORE


def _words(form: tuple[str, ...]) -> list[str]:
    return [word for text in form for word in text.split()]


def _towns(form: tuple[forms.Place, ...]) -> list[str]:
    """Each city in one word, and the first word of a longer one."""
    found = []
    for _, city in form:
        whole, first = city.replace(" ", ""), city.partition(" ")[0]
        if whole:
            found.append(whole)
        if first != whole and len(first) >= _SLIP_LETTERS:
            found.append(first)
    return found


def _site(one: tuple[str, ...], other: tuple[str, ...], learnt: Buckets) -> int:
    """1 the same, 2 one label elsewhere (acme.com, acme.de) or a slip, 3 another."""
    shared = set(one).intersection(other)
    if shared:
        return coded(1, min(learnt.bucket("site", text) for text in shared))
    return coded(2 if any(_near(a, b) for a in one for b in other) else 3, RARE)


def _near(one: str, other: str) -> bool:
    first, second = one.partition(".")[0], other.partition(".")[0]
    return first == second or (
        min(len(first), len(second)) > _SLIP_LETTERS and slips(first, second) <= 1
    )


def _labels(form: tuple[str, ...]) -> tuple[str, ...]:
    found = [site.partition(".")[0] for site in form]
    return forms.different([one for one in found if len(one) >= _SLIP_LETTERS])


def _first_words(form: tuple[str, ...]) -> tuple[str, ...]:
    found = [word for text in form for word in text.split()[:2]]
    return forms.different([one for one in found if len(one) > 2])  # letters


def _compact(form: tuple[str, ...]) -> tuple[str, ...]:
    """The letters of each name, with its articles and without."""
    found: dict[str, None] = {}
    for name in map(taken_apart, form):
        found[name.joined] = None
        if name.told is not name.words:
            found["".join(name.told)] = None
    return tuple(found)


_HALF: Final = 8
_RIM: Final = 2
_END: Final = 4


def _heads(form: tuple[str, ...]) -> tuple[str, ...]:
    """The first six letters of longer names: right wherever the slip is behind them."""
    return tuple(dict.fromkeys(one[:_HALF] for one in _compact(form) if len(one) > _HALF))


def _frames(form: tuple[str, ...]) -> tuple[str, ...]:
    """The ends of the first word with the next letters: right where a slip is within that word."""
    found = []
    for text in form:
        first, _, rest = text.partition(" ")
        if len(first) > 2 * _RIM:
            found.append(f"{first[:_RIM]}{first[-_RIM:]} {rest.replace(' ', '')[:_HALF]}")
    return tuple(dict.fromkeys(found))


def _ends(form: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one[-_END:] for one in _compact(form)))


TRAITS: Final = (
    Trait(
        name="company",
        meanings=("name",),
        form=forms.companies,
        lone=lone_forms.COMPANIES,
        compare=_name,
        values={"company": itself, "word": _words},
        facets={
            "whole": _compact,
            "start": beginnings,
            "word": _first_words,
            "head": _heads,
            "frame": _frames,
            "end": _ends,
        },
    ),
    Trait(
        name="site",
        meanings=("website",),
        form=forms.sites,
        lone=lone_forms.SITES,
        compare=_site,
        values={"site": itself},
        facets={"domain": itself, "label": _labels},
    ),
    Trait(
        name="line",
        meanings=("phone",),
        form=forms.lines,
        lone=lone_forms.LINES,
        form_in=forms.lines,
        compare=compare_lines,
        compare_many=compare_many_lines,
        values={"line": forms.line_ends},
        facets={"line": forms.line_ends},
    ),
    Trait(
        name="place",
        meanings=("address",),
        form=forms.places,
        lone=lone_forms.PLACES,
        compare=compare_places,
        compare_many=compare_many_places,
        values={**forms.PLACE_VALUES, "town": _towns},
        facets={"post": forms.posts, "city": forms.cities},
    ),
    Trait(
        name="street",
        meanings=("address",),
        form=forms.streets,
        lone=lone_forms.STREETS,
        compare=compare_streets,
        compare_many=compare_many_streets,
        values={"house": forms.numbered_houses},
        facets={"house": forms.houses},
    ),
    Trait(
        name="tax",
        meanings=("tax_id",),
        form=forms.identifiers,
        lone=lone_forms.IDENTIFIERS,
        compare=compare_idents,
        values={"identifier": itself},
        facets={"number": itself},
    ),
)

KEYS: Final = (
    Key(name="tax number", about="one tax number", parts=("tax.number",), split="company.start"),
    Key(name="web site", about="one web site", parts=("site.domain",), split="place.city"),
    Key(
        name="site elsewhere",
        about="one site in several countries",
        parts=("site.label",),
        split="place.city",
    ),
    Key(
        name="name",
        about="one name but for its legal form",
        parts=("company.whole",),
        split="place.city",
    ),
    Key(name="telephone", about="one telephone line", parts=("line.line",), split="company.start"),
    Key(
        name="word and city",
        about="a misspelt name in one city",
        parts=("company.word", "place.city"),
        split="company.start",
    ),
    Key(
        name="word and postal code",
        about="a misspelt name in one place",
        parts=("company.word", "place.post"),
        split="company.start",
    ),
    Key(
        name="start and city",
        about="a misspelt end of a name in one city",
        parts=("company.start", "place.city"),
        split="place.post",
    ),
    Key(
        name="first letters",
        about="a misspelt end of a name anywhere",
        parts=("company.head",),
        split="company.end",
    ),
    Key(
        name="frame of a name",
        about="a misspelt first word of a name anywhere",
        parts=("company.frame",),
        split="company.end",
    ),
    Key(name="house", about="one house in one city", parts=("street.house", "place.city")),
    Key(
        name="house and postal code",
        about="one house with another city",
        parts=("street.house", "place.post"),
    ),
)


_NAMES, _SITES, _LINES, _PLACES, _HOUSES, _NUMBERS = range(len(TRAITS))


def _name_group(name: int, place: int, street: int) -> Found:
    return _named(name, _where(place, street))


def _site_group(site: int, name: int, place: int, street: int) -> Found:
    if not site:
        return None
    is_one = _is_one(_name_group(name, place, street))
    return 2 * (site % LEVELS - 1) + is_one, site // LEVELS


def _named(code: int, where: Found) -> Found:
    if code % LEVELS != N_TOWN:
        return found_by(code)
    is_there = where is not None and where[0] in _ONE_TOWN
    return (N_MORE - 1, code // LEVELS) if is_there else (N_BRANCH - 1, RARE)


_ONE_TOWN: Final = frozenset({0, 1, 2, 3})
"""The levels of places in one town."""


def _is_one(named: Found) -> bool:
    return named is not None and named[0] < N_ALIKE - 1


def _is_alike(found: tuple[Found, ...]) -> bool:
    return _is_one(found[NAME])


def _where(place: int, street: int) -> Found:
    town, house = place % LEVELS, street % LEVELS
    if town in (1, 2):
        if house == 1:
            return 0, min(street // LEVELS, place // LEVELS)
        if house == 2:  # alike
            return 1, place // LEVELS
        return (3 if house else 2), place // LEVELS
    if house == 1:
        return 4, street // LEVELS
    return (5, RARE) if town == 3 or house else None  # another


_NAMELESS: Final = 0.94
_OTHER_NAME: Final = 0.9
_BRANCH: Final = 0.4
_OTHER_NAME_ONLY: Final = 0.45
_BRANCH_OF_ONE_NAME: Final = 0.5
_ELSEWHERE: Final = 5
_OTHER_LINE: Final = 2


def _cap(found: tuple[Found, ...]) -> float:
    """Companies of different names are never surely one.

    Nor are those of one name that have another place and another telephone, as branches have.
    """
    named, tax, where, line = found[NAME], found[IDENT], found[PLACE], found[PHONE]
    is_one_number = tax is not None and tax[0] == 0
    if named is not None and named[0] >= N_DIFFERENT - 1:
        if is_one_number:
            return _OTHER_NAME
        return _BRANCH if named[0] == N_BRANCH - 1 else _OTHER_NAME_ONLY
    is_elsewhere = where is not None and where[0] == _ELSEWHERE
    if is_elsewhere and line is not None and line[0] == _OTHER_LINE and not is_one_number:
        return _BRANCH_OF_ONE_NAME
    return _NAMELESS if named is None else 1.0


_BASES: Final = (
    Basis((_NAMES, _PLACES, _HOUSES), _name_group),
    Basis((_SITES, _NAMES, _PLACES, _HOUSES), _site_group),
    Basis((_LINES,), found_by),
    Basis((_PLACES, _HOUSES), _where),
    Basis((_NUMBERS,), found_by),
)

COMPANIES: Final = Subject(
    name="organisation",
    traits=TRAITS,
    keys=KEYS,
    groups=GROUPS,
    bases=_BASES,
    usual={"company": 3, "city": 8, "post": 6, "site": 3},
    cap=_cap,
    within=(SITE,),
    is_alike=_is_alike,
    decisive=("company", "place", "street", "tax"),
)
"""Organisations."""
