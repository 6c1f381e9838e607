"""Reading: queries answer what they mean (S7), in order (S5), of one moment, unaliased (S6)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import Account, Case, Record, User
from crmcore.ports import Repository, Snapshot
from crmcore.query import F, Filter, Query
from crmcore.testing.laws.storing import StoringLaws
from crmcore.testing.plain import PlainStore
from crmcore.testing.strategies.values import IDS, NASTY_TEXTS
from crmcore.testing.suite import random_law
from crmcore.testing.verdict import everything, hold, hurried, opened, patient, put, read, same
from crmcore.values.ids import AccountId

Make = Callable[[], Repository]

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
)
"""Filters that engines with types, collations and wildcards of their own answer differently."""


def some_accounts() -> list[Account]:
    """Accounts for the tricky filters, among them look-alikes of every kind."""
    numbers = (9, 100, 10, 1, 0, None, 2**53 + 1)
    return [
        Account(
            id=AccountId(f"n{index}" if index >= len(IDS) else IDS[index]),
            name=name,
            employees=numbers[index % len(numbers)],
            is_person=index % 3 == 0,
            parent_id=AccountId(IDS[index % 3]) if index % 4 else None,
            labels=frozenset({"1", name}) if index % 2 else frozenset(),
        )
        for index, name in enumerate(NASTY_TEXTS)
    ]


class ReadingLaws(StoringLaws):
    """S5, S6 and S7: what a query answers, and in which moment."""

    def test_tricky_filters_mean_what_they_mean_in_memory(self, repository: Make) -> None:
        """S7 1 is not True nor "1", a is not A, % and _ are letters, missing is not unequal."""
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet(Insert(one) for one in some_accounts()), store, plain)
            self._agree(store, plain, [Query.of(Account, where) for where in TRICKY])

    def _agree(self, store: Repository, plain: PlainStore, asked: list[Query[Any]]) -> None:
        with store.snapshot() as now:
            for query in asked:
                same("S7", list(now.find(query)), plain.find(query), f"answer to: {query}")

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
            self._agree(store, plain, asked)
            for values in ({"email": "ada@new.org"}, {"email": None}, {"email": "ada@x.org"}):
                now = plain.records[user.ref]
                self.both(ChangeSet([Update(now, attrs.evolve(now, **values))]), store, plain)
                self._agree(store, plain, asked)
            case_now = plain.records[case.ref]
            moved = attrs.evolve(case_now, account_id=AccountId("b"))  # type: ignore[call-arg]  # it is a case
            self.both(ChangeSet([Update(case_now, moved)]), store, plain)
            self._agree(store, plain, asked)
            gone = ChangeSet(Delete(plain.records[one.ref]) for one in (user, case))
            self.both(gone, store, plain)
            self._agree(store, plain, asked)

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
                self._agree(store, plain, [data.draw(self.queries(entity, stored))])

    def _asked_about(self, plain: PlainStore) -> st.SearchStrategy[type[Record]]:
        """An entity, rather one of which there are records."""
        stored = sorted({type(one) for one in plain.records.values()}, key=lambda one: one.__name__)
        return st.sampled_from([*stored, *self.classes] if stored else self.classes)

    @pytest.mark.parametrize(
        "order",
        [
            (),
            (F.employees,),
            (F.employees.desc(),),
            (F.name,),
            (F.name.desc(), F.employees),
            (F.is_person, F.parent_id.desc()),
        ],
        ids=str,
    )
    def test_the_order_is_total(self, repository: Make, order: tuple[Any, ...]) -> None:
        """S5 Numbers as numbers, texts by code point, missing ones first, the id last."""
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet(Insert(one) for one in some_accounts()), store, plain)
            query = Query.of(Account, order=order)
            with store.snapshot() as now:
                found = [one.id for one in now.find(query)]
                same("S5", found, [one.id for one in plain.find(query)], f"order of {query}")
            for size in (1, 5):
                pages = list(_pages(store, attrs.evolve(query, limit=size)))
                ids = [one.id for page in pages for one in page]
                same("S5", ids, found, f"pages of {size} of {query}")

    def test_the_order_is_the_declared_one(self, repository: Make) -> None:
        """S5 Missing before 9 before 10 before 100, the other way round when descending."""
        numbers = {"d": None, "b": 100, "B": 9, "c": 10, "a": 10}
        accounts = [
            Account(id=AccountId(key), name="x", employees=number)
            for key, number in numbers.items()
        ]
        with opened(repository) as store:
            put(store, *accounts)
            for order, wanted in (
                ((), "Babcd"),
                (F.employees, "dBacb"),
                (F.employees.desc(), "bacBd"),
                ((F.name, F.employees.desc()), "bacBd"),
            ):
                query = Query.of(Account, order=order)
                with store.snapshot() as now:
                    found = "".join(one.id for one in now.find(query))
                same("S5", found, wanted, f"ids in order of: {query}")

    def test_a_page_continues_behind_its_cursor_while_others_commit(self, repository: Make) -> None:
        """S5 What stays is seen exactly once, though records before and behind come and go."""
        with opened(repository) as store:
            accounts = [Account(id=AccountId(f"m{n}"), name="x", employees=n % 3) for n in range(9)]
            stored = put(store, *accounts)
            query = Query.of(Account, order=(F.employees, F.name.desc()), limit=2)
            seen: list[str] = []
            for turn, page in enumerate(_pages(store, query)):
                seen += [one.id for one in page]
                late = Account(id=AccountId(f"z{turn}"), name="x", employees=-1)
                early = Account(id=AccountId(f"a{turn}"), name="x", employees=9)
                gone = [Delete(one) for one in stored if turn % 2 and one.id == seen[-1]]
                store.commit(ChangeSet([Insert(late), Insert(early), *gone]))
            old = [one for one in seen if one.startswith("m")]
            wanted = [
                one.id for one in sorted(accounts, key=lambda one: (one.employees or 0, one.id))
            ]
            same("S5", old, wanted, "records that were there all the time")
            hold("S5", not any(one.startswith("z") for one in seen), "a page went back")

    def test_an_answer_is_the_callers_own(self, repository: Make) -> None:
        """S6 Emptying or filling what was returned changes nothing that is stored."""
        with opened(repository) as store:
            account, other = put(store, Account(name="x"), Account(name="y"))
            ids = [account.id]
            with store.snapshot() as now:
                found = now.get(Account, ids)
                ids.append(other.id)
                same("S6", sorted(found), [account.id], "an answer after its question was changed")
                for spoil in (_emptied, _filled):
                    with contextlib.suppress(TypeError, AttributeError):
                        spoil(now.get(Account, [account.id]))
                    for question in ([account.id], [account.id, "spoilt"]):
                        again = dict(now.get(Account, question))
                        same("S6", again, {account.id: account}, "an answer, spoilt, asked again")
            same("S6", everything(store, [Account]), _by_id(account, other), "what is stored")

    def test_what_was_passed_in_stays_the_callers_own(self, repository: Make) -> None:
        """S6 Lists, sets and mappings that a record was built from may change afterwards."""
        with opened(repository) as store:
            labels, sources = {"a"}, {"crm": "1"}
            new = Account(name="x", labels=labels, external_ids=sources)
            changes = [Insert(new)]
            (wanted,) = ChangeSet(changes).as_stored(store.commit(ChangeSet(changes))).written
            labels.add("b")
            sources["crm"] = "2"
            changes.clear()
            same("S6", read(store, new), (wanted,), "a stored record")
            same("S6", sorted(wanted.labels), ["a"], "its labels")

    def test_a_snapshot_stays_in_its_moment(self, repository: Make) -> None:
        """S6 By id and by query, also halfway through an answer, while others commit."""
        with opened(repository) as store:
            before = put(store, *(Account(name=f"{n}", employees=n) for n in range(20)))
            with store.snapshot() as old:
                answer = old.find(Query.of(Account, F.employees >= 0, order=F.employees))
                half = [next(answer)]
                self._overturn(store, before)
                half += answer
                same("S6", half, list(before), "an answer that was begun before others committed")
                same("S6", old.seq, before[0].version, "the number of a snapshot")
                same("S6", self._seen(old), _by_id(*before), "all records of an older snapshot")
                found = old.get(Account, [one.id for one in before])
                same("S6", dict(found), {one.id: one for one in before}, "records by id, likewise")
                same("S6", list(old.find(Query.of(Case))), [], "a kind that came later")
            with store.snapshot() as new:
                names = sorted(one.name for one in self._seen(new))
                same("S6", names, ["added", *["changed"] * 10], "a snapshot taken later")

    def _seen(self, moment: Snapshot) -> list[Account]:
        return list(moment.find(Query.of(Account)))

    def _overturn(self, store: Repository, accounts: tuple[Account, ...]) -> None:
        """Change half of the accounts, delete the others, add one, and a record of a new kind."""
        changed = [Update(one, attrs.evolve(one, name="changed")) for one in accounts[:10]]
        store.commit(ChangeSet(changed))
        store.commit(ChangeSet(Delete(one) for one in accounts[10:]))
        put(store, Account(name="added", employees=1), Case(subject="x"))

    def test_a_commit_is_seen_whole_while_it_happens(self, repository: Make) -> None:
        """S2 A reader in another thread finds both halves of each commit, or neither."""
        with opened(repository) as store:
            pair = put(store, Account(name="a", employees=50), Account(name="b", employees=50))
            done = threading.Event()
            odd: list[Any] = []

            def look() -> None:
                while not done.is_set():
                    with store.snapshot() as now:
                        found = [one.employees or 0 for one in now.find(Query.of(Account))]
                        again = now.get(Account, [one.id for one in pair])
                        total = sum(one.employees or 0 for one in again.values())
                    if sum(found) != 100 or total != 100:  # twice 50
                        odd.append((found, total))

            reader = threading.Thread(target=look)
            with hurried():
                reader.start()
                try:
                    self._shift(store, pair, times=30)
                finally:
                    done.set()
                    reader.join()
            same("S2", odd, [], "sums that a reader saw, which are always 100")

    def _shift(self, store: Repository, pair: tuple[Account, ...], *, times: int) -> None:
        for _ in range(times):
            one, other = read(store, *pair)
            hold("S2", one is not None and other is not None, "a record is gone")
            moved = [
                Update(who, attrs.evolve(who, employees=(who.employees or 0) + by))
                for who, by in ((one, -1), (other, 1))
                if who is not None
            ]
            patient(lambda: store.commit(ChangeSet(moved)))  # noqa: B023  # called at once


def _pages(store: Repository, query: Query[Account]) -> Iterator[list[Account]]:
    """The pages of a query, each from a moment of its own."""
    for _ in range(1_000):
        with store.snapshot() as now:
            page = list(now.find(query))
        yield page
        if not page:
            return
        query = query.following(page[-1])
    raise AssertionError(f"law S5 is broken: the pages have no end: {query}")


def _emptied(answer: Any) -> None:  # whatever an adapter returns
    answer.clear()


def _filled(answer: Any) -> None:  # likewise
    answer["spoilt"] = next(iter(answer.values()), None)


def _by_id(*accounts: Account) -> list[Account]:
    return sorted(accounts, key=lambda one: one.id)
