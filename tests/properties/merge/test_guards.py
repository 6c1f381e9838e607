import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import Account, Contact, Lead, Record
from crmcore.rules.merge import MergeError, merge
from crmcore.values import PersonName
from tests.properties.merge.worlds import context, made


@given(st.lists(st.booleans(), min_size=2, max_size=6))
def test_a_person_account_is_never_merged_with_an_organisation(persons: list[bool]) -> None:
    """M13 whoever would survive; persons among themselves and organisations may merge."""
    accounts = [
        made(Account, id=(f"a{index}"), name="Acme", is_person=is_person)
        for index, is_person in enumerate(persons)
    ]
    if len(set(persons)) == 1:
        assert merge(accounts[0], accounts[1:], context=context()).receipt.merged
        return
    with pytest.raises(MergeError) as caught:
        merge(accounts[0], accounts[1:], context=context())
    assert caught.value.refs == tuple(one.ref for one in accounts if one.is_person)


@given(st.permutations(["lead", "contact", "account"]), st.integers(2, 3))
def test_records_of_different_kinds_are_never_merged(kinds: list[str], size: int) -> None:
    """M13 a lead and a contact least of all: that is conversion."""
    one_of: dict[str, Record] = {
        "lead": made(Lead, id="l", company="Acme"),
        "contact": made(Contact, id="c", name=PersonName(family="L")),
        "account": made(Account, id=("a"), name="Acme"),
    }
    records = [one_of[kind] for kind in kinds[:size]]
    with pytest.raises(MergeError) as caught:
        merge(records[0], records[1:], context=context())
    assert caught.value.refs == tuple(one.ref for one in records[1:])
    assert ("convert" in str(caught.value)) is (set(kinds[:size]) == {"lead", "contact"})
