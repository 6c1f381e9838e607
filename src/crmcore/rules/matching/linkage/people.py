"""People: how contacts and leads are read, brought together, compared and weighed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
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
from crmcore.rules.matching.linkage.mailboxes import (
    M_ALIKE,
    M_COLLEAGUE,
    M_ELSEWHERE,
    M_NUMBERED,
    M_NUMBERED_ANYWHERE,
    M_OTHER_DOMAIN,
    M_SAME,
    M_SLIP,
    compare_mailboxes,
    compare_many_mailboxes,
)
from crmcore.rules.matching.linkage.many_companies import (
    compare_employers,
    compare_many_employers,
)
from crmcore.rules.matching.linkage.many_lines import compare_many_lines
from crmcore.rules.matching.linkage.many_names import compare_many_names
from crmcore.rules.matching.linkage.many_places import compare_many_places, compare_many_streets
from crmcore.rules.matching.linkage.names import (
    ALIKE,
    ANOTHER,
    DIFFERENT,
    FAMILY_BUCKET,
    GIVEN_BUCKET,
    GIVEN_LEVEL,
    MIDDLE_LEVEL,
    compare_names,
    name_facets,
    name_values,
    read_name,
)
from crmcore.rules.matching.linkage.person_groups import PERSON_GROUPS
from crmcore.rules.matching.linkage.subject import LEVELS, Basis, Found, Key, Subject, Trait, coded
from crmcore.rules.matching.linkage.weights import RARE, Buckets
from crmcore.rules.similarity.comparers import day_likeness
from crmcore.rules.similarity.tables import table
from crmcore.rules.similarity.text import slips

_SHARED: Final = 4
"""The bucket of a line or a street that so many people share that it is an office's."""

(
    FAMILY,
    GIVEN,
    MAIL,
    PHONE,
    AFFILIATION,
    STREET,
    BIRTH,
    IDENT,
    TITLE,
    MIDDLE,
    YEAR,
    GENDER,
) = range(12)


_LONG_ENOUGH: Final = 4


def _all_domains(form: tuple[str, ...]) -> Sequence[str]:
    """The domain of each mailbox, but for those where anybody can have one."""
    free = table("free_mail")
    return [domain for box in form if (domain := box.rpartition("@")[2]) not in free]


def _domains(form: tuple[str, ...]) -> tuple[str, ...]:
    return forms.different(_all_domains(form))


def _locals(form: tuple[str, ...]) -> tuple[str, ...]:
    names = [name for box in form if len(name := box.partition("@")[0]) >= _LONG_ENOUGH]
    return forms.different(names)


def _birth(one: date, other: date, learnt: Buckets) -> int:
    """1 the same, 2 a slip, 3 two of day, month and year, 4 another, 5 of another generation."""
    if one == other:
        return coded(1, learnt.bucket("birth", one.isoformat()))
    same = (one.year == other.year) + (one.month == other.month) + (one.day == other.day)
    if same and day_likeness(one, other):  # a slip, or day and month exchanged, leaves a part
        return coded(2, RARE)
    if same == 2 or abs((one - other).days) <= _NEAR_DAYS:  # of three
        return coded(3, RARE)
    return coded(5 if abs(one.year - other.year) >= _GENERATION else 4, RARE)


_NEAR_DAYS: Final = 31
_GENERATION: Final = 15
"""So many years at least are between a father and a son, who may have one name and one house."""


def _year(one: int, other: int, learnt: Buckets) -> int:
    """1 the same, 2 a year or two apart, 3 a digit apart, or two exchanged, 4 another."""
    if one == other:
        return coded(1, learnt.bucket("year", str(one)))
    if abs(one - other) <= _NEAR_YEARS:
        return coded(2, RARE)
    return coded(3 if slips(str(one), str(other)) <= 1 else 4, RARE)


_NEAR_YEARS: Final = 2


def _digits(year: int) -> tuple[str, ...]:
    return (str(year),)


def _gender(one: str, other: str, _: Buckets) -> int:
    """1 the same, 2 the other."""
    return coded(1 if one == other else 2, RARE)


def _title(one: tuple[str, ...], other: tuple[str, ...], learnt: Buckets) -> int:
    """1 the same, 2 another."""
    shared = set(one).intersection(other)
    if shared:
        return coded(1, min(learnt.bucket("title", text) for text in shared))
    return coded(2, RARE)


