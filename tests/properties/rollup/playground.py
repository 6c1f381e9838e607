"""Playground: a store with two Crms on it that do anything at all, and its figures by brute force.

What happens is drawn from outside, by Hypothesis or by a random generator, so that the same moves
make a state machine and a long run.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol, TypeVar

from attrs import evolve

from crmcore import (
    STANDARD_RULES,
    Account,
    AccountContactRelation,
    Contact,
    Crm,
    ExchangeRate,
    F,
    Lead,
    MemoryRepository,
    Money,
    Opportunity,
    PersonName,
    Rollup,
    User,
)
from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import Record
from crmcore.errors import CrmError
from crmcore.ports import Snapshot
from crmcore.query import Query
from crmcore.rules.rollup import (
    Formula,
    Scope,
    concatenate,
    days_ago,
    figure,
    largest,
    nth,
    percentile,
    this_quarter,
    weighted_sum,
)
from tests.properties.rollup import oracle

T = TypeVar("T")


class Draw(Protocol):
    """Where choices come from."""

    def one(self, values: Sequence[T], /) -> T: ...


def deals(name: str, **parts: Any) -> Rollup:
    return Rollup(**{"name": name, "child": Opportunity, "by": F.account_id, **parts})


BY_CLOSE = F.close_on.asc()
WON = F.stage_category == "won"
RULES = STANDARD_RULES.with_rollups(
    deals("deals", aggregate="count"),
    deals("own_deals", aggregate="count", scope=Scope.OWN),
    deals("whole_group", aggregate="count", scope=Scope.ULTIMATE_PARENT),
    deals("average", value=F.amount, aggregate="average"),
    deals("least", value=F.amount, aggregate="min"),
    deals("latest", value=F.close_on, aggregate="max"),
    deals("owners", value=F.owner_id, aggregate="count_distinct"),
    deals("first", value=F.name, aggregate="first", order_by=BY_CLOSE),
    deals("last", value=F.name, aggregate="last", order_by=BY_CLOSE),
    deals("second", value=F.name, aggregate=nth(2), order_by=BY_CLOSE),
    deals("largest", value=F.amount, aggregate=largest(2)),
    deals("median", value=F.amount, aggregate="median"),
    deals("percentile", value=F.probability, aggregate=percentile(90)),
    deals("usual_owner", value=F.owner_id, aggregate="most_frequent"),
    deals("names", value=F.name, aggregate=concatenate("+"), order_by=BY_CLOSE),
    deals("stages", value=F.stage, aggregate="concatenate_distinct", order_by=BY_CLOSE),
    deals("all_won", value=WON, aggregate="all"),
    deals("some_won", value=WON, aggregate="some"),
    deals("none_won", value=WON, aggregate="none"),
    deals("weighted", value=F.amount, aggregate=weighted_sum(F.probability)),
    deals("this_quarter", where=this_quarter(F.close_on), aggregate="count"),
    deals("overdue", where=F.close_on < days_ago(30), aggregate="count"),
    deals("rounded", value=F.amount, aggregate="sum", rounding=0),
    deals("by_seller", by=F.owner_id, over=User, aggregate="count"),
    Formula(name="mean_deal", of=figure("open_pipeline") / figure("open_deals")),
    Rollup(name="best_own", child=Account, by=F.id, value=figure("own_deals"), aggregate="max"),
)

START = datetime(2025, 3, 20, 12, tzinfo=UTC)
DAYS = [None, *(date(2025, 1, 15) + timedelta(days=20 * step) for step in range(10))]
STAGES = ["Prospecting", "Negotiation", "Won", "Lost"]
AMOUNTS = [
    None,
    *(Money(one, "EUR") for one in ("100", "0", "33.33", "-7", "0.000000000001")),
    *(Money(one, "USD") for one in ("100", "7.77")),
    Money(5000, "JPY"),
]
RATES = [Decimal("1.1"), Decimal("0.9"), Decimal(3), Decimal("162.5")]
KINDS = ("account", "user", "opportunity", "contact", "account_contact_relation", "exchange_rate")


class Playground:
    """The store, two Crms on it and a clock; ``counts`` has what was done, by kind."""

    def __init__(self) -> None:
        self.now = START
        self.store = MemoryRepository()
        numbers = iter(range(10**9))

        def clock() -> datetime:
            return self.now

        def ids() -> str:
            return f"x{next(numbers)}"

        self.ids = ids
        self.crms = [Crm(self.store, rules=RULES, clock=clock, ids=ids) for _ in range(2)]
        self.counts: Counter[str] = Counter()
        self.built = 0
        for crm in self.crms:
            self.watch(crm)
        people = [User(id=f"u{one}", name="u") for one in range(3)]  # type: ignore[arg-type]  # ids
        self.crms[0].add_all([evolve(people[0], manager_id=people[2].id), *people[1:]])

    def watch(self, crm: Crm) -> None:
        """Count how often the totals are built afresh: an index that fails is, without a word."""
        index = crm._figures._index(RULES.rollups[0])
        build = index.build

        def counted(snapshot: Snapshot) -> None:
            self.built += 1
            build(snapshot)

        index.build = counted  # type: ignore[method-assign]  # to count

    def stored(self, kind: str) -> list[Any]:
        with self.store.snapshot() as snapshot:
            return list(snapshot.find(Query[Record](kind)))

    def pick(self, draw: Draw, kind: str) -> Any:
        found = self.stored(kind)
        return draw.one(found) if found else None

    def crm(self, draw: Draw) -> Crm:
        return draw.one(self.crms)

    def account_id(self, draw: Draw) -> Any:
        return draw.one([None, "gone", *(one.id for one in self.stored("account"))])

    # The moves: each does something or leaves it, and never breaks the store.

    def add_account(self, draw: Draw) -> None:
        parents = [None, *(one.id for one in self.stored("account"))]
        self.crm(draw).add(Account(id=self.ids(), name="A", parent_id=draw.one(parents)))  # type: ignore[arg-type]  # ids

    def add_deal(self, draw: Draw) -> None:
        self.crm(draw).add(self.deal(draw, self.ids()))

    def deal(self, draw: Draw, id_: str) -> Opportunity:
        accounts = [None, *(one.id for one in self.stored("account"))]
        return Opportunity(
            id=id_,  # type: ignore[arg-type]  # plain ids
            name=f"n{id_}",
            account_id=draw.one(accounts),
            amount=draw.one(AMOUNTS),
            stage=draw.one(STAGES),
            close_on=draw.one(DAYS),
            owner_id=draw.one([None, "u0", "u1"]),  # type: ignore[arg-type]  # plain ids
            probability=draw.one([None, Decimal(0), Decimal("12.5"), Decimal(80)]),
        )

    def change_deal(self, draw: Draw) -> None:
        deal = self.pick(draw, "opportunity")
        if deal is not None:
            other = self.deal(draw, deal.id)
            field = draw.one(
                ["amount", "stage", "close_on", "owner_id", "probability", "account_id"]
            )
            self.crm(draw).save(evolve(deal, **{field: getattr(other, field)}))

    def delete_deal(self, draw: Draw) -> None:
        deal = self.pick(draw, "opportunity")
        if deal is not None:
            self.crm(draw).delete(Opportunity, deal.id)

    def delete_account(self, draw: Draw) -> None:
        account = self.pick(draw, "account")
        if account is not None:
            self.crm(draw).delete(Account, account.id)

    def move_account(self, draw: Draw) -> None:
        account = self.pick(draw, "account")
        if account is not None:
            parents = [None, *(one.id for one in self.stored("account"))]
            self.crm(draw).reparent(account.id, draw.one(parents))

    def add_contact(self, draw: Draw) -> None:
        accounts = [None, *(one.id for one in self.stored("account"))]
        name = PersonName(family=draw.one(["Ada", "Bob"]))
        self.crm(draw).add(Contact(id=self.ids(), name=name, account_id=draw.one(accounts)))  # type: ignore[arg-type]  # ids

    def move_contact(self, draw: Draw) -> None:
        contact = self.pick(draw, "contact")
        if contact is not None:
            accounts = [None, *(one.id for one in self.stored("account"))]
            self.crm(draw).save(evolve(contact, account_id=draw.one(accounts)))

    def delete_contact(self, draw: Draw) -> None:
        contact = self.pick(draw, "contact")
        if contact is not None:
            self.crm(draw).delete(Contact, contact.id)

    def relate(self, draw: Draw) -> None:
        account, contact = self.pick(draw, "account"), self.pick(draw, "contact")
        if account is not None and contact is not None:
            row = AccountContactRelation(account_id=account.id, contact_id=contact.id)
            self.crm(draw).add(row)

    def unrelate(self, draw: Draw) -> None:
        row = self.pick(draw, "account_contact_relation")
        if row is not None:
            self.crm(draw).delete(AccountContactRelation, row.id)

    def merge_accounts(self, draw: Draw) -> None:
        left, right = self.pick(draw, "account"), self.pick(draw, "account")
        if left is not None and left.id != right.id:
            self.crm(draw).merge(left, right)

    def merge_contacts(self, draw: Draw) -> None:
        left, right = self.pick(draw, "contact"), self.pick(draw, "contact")
        if left is not None and left.id != right.id:
            self.crm(draw).merge(left, right)

    def unmerge(self, draw: Draw) -> None:
        receipt = self.pick(draw, "merge_receipt")
        crm: Any = self.crm(draw)
        if receipt is not None and hasattr(crm, "unmerge"):
            crm.unmerge(receipt.id)

    def convert(self, draw: Draw) -> None:
        crm = self.crm(draw)
        lead = crm.add(Lead(name=PersonName(family=f"L{self.ids()}"), company=f"C{self.ids()}"))
        account = self.pick(draw, "account")
        chosen = draw.one([None, account])
        crm.convert_lead(lead.id, account=None if chosen is None else chosen.id)

    def change_rate(self, draw: Draw) -> None:
        rate = self.pick(draw, "exchange_rate")
        move = draw.one(["add", "add", "change", "delete"])
        if move == "add" or rate is None:
            day: Any = draw.one(DAYS[1:])
            rate = ExchangeRate(
                id=self.ids(),  # type: ignore[arg-type]  # plain ids
                base="EUR",
                currency=draw.one(["USD", "JPY"]),
                valid_from=day,
                rate=draw.one(RATES),
            )
            self.crm(draw).add(rate)
        elif move == "change":
            self.crm(draw).save(evolve(rate, rate=draw.one(RATES)))
        else:
            self.crm(draw).delete(ExchangeRate, rate.id)

    def several_at_once(self, draw: Draw) -> None:
        with self.crm(draw).transaction() as tx:
            account = tx.add(Account(id=self.ids(), name="T"))  # type: ignore[arg-type]  # ids
            tx.add(evolve(self.deal(draw, self.ids()), account_id=account.id))
            for deal in self.stored("opportunity")[:1]:
                tx.save(evolve(deal, account_id=account.id, stage=draw.one(STAGES)))

    def break_the_tree(self, draw: Draw) -> None:
        """A commit by somebody who checks nothing: loops, missing parents, missing accounts."""
        account = self.pick(draw, "account")
        if account is not None:
            after = evolve(account, parent_id=self.account_id(draw))
            self.store.commit(ChangeSet([Update(account, after)]))

    def break_a_deal(self, draw: Draw) -> None:
        """A deal of an account that is not there, or an account gone below its records."""
        move = draw.one(["deal", "account", "back"])
        if move == "deal":
            gone: Any = "gone"
            deal = evolve(self.deal(draw, self.ids()), account_id=gone)
            self.store.commit(ChangeSet([Insert(deal)]))
        elif move == "back" and not any(one.id == "gone" for one in self.stored("account")):
            parent = self.account_id(draw)
            back = Account(id="gone", name="back", parent_id=parent)  # type: ignore[arg-type]  # ids
            self.store.commit(ChangeSet([Insert(back)]))
        elif (account := self.pick(draw, "account")) is not None:
            self.store.commit(ChangeSet([Delete(account)]))

    def wait(self, draw: Draw) -> None:
        self.now += timedelta(days=draw.one([0, 1, 11, 40]))

    MOVES = (
        *("add_account", "add_account", "add_deal", "add_deal", "add_deal", "change_deal"),
        *("change_deal", "change_deal", "delete_deal", "delete_account", "move_account"),
        *("move_account", "add_contact", "move_contact", "delete_contact", "relate", "unrelate"),
        *("merge_accounts", "merge_contacts", "unmerge", "convert", "change_rate"),
        *("several_at_once", "break_the_tree", "break_a_deal", "wait"),
    )

    def move(self, kind: str, draw: Draw) -> None:
        """Do one of the moves; what the Crm refuses has no effect, and counts as refused."""
        before = self.seq
        try:
            getattr(self, kind)(draw)
        except CrmError:
            kind = f"{kind} (refused)"
        if self.seq == before and kind != "wait" and "refused" not in kind:
            kind = f"{kind} (nothing to do)"
        self.counts[kind] += 1

    @property
    def seq(self) -> int:
        with self.store.snapshot() as snapshot:
            return snapshot.seq

    def check(self, crm: Crm) -> None:
        """Every figure at every account is the one of brute force; the parts add up."""
        books = oracle.Books({kind: self.stored(kind) for kind in KINDS}, self.now.date())
        for name, expected in oracle.figures(books).items():
            if name not in NAMES:
                continue
            found = crm.rollups(name)
            assert {one: plain(value) for one, value in found.items()} == expected, name
            for one in list(expected)[:2]:
                assert plain(crm.rollup(name, one)) == expected[one], name
        whole: Any = crm.rollups("deals")
        assert sum(whole[one] for one in whole.roots) + whole.unassigned == len(books.deals)
        assert whole.everything == len(books.deals)
        assert self.built <= len(self.crms), "the totals must follow, not be built again"


NAMES = {one.name for one in RULES.rollups}


def plain(value: Any) -> Any:
    """A figure as the oracle has it: money in its corporate currency as a fraction."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, Money):
        assert value.currency == "EUR"
        return Fraction(value.amount)
    return Fraction(value) if isinstance(value, Decimal) else value
