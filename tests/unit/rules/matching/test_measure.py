import pytest

from crmcore.entities import Contact, Lead, Record
from crmcore.errors import UsageError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    CONTACT_EQUATION,
    CONTACT_LINKAGE,
    CONTACTS,
    LEAD_CONTACT_LINKAGE,
    LEADS_AND_CONTACTS,
    AnyRule,
    evaluate,
    find_duplicates,
    predict,
    worth_labelling,
)
from crmcore.values import PersonName, Ref
from crmcore.values.ids import ContactId, LeadId


def contact(name: str, email: str | None = None, phone: str | None = None) -> Contact:
    given, family = name.split()
    return Contact(
        id=ContactId(f"{given}-{family}-{email}-{phone}".lower()),
        name=PersonName(given=given, family=family),
        email=email,
        phone=phone,
    )


PEOPLE: list[Record] = [
    contact("Ada Lovelace", "ada@x.org"),
    contact("Ada Lovelace", "ada@x.org", "030 1234567"),
    contact("Ada Lovelace"),
    contact("Charles Babbage", "cb@x.org", "030 7654321"),
    contact("Karl Babbage", "cb@x.org", "030 7654321"),
]


def test_what_was_found_is_measured_at_every_threshold() -> None:
    sets = find_duplicates(PEOPLE, rules=[CONTACT_LINKAGE], model=STANDARD_MODEL, threshold=0.05)
    refs = [one.ref for one in PEOPLE]
    true = [(refs[1], refs[0]), (refs[0], refs[2])]
    told = evaluate(sets, true, thresholds=(0.01, 0.5, 0.9))
    assert [one.threshold for one in told.pairs] == [0.05, 0.5, 0.9]
    found = [one.found for one in told.pairs]
    assert found == sorted(found, reverse=True)
    best = told.pairs[-1]
    assert best.right <= best.true == 2
    assert best.precision == best.right / best.found
    assert best.recall == best.right / 2
    assert len(told.to_rows()) == 4
    assert "clusters" in str(told)
    assert "<table>" in told._repr_html_()


def test_nothing_found_has_no_precision() -> None:
    sets = find_duplicates(PEOPLE[:1], rules=[CONTACT_LINKAGE], model=STANDARD_MODEL)
    told = evaluate(sets, [])
    assert (told.clusters.precision, told.clusters.recall, told.clusters.f1) == (None, None, None)
    with pytest.raises(UsageError):
        evaluate(sets, [(Ref("contact", "a"), Ref("contact", "a"))])


def test_the_least_certain_pairs_are_worth_a_look_first() -> None:
    sets = find_duplicates(PEOPLE, rules=[CONTACT_LINKAGE], model=STANDARD_MODEL, threshold=0.01)
    chosen = worth_labelling(sets, 2)
    assert len(chosen) == 2
    distance = [abs(one.score - 0.5) for one in chosen]
    assert distance == sorted(distance)
    assert distance[0] == min(abs(one.score - 0.5) for one in sets.pairs)


@pytest.mark.parametrize(
    "rule", [CONTACT_LINKAGE, CONTACTS, CONTACT_EQUATION], ids=lambda one: one.name
)
def test_comparisons_are_predicted_before_any_is_made(rule: AnyRule) -> None:
    """By each kind of rule."""
    told = predict(PEOPLE, rule=rule, model=STANDARD_MODEL)
    sets = find_duplicates(PEOPLE, rules=[rule], model=STANDARD_MODEL)
    made = {one.key: one for one in sets.counts}
    assert {one.key for one in told.keys} == made.keys()
    assert all(one.pairs >= made[one.key].pairs for one in told.keys)
    assert all(one.blocks == made[one.key].blocks for one in told.keys)
    assert told.pairs >= sets.compared > 0
    assert told.keys[0].about in str(told)
    assert "<table>" in told._repr_html_()


@pytest.mark.parametrize(
    "rule", [LEAD_CONTACT_LINKAGE, LEADS_AND_CONTACTS], ids=lambda one: one.name
)
def test_across_kinds_only_pairs_of_both_are_predicted(rule: AnyRule) -> None:
    ada = PersonName(given="Ada", family="Lovelace")
    leads = [Lead(id=LeadId(f"l{at}"), name=ada, email="ada@x.org") for at in range(2)]
    people = [Contact(id=ContactId("c"), name=ada, email="ada@x.org"), *leads]
    told = predict(people, rule=rule, model=STANDARD_MODEL)
    (mailbox,) = [one for one in told.keys if one.key in ("mailbox", "e-mail")]
    assert (mailbox.blocks, mailbox.pairs, mailbox.largest) == (1, 2, 3)
    assert predict(leads, rule=rule, model=STANDARD_MODEL).pairs == 0
    assert predict([], rule=rule, model=STANDARD_MODEL).pairs == 0


@pytest.mark.parametrize("rule", [CONTACT_LINKAGE, CONTACTS], ids=lambda one: one.name)
def test_blocks_that_are_too_large_are_predicted_to_be_skipped(rule: AnyRule) -> None:
    crowd = [
        Contact(id=ContactId(f"c{at}"), name=PersonName(family="King"), email="ada@x.org")
        for at in range(5)
    ]
    told = predict(crowd, rule=rule, model=STANDARD_MODEL, block_limit=4)
    assert max(one.skipped for one in told.keys) == 5
    assert told.pairs == 0
