from typing import Any

import pytest

from crmcore import Crm
from crmcore.entities import Account, Contact, MergeReceipt
from crmcore.rules.matching import DuplicateSets
from crmcore.values import PersonName
from tests.examples import example


def people(crm: Crm, *emails: str) -> list[Contact]:
    name = PersonName(given="Mary", family="Somerville")
    return [crm.add(Contact(name=name, email=email, title="x")) for email in emails]


def test_sets_are_merged_one_by_one_each_with_a_receipt() -> None:
    crm, told = Crm(), []
    one, two, three, four = people(crm, "a@x.example", "a@y.example", "b@x.example", "b@y.example")
    done = crm.merge_all([[one, two], (three.id, four.ref)], progress=lambda *at: told.append(at))
    assert told == [(1, 2), (2, 2)]
    assert crm.count(MergeReceipt) == len(done.merges) == 2
    assert crm.count(Contact) == 2
    assert "merged with 1" in str(done)
    assert "merged with 1" in done._repr_html_()


def test_the_record_with_the_most_values_survives_then_the_first_made() -> None:
    crm = Crm()
    one, two, three = people(crm, "a@x.example", "b@x.example", "c@x.example")
    rich = crm.save(example(Contact, id=three.id, name=three.name, version=three.version))
    assert crm.merge_all([[one, two]]).merges[0].receipt.survivor == one.ref
    richest = crm.merge_all([[crm.get(Contact, one.id), rich]]).merges[0]
    assert richest.receipt.survivor in (one.ref, rich.ref)


def test_a_set_with_two_that_are_not_one_is_left_with_a_finding() -> None:
    crm = Crm()
    one, two, three = people(crm, "a@x.example", "b@x.example", "c@x.example")
    crm.not_duplicates(one, three)
    done = crm.merge_all([[one, two, three]])
    assert (done.merges, crm.count(Contact)) == ((), 3)
    assert [finding.code for finding in done.findings] == ["merge.set_left"]
    assert "judged not to be one" in str(done)


def test_what_cannot_be_merged_is_left_and_the_others_go_on() -> None:
    crm = Crm()
    one, two = people(crm, "a@x.example", "b@x.example")
    person, firm = (Account(name="A", is_person=flag) for flag in (True, False))
    crm.add_all([person, firm, Contact(name=PersonName(family="A"), account_id=person.id)])
    done = crm.merge_all([[person, firm], ["nobody", one], [one], [one, two]])
    assert len(done.merges) == 1
    assert [len(left.members) for left in done.left] == [2, 2, 1]


def test_a_dry_run_sees_its_own_merges_and_stores_nothing() -> None:
    crm = Crm()
    one, two, three = people(crm, "a@x.example", "b@x.example", "c@x.example")
    done = crm.merge_all([[one, two], [two, three], [one, three]], dry_run=True)
    assert len(done.merges) == 2
    assert "one record already" in done.left[0].why
    assert crm.count(Contact) == 3


@pytest.mark.parametrize(("threshold", "count"), [(None, 1), (0.5, 1), (1.0, 0)])
def test_a_threshold_says_how_sure_a_set_must_be(threshold: Any, count: int) -> None:
    crm = Crm()
    people(crm, "mary@x.example", "mary@x.example")
    found = crm.find_duplicates(Contact, threshold=0.3)
    assert isinstance(found, DuplicateSets)
    done = crm.merge_all(found, threshold=threshold, dry_run=True)
    if threshold == 1.0 and found.pairs[0].score == 1.0:
        count = 1
    assert len(done.merges) == count
    assert len(done.left) == 1 - count
