"""A catalogue of many records: bounded, and reported where it is not."""

from typing import Any

from crmcore.entities import Account, Contact
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    CONTACT_LINKAGE,
    CONTACTS,
    LEAD_CONTACT_LINKAGE,
    AnyRule,
    Catalogue,
    Matches,
)
from crmcore.values import Address, PersonName
from crmcore.values.ids import AccountId, ContactId

NAME = PersonName(given="Ada", family="Lovelace")


def contact(number: int, **fields: Any) -> Contact:
    return Contact(id=ContactId(f"c{number:04}"), name=NAME, **fields)


def filed(count: int, rule: Any = CONTACT_LINKAGE, **fields: Any) -> Catalogue:
    catalogue = Catalogue([rule], model=STANDARD_MODEL)
    for at in range(count):
        catalogue.put(contact(at, **fields))
    return catalogue


def test_keys_that_many_share_are_split_or_told() -> None:
    catalogue = Catalogue([CONTACT_LINKAGE], model=STANDARD_MODEL)
    for at in range(120):
        catalogue.put(contact(at, mailing_address=Address(city=f"Town {at // 4}")))
    asked = contact(9_999, mailing_address=Address(city="Town 7"))
    found = catalogue.matches(asked, threshold=0.01)
    assert found.compared == 4
    assert not found.skipped
    crowd = filed(60, email="ada@x.org").matches(contact(9_999, email="ada@x.org"))
    assert {(one.key, one.value, one.size) for one in crowd.skipped} >= {
        ("mailbox", "ada@x.org", 60)
    }
    for at in range(20):
        catalogue.drop(contact(at).ref)
    assert len(catalogue) == 100


def test_a_rule_with_given_weights_is_asked_in_the_same_way() -> None:
    catalogue = filed(2, CONTACTS, email="ada@x.org")
    found = catalogue.matches(contact(9_999, email="ada@x.org"))
    assert [match.rule for match in found] == [CONTACTS.name] * 2
    assert found[0].score == max(match.score for match in found)
    assert filed(60, CONTACTS, email="a@x.org").matches(contact(99, email="a@x.org")).skipped


def test_rules_can_be_chosen_and_records_left_out() -> None:
    catalogue = Catalogue([CONTACT_LINKAGE, LEAD_CONTACT_LINKAGE], model=STANDARD_MODEL)
    for at in range(2):
        catalogue.put(contact(at, email="ada@x.org"))
    asked = contact(9, email="ada@x.org")
    assert not catalogue.matches(asked, rules=[LEAD_CONTACT_LINKAGE.name])
    assert len(catalogue.matches(asked, without=frozenset([contact(0).ref]))) == 1
    catalogue.drop(contact(77).ref)
    catalogue.put(Account(id=AccountId("a"), name="Acme"))
    assert len(catalogue) == 3


def test_an_answer_can_be_read() -> None:
    none = Matches()
    assert "nothing like it" in str(none)
    assert "nothing like it" in none._repr_html_()
    some = filed(1, email="ada@x.org").matches(contact(9, email="ada@x.org"))
    assert "e-mail" in str(some)
    assert "for and against" in some._repr_html_()


def test_many_filed_at_once_are_as_filed_one_by_one() -> None:
    rules: list[AnyRule] = [CONTACT_LINKAGE, CONTACTS]
    records = [contact(at, mailing_address=Address(city=f"Town {at // 4}")) for at in range(60)]
    one_by_one, at_once = (Catalogue(rules, model=STANDARD_MODEL) for _ in range(2))
    for record in records:
        one_by_one.put(record)
    at_once.put_all(records[:40])
    at_once.put_all(records[30:])
    for record in records:
        found = at_once.matches(record, threshold=0.01)
        assert found == one_by_one.matches(record, threshold=0.01)
    assert {one.rule for one in found.skipped} == {CONTACTS.name}


def test_an_emptied_catalogue_is_filled_like_a_new_one() -> None:
    catalogue = filed(5, email="ada@x.org")
    for at in range(5):
        catalogue.drop(contact(at).ref)
    catalogue.put_all([contact(at, email="ada@x.org") for at in range(3, 9)])
    asked = contact(99, email="ada@x.org")
    expected = filed(9, email="ada@x.org")
    for at in range(3):
        expected.drop(contact(at).ref)
    assert catalogue.matches(asked) == expected.matches(asked)
    assert len(catalogue.matches(asked)) == 6


def test_each_threshold_has_its_own_answer() -> None:
    catalogue = filed(1, phone="030 1234567")
    asked = contact(99, phone="030 1234567")
    (match,) = catalogue.matches(asked, threshold=0.01)
    for least in (0.1, 0.2, 0.3, 0.4, match.score, min(1.0, match.score + 1e-6)):
        assert bool(catalogue.matches(asked, threshold=least)) == (least <= match.score)
    assert catalogue.matches(asked, threshold=0.1).found == (match,)
