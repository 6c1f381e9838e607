"""Lone forms: the forms of values of many records at once, for each trait.

Each takes the parts that ``Lone`` names, as many as there are, and makes the form of each; parts
that many share are read once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from operator import itemgetter
from typing import Final

from crmcore.rules.matching.linkage import forms
from crmcore.rules.matching.linkage.lone import Forms, Lone
from crmcore.rules.matching.linkage.names import in_its_place
from crmcore.rules.similarity.company import company_form
from crmcore.rules.similarity.contact_points import mailbox
from crmcore.rules.similarity.each import each
from crmcore.rules.similarity.lines import line_form
from crmcore.rules.similarity.person import NameForm, name_forms
from crmcore.rules.similarity.text import LONGEST
from crmcore.values.address import Address
from crmcore.values.person import PersonName
from crmcore.values.text import normal_text


def _texts(form: Callable[[str], str | None]) -> Forms:
    """Makes forms of texts by what is the form of one."""

    def made(values: Sequence[str | None]) -> list[tuple[str] | None]:
        found = [form(one[:LONGEST]) if one else None for one in values]
        return [(one,) if one else None for one in found]

    return made


def _lines(values: Sequence[str | None], region: str | None = None) -> Sequence[Hashable]:
    return _texts(partial(line_form, region=region))(values)


def _places(parts: Sequence[tuple[object, object]]) -> list[tuple[forms.Place] | None]:
    found = zip(
        each(forms.post_of, list(map(itemgetter(0), parts))),
        each(forms.city_of, list(map(itemgetter(1), parts))),
        strict=True,
    )
    return [(one,) if one[0] or one[1] else None for one in found]


def _streets(parts: Sequence[object]) -> list[tuple[forms.Street] | None]:
    found = map(forms.street_of, parts)
    return [(one,) if one[0] or one[1] else None for one in found]


def _names(
    parts: Sequence[tuple[object, object, object, object]],
) -> list[NameForm | None]:
    return [one if one is None or one.given else in_its_place(one) for one in name_forms(parts)]


NAMES: Final = Lone(kind=PersonName, parts=("family", "given", "middle", "suffix"), forms=_names)
MAILBOXES: Final = Lone(kind=str, forms=_texts(mailbox))
LINES: Final = Lone(kind=str, forms=_lines, forms_in=_lines)
SITES: Final = Lone(kind=str, forms=_texts(forms.site_of))
COMPANIES: Final = Lone(kind=str, forms=_texts(company_form))
WORDS: Final = Lone(kind=str, forms=_texts(normal_text))
IDENTIFIERS: Final = Lone(kind=str, forms=_texts(forms.identifier_of))
PLACES: Final = Lone(kind=Address, parts=("postal_code", "city"), forms=_places)
STREETS: Final = Lone(kind=Address, parts=("street",), forms=_streets)
