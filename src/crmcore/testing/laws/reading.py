"""Reading: a query answers what the same query means in memory (S7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import Account, Case, Record, User
from crmcore.ports import Repository
from crmcore.query import ALL, And, F, Filter, Not, Or, Query
from crmcore.testing.laws.side_by_side import SideBySide
from crmcore.testing.plain import PlainStore
from crmcore.testing.strategies.values import IDS, NASTY_TEXTS
from crmcore.testing.suite import random_law
from crmcore.testing.verdict import opened, put, same
from crmcore.values.ids import AccountId

Make = Callable[[], Repository]

ODD_TEXTS = (
    "a\0b",
    "a\0",
    "\0",
    "[x]y",
    "x*y",
    "x?y",
    "^x",
    "x.y",
    "x_y",
    "x%y",
    "xzy",
    "(x",
    "$1",
)
"""Texts that engines cut short, or read as patterns."""

TRUE, ONE, TEXT_ONE = F.is_person == True, F.employees == 1, F.name == "1"  # noqa: E712  # filters
NINE, HUNDRED = 9, 100  # as texts they sort the other way round
TRICKY: tuple[Filter, ...] = (
    TRUE,
    F.is_person == 1,
    F.employees == True,  # noqa: E712  # a filter
    ONE,
    F.employees == "1",
    F.name == 1,
    TEXT_ONE,
    F.id == "a",
    F.id == "A",
    F.id == "a ",
    F.id.in_(["a", "á", "true"]),
    F.employees.in_([1, True, "1"]),
    F.name.in_([]),
    F.employees > NINE,
    F.employees <= HUNDRED,
    F.employees < "5",
    F.employees >= False,
    F.name > "Z",
    F.name.starts_with("%"),
    F.name.starts_with("x"),
    F.name.starts_with("é"),
    F.name.contains("_"),
    F.name.contains('"'),
    F.name.contains("'"),
    F.name.contains(""),
    F.name.contains("X"),
    F.name.contains("%"),
    F.name.contains("*"),
    F.name.contains("\\"),
    F.name.contains("\n"),
    F.name.contains("\u0301"),
    F.name.contains("é"),
    F.name.starts_with(""),
    F.name.starts_with("_"),
    F.name.starts_with("X"),
    F.name.starts_with("["),
    F.name.starts_with("z\U0010ffff"),
    F.name.starts_with("\U0001f469"),
    F.name.starts_with("a\\"),
    F.name.starts_with("o'"),
    F.name == "",
    F.name == "e\u0301",
    F.name.starts_with("e"),
    F.name.starts_with("e\u0301"),
    F.name.starts_with("[x]"),
    F.name.starts_with("x*"),
    F.name.starts_with("x?"),
    F.name.starts_with("x_"),
    F.name.starts_with("x%"),
    F.name.starts_with("^x"),
    F.name.starts_with("x."),
    F.name.contains("[x]"),
    F.name.contains("x_y"),
    F.name.contains("."),
    F.name.contains("("),
    F.name == "a\0b",
    F.name == "a",
    F.name > "a",
    F.name >= "a\0b",
    F.name < "a\0c",
    F.name.starts_with("a\0"),
    F.name.contains("\0"),
    F.name.in_(["a\0", "b"]),
    F.name == "é",
    F.name == "x ",
    F.name == "O'Brien",
    F.name == "'; DROP TABLE account; --",
    F.name <= "x",
    F.name < "x",
    F.name > "\ufb01",
    F.name >= "\U0001f469",
    F.name < "\U0001f469",
    F.name.in_(["x", "É", "ß"]),
    F.name.in_([1, True]),
    F.name.in_([None]),
    ~F.name.in_([]),
    F.employees == 2**53 + 1,
    F.employees == 2**53,
    F.employees == 2**64,
    F.employees > 2**63,
    F.employees >= 2**63,
    F.employees < -(2**63),
    F.employees <= -1,
    F.employees < 0,
    F.employees == "",
    F.employees.in_([9, None, "9"]),
    F.is_person < True,
    F.is_person >= False,
    ~TRUE,
    ~(F.is_person == 1),
    F.description.is_none(),
    F.description == "",
    F.parent_id == "",
    F.parent_id < "b",
    ~(F.parent_id < "b"),
    ~F.parent_id.in_(["a", "A"]),
    ~F.parent_id.starts_with("a"),
    F.labels.is_none(),
    F.labels.contains("x"),
    F.labels.contains(""),
    F.labels.contains(True),  # noqa: FBT003  # a value that a filter asks for
    ~F.labels.contains("1"),
    F.labels.contains("1"),
    F.labels.contains(1),
    F.employees.is_none(),
    ~F.employees.is_none(),
    ~(F.employees > NINE),
    ~(F.name == "x"),
    F.parent_id == "a",
    ~(F.parent_id == "a"),
    F.parent_id.is_none(),
    (F.employees == NINE) | TEXT_ONE,
    (F.parent_id == "a") & TRUE,
    (F.parent_id == "a") & (F.parent_id == "A"),
    ((F.parent_id == "a") | (F.employees == NINE)) & ~TRUE,
    ~((F.parent_id == "a") & TRUE),
    ~~(F.parent_id == "a"),
    (F.employees > NINE) & (F.employees < HUNDRED),
    And(()),
    Or(()),
    Not(Or(())),
    ALL,
    Not(ALL),
    Or(tuple(F.employees == one for one in range(300))),
    And(tuple(~(F.employees == one) for one in range(2, 300))),
)
"""Filters that engines with types, collations and wildcards of their own answer differently."""

SIZES = (*range(1, 11), 16, 17, 33, 50, 65, 100, 101, 129, 257, 500, 501, 1_000, 1_001)
"""How many terms or values: few, and about the numbers at which engines begin anew."""


def some_accounts() -> list[Account]:
    """Accounts for the tricky filters, among them look-alikes of every kind."""
    numbers = (9, 100, 10, 1, 0, None, 2**53 + 1, -1, 2**63, 2**64, -(2**63) - 1)
    return [
        Account(
            id=AccountId(f"n{index}" if index >= len(IDS) else IDS[index]),
            name=name,
            employees=numbers[index % len(numbers)],
            is_person=index % 3 == 0,
            parent_id=AccountId(IDS[index % 3]) if index % 4 else None,
            labels=frozenset({"1", name}) if index % 2 else frozenset(),
        )
        for index, name in enumerate((*NASTY_TEXTS, *ODD_TEXTS))
    ]


class ReadingLaws(SideBySide):
    """S7: what a query answers."""

    def test_tricky_filters_mean_what_they_mean_in_memory(self, repository: Make) -> None:
        """S7 1 is not True nor "1", a is not A, % and _ are letters, missing is not unequal."""
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet(Insert(one) for one in some_accounts()), store, plain)
            self.agree(store, plain, [Query.of(Account, where) for where in TRICKY])
            for limit in (0, 1, 3, 10_000):
                asked = [
                    Query.of(Account, where, order=order, limit=limit, after=after)
                    for where in (ONE, ~(F.name == "x"), F.labels.contains("1"))
                    for order, after in (((), None), (F.name, ("x", "")), (F.name.desc(), None))
                ]
                self.agree(store, plain, asked)

    def test_a_filter_may_be_long(self, repository: Make) -> None:
        """S7 More values, more terms and deeper than a statement of many engines may have."""
        with opened(repository) as store:
            plain = PlainStore()
            new = [Account(id=AccountId(f"{n}"), name=f"{n}", employees=n) for n in (1, 33_000)]
            self.both(ChangeSet(map(Insert, new)), store, plain)
            deep: Filter = F.employees == 1
            for _ in range(60):
                deep = Not(Or((deep, F.name == "no")))
            long = "x" * 70_000
            asked = [
                Query.of(Account, where)
                for where in (
                    F.employees.in_(range(2, 33_001)),
                    F.name.in_([f"{one}" for one in range(33_000)]),
                    ~F.id.in_([f"{one}" for one in range(33_000)]),
                    Or(tuple(F.name == f"{one}" for one in range(1_200))),
                    And(tuple(~(F.name == f"{one}") for one in range(2, 1_200))),
                    deep,
                    ~deep,
                    F.name == long,
                    ~F.name.starts_with(long),
                    F.name < long,
                )
            ]
            self.agree(store, plain, asked)

    def test_a_filter_may_have_any_number_of_terms(self, repository: Make) -> None:
        """S7 And of values: two, ten, a hundred, a thousand; each counts, the last one too."""
        with opened(repository) as store:
            plain = PlainStore()
            new = [Account(id=AccountId(f"{n}"), name=f"{n}", employees=n) for n in range(12)]
            self.both(ChangeSet(map(Insert, new)), store, plain)
            asked = [
                Query.of(Account, where)
                for size in SIZES
                for where in (
                    Or(tuple(F.employees == n for n in range(size))),
                    Or((*(F.name == f"no {n}" for n in range(size - 1)), F.employees == NINE)),
                    And(tuple(~(F.employees == n) for n in range(size))),
                    And((*(F.employees >= 0 for _ in range(size - 1)), F.name == "7")),
                    F.employees.in_(range(size)),
                    F.name.in_([*(f"no {n}" for n in range(size - 1)), "7"]),
                )
            ]
            self.agree(store, plain, asked)

    def test_a_query_sees_every_change(self, repository: Make) -> None:
        """S7 A value that a record no longer has does not find it, its new value does."""
        with opened(repository) as store:
            plain = PlainStore()
            user, case = User(name="Ada", email="ada@x.org"), Case(subject="x")
            case = attrs.evolve(case, account_id=AccountId("a"), owner_id=user.id)
            asked: list[Query[Any]] = [
                Query.of(User, F.email == "ada@x.org"),
                Query.of(User, F.email == "ada@new.org"),
                Query.of(User, F.email.is_none()),
                Query.of(User, F.email.contains("ada")),
                Query.of(User, F.email.starts_with("ada@n")),
                Query.of(User, F.email.in_(["ada@x.org", "ada@new.org"])),
                Query.of(Case, F.account_id == "a"),
                Query.of(Case, (F.account_id == "b") & (F.owner_id == user.id)),
                Query.of(Case, F.owner_id.in_([user.id, "b"])),
                Query.of(Case, F.account_id.contains("b")),
            ]
            self.both(ChangeSet([Insert(user), Insert(case)]), store, plain)
            self.agree(store, plain, asked)
            for values in ({"email": "ada@new.org"}, {"email": None}, {"email": "ada@x.org"}):
                now = plain.records[user.ref]
                self.both(ChangeSet([Update(now, attrs.evolve(now, **values))]), store, plain)
                self.agree(store, plain, asked)
            case_now = plain.records[case.ref]
            moved = attrs.evolve(case_now, account_id=AccountId("b"))  # type: ignore[call-arg]  # it is a case
            self.both(ChangeSet([Update(case_now, moved)]), store, plain)
            self.agree(store, plain, asked)
            gone = ChangeSet(Delete(plain.records[one.ref]) for one in (user, case))
            self.both(gone, store, plain)
            self.agree(store, plain, asked)

    def test_a_change_is_found_by_what_was_stored(self, repository: Make) -> None:
        """S7 Of ``before`` only the version counts: its fields may be out of date."""
        with opened(repository) as store:
            (user,) = put(store, User(name="Ada", email="ada@x.org"))
            blurred = attrs.evolve(user, email="other@x.org")
            after = attrs.evolve(user, name="Countess")
            store.commit(ChangeSet([Update(blurred, after)]))
            by_email = Query.of(User, F.email == "ada@x.org")
            with store.snapshot() as now:
                (user,) = now.find(by_email)
                same("S7", user.name, "Countess", "a record found by e-mail")
            store.commit(ChangeSet([Delete(attrs.evolve(user, email=None))]))
            with store.snapshot() as now:
                same("S7", list(now.find(by_email)), [], "a deleted record, by its e-mail")

    @random_law
    @given(data=st.data())
    def test_a_query_answers_what_it_means_in_memory(
        self, repository: Make, data: st.DataObject
    ) -> None:
        """S7 Filter, order, cursor and limit, over records that came about in several commits."""
        with opened(repository) as store:
            plain = self.grown(data, store)
            for _ in range(3):
                entity = data.draw(self._asked_about(plain))
                stored = [one for one in plain.records.values() if type(one) is entity]
                self.agree(store, plain, [data.draw(self.queries(entity, stored))])

    def _asked_about(self, plain: PlainStore) -> st.SearchStrategy[type[Record]]:
        """An entity, rather one of which there are records."""
        stored = sorted({type(one) for one in plain.records.values()}, key=lambda one: one.__name__)
        return st.sampled_from([*stored, *self.classes] if stored else self.classes)
