"""Normal forms: what does not count in a name, a number or an address."""

import unicodedata
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.rules.similarity import (
    line,
    mailbox,
    normal_company,
    normal_postal_code,
    normal_street,
    web_domain,
)

FORMS: tuple[Callable[[str], str | None], ...] = (
    line,
    mailbox,
    normal_company,
    normal_postal_code,
    normal_street,
    web_domain,
)
LEGAL = tuple(
    "SA S.A. SARL S.A.R.L. SAS GmbH AG Ltd Ltd. Inc Inc. LLC L.L.C. BV B.V. NV Oy AB AS SpA S.p.A."
    " Srl S.L. KK PLC Limited Corporation".split()
)
WORDS = st.sampled_from(
    ("Acme", "Łódź", "Müller", "São", "and", "&", "the", "i", "y", "n", "c", "AB", "Co.", "SA")
) | st.text(st.characters(codec="utf-8"), max_size=4)
TEXTS = st.lists(WORDS, max_size=6).map(" ".join) | st.text(max_size=20)
POINTS = st.sampled_from(
    (
        *("a.+b@x.org", "A.D.A+x+y@googlemail.com", "+x@x.org", "www.www.x.org", "www.org"),
        *("https://www.shop.x.org/a", "0049 30 1234567 ext 12", "(0)30 1234567", "12345-6789"),
        *("Hauptstr. 5", "5 N St Rd"),
    )
)


@pytest.mark.parametrize("form", FORMS, ids=lambda one: one.__name__)
@given(text=TEXTS | POINTS)
@example(text="i n c o and a b")
def test_a_normal_form_is_its_own_normal_form(form: Callable[[str], str | None], text: str) -> None:
    """D2."""
    normal = form(text)
    assert normal is None or form(normal) == normal


NAMES = st.lists(
    st.sampled_from(("Acme", "Łódź", "Müller", "São Paulo", "Kraków", "Nuñez", "Tšehhi", "Foods")),
    min_size=1,
    max_size=3,
    unique=True,
)


UNICODE: st.SearchStrategy[Literal["NFC", "NFD", "NFKC", "NFKD"]] = st.sampled_from(
    ("NFC", "NFD", "NFKC", "NFKD")
)


@given(NAMES, st.sampled_from(LEGAL), UNICODE, st.data())
def test_a_company_is_known_whatever_its_notation(
    words: list[str],
    legal: str,
    form: Literal["NFC", "NFD", "NFKC", "NFKD"],
    data: st.DataObject,
) -> None:
    """D2: blind to case, Unicode form, diacritics, spaces, punctuation and legal form."""
    change = data.draw(st.sampled_from((str.upper, str.lower, str.title)))
    space = data.draw(st.sampled_from((" ", "  ", "\u00a0", " - ", ", ", "\t")))
    plain = " ".join(words)
    written = unicodedata.normalize(form, f"{change(space.join(words))}, {legal}")
    assert normal_company(written) == normal_company(plain) != ""


@given(
    st.integers(1_000_000, 99_999_999).map(str),
    st.sampled_from(("+49 30 {}", "0049 30 {}", "+49 (30) {}", "tel:+49-30-{}", "+4930{}")),
)
def test_a_line_is_known_whatever_its_notation(number: str, notation: str) -> None:
    """D2."""
    assert line(notation.format(number)) == line(f"+4930{number}")
