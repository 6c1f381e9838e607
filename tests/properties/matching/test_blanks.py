"""What is missing says nothing, and what differs never helps."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import assume, event, given
from hypothesis import strategies as st

from crmcore.entities import Record
from crmcore.rules.matching import CONTACTS, MatchRule
from crmcore.rules.similarity import COMPARERS
from crmcore.values import Address, PersonName
from tests.properties.matching.records import changed, match_of, pairs

BLANKS = (
    None,
    "",
    " \t",
    "-",
    "...",
    PersonName(),
    PersonName(family=" "),
    Address(),
    Address(city=""),
)


@pytest.mark.parametrize("blank", BLANKS, ids=repr)
@given(name=st.sampled_from(sorted(COMPARERS)), other=st.sampled_from(BLANKS))
def test_blank_never_equals_blank(blank: object, name: str, other: object) -> None:
    """D4."""
    if name == "reference" and blank not in (None, ""):
        return  # an id may be any text but the empty one
    assert COMPARERS[name](blank, blank) is None
    assert COMPARERS[name](blank, other) is None


def differing(kind: str, field: str) -> Any:
    """A value unlike any of those in the small world."""
    values = {
        "name": PersonName(family="Quux", given="Xerxes") if kind != "account" else "Zyzzyva",
        "email": "xerxes.quux@elsewhere.net",
        "phone": "+1 212 555 0199",
        "mobile": "+1 212 555 0199",
        "company": "Zyzzyva",
        "website": "zyzzyva.net",
        "billing_address": Address(street="99 Elm Way", city="Oslo", postal_code="0150"),
        "mailing_address": Address(street="99 Elm Way", city="Oslo", postal_code="0150"),
        "address": Address(street="99 Elm Way", city="Oslo", postal_code="0150"),
        "tax_id": "XX 999",
    }
    return values[field]


FIELDS = {
    "account": ("website", "phone", "billing_address", "tax_id"),
    "contact": ("name", "email", "phone", "mobile", "mailing_address"),
    "lead": ("name", "email", "phone", "company", "address"),
}


@given(pairs(), st.data())
def test_a_differing_value_in_a_gap_never_raises_a_score(
    pair: tuple[MatchRule, Record, Record], data: st.DataObject
) -> None:
    """D4."""
    rule, one, other = pair
    kind = one.ref.kind
    field = data.draw(st.sampled_from(FIELDS[kind]))
    gap = PersonName() if field == "name" and kind == "contact" else None
    with_gap = changed(one, **{field: gap})
    filled = changed(one, **{field: differing(kind, field)})
    before, after = match_of(rule, with_gap, other), match_of(rule, filled, other)
    event(f"scores: {before is not None}, {after is not None}")
    assert (after.score if after else 0) <= (before.score if before else 0)
    if before is not None:
        assert after is not None


@given(pairs(), st.data())
def test_a_differing_part_in_a_gap_never_raises_a_score(
    pair: tuple[MatchRule, Record, Record], data: st.DataObject
) -> None:
    """D4 within names and addresses."""
    rule, one, other = pair
    field = {"account": "billing_address", "contact": "mailing_address", "lead": "address"}
    where = data.draw(st.sampled_from((field[one.ref.kind], "name")))
    assume(one.ref.kind != "account" or where != "name")
    part = data.draw(
        st.sampled_from(
            ("family", "given", "middle", "suffix")
            if where == "name"
            else ("street", "city", "postal_code")
        )
    )
    odd = {
        "family": "Quux",
        "given": "Xerxes",
        "middle": "Ygor",
        "suffix": "IV",
        "street": "99 Elm Way",
        "city": "Oslo",
        "postal_code": "0150",
    }
    value = getattr(one, where) or (PersonName() if where == "name" else Address())
    with_gap = changed(one, **{where: evolve(value, **{part: None})})
    filled = changed(one, **{where: evolve(value, **{part: odd[part]})})
    before, after = match_of(rule, with_gap, other), match_of(rule, filled, other)
    assert (after.score if after else 0) <= (before.score if before else 0)


def test_the_standard_rules_look_at_the_fields_that_are_filled_here() -> None:
    """D4: otherwise the laws above would say nothing."""
    named = {path for one in CONTACTS.comparisons for path in one.fields["contact"]}
    assert set(FIELDS["contact"]) <= named
