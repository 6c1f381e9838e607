"""Playground: a store with two Crms on it that do anything at all, and its figures by brute force.

What happens is drawn from outside, by Hypothesis or by a random generator, so that the same moves
make a state machine and a long run.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

from attrs import evolve

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Account,
    AccountContactRelation,
    AccountRelation,
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
from crmcore.fields import CustomField, Picklist
from crmcore.model.policies import LeadMode, NoCompany, Undo
from crmcore.ports import Snapshot
from crmcore.query import Query
from crmcore.rules.rollup import (
    Formula,
    Measure,
    Scope,
    Shares,
    concatenate,
    days_ago,
    figure,
    largest,
    measure,
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
LETTERS = Measure(name="letters", of=Opportunity, gives=int, function=lambda one: len(one.name))
RULES = STANDARD_RULES.with_measures(LETTERS).with_rollups(
    deals("letters", value=measure("letters"), aggregate="sum"),
    deals("by_share", value=F.amount, aggregate="sum", shares=Shares()),
    deals("deals_by_share", aggregate="count", shares=Shares()),
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

RENEWALS = evolve(STANDARD_MODEL.pipeline(), key="renewals", label="Renewals")
MODEL = (
    STANDARD_MODEL.with_pipelines(RENEWALS)
    .with_custom_fields(Account, CustomField(name="tier", type=Picklist("gold", "silver")))
    .with_policies(
        no_company=NoCompany.PERSON_ACCOUNT,
        undo_conversion=Undo.ALLOWED,
        lead_mode=LeadMode.CONVERT_AT_ONCE,
    )
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
SHARES = [None, *map(Decimal, ("60", "40", "100", "33.33", "12.5"))]
KINDS = (
    *("account", "user", "opportunity", "contact", "account_contact_relation"),
    *("account_relation", "exchange_rate"),
)


class Playground:
    """The store, two Crms on it and a clock; ``counts`` has what was done, by kind."""

    def __init__(self) -> None:
        self.now = START
        self.store = MemoryRepository(MODEL)
        numbers = iter(range(10**9))

        def clock() -> datetime:
            return self.now

        def ids() -> str:
            return f"x{next(numbers)}"

        self.ids = ids
        self.crms = [
            Crm(self.store, model=MODEL, rules=RULES, clock=clock, ids=ids) for _ in range(2)
        ]
        self.counts: Counter[str] = Counter()
        self.built = 0
        self.erased = 0
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

    def merge_all(self, draw: Draw) -> None:
        found = self.stored(draw.one(["account", "contact"]))
        pairs = [[draw.one(found), draw.one(found)] for _ in range(2)] if found else []
        self.crm(draw).merge_all(pairs)

    def unmerge(self, draw: Draw) -> None:
        receipt = self.pick(draw, "merge_receipt")
        if receipt is not None:
            self.crm(draw).unmerge(receipt.id)

    def say_not_duplicates(self, draw: Draw) -> None:
        left, right = self.pick(draw, "contact"), self.pick(draw, "contact")
        if left is not None and left.id != right.id:
            self.crm(draw).not_duplicates(left, right)

    def erase(self, draw: Draw) -> None:
        contact = self.pick(draw, "contact")
        if contact is not None:
            self.crm(draw).erase(Contact, contact.id)
            self.erased += 1

    def convert(self, draw: Draw) -> None:
        crm = self.crm(draw)
        lead = crm.add(Lead(name=PersonName(family=f"L{self.ids()}"), company=f"C{self.ids()}"))
        account = self.pick(draw, "account")
        chosen = draw.one([None, account])
        crm.convert_lead(lead.id, account=None if chosen is None else chosen.id)

    def lead(self, company: str | None = None) -> Lead:
        return Lead(name=PersonName(family=f"L{self.ids()}"), company=company)

    def convert_without_company(self, draw: Draw) -> None:
        """A person account with its person, and a deal of theirs."""
        crm = self.crm(draw)
        crm.convert_lead(crm.add(self.lead()).id)

    def convert_many(self, draw: Draw) -> None:
        crm = self.crm(draw)
        companies = [draw.one([None, "Acme", "Bolt"]) for _ in range(3)]
        leads = crm.add_all([self.lead(one) for one in companies])
        crm.convert_leads([one.id for one in leads])

    def undo_conversion(self, draw: Draw) -> None:
        receipts = self.stored("conversion_receipt")
        if receipts:
            self.crm(draw).undo(draw.one(receipts[-3:]).id)

    def convert_and_undo(self, draw: Draw) -> None:
        """Taken back by the other one, before anything else happens."""
        account = draw.one([None, self.pick(draw, "account")])
        crm = self.crm(draw)
        lead = crm.add(self.lead(f"C{self.ids()}"))
        done = crm.convert_lead(lead.id, account=None if account is None else account.id)
        self.crm(draw).undo(done)

    def capture(self, draw: Draw) -> None:
        posted = {"last_name": draw.one(["Ada", "Bob"]), "email": draw.one(["a@x.org", "b@x.org"])}
        self.crm(draw).capture(posted | {"company": draw.one(["", "Acme"])})

    def import_csv(self, draw: Draw) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "leads.csv"
            names = [draw.one(["Ada", self.ids()]) for _ in range(2)]
            rows = [f"{name},{name}@x.org,{draw.one(['', 'Acme'])}" for name in names]
            path.write_text("\n".join(["name.family,email,company", *rows]), encoding="utf-8")
            self.crm(draw).import_csv(path, source="fair")

    def adopt_mode(self, draw: Draw) -> None:
        crm = self.crm(draw)
        crm.qualify(crm.add(self.lead(draw.one([None, "Acme"]))).id, interest="pumps")
        crm.adopt_mode(LeadMode.CONVERT_AT_ONCE)

    def own_by_share(self, draw: Draw) -> None:
        """A relation of ownership comes, changes or goes."""
        row = self.pick(draw, "account_relation")
        owner, owned = self.pick(draw, "account"), self.pick(draw, "account")
        move = draw.one(["add", "add", "change", "end", "delete"])
        if owner is None:
            return
        if row is None or move == "add":
            dates: Any = {"start_on": draw.one([None, *DAYS]), "share": draw.one(SHARES)}
            row = AccountRelation(from_id=owner.id, to_id=owned.id, kind="owner", **dates)
            self.crm(draw).add(row)
        elif move == "change":
            kind = draw.one(["owner", "owner", "partner"])
            self.crm(draw).save(evolve(row, share=draw.one(SHARES), from_id=owner.id, kind=kind))
        elif move == "end":
            self.crm(draw).save(evolve(row, end_on=self.now.date() + timedelta(days=5)))
        else:
            self.crm(draw).delete(AccountRelation, row.id)

    def turn_into_person(self, draw: Draw) -> None:
        account = self.pick(draw, "account")
        if account is not None:
            self.crm(draw).save(evolve(account, is_person=not account.is_person))

    def add_person(self, draw: Draw) -> None:
        account: Any = Account(id=self.ids(), name="P", is_person=True)  # type: ignore[arg-type]  # ids
        name = PersonName(family="P")
        person: Any = Contact(id=self.ids(), name=name, account_id=account.id)  # type: ignore[arg-type]  # ids
        deal = evolve(self.deal(draw, self.ids()), account_id=account.id)
        self.crm(draw).add_all([account, person, deal])

    def move_deals(self, draw: Draw) -> None:
        """To another stage, or to another pipeline with the same stages."""
        crm, deal = self.crm(draw), self.pick(draw, "opportunity")
        if draw.one([True, False]):
            crm.retire_stage("Negotiation", "Proposal")
        elif deal is not None:
            same = {one.key: one.key for one in RENEWALS.stages}
            crm.change_pipeline([deal.id], draw.one(["standard", "renewals"]), stages=same)

    def repair(self, draw: Draw) -> None:
        self.crm(draw).repair_hierarchy()

    def take_back(self, draw: Draw) -> None:
        """The last commit once more, the other way round, as a change set of the user's own."""
        *_, last = self.store.commits(max(self.seq - 1, 0))
        self.crm(draw).commit(ChangeSet(last.changes).inverse())

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
        *(
            "move_account",
            "add_contact",
            "move_contact",
            "move_contact",
            "delete_contact",
            "relate",
            "unrelate",
        ),
        *("merge_accounts", "merge_contacts", "unmerge", "convert", "change_rate"),
        *("merge_all", "erase", "convert_without_company", "convert_many", "undo_conversion"),
        *("convert_and_undo", "capture", "import_csv", "adopt_mode", "own_by_share"),
        *("own_by_share", "own_by_share", "turn_into_person", "add_person", "move_deals"),
        *("repair", "take_back", "say_not_duplicates"),
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
        most = len(self.crms) * (1 + self.erased)  # what was erased cannot be followed
        assert self.built <= most, "the totals must follow, not be built again"
        people = Counter(one.account_id for one in books.contacts)
        assert all(people[one.id] == 1 for one in self.stored("account") if one.is_person)


NAMES = {one.name for one in RULES.rollups}


def plain(value: Any) -> Any:
    """A figure as the oracle has it: money in its corporate currency as a fraction."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, Money):
        assert value.currency == "EUR"
        return Fraction(value.amount)
    return Fraction(value) if isinstance(value, Decimal) else value
