"""Linkage at work: learning, linking two sources, and bad data."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from crmcore.entities import Account, Contact, Record
from crmcore.findings import ModelError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    ACCOUNT_LINKAGE,
    CONTACT_LINKAGE,
    STANDARD_MATCH_RULES,
    DuplicateSets,
    LinkageRule,
    find_duplicates,
    learn,
    matches_of,
)
from crmcore.rules.matching.linkage import fast
from crmcore.values import Address, PersonName
from crmcore.values.ids import AccountId, ContactId

SYLLABLES = ("bra", "cho", "dun", "fel", "gri", "hov", "jas", "kem", "lop", "mur", "nox", "pid")
GIVEN = ("Ada", "Bob", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo", "Jil")


def person(number: int, copy: int = 0) -> Contact:
    """One of many people, the second copy with a slip in the name and no telephone."""
    family = "".join(SYLLABLES[number // 12**at % 12] for at in range(4)).title()
    given = GIVEN[number % 10]
    return Contact(
        id=ContactId(f"c{number:04}-{copy}"),
        name=PersonName(given=given, family=family[:-2] + family[-1] if copy else family),
        email=f"{given}.{family}@firm{number // 10}.org".lower(),
        phone=None if copy else f"030{(number * 7919 + 4_711) % 10**7:07}",
        mailing_address=Address(city=f"Town{number // 20}", postal_code=f"{10000 + number // 20}"),
    )


def people(count: int) -> list[Record]:
    """So many people, every fifth of them twice."""
    return [*map(person, range(count)), *(person(at, 1) for at in range(0, count, 5))]


def found(
    records: list[Record], rule: LinkageRule = CONTACT_LINKAGE, **given: Any
) -> DuplicateSets:
    return find_duplicates(records, rules=[rule], model=STANDARD_MODEL, **given)


def test_a_large_search_learns_and_says_what() -> None:
    records = people(400)
    sets = found(records)
    assert {one.left.id[:5] for one in sets.pairs} == {f"c{at:04}" for at in range(0, 400, 5)}
    assert all(one.left.id[:5] == one.right.id[:5] for one in sets.pairs)
    learnt = sets.learnt[CONTACT_LINKAGE.name]
    assert learnt.records == len(records)
    assert learnt.expected == pytest.approx(80, rel=0.2)
    kept = found(records, CONTACT_LINKAGE.with_learnt(learnt))
    assert [one.refs for one in kept.pairs] == [one.refs for one in sets.pairs]
    assert not kept.learnt
    assert learn(records, rule=CONTACT_LINKAGE, model=STANDARD_MODEL).learnt == learnt


def test_names_that_are_all_alike_teach_nothing_and_that_is_said() -> None:
    def cousin(number: int, copy: int = 0) -> Contact:
        family = f"Lovel{number:03}".translate(str.maketrans("0123456789", "abcdefghij"))
        one = person(number, copy)
        name = PersonName(given=one.name.given, family=family[:-2] + family[-1] if copy else family)
        email = f"{one.name.given}.{family}@firm{number // 10}.org".lower()
        return evolve(one, name=name, email=email)

    records: list[Record] = [*map(cousin, range(400)), *(cousin(at, 1) for at in range(0, 400, 5))]
    sets = found(records)
    learnt = sets.learnt[CONTACT_LINKAGE.name]
    assert not learnt.has_footing
    assert learnt.m == CONTACT_LINKAGE.about.standard.m
    assert [(one.code, one.path) for one in sets.findings] == [
        ("rule.no_footing", CONTACT_LINKAGE.name)
    ]
    assert all(one.left.id[:5] == one.right.id[:5] for one in sets.pairs)
    equal = [evolve(cousin(at), id=ContactId(f"c{at:04}-2")) for at in range(0, 400, 50)]
    again = found([*records, *equal])
    assert {one.right.id for one in again.pairs} >= {one.id for one in equal}
    assert all(one.left.id[:5] == one.right.id[:5] for one in again.pairs)
    assert not found(people(400)).findings


def test_arrays_give_what_plain_python_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numpy")
    records = people(2_200)
    with_arrays = found(records)
    monkeypatch.setattr(fast, "numpy", lambda: None)
    assert found(records) == with_arrays


def test_two_sources_are_linked_and_not_searched_themselves() -> None:
    name = PersonName(given="Ada", family="Lovelace")
    records: list[Record] = [
        Contact(id=ContactId(f"{source}{at}"), name=name, email="ada@x.org", source=source)
        for source in ("a", "b")
        for at in (1, 2)
    ]
    sets = found(records, CONTACT_LINKAGE.with_across({"contact": "source"}))
    assert {(one.left.id[0], one.right.id[0]) for one in sets.pairs} == {("a", "b")}
    assert len(found(records).pairs) == 6
    (match, *_) = matches_of(
        records[0],
        records,
        rules=[CONTACT_LINKAGE.with_across({"contact": "source"})],
        model=STANDARD_MODEL,
    )
    assert match.right.id[0] == "b"


def test_a_person_account_is_never_an_organisation() -> None:
    one, other = (
        Account(id=AccountId(str(at)), name="Ada Lovelace", phone="030 1234567", is_person=bool(at))
        for at in (0, 1)
    )
    assert not found([one, other], ACCOUNT_LINKAGE, threshold=0.01).pairs


def rubbish() -> Iterator[Any]:
    yield None
    yield ""
    yield 7
    yield ["list"]
    yield "x" * 10_000_000
    yield "\ud800"
    yield PersonName(family="y" * 1_000_000, given="\x00")
    yield Address(street="9" * 100_000, city=" ")


@pytest.mark.parametrize("bad", list(rubbish()), ids=lambda one: str(type(one).__name__))
def test_bad_data_is_compared_as_far_as_it_goes(bad: Any) -> None:
    fields: dict[str, Any] = dict.fromkeys(
        ("email", "phone", "mobile", "title", "birth_on", "mailing_address", "account_id"), bad
    )
    records: list[Record] = [Contact(id=ContactId(str(at)), name=bad, **fields) for at in range(3)]
    sets = found(records, threshold=0.01)
    assert sets.records == 3
    accounts: list[Record] = [
        Account(id=AccountId(str(at)), name=bad, phone=bad, website=bad, tax_id=bad)
        for at in range(3)
    ]
    assert found(accounts, ACCOUNT_LINKAGE, threshold=0.01).records == 3


def test_nothing_to_search_finds_nothing() -> None:
    sets = find_duplicates([], rules=STANDARD_MATCH_RULES, model=STANDARD_MODEL)
    assert not sets
    assert sets.compared == 0


def test_many_equal_keys_are_split_by_a_second_one() -> None:
    records: list[Record] = [
        Contact(
            id=ContactId(f"{at}"),
            name=PersonName(given="Ada", family="Lovelace"),
            mailing_address=Address(city=f"Town {at // 2}"),
        )
        for at in range(200)
    ]
    sets = found(records, threshold=0.01)
    assert sets.compared == 100
    assert not sets.skipped
    assert sets.most_compared == 1


def test_a_field_that_does_not_exist_is_refused() -> None:
    rule = CONTACT_LINKAGE.with_field("email", {"contact": "emial"})
    with pytest.raises(ModelError, match="email"):
        found([person(1), person(2)], rule)
    across = CONTACT_LINKAGE.with_across({"contact": "sorce"})
    with pytest.raises(ModelError, match="source"):
        found([person(1), person(2)], across)
