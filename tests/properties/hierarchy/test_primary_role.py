"""The primary role of a deal, and what becomes of roles when a contact goes."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, ConflictError, Insert, Update
from crmcore.entities import Contact, Opportunity, OpportunityContactRole, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import Query
from crmcore.rules.deletion import delete
from crmcore.rules.integrity import check_between
from crmcore.values import PersonName

DEALS = ("d", "e")
CONTACTS = ("x", "y", "z")
deal_ids, contact_ids = st.sampled_from(DEALS), st.sampled_from(CONTACTS)
COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), deal_ids, contact_ids, st.booleans()),
        st.tuples(st.just("promote"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("delete contact"), contact_ids),
        st.tuples(st.just("delete deal"), deal_ids),
    ),
    max_size=20,
)


class World:
    """Deals, contacts and roles in memory; a command with an error is refused."""

    def __init__(self) -> None:
        self.repository = MemoryRepository()
        self.number = 0
        ends: list[Any] = [Opportunity(name=one, id=one) for one in DEALS]  # type: ignore[arg-type]  # any text
        ends += [Contact(name=PersonName(family=one), id=one) for one in CONTACTS]  # type: ignore[arg-type]  # any text
        self.repository.commit(ChangeSet([Insert(one) for one in ends]))

    def all(self, entity: Any) -> list[Any]:
        with self.repository.snapshot() as snapshot:
            return list(snapshot.find(Query.of(entity)))

    @property
    def roles(self) -> list[OpportunityContactRole]:
        return self.all(OpportunityContactRole)

    def planned(self, changes: list[Any]) -> ChangeSet | None:
        """The changes with what they rely on, or ``None`` where they are refused."""
        everything: list[Record] = [*self.all(Contact), *self.all(Opportunity), *self.roles]
        found = check_between(
            [one.after for one in changes],
            before={one.ref: one.before for one in changes if isinstance(one, Update)},
            known={one.ref: one for one in everything},
            rivals=self.roles,
            model=STANDARD_MODEL,
        )
        return None if found.findings.errors else ChangeSet(changes, found.checks)

    def role(self, deal: str, contact: str, *, primary: bool) -> OpportunityContactRole:
        self.number += 1
        names: Any = {"id": f"r{self.number}", "opportunity_id": deal, "contact_id": contact}
        return OpportunityContactRole(is_primary=primary, **names)

    def write(self, change: Any) -> None:
        planned = self.planned([change])
        if planned is None:
            event("refused")
        else:
            self.repository.commit(planned)

    def remove(self, record: Record) -> None:
        decision = delete(record, referring=self.roles, model=STANDARD_MODEL)
        assert not decision.findings
        self.repository.commit(decision.changes)

    def run(self, command: tuple[Any, ...]) -> None:
        match command:
            case "add", deal, contact, primary:
                self.write(Insert(self.role(deal, contact, primary=primary)))
            case "promote", index, primary:
                for row in self.roles[index : index + 1]:
                    self.write(Update(row, evolve(row, is_primary=primary)))
            case "delete contact", which:
                for contact in self.all(Contact):
                    if contact.id == which:
                        self.remove(contact)
            case "delete deal", which:
                for deal in self.all(Opportunity):
                    if deal.id == which:
                        self.remove(deal)

    def assert_sound(self) -> None:
        primaries = [one.opportunity_id for one in self.roles if one.is_primary]
        assert len(set(primaries)) == len(primaries)
        assert {one.contact_id for one in self.roles} <= {one.id for one in self.all(Contact)}
        assert {one.opportunity_id for one in self.roles} <= {
            one.id for one in self.all(Opportunity)
        }


@given(COMMANDS)
def test_a_deal_has_one_primary_role_and_no_role_dangles(commands: list[tuple[Any, ...]]) -> None:
    """X5. After any commands: at most one primary role a deal, and every role has both ends."""
    world = World()
    for command in commands:
        world.run(command)
        world.assert_sound()


@given(COMMANDS, contact_ids, st.sampled_from(["add", "delete"]))
def test_two_commands_decided_at_once_cannot_break_it(
    commands: list[tuple[Any, ...]], contact: str, other: str
) -> None:
    """X5. Of two right decisions that together are wrong, the second one conflicts."""
    world = World()
    for command in commands:
        world.run(command)
    mine = world.planned([Insert(world.role("d", contact, primary=True))])
    if other == "add":
        theirs = world.planned([Insert(world.role("d", "x", primary=True))])
    else:
        record = next((one for one in world.all(Contact) if one.id == contact), None)
        theirs = record and delete(record, referring=world.roles, model=STANDARD_MODEL).changes
    if mine is None or not theirs:
        return
    event("both right")
    world.repository.commit(theirs)
    with pytest.raises(ConflictError):
        world.repository.commit(mine)
    world.assert_sound()
