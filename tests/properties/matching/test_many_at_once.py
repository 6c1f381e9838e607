"""Many at once: what is read of many records is what is read of each of them by itself."""

import re
from collections import Counter
from datetime import date
from typing import Any

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.entities import Account, Contact, Lead, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import ACCOUNT_LINKAGE, CONTACT_LINKAGE, LEAD_CONTACT_LINKAGE
from crmcore.rules.matching.linkage.companies import COMPANIES
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.subject import Subject
from crmcore.rules.matching.linkage.table import Table
from crmcore.rules.matching.linkage_search import readers
from crmcore.rules.similarity.contact_points import mailbox
from crmcore.rules.similarity.lines import line_form, quick_phone
from crmcore.rules.similarity.person import name_form, name_forms
from crmcore.values import Address, PersonName
from crmcore.values.email import normal_email
from crmcore.values.phone import normal_phone
from tests.properties.matching.records import changed

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
WORDS = st.lists(
    st.sampled_from(
        (
            *("Ada", "de la", "VAN", "O'Neil", "Abd", "Abdul", "al", "Rahman", "Nuruddin", "Dr."),
            *("Łódź", "Müller", "鈴木", "スズキ", "Сергей", "عبد", "Jr", "III", "J.", "ann-marie"),
        )
    )
    | TEXT,
    max_size=3,
).map(" ".join)
PART = st.none() | WORDS | st.sampled_from((7, b"x"))  # bad data too
NAMES: st.SearchStrategy[Any] = st.builds(
    PersonName, family=PART, given=PART, middle=PART, suffix=PART
)
MAIL = st.sampled_from(
    (
        *("Ada.King+x@Gmail.com", "a.d.a@googlemail.com", "info@x.org", "a.+b@x.org", "+x@x.org"),
        *("a-b_c@x-y.co.uk", "ada@xn--bcher-kva.de", "ada@bücher.de", "a..b@x.org", " A@X.ORG "),
        *("Ada <ada@x.org>", "ada@localhost", "ada@1.2", "a@-x.org", f"{'a' * 65}@x.org"),
    )
) | st.from_regex(r"[a-z+.]{1,4}@[a-z.-]{1,6}\.[a-z0-9]{1,3}", fullmatch=True)
DIGITS = st.text("0123456789", min_size=3, max_size=13)
PHONE = (
    st.tuples(
        st.sampled_from(
            ("", "+", "00", "(00", "+49 ", "0044", "+1", "+39 0", "+48", "+46 ", "+81")
        ),
        DIGITS,
        st.sampled_from(("", " ", "-", ")", "/")),
        DIGITS,
        st.sampled_from(("", " ext. 12", "x7", ";ext=3")),
    ).map("".join)
    | DIGITS
    | TEXT
)
ADDRESS = st.none() | st.builds(Address, street=PART, city=PART, postal_code=PART)


@given(st.lists(NAMES, max_size=6))
@example([PersonName(family="DE", given="Mr"), PersonName(given="Ada"), PersonName()])
def test_forms_of_many_names_are_those_of_each(names: list[PersonName]) -> None:
    """D3."""
    forms = name_forms([(one.family, one.given, one.middle, one.suffix) for one in names])
    assert forms == [name_form(one) for one in names]
    assert {type(form) for form in forms} <= {type(name_form(PersonName(family="x"))), type(None)}


@given(NAMES)
@example(PersonName(family="de", given="Mr"))
@example(PersonName(family="Abdullah", given="Nuruddin"))
def test_a_word_of_plain_letters_is_read_as_others_are(name: PersonName) -> None:
    """D3: a mark that does not count sends a name the long way, and nothing else comes of it."""
    marked = [None if not isinstance(one, str) else f"{one}." for one in _parts(name)]
    assert name_form(PersonName(**dict(zip(PARTS, marked, strict=True)))) == name_form(name)


PARTS = ("family", "given", "middle", "suffix")


def _parts(name: PersonName) -> tuple[str | None, ...]:
    return (name.family, name.given, name.middle, name.suffix)


@given(MAIL | TEXT)
def test_plain_mailboxes_are_read_as_others_are(text: str) -> None:
    """D3: the quick way to a mailbox ends where the long one does."""
    address = normal_email(text)
    if address is None:
        assert mailbox(text) is None
        return
    local, _, domain = address.partition("@")
    local = local.partition("+")[0].rstrip(".") or local
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", "") or local, "gmail.com"
    assert mailbox(text) in {None, f"{local}@{domain}"}
    assert (mailbox(text) is None) == (mailbox(f"{local}@{domain}") is None)


@given(PHONE, st.sampled_from((None, "DE", "US", "IT", "GB", "FR", "PL", "RU", "SE", "AR")))
@example("+34 68 94831293", None)
@example("0033 2097294059", "FR")
@example("+4858", None)
def test_a_quick_answer_is_that_of_the_long_way(text: str, region: str | None) -> None:
    """D3: what the plan of a country says of a number is what libphonenumber says."""
    quick = quick_phone(text.strip(), region)
    if quick is not None:
        assert (quick or None) == normal_phone(text.strip(), region)
    assert line_form(text, region) == _long_line(text, region)


