"""Matches."""

import pickle
from array import array
from collections.abc import Sequence

import pytest

from crmcore.entities import Contact, Lead, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    CONTACT_LINKAGE,
    LEADS_AND_CONTACTS,
    DuplicateSets,
    Match,
    find_duplicates,
)
from crmcore.rules.matching.matches import Made, Matches, as_matches, outlines
from crmcore.values import PersonName
from crmcore.values.ids import ContactId, LeadId

ADA = PersonName(given="Ada", family="Lovelace")
PEOPLE: list[Record] = [
    *(Contact(id=ContactId(f"c{at}"), name=ADA, email="ada@x.org") for at in range(4)),
    *(Lead(id=LeadId(f"l{at}"), name=ADA, email="ada@x.org", company="Engine") for at in range(2)),
]


@pytest.fixture(name="sets")
def made_sets() -> DuplicateSets:
    return find_duplicates(
        PEOPLE, rules=[CONTACT_LINKAGE, LEADS_AND_CONTACTS], model=STANDARD_MODEL
    )


def test_matches_are_as_a_tuple_of_them(sets: DuplicateSets) -> None:
    pairs, plain = sets.pairs, tuple(sets.pairs)
    assert isinstance(pairs, Matches)
    assert len(pairs) == len(plain) == 6 + 8
    assert {match.rule for match in plain} == {CONTACT_LINKAGE.name, LEADS_AND_CONTACTS.name}
    assert pairs == plain
    assert plain == pairs
    assert pairs != plain[1:]
    assert pairs != (*plain[1:], plain[0])
    assert pairs != list(plain)
    assert hash(pairs) == hash(plain)
    assert repr(pairs) == repr(plain)
    assert (pairs[0], pairs[-1]) == (plain[0], plain[-1])
    assert pairs[2:9:3] == plain[2:9:3]
    assert pairs[::-1] == plain[::-1]
    assert pairs + plain == plain + pairs == plain + plain
    assert plain[3] in pairs
    assert pairs.index(plain[3]) == 3
    with pytest.raises(IndexError):
        pairs[14]


def test_what_was_found_can_be_pickled(sets: DuplicateSets) -> None:
    again = pickle.loads(pickle.dumps(sets))  # noqa: S301  # what was written a line before
    assert again == sets


def test_what_each_is_about_is_told_without_its_evidence(sets: DuplicateSets) -> None:
    told = [(one.left, one.right, one.score) for one in sets.pairs]
    assert list(outlines(sets.pairs)) == list(outlines(tuple(sets.pairs))) == told
    for ref in (record.ref for record in PEOPLE):
        assert sets.of(ref) == tuple(one for one in sets.pairs if ref in one.refs)


def test_matches_given_as_a_list_are_kept_as_a_tuple(sets: DuplicateSets) -> None:
    given: Sequence[Match] = list(sets.pairs)
    assert DuplicateSets(pairs=given).pairs == tuple(given)
    assert as_matches(sets.pairs) is sets.pairs
    assert Matches((Made(tuple(given)),), array("q", [1, 0])) == (given[1], given[0])
