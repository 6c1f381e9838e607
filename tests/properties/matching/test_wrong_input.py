"""Wrong input: whatever a record holds, every kind of rule answers."""

from typing import Any

import pytest

from crmcore.entities import Account, Contact, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    ACCOUNT_EQUATION,
    ACCOUNT_LINKAGE,
    ACCOUNTS,
    CONTACT_EQUATION,
    CONTACT_LINKAGE,
    CONTACTS,
    AnyRule,
    find_duplicates,
    predict,
)
from crmcore.values import Address, PersonName
from crmcore.values.ids import AccountId, ContactId

HUGE = "Ab c" * 2_500_000
PLACE = Address(street=HUGE, city=HUGE, postal_code=HUGE, country=HUGE)
NAMELESS: Any = None
RULES = (CONTACT_LINKAGE, CONTACTS, CONTACT_EQUATION, ACCOUNT_LINKAGE, ACCOUNTS, ACCOUNT_EQUATION)


def three(rule: AnyRule, **fields: Any) -> list[Record]:
    """Three records of the kind of a rule, with these fields."""
    if rule.kinds == ("account",):
        return [Account(id=AccountId(str(at)), **fields) for at in range(3)]
    return [Contact(id=ContactId(str(at)), **fields) for at in range(3)]


@pytest.mark.parametrize("rule", RULES, ids=lambda one: one.name)
def test_records_without_any_value_are_no_duplicates(rule: AnyRule) -> None:
    """D4: by any kind of rule."""
    records = three(rule, name=NAMELESS)
    sets = find_duplicates(records, rules=[rule], model=STANDARD_MODEL, threshold=0.001)
    assert not sets.pairs
    assert not sets.compared
    assert not predict(records, rule=rule, model=STANDARD_MODEL).pairs


@pytest.mark.parametrize("rule", RULES, ids=lambda one: one.name)
def test_values_of_ten_million_characters_are_compared_by_their_beginning(rule: AnyRule) -> None:
    """D6: each pair once, at the cost of a short text."""
    name: Any = HUGE if rule.kinds == ("account",) else PersonName(family=HUGE, given=HUGE)
    records = three(rule, name=name, phone="1" * 10_000_000)
    sets = find_duplicates(records, rules=[rule], model=STANDARD_MODEL, threshold=0.001)
    assert sets.compared <= 3
    assert predict(records, rule=rule, model=STANDARD_MODEL).pairs >= sets.compared
