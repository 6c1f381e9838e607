"""Distinct: who works for several accounts of a group counts once in the group."""

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Account, Contact
from crmcore.rules.rollup import CONTACTS, roll_up
from tests.properties.rollup.records import contact, link
from tests.properties.rollup.worlds import CONTEXT, Brute, forests

PLACES = st.integers(0, 5)


@given(
    forests(most=6),
    st.lists(st.none() | PLACES, max_size=6),
    st.lists(st.tuples(PLACES, PLACES), max_size=14),
)
def test_a_shared_contact_counts_once_in_a_subtree(
    accounts: tuple[Account, ...], own: list[int | None], pairs: list[tuple[int, int]]
) -> None:
    """R4 distinct: a contact related to several accounts of a subtree counts once there."""
    contacts = [
        contact(f"c{number}", None if at is None else f"a{at}") for number, at in enumerate(own)
    ]
    links = [link(f"a{account}", f"c{person}") for account, person in pairs]
    found = roll_up(CONTACTS, accounts=accounts, children=contacts, links=links, context=CONTEXT)
    tree = Brute(accounts)

    def places(person: Contact) -> set[str]:
        named = {one.account_id for one in links if one.contact_id == person.id}
        return {one for one in (person.account_id, *named) if one in tree.parents}

    for account in accounts:
        around = {
            person.id: {at for at in places(person) if account.id in tree.line(at)}
            for person in contacts
        }
        shared = sum(len(at) > 1 for at in around.values())
        event("somebody is shared" if shared else "nobody is shared")
        assert found[account.id] == sum(bool(at) for at in around.values())
    assert found.unassigned == sum(not places(person) for person in contacts)
    assert found.everything == len(contacts)