def _long_line(text: str, region: str | None) -> str | None:
    """As ``line_form``, without any quick way."""
    extension = r"\s*(?:;ext=|\bext(?:ension|n)?\b[.:]?|#|x)\s*\d{1,7}\s*\Z"
    number = re.sub(extension, "", text.strip(), flags=re.IGNORECASE)
    made = None
    if region is not None or number.lstrip("( ").startswith(("+", "00")):
        made = normal_phone(number, region)
        made = made.partition(";")[0] if made is not None and made.startswith("+") else None
    if made is None:
        made = "".join(str(int(one)) for one in number if one.isdecimal()).lstrip("0")
    return made if len(made) >= 6 and len(set(made.lstrip("+"))) > 1 else None


def _records(draw: st.DrawFn, kind: type[Record]) -> Record:
    texts = st.none() | TEXT | MAIL
    fields: dict[str, Any] = {
        "name": draw(NAMES),
        "phone": draw(st.none() | PHONE),
        "email": draw(texts),
        "title": draw(PART),
    }
    if kind is Contact:
        fields |= {
            "other_emails": tuple(draw(st.lists(MAIL, max_size=2))),
            "mobile": draw(st.none() | PHONE),
            "birth_on": draw(st.none() | st.just(date(1815, 12, 10))),
            "mailing_address": draw(ADDRESS),
            "account_id": draw(st.sampled_from((None, "a1", "a2", "gone"))),
        }
        return changed(Contact(name=PersonName()), **fields)
    if kind is Lead:
        return changed(Lead(name=PersonName()), **fields, company=draw(PART), address=draw(ADDRESS))
    return changed(
        Account(name="x"),
        name=draw(PART),
        website=draw(texts),
        phone=fields["phone"],
        billing_address=draw(ADDRESS),
        shipping_address=draw(ADDRESS),
        tax_id=draw(PART),
    )


@st.composite
def worlds(draw: st.DrawFn, *kinds: type[Record]) -> list[Record]:
    return [
        _records(draw, kind) for kind in kinds for _ in range(draw(st.integers(0, 4), label="rows"))
    ]


RELATED = {
    one.ref: one
    for one in (changed(Account(name=name), id=id_) for id_, name in (("a1", "Acme"), ("a2", "")))
}
CASES = (
    (CONTACT_LINKAGE, PEOPLE, (Contact,)),
    (LEAD_CONTACT_LINKAGE, PEOPLE, (Contact, Lead)),
    (ACCOUNT_LINKAGE, COMPANIES, (Account,)),
)


@pytest.mark.parametrize(("rule", "subject", "kinds"), CASES, ids=("people", "leads", "companies"))
@given(data=st.data())
def test_a_table_holds_of_many_records_what_it_holds_of_each(
    rule: Any, subject: Subject, kinds: tuple[type[Record], ...], data: st.DataObject
) -> None:
    """D3 and D6: forms, facets and values do not depend on how many records are read at once."""
    records = data.draw(worlds(*kinds))
    region = data.draw(st.sampled_from((None, "DE")))
    about = subject.in_region(region)
    read = readers(rule, STANDARD_MODEL, RELATED)
    table = Table(about)
    table.fill(records, read)
    for at, column in enumerate(table.columns):
        trait = column.trait
        for row, record in enumerate(records):
            one = read[record.ref.kind][at]
            form = None if one is None else trait.form(one(record))
            assert column.forms[column.ids[row]] == form, trait.name
            if one is not None:
                assert [one.raw(held) for held in one.held([record])] == [one(record)]
            for name, make in trait.facets.items():
                texts = column.facet_texts(name)
                numbers = column.facet(name)[column.ids[row]]
                assert tuple(texts[one] for one in numbers) == (() if form is None else make(form))
    values, counted = table.values(), _counted(table)
    shared = {name: len(found) for name, found in values.common.items()}
    assert {name: times + shared[name] for name, times in values.rare.items()} == counted


def _counted(table: Table) -> dict[str, int]:
    """How many different values each table has, counted one by one."""
    found: dict[str, set[str]] = {}
    for column in table.columns:
        for number in filter(None, column.ids):
            for name, texts in column.trait.values.items():
                found.setdefault(name, set()).update(texts(column.forms[number]))
    return {name: len(texts) for name, texts in found.items() if texts}


@given(st.lists(st.sampled_from(("Ada King", "Ada Lovelace", "Bob King", "King Ada")), max_size=9))
def test_lines_count_by_the_different_names_that_share_them(names: list[str]) -> None:
    """D3: a line that one person has in several records is no switchboard."""
    records = [
        evolve(Contact(name=PersonName.parse(name), phone="030 1234567"), id=str(at))  # type: ignore[arg-type]  # an id
        for at, name in enumerate(names)
    ]
    table = Table(PEOPLE)
    table.fill(records, readers(CONTACT_LINKAGE, STANDARD_MODEL, {}))
    common = table.values().common
    marks = {"".join(sorted(word[0] for word in name.split())) for name in names}
    assert ("line" in common and "1234567" in common["line"]) == (len(marks) > 3)
    families = Counter(name.split()[1].casefold() for name in names)
    assert set(common.get("family", ())) == {one for one, times in families.items() if times > 3}