TRAITS: Final = (
    Trait(
        name="name",
        meanings=("name",),
        form=read_name,
        lone=lone_forms.NAMES,
        compare=compare_names,
        compare_many=compare_many_names,
        values=name_values,
        facets=name_facets,
    ),
    Trait(
        name="mail",
        meanings=("email",),
        form=forms.mailboxes,
        lone=lone_forms.MAILBOXES,
        compare=compare_mailboxes,
        compare_many=compare_many_mailboxes,
        values={"mail": itself, "domain": _all_domains},
        facets={"box": itself, "local": _locals, "domain": _domains},
        is_by_name=True,
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
        is_by_name=True,
    ),
    Trait(
        name="company",
        meanings=("company",),
        form=forms.companies,
        lone=lone_forms.COMPANIES,
        compare=compare_employers,
        compare_many=compare_many_employers,
        values={"company": itself},
        facets={"start": beginnings},
    ),
    Trait(
        name="place",
        meanings=("address",),
        form=forms.places,
        lone=lone_forms.PLACES,
        compare=compare_places,
        compare_many=compare_many_places,
        values=forms.PLACE_VALUES,
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
        is_by_name=True,
    ),
    Trait(
        name="birth",
        meanings=("birth_date",),
        form=forms.day,
        compare=_birth,
        values={"birth": lambda form: (form.isoformat(),)},
        facets={
            "day": lambda form: (form.isoformat(),),
            "near": lambda form: (
                f"{form.year}-{form.month}",
                f"{form.year} {form.day}",
                f"{form.month}/{form.day}",
            ),
        },
    ),
    Trait(
        name="identifier",
        meanings=("identifier",),
        form=forms.identifiers,
        lone=lone_forms.IDENTIFIERS,
        compare=compare_idents,
        values={"identifier": itself},
        facets={"identifier": itself},
    ),
    Trait(
        name="title",
        meanings=("title",),
        form=forms.words,
        lone=lone_forms.WORDS,
        compare=_title,
        values={"title": itself},
        facets={},
    ),
    Trait(
        name="year",
        meanings=("birth_year",),
        form=forms.year,
        compare=_year,
        values={"year": _digits},
        facets={"year": _digits},
    ),
    Trait(
        name="gender",
        meanings=("gender",),
        form=forms.gender,
        compare=_gender,
        values={},
        facets={},
    ),
)

KEYS: Final = (
    Key(name="mailbox", about="one mailbox", parts=("mail.box",), split="name.initials"),
    Key(
        name="name before the @",
        about="one person at two mail providers",
        parts=("mail.local",),
        split="name.initials",
    ),
    Key(name="telephone", about="one telephone line", parts=("line.line",), split="name.initials"),
    Key(
        name="identifier",
        about="one identifier",
        parts=("identifier.identifier",),
        split="name.initials",
    ),
    Key(name="birthday", about="one birthday", parts=("birth.day",), split="name.initials"),
    Key(
        name="full name",
        about="one name, in whichever order, or one misspelt in one part",
        parts=("name.nearly full",),
        split="place.city",
    ),
    Key(
        name="name and company",
        about="a misspelt name at one company",
        parts=("name.either", "company.start"),
        split="place.city",
    ),
    Key(
        name="starts of names and company",
        about="misspelt ends of both names at one company",
        parts=("name.starts", "company.start"),
        split="place.city",
    ),
    Key(
        name="name and mail domain",
        about="a misspelt name at one company's mailboxes",
        parts=("name.either", "mail.domain"),
    ),
    Key(
        name="starts of names and city",
        about="misspelt ends of both names in one city",
        parts=("name.starts", "place.city"),
        split="place.post",
    ),
    Key(
        name="name and postal code",
        about="a misspelt name in one place",
        parts=("name.either", "place.post"),
        split="place.city",
    ),
    Key(
        name="house", about="one house", parts=("street.house", "name.initial"), split="place.city"
    ),
    Key(
        name="start of a name and near birthday",
        about="a misspelt name and most of a birthday",
        parts=("name.start", "birth.near"),
        split="place.city",
    ),
    Key(
        name="near birthday and city",
        about="most of a birthday in one city",
        parts=("birth.near", "place.city"),
        split="name.initial",
    ),
    Key(
        name="name and birth year",
        about="a misspelt name and one year of birth",
        parts=("name.either", "year.year"),
        split="place.city",
    ),
    Key(
        name="starts of names and birth year",
        about="misspelt ends of both names and one year of birth",
        parts=("name.starts", "year.year"),
        split="place.city",
    ),
)


(
    _FORM,
    _BOX,
    _LINE,
    _COMPANY,
    _PLACE,
    _HOUSE,
    _DAY,
    _NUMBER,
    _TITLE,
    _YEAR,
    _GENDER,
) = range(len(TRAITS))


def _family(name: int) -> Found:
    level = name & 15
    return (level - 1, name >> FAMILY_BUCKET & 63) if level else None


def _given(name: int) -> Found:
    level = name >> GIVEN_LEVEL & 15
    return (level - 1, name >> GIVEN_BUCKET & 63) if level else None


