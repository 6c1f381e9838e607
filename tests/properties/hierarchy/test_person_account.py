"""Person accounts: each has exactly one person, and no other contacts, whatever anybody does."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from attrs import evolve
from hypothesis import event, given, settings, target
from hypothesis import strategies as st

from crmcore import (
    STANDARD_MODEL,
    Account,
    AccountContactRelation,
    Contact,
    Crm,
    Lead,
    MemoryRepository,
    PersonName,
)
from crmcore.changes import ChangeSet, ConflictError, Insert
from crmcore.crm.transaction import Transaction
from crmcore.entities import ConversionReceipt, MergeReceipt
from crmcore.errors import CrmError
from crmcore.model.policies import LeadMode, NoCompany, Policies, Undo
from crmcore.query import Query

PEOPLE = evolve(
    STANDARD_MODEL,
    policies=Policies(
        no_company=NoCompany.PERSON_ACCOUNT,
        undo_conversion=Undo.ALLOWED,
        lead_mode=LeadMode.CONVERT_AT_ONCE,
    ),
)
NOW = datetime(2025, 3, 20, 12, tzinfo=UTC)
CODES = {"person.missing", "person.several", "person.other"}
Broken = set[tuple[str, str]]


def wrong(records: list[Any]) -> Broken:
    """What is wrong with person accounts, by code and account: counted by hand."""
    people = Counter(one.account_id for one in records if isinstance(one, Contact))
    own = {one.id: one.account_id for one in records if isinstance(one, Contact)}
    found: Broken = set()
    for one in records:
        if isinstance(one, Account) and one.is_person and people[one.id] != 1:
            found.add(("person.several" if people[one.id] else "person.missing", one.id))
    persons = {one.id for one in records if isinstance(one, Account) and one.is_person}
    for one in records:
        if not isinstance(one, AccountContactRelation) or one.account_id not in persons:
            continue
        if one.is_active and own.get(one.contact_id) != one.account_id:
            found.add(("person.other", one.account_id))
    return found


class World:
    """A store in which anybody may do anything; ``done`` counts what was, ``refused`` the rest."""

    def __init__(self) -> None:
        self.store = MemoryRepository(PEOPLE)
        self.numbers = iter(range(10**6))
        self.crm = Crm(self.store, model=PEOPLE, clock=lambda: NOW, ids=self.ids)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        firm = Account(id="firm", name="Firm")  # type: ignore[arg-type]  # plain ids
        self.crm.add_all([firm, self.contact("firm"), self.contact(None)])
        self.person(0, 0)
        self.person(0, 0)

    def ids(self) -> str:
        return f"x{next(self.numbers):03}"

    def all(self, *entities: Any) -> list[Any]:
        with self.store.snapshot() as snapshot:
            return [one for entity in entities for one in snapshot.find(Query.of(entity))]

    def pick(self, entity: Any, number: int) -> Any:
        found = self.all(entity)
        if not found:
            raise CrmError("nothing there")
        return found[number % len(found)]

    def contact(self, account: str | None) -> Contact:
        name = PersonName(family=f"Family {self.ids()}")
        return Contact(id=self.ids(), name=name, account_id=account)  # type: ignore[arg-type]  # plain ids

    def check(self) -> None:
        found = wrong(self.all(Account, Contact, AccountContactRelation))
        assert not found
        assert CODES.isdisjoint({one.code for one in self.crm.check()})

    # Each command takes two numbers that pick its records.

    def person(self, _: int, __: int) -> None:
        account = Account(id=self.ids(), name="P", is_person=True)  # type: ignore[arg-type]  # plain ids
        self.crm.add_all([account, self.contact(account.id)])

    def person_alone(self, _: int, __: int) -> None:
        self.crm.add(Account(name="P", is_person=True))

    def join(self, one: int, _: int) -> None:
        self.crm.add(self.contact(self.pick(Account, one).id))

    def move(self, one: int, two: int) -> None:
        accounts = [None, *(each.id for each in self.all(Account))]
        contact = self.pick(Contact, one)
        self.crm.save(evolve(contact, account_id=accounts[two % len(accounts)]))

    def turn(self, one: int, _: int) -> None:
        account = self.pick(Account, one)
        self.crm.save(evolve(account, is_person=not account.is_person))

    def turn_with_person(self, one: int, _: int) -> None:
        account = Account(id=self.ids(), name="T")  # type: ignore[arg-type]  # plain ids
        self.crm.add_all([account, *(self.contact(account.id) for _ in range(one % 3))])
        self.crm.save(evolve(self.crm.get(Account, account.id), is_person=True))

    def relate(self, one: int, two: int) -> None:
        account, contact = self.pick(Account, one), self.pick(Contact, two)
        active = one % 3 > 0
        row = AccountContactRelation(account_id=account.id, contact_id=contact.id, is_active=active)
        self.crm.add(row)

    def revive(self, one: int, _: int) -> None:
        row = self.pick(AccountContactRelation, one)
        self.crm.save(evolve(row, is_active=not row.is_active))

    def delete_contact(self, one: int, _: int) -> None:
        self.crm.delete(Contact, self.pick(Contact, one).id)

    def delete_account(self, one: int, _: int) -> None:
        self.crm.delete(Account, self.pick(Account, one).id)

    def delete_both(self, one: int, _: int) -> None:
        account = self.pick(Account, one)
        with self.crm.transaction() as tx:
            for each in self.all(Contact):
                if each.account_id == account.id:
                    tx.delete(Contact, each.id)
            tx.delete(Account, account.id)

    def swap(self, one: int, two: int) -> None:
        old, new = self.pick(Contact, one), self.pick(Contact, two)
        with self.crm.transaction() as tx:
            tx.save(evolve(old, account_id=None))
            tx.save(evolve(tx.get(Contact, new.id), account_id=old.account_id))

    def convert(self, one: int, _: int) -> None:
        lead = self.crm.add(Lead(name=PersonName(family=f"L{self.ids()}")))
        accounts = [None, None, *(each.id for each in self.all(Account))]
        self.crm.convert_lead(lead.id, account=accounts[one % len(accounts)])

    def undo(self, one: int, _: int) -> None:
        self.crm.undo(self.pick(ConversionReceipt, one))

    def capture(self, one: int, _: int) -> None:
        self.crm.capture({"last_name": f"W{one % 2}", "email": f"m{one % 3}@x.example"})

    def merge_accounts(self, one: int, two: int) -> None:
        self.crm.merge(self.pick(Account, one), self.pick(Account, two))

    def merge_contacts(self, one: int, two: int) -> None:
        self.crm.merge(self.pick(Contact, one), self.pick(Contact, two))

    def merge_persons(self, one: int, two: int) -> None:
        left, right = self.pick(Contact, one), self.pick(Contact, two)
        with self.crm.transaction() as tx:
            tx.merge(left, right)
            tx.merge(left.account_id or "none", right.account_id or "none")

    def unmerge(self, one: int, _: int) -> None:
        self.crm.unmerge(self.pick(MergeReceipt, one).id)

    def unmerge_two(self, one: int, two: int) -> None:
        with self.crm.transaction() as tx:
            tx.unmerge(self.pick(MergeReceipt, one).id)
            tx.unmerge(self.pick(MergeReceipt, two).id)

    def erase(self, one: int, _: int) -> None:
        self.crm.erase(Contact, self.pick(Contact, one).id)

    COMMANDS = (
        *("person", "person_alone", "join", "move", "turn", "turn_with_person", "relate"),
        *("revive", "delete_contact", "delete_account", "delete_both", "swap", "convert", "undo"),
        *("capture", "merge_accounts", "merge_contacts", "merge_persons", "merge_persons"),
        *("unmerge", "unmerge_two", "erase"),
    )

    def run(self, name: str, one: int, two: int) -> str:
        """Do it, and say what became of it."""
        before = self.seq
        try:
            getattr(self, name)(one, two)
        except CrmError:
            self.refused[name] += 1
            return f"{name} refused"
        self.done[name] += self.seq > before
        return f"{name} done"

    @property
    def seq(self) -> int:
        with self.store.snapshot() as snapshot:
            return snapshot.seq


NUMBERS = st.integers(0, 60)
STEPS = st.lists(
    st.tuples(st.sampled_from(World.COMMANDS), NUMBERS, NUMBERS), min_size=4, max_size=14
)


@given(STEPS)
def test_no_command_leaves_a_person_account_without_its_one_person(
    steps: list[tuple[str, int, int]],
) -> None:
    """X4 After every command: one contact for each person account, and no other in force."""
    world = World()
    for name, one, two in steps:
        event(world.run(name, one, two))
        world.check()
    target(float(world.done.total()), label="commands done")


def act(world: World, tx: Transaction, name: str, home: str, number: int) -> None:
    """A step of somebody who began before somebody else was done."""
    account, contact = world.crm.get(Account, home), world.pick(Contact, number)
    match name:
        case "join":
            tx.add(world.contact(account.id))
        case "leave":
            tx.save(evolve(contact, account_id=None))
        case "move":
            tx.save(evolve(contact, account_id=account.id))
        case "swap":
            tx.save(evolve(contact, account_id=None))
            tx.add(world.contact(contact.account_id))
        case "turn":
            tx.save(evolve(account, is_person=not account.is_person))
        case "relate":
            row = AccountContactRelation(account_id=account.id, contact_id=contact.id)
            tx.add(row)
        case _:
            tx.delete(Contact, contact.id)


DEEDS = st.sampled_from(["join", "join", "leave", "move", "swap", "turn", "turn", "relate", "gone"])


@given(DEEDS, DEEDS, st.sampled_from(["new", "new", "own"]), st.integers(0, 4), st.integers(0, 4))
@settings(max_examples=80)
def test_two_that_decide_at_once_do_not_make_a_second_person(
    first: str, second: str, home: str, one: int, two: int
) -> None:
    """X4 Of two transactions begun on one state, either both keep it, or one is refused."""
    world = World()
    own = Account(id="own", name="Own", is_person=True)  # type: ignore[arg-type]  # plain ids
    new = Account(id="new", name="New")  # type: ignore[arg-type]  # plain ids
    world.crm.add_all([own, new, world.contact("own"), world.contact("new")])
    other = Crm(world.store, model=PEOPLE, clock=lambda: NOW, ids=world.ids)
    try:
        with world.crm.transaction() as tx:
            act(world, tx, first, home, one)
            try:
                with other.transaction() as faster:
                    act(world, faster, second, home, two)
            except CrmError:
                event("the second is wrong by itself")
    except ConflictError:
        event("conflict")
    except CrmError:
        event("the first is wrong by itself")
    world.check()


IDS = st.sampled_from("abc")
ROWS = st.one_of(
    st.builds(lambda id_, flag: Account(id=id_, name="A", is_person=flag), IDS, st.booleans()),
    st.builds(
        lambda id_, home: Contact(id=id_, name=PersonName(family="F"), account_id=home),
        st.sampled_from("uvw"),
        IDS | st.none(),
    ),
    st.builds(
        lambda id_, home, who, flag: AccountContactRelation(
            id=id_, account_id=home, contact_id=who, is_active=flag
        ),
        st.sampled_from("xyz"),
        IDS,
        st.sampled_from("uvw"),
        st.booleans(),
    ),
)


@given(st.lists(ROWS, max_size=9, unique_by=lambda one: one.ref))
def test_check_finds_every_person_account_that_is_wrong_already(records: list[Any]) -> None:
    """X4 Data that somebody else wrote: each account that is wrong is named, with what is wrong."""
    store = MemoryRepository(PEOPLE)
    store.commit(ChangeSet([Insert(one) for one in records]))
    found = {(one.code, one.ref.id) for one in Crm(store, model=PEOPLE).check() if one.ref}
    assert {one for one in found if one[0] in CODES} == wrong(records)
    event(f"{len(wrong(records))} wrong")


@given(st.integers(1, 3))
def test_a_lead_without_company_becomes_a_person_account_with_its_person(count: int) -> None:
    """X4 Each by itself, and all at once."""
    crm = Crm(model=PEOPLE)
    leads = [crm.add(Lead(name=PersonName(family=f"L{one}"))) for one in range(count)]
    done = crm.convert_leads([one.id for one in leads])
    assert not done.refused
    for one in done.conversions:
        assert one.account is not None
        assert one.contact is not None
        assert one.account.is_person
        assert one.contact.account_id == one.account.id
    assert not crm.check().errors


def plain(records: list[Any]) -> list[Any]:
    return [evolve(one, version=0, updated_at=None) for one in records]


@given(st.permutations([0, 1]))
def test_persons_are_merged_and_unmerged_with_their_accounts(order: list[int]) -> None:
    """X4 Both merges in one transaction; both are taken back in one, in any order."""
    world = World()
    (left, right), people = (
        [one for one in world.all(Account) if one.is_person],
        {one.account_id: one for one in world.all(Contact)},
    )
    before = plain(world.all(Account, Contact))
    with world.crm.transaction() as tx:
        merges = [tx.merge(people[left.id], people[right.id]), tx.merge(left, right)]
    world.check()
    with world.crm.transaction() as tx:
        for one in order:
            tx.unmerge(merges[one].id)
    world.check()
    assert plain(world.all(Account, Contact)) == before
