"""The direct relation of a contact, over any sequence of commands."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from attrs import evolve
from hypothesis import event, example, given
from hypothesis import strategies as st

from crmcore.adapters import MemoryRepository
from crmcore.changes import Change, ChangeSet, Insert, Update
from crmcore.entities import Account, AccountContactRelation, Contact, Record
from crmcore.model.check import check_record
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import Query
from crmcore.rules.integrity import Integrity, check_between, missing_relations
from crmcore.rules.relations import direct_relations, rehomed
from crmcore.rules.rule import Context
from crmcore.values import PersonName

ACCOUNTS = ("a", "b", "c")
CONTACTS = ("x", "y")
START = datetime(2026, 3, 14, 12, tzinfo=UTC)

account_ids = st.sampled_from((*ACCOUNTS, None))
contact_ids = st.sampled_from(CONTACTS)
days = st.none() | st.sampled_from((0, 0, 1, -1, 3)).map(
    lambda one: START.date() + timedelta(days=one)  # mostly the first day, on which most happens
)
COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), contact_ids, account_ids),
        st.tuples(st.just("move"), contact_ids, account_ids),
        st.tuples(st.just("say"), contact_ids, st.sampled_from(("Evaluator", "Consultant"))),
        st.tuples(st.just("relate"), contact_ids, st.sampled_from(ACCOUNTS), days, days),
        st.tuples(st.just("rest"), contact_ids, st.integers(0, 3), days),
        st.tuples(st.just("wait"), st.sampled_from((0, 0, 1, 2))),
    ),
    max_size=25,
)

TWINS: list[tuple[Any, ...]] = [
    ("move", "x", "a"),
    ("say", "x", "Evaluator"),
    ("relate", "x", "a", None, START.date()),
    ("move", "x", "b"),
]
"""The relation that ends when the contact moves on is for the same time as another."""


class World:
    """Two contacts and three accounts; commands are stored as ``Crm`` stores them."""

    def __init__(self) -> None:
        self.repository = MemoryRepository()
        self.now = START
        self.numbers = count(1)
        accounts: list[Any] = [Account(name=one, id=one) for one in ACCOUNTS]  # type: ignore[arg-type]  # any text
        contacts: list[Any] = [Contact(name=PersonName(family=one), id=one) for one in CONTACTS]  # type: ignore[arg-type]  # any text
        self.store([Insert(one) for one in (*accounts, *contacts)])

    def all(self, entity: Any) -> list[Any]:
        with self.repository.snapshot() as snapshot:
            return list(snapshot.find(Query.of(entity)))

    def contact(self, which: str) -> Contact:
        contacts: dict[str, Contact] = {one.id: one for one in self.all(Contact)}
        return contacts[which]

    def relations(self, which: str) -> list[AccountContactRelation]:
        return [one for one in self.all(AccountContactRelation) if one.contact_id == which]

    @property
    def context(self) -> Context:
        return Context(
            model=STANDARD_MODEL, now=self.now, new_id=lambda: f"r{next(self.numbers):03}"
        )

    def completed(self, changes: list[Change]) -> ChangeSet:
        written = ChangeSet(changes)
        rows = self.all(AccountContactRelation)
        return written.then(direct_relations(rehomed(written), rows, context=self.context))

    def checked(self, changes: ChangeSet) -> tuple[Integrity, list[Any]]:
        stored: list[Record] = [
            *self.all(Account),
            *self.all(Contact),
            *self.all(AccountContactRelation),
        ]
        before = {one.ref: one.before for one in changes if isinstance(one, Update)}
        after = {one.ref: one for one in (*stored, *changes.written)}
        for one in changes:
            if one.ref not in {record.ref for record in changes.written}:
                after.pop(one.ref, None)
        rivals = [one for one in after.values() if isinstance(one, AccountContactRelation)]
        found = check_between(
            changes.written, before=before, known=after, rivals=rivals, model=STANDARD_MODEL
        )
        alone = [one for record in changes.written for one in check_record(record, STANDARD_MODEL)]
        return found, [one for one in (*alone, *found.findings) if one.severity.name == "ERROR"]

    def store(self, changes: list[Change]) -> None:
        completed = self.completed(changes)
        found, errors = self.checked(completed)
        assert not errors
        self.repository.commit(evolve(completed, checks=(*completed.checks, *found.checks)))

    def try_to_store(self, change: Change) -> None:
        """Store what a user asked for, unless it is refused."""
        _, errors = self.checked(self.completed([change]))
        if not errors:
            self.store([change])

    def run(self, command: tuple[Any, ...]) -> None:
        match command:
            case "move", which, account_id:
                contact = self.contact(which)
                if any(one.end_on == self.now.date() for one in self.relations(which)):
                    event("moved again on the same day")
                self.store([Update(contact, evolve(contact, account_id=account_id))])
            case "say", which, role:
                for row in self.relations(which):
                    if row.is_direct:
                        self.store([Update(row, evolve(row, roles=row.roles | {role}))])
            case "relate", which, account_id, start, end:
                names: Any = {"account_id": account_id, "contact_id": which}
                row = AccountContactRelation(
                    id=self.context.new_id(),  # type: ignore[arg-type]  # any text
                    start_on=start,
                    end_on=end,
                    roles={"Consultant"},
                    **names,
                )
                self.try_to_store(Insert(row))
            case "rest", which, index, end:
                rows = [one for one in self.relations(which) if not one.is_direct]
                if index < len(rows):
                    row = rows[index]
                    self.try_to_store(Update(row, evolve(row, is_active=False, end_on=end)))
            case "wait", passed:
                self.now += timedelta(days=passed)

    def assert_in_step(self) -> None:
        for which in CONTACTS:
            rows = self.relations(which)
            direct = [one.account_id for one in rows if one.is_direct]
            account_id = self.contact(which).account_id
            assert direct == ([] if account_id is None else [account_id])
            spans = [(one.account_id, one.start_on, one.end_on) for one in rows]
            assert len(set(spans)) == len(spans)
            assert all((one.start_on or date.min) <= (one.end_on or date.max) for one in rows)


@given(COMMANDS)
@example(TWINS)
def test_the_direct_relation_is_always_the_one_to_the_contacts_account(
    commands: list[tuple[Any, ...]],
) -> None:
    """X1. One direct relation, equal to ``account_id``; intervals unique and never backwards."""
    world = World()
    for command in commands:
        world.run(command)
        world.assert_in_step()
    assert not list(missing_relations([*world.all(Contact), *world.all(AccountContactRelation)]))


@given(COMMANDS)
@example(TWINS)
def test_roles_said_of_a_direct_relation_are_never_lost(commands: list[tuple[Any, ...]]) -> None:
    """X1. What was said stays with some relation to that account when the contact moves on."""
    world = World()
    said: set[tuple[str, str, str]] = set()
    for command in commands:
        world.run(command)
        held = {
            (one.contact_id, one.account_id, role)
            for one in world.all(AccountContactRelation)
            for role in one.roles
        }
        assert said <= held
        said |= held