def _middle(name: int) -> Found:
    level = name >> MIDDLE_LEVEL
    return (level - 1, RARE) if level else None


def _year_group(year: int, birth: int) -> Found:
    return None if birth else found_by(year)  # the day says more


def _mail_group(code: int, name: int) -> Found:
    if not code:
        return None
    level, bucket = code % LEVELS, code // LEVELS
    is_alike = _are_alike(_family(name), _given(name))
    if level == M_SAME:
        return int(is_alike), bucket
    if level in (M_SLIP, M_ALIKE):
        return 2 * (level - 1) + is_alike, bucket
    return {M_ELSEWHERE: 6, M_NUMBERED: 8, M_NUMBERED_ANYWHERE: 8}.get(level, 7), bucket


def _line_group(code: int) -> Found:
    """A line that many people share tells of their employer, not of them."""
    if not code or (code % LEVELS == 1 and code // LEVELS >= _SHARED):
        return None
    return code % LEVELS - 1, code // LEVELS


def _street_group(code: int) -> Found:
    if not code or (code % LEVELS == 1 and code // LEVELS >= _SHARED):
        return None
    return code % LEVELS - 1, code // LEVELS


def _affiliation(mail: int, line: int, company: int, place: int, street: int) -> Found:
    """What colleagues share, and members of a family: the rarest of it counts, once."""
    level = mail % LEVELS
    employer = [
        code // LEVELS
        for code, is_same in (
            (company, company % LEVELS == 1),
            (mail, level in (M_COLLEAGUE, M_NUMBERED)),
            (line, line % LEVELS == 1 and line // LEVELS >= _SHARED),
            (street, street % LEVELS == 1 and street // LEVELS >= _SHARED),
        )
        if is_same
    ]
    if employer:
        return 0, min(employer)
    if company % LEVELS == 2:  # alike
        return 1, RARE
    is_other = company % LEVELS == 3 or (not company and level == M_OTHER_DOMAIN)  # another
    where = place % LEVELS
    if where in (1, 2):
        return (3 if is_other else 2), place // LEVELS
    if where == 3:  # another
        return (6 if is_other else 4), RARE
    return (5, RARE) if is_other else None


_NAMELESS: Final = 0.94
_OTHER_NAME: Final = 0.9
_OTHER_NAME_ONE_LINE: Final = 0.45
_OTHER_GENERATION: Final = 4


def _cap(found: tuple[Found, ...]) -> float:
    """People of different names are never surely one, nor are those without a name (law D11)."""
    family, given, birth = found[FAMILY], found[GIVEN], found[BIRTH]
    mail, ident = found[MAIL], found[IDENT]
    is_mail = mail is not None and mail[0] < 2  # the same, in either case
    if any(one is not None and one[0] >= DIFFERENT - 1 for one in (family, given)):
        if given is not None and given[0] == ANOTHER - 1 and ident is None:
            return _OTHER_NAME_ONE_LINE  # spouses share a mailbox, twins a birthday
        is_own = (
            is_mail
            or (birth is not None and birth[0] < 2)  # the same or a slip
            or (ident is not None and ident[0] < 2)  # likewise
        )
        return _OTHER_NAME if is_own else _OTHER_NAME_ONE_LINE
    is_far = birth is not None and birth[0] == _OTHER_GENERATION
    if is_far and not is_mail and ident is None:
        return _OTHER_NAME_ONE_LINE  # father and son
    return _NAMELESS if family is None or given is None else 1.0


def _is_alike(found: tuple[Found, ...]) -> bool:
    return _are_alike(found[FAMILY], found[GIVEN])


def _are_alike(family: Found, given: Found) -> bool:
    return bool(family and given and family[0] < ALIKE and given[0] < ALIKE)


_BASES: Final = (
    Basis((_FORM,), _family),
    Basis((_FORM,), _given),
    Basis((_BOX, _FORM), _mail_group),
    Basis((_LINE,), _line_group),
    Basis((_BOX, _LINE, _COMPANY, _PLACE, _HOUSE), _affiliation),
    Basis((_HOUSE,), _street_group),
    Basis((_DAY,), found_by),
    Basis((_NUMBER,), found_by),
    Basis((_TITLE,), found_by),
    Basis((_FORM,), _middle),
    Basis((_YEAR, _DAY), _year_group),
    Basis((_GENDER,), found_by),
)


PEOPLE: Final = Subject(
    name="person",
    traits=TRAITS,
    keys=KEYS,
    groups=PERSON_GROUPS,
    bases=_BASES,
    usual={"family": 4, "given": 6, "company": 4, "city": 7, "post": 5, "domain": 4, "title": 9},
    cap=_cap,
    within=(MAIL,),
    is_alike=_is_alike,
    decisive=("name", "birth", "identifier", "mail"),
)
"""People."""
