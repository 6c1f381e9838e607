"""People: how contacts and leads are read, brought together, compared and weighed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from crmcore.rules.matching.linkage import forms
from crmcore.rules.matching.linkage.compare import (
    beginnings,
    compare_idents,
    compare_lines,
    compare_places,
    compare_streets,
    found_by,
    itself,
    under,
)
from crmcore.rules.matching.linkage.names import (
    ALIKE,
    DIFFERENT,
    FAMILY_BUCKET,
    GIVEN_BUCKET,
    GIVEN_LEVEL,
    PART,
    compare_names,
    name_facets,
    name_values,
    read_name,
)
from crmcore.rules.matching.linkage.person_groups import PERSON_GROUPS
from crmcore.rules.matching.linkage.subject import LEVELS, Found, Key, Subject, Trait, coded
from crmcore.rules.matching.linkage.weights import RARE, Buckets
from crmcore.rules.similarity.company import company_likeness
from crmcore.rules.similarity.comparers import day_likeness
from crmcore.rules.similarity.text import jaro_winkler, slips

_SHARED: Final = 4
"""The bucket of a line or a street that so many people share that it is an office's."""

FAMILY, GIVEN, MAIL, PHONE, AFFILIATION, STREET, BIRTH, IDENT, TITLE = range(9)


def _mail(one: tuple[str, ...], other: tuple[str, ...], learnt: Buckets) -> int:
    return coded(*min(_mailboxes(mine, theirs, learnt) for mine in one for theirs in other))


def _mailboxes(mine: str, theirs: str, learnt: Buckets) -> tuple[int, int]:
    """The level, from ``M_SAME`` on, and the bucket, of two mailboxes."""
    if mine == theirs:
        return M_SAME, learnt.bucket("mail", mine)
    local, _, domain = mine.partition("@")
    other, _, elsewhere = theirs.partition("@")
    if domain == elsewhere:
        return _at_one_domain(local, other, domain, learnt)
    near = slips(domain, elsewhere) <= _DOMAIN_SLIPS
    if local == other:
        return (M_SLIP if near else M_ELSEWHERE), RARE
    short = min(len(local), len(other)) < _LONG_ENOUGH
    if near and not short and slips(local, other) <= 1:
        return M_SLIP, RARE
    if not short and mine[0] == theirs[0] and jaro_winkler(mine, theirs, least=_ALIKE_MAIL):
        return M_ALIKE, RARE
    if forms.is_own(domain) and forms.is_own(elsewhere):
        return M_OTHER_DOMAIN, RARE
    return M_OTHER, RARE


def _at_one_domain(local: str, other: str, domain: str, learnt: Buckets) -> tuple[int, int]:
    wrong = slips(local, other)
    if forms.digits(local) == forms.digits(other):
        if wrong <= (1 if min(len(local), len(other)) < _LONG else 2):
            return M_SLIP, RARE
    elif forms.letters(local) == forms.letters(other):
        return M_NUMBERED, learnt.bucket("domain", domain)
    if forms.is_own(domain):
        return M_COLLEAGUE, learnt.bucket("domain", domain)
    return M_OTHER, RARE


M_SAME, M_SLIP, M_ALIKE, M_ELSEWHERE, M_COLLEAGUE, M_NUMBERED, M_OTHER_DOMAIN, M_OTHER = range(1, 9)
_ALIKE_MAIL: Final = 0.88
_DOMAIN_SLIPS: Final = 2
_LONG_ENOUGH: Final = 4
_LONG: Final = 8


