"""Key makers: the named ways to make blocking keys of a value.

Two records are compared only if they share a key. A key maker gives the short texts that a value
is filed under: none where it says too little, several where it may be written in several ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from crmcore.rules.similarity import NameForm, PlaceForm, is_own_domain, is_whole, line_end
from crmcore.values.frozenmap import FrozenMap

if TYPE_CHECKING:
    from datetime import date

    from crmcore.values.ref import Ref

_LETTERS_OF_A_NAME: Final = 3
_LETTERS_OF_A_COMPANY: Final = 5
_LETTERS_OF_A_STREET: Final = 4


@frozen(kw_only=True)
class KeyMaker:
    """A named way to make keys; ``about`` says which values share one.

    ``of`` names the comparer whose normal form ``make`` is given.
    """

    name: str
    about: str
    of: str
    make: Callable[[Any], Iterable[str]]


def _itself(form: str) -> Iterable[str]:
    return (form,)


def _line_end(form: str) -> Iterable[str]:
    return (line_end(form),)


def _mail_domain(form: str) -> Iterable[str]:
    domain = form.rpartition("@")[2]
    return (domain,) if is_own_domain(domain) else ()


def _full_name(form: NameForm) -> Iterable[str]:
    if is_whole(form.family + form.given):
        return (form.family + form.given,)
    return (_sorted(form.family, form.given),) if form.family and form.given else ()


def _name_start(form: NameForm) -> Iterable[str]:
    starts = [part[:_LETTERS_OF_A_NAME] for part in (form.family, form.given)]
    return (_sorted(*starts),) if all(starts) else ()


def _family_and_initial(form: NameForm) -> Iterable[str]:
    if not form.family or not form.given:
        return ()
    return (f"{form.family} {form.given[0]}", f"{form.given} {form.family[0]}")


def _either_name(form: NameForm) -> Iterable[str]:
    return (*form.family.split(), form.given)


def _sorted(*parts: str) -> str:
    return " ".join(sorted(parts))


def _company_start(form: str) -> Iterable[str]:
    return (form.replace(" ", "")[:_LETTERS_OF_A_COMPANY],)


def _postal_code(form: PlaceForm) -> Iterable[str]:
    return (form.postal_code,)


def _city(form: PlaceForm) -> Iterable[str]:
    return (form.city,)


def _street(form: PlaceForm) -> Iterable[str]:
    start = form.street.replace(" ", "")[:_LETTERS_OF_A_STREET]
    return (f"{number} {start}" for number in form.numbers) if start else ()


def _day(form: date) -> Iterable[str]:
    return (form.isoformat(),)


def _record(form: str | Ref[Any]) -> Iterable[str]:
    return (str(form),)


_STANDARD: Final = (
    KeyMaker(name="mailbox", about="the same mailbox", of="email", make=_itself),
    KeyMaker(
        name="mail_domain",
        about="mailboxes of one domain, free providers left out",
        of="email",
        make=_mail_domain,
    ),
    KeyMaker(name="line", about="the same last 7 digits", of="phone", make=_line_end),
    KeyMaker(
        name="full_name",
        about="the same family and given name, either way round",
        of="person_name",
        make=_full_name,
    ),
    KeyMaker(
        name="name_start",
        about="the same first 3 letters of family and given name, either way round",
        of="person_name",
        make=_name_start,
    ),
    KeyMaker(
        name="family_and_initial",
        about="the same family name and initial, either way round",
        of="person_name",
        make=_family_and_initial,
    ),
    KeyMaker(
        name="either_name",
        about="one name in common, be it family or given name",
        of="person_name",
        make=_either_name,
    ),
    KeyMaker(
        name="company",
        about="the same company name but for its legal form",
        of="company_name",
        make=_itself,
    ),
    KeyMaker(
        name="company_start",
        about="company names that begin with the same 5 letters",
        of="company_name",
        make=_company_start,
    ),
    KeyMaker(name="domain", about="the same web domain", of="domain", make=_itself),
    KeyMaker(name="postal_code", about="the same postal code", of="address", make=_postal_code),
    KeyMaker(name="city", about="the same city", of="address", make=_city),
    KeyMaker(
        name="street",
        about="the same house number in streets that begin with the same 4 letters",
        of="address",
        make=_street,
    ),
    KeyMaker(name="day", about="the same date", of="date", make=_day),
    KeyMaker(name="words", about="the same text", of="text", make=_itself),
    KeyMaker(name="identifier", about="the same identifier", of="identifier", make=_itself),
    KeyMaker(name="record", about="a reference to the same record", of="reference", make=_record),
)

KEY_MAKERS: Final[Mapping[str, KeyMaker]] = FrozenMap({one.name: one for one in _STANDARD})
"""Every key maker by its name."""
