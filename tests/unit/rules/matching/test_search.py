"""One rule at work."""

from collections.abc import Mapping
from typing import Any

from crmcore.entities import Account, Contact, Lead, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    CONTACTS,
    LEADS_AND_CONTACTS,
    KeyCount,
    Match,
    MatchRule,
    SkippedBlock,
)
from crmcore.rules.matching.reading import Forms
from crmcore.rules.matching.search import Search
from crmcore.values import PersonName, Ref

ADA = PersonName(family="Lovelace", given="Ada")


def contacts(count: int) -> list[Contact]:
    return [Contact(id=f"c{at}", name=ADA, email="ada@x.org") for at in range(count)]  # type: ignore[arg-type]  # ids


def search(rule: MatchRule, threshold: float | None = None) -> Search:
    return Search(rule, model=STANDARD_MODEL, forms=Forms(None, {}), threshold=threshold)


def found_by(one: Search, given: Mapping[Ref[Any], Record], *, block: int) -> list[Match]:
    one.pair(given, block_limit=block, partner_limit=50)
    source = one.weigh().source
    return [source.match(at) for at in range(len(source))]


def test_each_pair_is_compared_once_and_counted_under_each_key() -> None:
    one = search(CONTACTS)
    given = {record.ref: record for record in contacts(3)}
    assert len(found_by(one, given, block=3)) == 3
    assert one.compared == 3
    assert set(one.partners.values()) == {2}
    by_key = {count.key: count for count in one.counts}
    assert by_key["mailbox"] == KeyCount(
        rule=CONTACTS.name, key="mailbox", blocks=1, pairs=3, matches=3
    )
    assert by_key["full name"].pairs == 3
    assert by_key["telephone"].pairs == 0


def test_a_block_above_the_limit_is_skipped_and_noted() -> None:
    one = search(CONTACTS)
    given = {record.ref: record for record in contacts(3)}
    assert found_by(one, given, block=2) == []
    assert one.skipped == [
        SkippedBlock(rule=CONTACTS.name, key="mailbox", value="ada@x.org", size=3),
        SkippedBlock(rule=CONTACTS.name, key="full name", value="ada lovelace", size=3),
    ]


def test_a_rule_for_two_kinds_compares_only_across() -> None:
    lead = Lead(id="l", name=ADA, email="ada@x.org")  # type: ignore[arg-type]  # an id
    given = {record.ref: record for record in [*contacts(2), lead]}
    one = search(LEADS_AND_CONTACTS)
    found = found_by(one, given, block=3)
    assert [(match.left.kind, match.right.kind) for match in found] == [("contact", "lead")] * 2


def test_a_large_block_of_one_kind_alone_is_nothing_to_skip() -> None:
    one = search(LEADS_AND_CONTACTS)
    assert found_by(one, {record.ref: record for record in contacts(5)}, block=2) == []
    assert one.skipped == []


def test_a_record_of_another_kind_has_no_match() -> None:
    account = Account(name="Acme")
    assert list(search(CONTACTS).run_for(account, {one.ref: one for one in contacts(2)})) == []


def test_the_threshold_is_that_of_the_rule_unless_given() -> None:
    assert search(CONTACTS).threshold == CONTACTS.likely
    assert search(CONTACTS, 0.5).threshold == 0.5


def test_looking_for_one_record_passes_by_those_that_are_not_alike() -> None:
    ada, *_ = contacts(1)
    sister = Contact(id="s", name=PersonName(family="King", given="Eve"), email="ada@x.org")  # type: ignore[arg-type]  # an id
    assert list(search(CONTACTS).run_for(ada, {sister.ref: sister})) == []
    assert len(list(search(CONTACTS, 0.1).run_for(ada, {sister.ref: sister}))) == 1


def test_of_several_values_the_most_alike_pair_counts() -> None:
    one = Contact(name=ADA, phone="030 1234567", mobile="030 7654321")
    other = Contact(name=ADA, phone="030 9999991", mobile="030 1234567", other_phones=("030 1111",))
    match = search(CONTACTS).match(one, other)
    assert match is not None
    told = {point.field: {point.left, point.right} for point in match.evidence}
    assert told["telephone"] == {"030 1234567"}
