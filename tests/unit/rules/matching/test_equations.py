from typing import Any

import attrs
import pytest

from crmcore.entities import Contact
from crmcore.findings import ModelError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    ACCOUNT_EQUATION,
    CONTACT_EQUATION,
    Clause,
    check,
    compare,
    find_duplicates,
    score_of,
)
from crmcore.values import PersonName


def contact(given: str | None, **fields: Any) -> Contact:
    return Contact(name=PersonName(given=given, family="Lovelace"), **fields)


def score(one: Contact, other: Contact, rule: Any = CONTACT_EQUATION) -> float | None:
    found = compare(one, other, rule=rule, model=STANDARD_MODEL)
    if found is not None:
        assert score_of(found.evidence, rule) == found.score
    return None if found is None else found.score


def test_the_equations_fit_the_standard_model() -> None:
    assert not check(CONTACT_EQUATION, STANDARD_MODEL)
    assert not check(ACCOUNT_EQUATION, STANDARD_MODEL)


def test_any_clause_is_enough_and_the_least_alike_comparison_is_the_score() -> None:
    one, other = contact("Ada", email="ada@x.org"), contact("A.", email="ada@x.org")
    assert score(one, other) == 0.9
    assert score(one, contact("Ada", email="ada@x.org")) == 1
    assert score(one, contact("Ada", email="bob@x.org")) == 0
    assert score(one, contact("Zoe", email="ada@x.org")) == 0
    sets = find_duplicates([one, other], rules=[CONTACT_EQUATION], model=STANDARD_MODEL)
    assert [match.score for match in sets.pairs] == [0.9]


def test_a_blank_fails_a_clause_unless_it_is_allowed() -> None:
    one, other = contact("Ada", email="ada@x.org"), contact("Ada")
    assert score(one, other) == 0
    clause = Clause(needs={"name": 0.85, "mail": 1.0}, blanks={"mail"})
    lenient = attrs.evolve(CONTACT_EQUATION, name="lenient-1", clauses=(clause,))
    assert score(one, other, lenient) == 1


@pytest.mark.parametrize(
    "clause",
    [
        Clause(needs={}),
        Clause(needs={"nmae": 0.5}),
        Clause(needs={"name": 2.0}),
        Clause(needs={"name": 0.5}, blanks={"name"}),
    ],
)
def test_a_clause_that_cannot_work_is_refused(clause: Clause) -> None:
    with pytest.raises(ModelError):
        attrs.evolve(CONTACT_EQUATION, clauses=(clause,))
