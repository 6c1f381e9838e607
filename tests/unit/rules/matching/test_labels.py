"""Weights from labelled pairs."""

from typing import Any

import pytest

from crmcore import Crm
from crmcore.entities import Contact, Judgement
from crmcore.entities.ledger import Verdict
from crmcore.errors import UsageError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    CONTACT_LINKAGE,
    LEAD_CONTACT_LINKAGE,
    LinkageRule,
    find_duplicates,
    learn_labelled,
)
from crmcore.values import PersonName, Ref
from crmcore.values.ids import ContactId

FAMILIES = ("Lovelace", "Babbage", "Hopper", "Turing", "Noether", "Germain", "Kovalev", "Franklin")


def person(number: int, copy: int = 0, **fields: Any) -> Contact:
    """One of many people; the second copy has an initial for a given name."""
    family = FAMILIES[number % 8] + "abcdefgh"[number // 8 % 8]
    return Contact(
        id=ContactId(f"c{number:03}-{copy}"),
        name=PersonName(given="A." if copy else "Ada", family=family),
        email=f"{family}{number}@x{number}.org".lower(),
        **fields,
    )


PEOPLE = [person(at, copy) for at in range(40) for copy in (0, 1)]
LABELS = [
    *((PEOPLE[at].ref, PEOPLE[at + 1].ref, True) for at in range(0, 60, 2)),
    *((PEOPLE[at].ref, PEOPLE[at + 2].ref, False) for at in range(0, 60, 2)),
]


def learnt(labels: Any = LABELS, **given: Any) -> LinkageRule:
    return learn_labelled(PEOPLE, labels, rule=CONTACT_LINKAGE, model=STANDARD_MODEL, **given)


def test_labels_move_the_weights_towards_what_they_show() -> None:
    rule = learnt()
    assert rule.learnt is not None
    given = next(one for one in rule.about.groups if one.name == "given name")
    at = next(at for at, level in enumerate(given.levels) if level.name == "initial")
    standard = given.levels[at].m
    assert rule.learnt.m["given name"][at] == pytest.approx((30 + 15 * standard) / 45)
    assert rule.learnt.has_footing
    sets = find_duplicates(PEOPLE, rules=[rule], model=STANDARD_MODEL)
    assert {one.left.id[:4] for one in sets.pairs} == {f"c{at:03}" for at in range(40)}
    assert not sets.learnt


def test_the_order_of_labels_does_not_matter() -> None:
    turned = [(other, one, is_one) for one, other, is_one in reversed(LABELS)]
    assert learnt(turned + LABELS) == learnt()


def test_no_label_leaves_the_standard_rates_of_agreement() -> None:
    rule = learnt([])
    assert rule.learnt is not None
    for name, rates in rule.about.standard.m.items():
        assert rule.learnt.m[name] == pytest.approx(rates)


@pytest.mark.parametrize(
    "label",
    [
        (PEOPLE[0].ref, PEOPLE[0].ref, True),
        (PEOPLE[0].ref, Ref("contact", "nobody"), True),
        (PEOPLE[0].ref, PEOPLE[1].ref, False),  # it is labelled as one, too
    ],
)
def test_labels_that_make_no_sense_are_refused(label: Any) -> None:
    with pytest.raises(UsageError):
        learnt([*LABELS, label])


def test_labels_of_kinds_that_the_rule_does_not_compare_are_refused() -> None:
    with pytest.raises(UsageError, match="does not compare"):
        learn_labelled(
            PEOPLE,
            [(PEOPLE[0].ref, PEOPLE[1].ref, True)],
            rule=LEAD_CONTACT_LINKAGE,
            model=STANDARD_MODEL,
        )


def test_a_crm_learns_from_pairs_that_were_judged() -> None:
    crm = Crm()
    crm.add_all(PEOPLE)
    crm.duplicates(PEOPLE[0], PEOPLE[1])
    crm.not_duplicates(PEOPLE[0], PEOPLE[2])
    judged = [
        (one.first, one.second, one.verdict is Verdict.DUPLICATE) for one in crm.find(Judgement)
    ]
    rule = crm.learn_matches(CONTACT_LINKAGE, labelled=judged)
    assert rule == crm.learn_matches(
        CONTACT_LINKAGE,
        labelled=[(PEOPLE[0].id, PEOPLE[1], True), (PEOPLE[0], PEOPLE[2].ref, False)],
    )
    assert rule.learnt is not None
