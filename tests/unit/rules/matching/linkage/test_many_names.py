"""Many names at once; test_quick_comparisons.py holds them to one by one."""

import pytest

from crmcore.entities import Contact
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import CONTACT_LINKAGE, find_duplicates
from crmcore.rules.matching.linkage import fast, many
from crmcore.rules.matching.linkage.many_names import compare_many_names
from crmcore.rules.matching.linkage.names import (
    ANOTHER,
    DIFFERENT,
    FAMILY_BUCKET,
    GIVEN_BUCKET,
    GIVEN_LEVEL,
    SAME,
    compare_names,
)
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.similarity.person import NameForm
from crmcore.values import PersonName
from tests.properties.matching.records import changed

np = pytest.importorskip("numpy")


def name(given: str, family: str, generation: str = "") -> NameForm:
    return NameForm(family=family, given=given, middle="", generation=generation)


def test_what_is_shared_has_its_bucket_and_what_differs_has_none() -> None:
    forms = [name("", ""), name("ada", "king"), name("zoe", "king"), name("ada", "lovelace")]
    learnt = PEOPLE.standard.buckets()
    family, given = learnt.bucket("family", "king"), learnt.bucket("given", "ada")
    assert compare_many_names(np, forms, ([1, 1, 2], [2, 3, 3]), learnt).tolist() == [
        SAME | ANOTHER << GIVEN_LEVEL | family << FAMILY_BUCKET,
        DIFFERENT | SAME << GIVEN_LEVEL | given << GIVEN_BUCKET,
        DIFFERENT | ANOTHER << GIVEN_LEVEL,
    ]


def test_father_and_son_and_names_that_are_exchanged_are_asked_one_by_one() -> None:
    forms = [
        name("", ""),
        name("ada", "king", "jr"),
        name("ada", "king", "sr"),
        name("king", "ada"),
    ]
    forms += [name("ada", "kink", "sr"), name("", "スズキケンジ"), name("ケンジ", "スズキ")]
    learnt = PEOPLE.standard.buckets()
    ones, others = [1, 1, 1, 5], [2, 3, 4, 6]
    assert compare_many_names(np, forms, (ones, others), learnt).tolist() == [
        compare_names(forms[one], forms[other], learnt)
        for one, other in zip(ones, others, strict=True)
    ]


def test_no_pairs_have_no_codes() -> None:
    learnt = PEOPLE.standard.buckets()
    assert compare_many_names(np, [name("", "")], ([], []), learnt).tolist() == []


def test_few_pairs_at_once_and_no_arrays_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [
        changed(
            Contact(
                name=PersonName(family=f"King{'sley' * (at % 3)}", given=("Ada", "Bob")[at % 2]),
                email=f"box{at // 3}@engine.org",
            ),
            id=f"c{at:02}",
        )
        for at in range(40)
    ]
    found = find_duplicates(people, rules=[CONTACT_LINKAGE], model=STANDARD_MODEL)
    monkeypatch.setattr(fast, "MANY", 2)
    for at_once in (7, 500_000):
        monkeypatch.setattr(many, "_AT_ONCE", at_once)
        assert find_duplicates(people, rules=[CONTACT_LINKAGE], model=STANDARD_MODEL) == found
    assert len(found.pairs) > 10
