"""Finding duplicates."""

from datetime import UTC, date, datetime
from typing import Any, TypeVar

import pytest
from attrs import evolve as evolved

from crmcore.entities import Account, Contact, Judgement, Lead, Record
from crmcore.entities.ledger import Verdict
from crmcore.errors import UsageError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    ACCOUNTS,
    CONTACTS,
    LEADS,
    WEIGHTED_MATCH_RULES,
    DuplicateSets,
    Level,
    MatchRule,
    compare,
    find_duplicates,
    matches_of,
)
from crmcore.values import Address, PersonName

ADA = Contact(
    id="c1",  # type: ignore[arg-type]  # an id
    name=PersonName(family="Lovelace", given="Ada"),
    email="ada@x.org",
    phone="030 1234567",
)
SAME = Contact(id="c2", name=PersonName(family="LOVELACE", given="A."), email="Ada@X.org")  # type: ignore[arg-type]  # an id
BOB = Contact(id="c3", name=PersonName(family="Babbage", given="Bob"), email="bob@x.org")  # type: ignore[arg-type]  # an id
LEAD = Lead(id="l1", name=PersonName(family="Lovelace", given="Ada"), phone="+49 30 1234567")  # type: ignore[arg-type]  # an id
T = TypeVar("T", bound=Record | MatchRule)
NOW = datetime(2026, 3, 14, tzinfo=UTC)


def evolve(record: T, **fields: Any) -> T:
    return evolved(record, **fields)


def found(*records: Record, **options: object) -> DuplicateSets:
    return find_duplicates(
        records,
        **{"rules": WEIGHTED_MATCH_RULES, "model": STANDARD_MODEL, **options},  # type: ignore[arg-type]  # options
    )


def test_the_same_person_is_found_and_others_are_not() -> None:
    sets = found(ADA, SAME, BOB)
    (match,) = sets.pairs
    assert match.refs == (ADA.ref, SAME.ref)
    assert match.level is Level.SURE
    assert [cluster.members for cluster in sets.clusters] == [(ADA.ref, SAME.ref)]
    assert (sets.records, sets.compared, sets.most_compared) == (3, 1, 1)


def test_a_lead_that_is_a_contact_already_is_found() -> None:
    (match,) = found(ADA, LEAD).pairs
    assert match.rule == "lead-contact-standard-1"


def test_nothing_given_is_nothing_found() -> None:
    sets = found()
    assert not sets
    assert (sets.pairs, sets.clusters, sets.skipped) == ((), (), ())


def test_records_of_other_kinds_serve_to_follow_references() -> None:
    acme, other = (Account(id=key, name="Acme Ltd") for key in ("a1", "a2"))  # type: ignore[arg-type]  # ids
    one = Contact(id="c1", name=ADA.name, account_id=acme.id)  # type: ignore[arg-type]  # an id
    two = Contact(id="c2", name=ADA.name, account_id=other.id)  # type: ignore[arg-type]  # an id
    assert not found(one, two, rules=[CONTACTS])
    assert found(one, two, acme, other, rules=[CONTACTS]).pairs[0].score == 1.0
    assert found(one, two, rules=[CONTACTS], related=[acme, other]).pairs[0].score == 1.0
    assert found(one, two, acme, other, rules=[CONTACTS]).records == 2


def test_a_threshold_of_ones_own_finds_more_or_less() -> None:
    weak = Contact(id="c9", name=PersonName(family="Lovelace", given="Ada"))  # type: ignore[arg-type]  # an id
    assert not found(ADA, weak)
    assert found(ADA, weak, threshold=0.6).pairs[0].level is Level.POSSIBLE
    assert found(ADA, weak, threshold=0.6).thresholds["contact-standard-1"] == 0.6
    assert not found(ADA, SAME, threshold=1.0, rules=[evolve(CONTACTS, enough=9)])


def test_of_several_rules_the_best_score_counts_then_the_first_rule() -> None:
    strict = evolve(CONTACTS, name="strict-1", enough=12)
    again = evolve(CONTACTS, name="again-1")
    assert found(ADA, SAME, rules=[strict, CONTACTS, again], threshold=0.5).pairs[0].rule == (
        CONTACTS.name
    )
    assert found(ADA, SAME, rules=[again, CONTACTS, strict]).pairs[0].rule == again.name


def test_a_person_is_never_an_organisation() -> None:
    place = Address(street="1 High St", city="Bath", postal_code="BA1")
    firm = Account(id="a1", name="Ada Lovelace", billing_address=place)  # type: ignore[arg-type]  # an id
    person = evolve(firm, id="a2", is_person=True)
    assert found(firm, evolve(firm, id="a3"), rules=[ACCOUNTS])
    assert compare(firm, person, rule=ACCOUNTS, model=STANDARD_MODEL).score == 0  # type: ignore[union-attr]  # there is one
    assert not found(firm, person, rules=[ACCOUNTS], threshold=0.1)