def _mail_values(form: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for box in form:
        yield "mail", box
        domain = box.rpartition("@")[2]
        if forms.is_own(domain):
            yield "domain", domain


def _locals(form: tuple[str, ...]) -> tuple[str, ...]:
    names = (box.partition("@")[0] for box in form)
    return tuple(dict.fromkeys(one for one in names if len(one) >= _LONG_ENOUGH))


def _domains(form: tuple[str, ...]) -> tuple[str, ...]:
    found = (box.rpartition("@")[2] for box in form)
    return tuple(dict.fromkeys(one for one in found if forms.is_own(one)))


def _company(one: tuple[str, ...], other: tuple[str, ...], learnt: Buckets) -> int:
    """1 the same, 2 alike, 3 another."""
    shared = set(one).intersection(other)
    if shared:
        return coded(1, min(learnt.bucket("company", text) for text in shared))
    near = any(company_likeness(mine, theirs) for mine in one for theirs in other)
    return coded(2 if near else 3, RARE)


def _birth(one: date, other: date, learnt: Buckets) -> int:
    """1 the same, 2 a slip, 3 two of day, month and year, 4 another."""
    if one == other:
        return coded(1, learnt.bucket("birth", one.isoformat()))
    if day_likeness(one, other):
        return coded(2, RARE)
    same = (one.year == other.year) + (one.month == other.month) + (one.day == other.day)
    return coded(3 if same == 2 or abs((one - other).days) <= _NEAR_DAYS else 4, RARE)  # of three


_NEAR_DAYS: Final = 31


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
        compare=compare_names,
        values=name_values,
        facets=name_facets,
    ),
    Trait(
        name="mail",
        meanings=("email",),
        form=forms.mailboxes,
        compare=_mail,
        values=_mail_values,
        facets={"box": itself, "local": _locals, "domain": _domains},
        is_by_name=True,
    ),
    Trait(
        name="line",
        meanings=("phone",),
        form=forms.lines,
        form_in=forms.lines,
        compare=compare_lines,
        values=forms.line_values,
        facets={"line": forms.line_ends},
        is_by_name=True,
    ),
    Trait(
        name="company",
        meanings=("company",),
        form=forms.companies,
        compare=_company,
        values=under("company"),
        facets={"start": beginnings},
    ),
    Trait(
        name="place",
        meanings=("address",),
        form=forms.places,
        compare=compare_places,
        values=forms.place_values,
        facets={"post": forms.posts, "city": forms.cities},
    ),
    Trait(
        name="street",
        meanings=("address",),
        form=forms.streets,
        compare=compare_streets,
        values=forms.street_values,
        facets={"house": forms.houses},
        is_by_name=True,
    ),
    Trait(
        name="birth",
        meanings=("birth_date",),
        form=forms.day,
        compare=_birth,
        values=lambda form: (("birth", form.isoformat()),),
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
        compare=compare_idents,
        values=under("identifier"),
        facets={"identifier": itself},
    ),
    Trait(
        name="title",
        meanings=("title",),
        form=forms.words,
        compare=_title,
        values=under("title"),
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
        about="one name, in whichever order",
        parts=("name.full",),
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
)


def _classify(codes: tuple[int, ...]) -> tuple[Found, ...]:
    name, mail, line, company, place, street, birth, ident, title = codes
    family, given = _names(name)
    alike = bool(family and given and family[0] < PART and given[0] < ALIKE - 1)
    return (
        family,
        given,
        _mail_group(mail, is_alike=alike),
        _line_group(line),
        _affiliation(mail, line, company, place, street),
        _street_group(street),
        found_by(birth),
        found_by(ident),
        found_by(title),
    )


def _names(code: int) -> tuple[Found, Found]:
    family, given = code & 15, code >> GIVEN_LEVEL & 15
    return (
        (family - 1, code >> FAMILY_BUCKET & 63) if family else None,
        (given - 1, code >> GIVEN_BUCKET & 63) if given else None,
    )


def _mail_group(code: int, *, is_alike: bool) -> Found:
    if not code:
        return None
    level, bucket = code % LEVELS, code // LEVELS
    if level == M_SAME:
        return int(is_alike), bucket
    if level in (M_SLIP, M_ALIKE):
        return 2 * (level - 1) + is_alike, bucket
    return {M_ELSEWHERE: 6, M_NUMBERED: 8}.get(level, 7), bucket


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


def _cap(found: tuple[Found, ...]) -> float:
    """People of different names are never surely one, nor are those without a name (law D11)."""
    family, given = found[FAMILY], found[GIVEN]
    if any(one is not None and one[0] == DIFFERENT - 1 for one in (family, given)):
        mail, birth, ident = found[MAIL], found[BIRTH], found[IDENT]
        is_own = (
            (mail is not None and mail[0] < 2)  # the same, in either case
            or (birth is not None and birth[0] < 2)  # the same or a slip
            or (ident is not None and ident[0] < 2)  # likewise
        )
        return _OTHER_NAME if is_own else _OTHER_NAME_ONE_LINE
    return _NAMELESS if family is None or given is None else 1.0


def _is_alike(found: tuple[Found, ...]) -> bool:
    family, given = found[FAMILY], found[GIVEN]
    return bool(family and given and family[0] < PART and given[0] < ALIKE - 1)


PEOPLE: Final = Subject(
    name="person",
    traits=TRAITS,
    keys=KEYS,
    groups=PERSON_GROUPS,
    classify=_classify,
    usual={"family": 4, "given": 6, "company": 4, "city": 7, "post": 5, "domain": 4, "title": 9},
    cap=_cap,
    within=(MAIL,),
    is_alike=_is_alike,
    sources={
        "family name": ["name"],
        "given name": ["name"],
        "e-mail": ["name", "mail"],
        "telephone": ["line"],
        "affiliation": ["mail", "line", "company", "place", "street"],
        "street": ["street"],
        "birthday": ["birth"],
        "identifier": ["identifier"],
        "job title": ["title"],
    },
    decisive=("name", "birth", "identifier", "mail"),
)
"""People."""