def test_judgements_are_respected() -> None:
    no = Judgement(first=SAME.ref, second=ADA.ref, verdict=Verdict.NOT_DUPLICATE, judged_at=NOW)
    sets = found(ADA, SAME, judgements=[no])
    assert (sets.pairs, sets.clusters) == ((), ())
    assert sets.apart == ((ADA.ref, SAME.ref),)
    yes = Judgement(first=ADA.ref, second=BOB.ref, verdict=Verdict.DUPLICATE, judged_at=NOW)
    sets = found(ADA, BOB, judgements=[yes])
    assert [cluster.members for cluster in sets.clusters] == [(ADA.ref, BOB.ref)]
    assert sets.joined == ((ADA.ref, BOB.ref),)


def test_judgements_of_records_that_are_not_given_do_nothing() -> None:
    yes = Judgement(first=ADA.ref, second=BOB.ref, verdict=Verdict.DUPLICATE, judged_at=NOW)
    assert found(ADA, judgements=[yes]).joined == ()
    assert found(ADA, BOB, judgements=[yes], rules=[LEADS]).joined == ()


def test_a_record_given_twice_counts_once() -> None:
    assert found(ADA, ADA).records == 1
    with pytest.raises(UsageError, match="one id"):
        found(ADA, evolve(ADA, phone=None))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"threshold": 0}, "threshold"),
        ({"threshold": 1.1}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"block_limit": 1}, "block"),
        ({"rules": [CONTACTS, CONTACTS]}, "one name"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(options: dict[str, object], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        found(ADA, **options)


def test_whether_a_record_exists_already_is_told_with_the_same_scores() -> None:
    sets = found(ADA, SAME, BOB, LEAD)
    matches = matches_of(
        ADA, [ADA, SAME, BOB, LEAD], rules=WEIGHTED_MATCH_RULES, model=STANDARD_MODEL
    )
    assert matches == sets.of(ADA.ref)
    assert len(matches) == 2


def test_a_judgement_keeps_a_match_out_there_too() -> None:
    no = Judgement(first=SAME.ref, second=ADA.ref, verdict=Verdict.NOT_DUPLICATE, judged_at=NOW)
    matches = matches_of(ADA, [SAME], rules=[CONTACTS], model=STANDARD_MODEL, judgements=[no])
    assert matches == ()


def test_one_record_is_looked_for_in_blocks_of_any_size() -> None:
    many = [evolve(SAME, id=f"m{at}") for at in range(60)]
    assert not found(ADA, *many)
    assert found(ADA, *many).skipped
    assert len(matches_of(ADA, many, rules=[CONTACTS], model=STANDARD_MODEL)) == 60


def test_two_records_are_compared_whatever_their_keys() -> None:
    match = compare(BOB, ADA, rule=CONTACTS, model=STANDARD_MODEL)
    assert match is not None
    assert (match.refs, match.score, match.level) == ((ADA.ref, BOB.ref), 0.0, Level.UNLIKELY)
    blank = Contact(name=PersonName())
    assert compare(ADA, blank, rule=CONTACTS, model=STANDARD_MODEL) is None
    with pytest.raises(UsageError, match="does not compare"):
        compare(ADA, LEAD, rule=CONTACTS, model=STANDARD_MODEL)
    with pytest.raises(UsageError, match="does not compare"):
        compare(ADA, ADA, rule=CONTACTS, model=STANDARD_MODEL)


def test_bad_data_is_nothing_to_compare_and_nothing_fails() -> None:
    odd: list[object] = [None, 5, "", [1], {}, "a" * 1_000_000]
    records = [
        Contact(
            id=f"x{at}",  # type: ignore[arg-type]  # an id
            name=value,  # type: ignore[arg-type]  # bad data
            email=value,  # type: ignore[arg-type]  # bad data
            phone=value,  # type: ignore[arg-type]  # bad data
            birth_on=value,  # type: ignore[arg-type]  # bad data
            mailing_address=value,  # type: ignore[arg-type]  # bad data
            account_id=str(value),  # type: ignore[arg-type]  # bad data
        )
        for at, value in enumerate(odd)
    ]
    assert not found(*records)


def test_a_birthday_tells_people_of_one_name_apart() -> None:
    one = evolve(ADA, email=None, phone=None, birth_on=date(1990, 3, 4))
    twin = evolve(one, id="c8")
    assert found(one, twin).pairs[0].score == 1.0
    assert not found(one, evolve(twin, birth_on=date(1955, 7, 28)), threshold=0.6)
