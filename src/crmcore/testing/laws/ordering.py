"""Ordering: answers come in the declared order, and page by page (S5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import Account
from crmcore.ports import Repository
from crmcore.query import F, Query
from crmcore.testing.laws.reading import some_accounts
from crmcore.testing.laws.side_by_side import SideBySide
from crmcore.testing.plain import PlainStore
from crmcore.testing.verdict import hold, opened, put, same
from crmcore.values.ids import AccountId

Make = Callable[[], Repository]


class OrderingLaws(SideBySide):
    """S5: the order is total, with the id as its last key; pages continue exactly."""

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

    def test_ids_sort_as_text_and_ties_by_id(self, repository: Make) -> None:
        """S5 "10" before "9", also when the order descends, whichever was stored first."""
        ids = ("9", "10", "é", "100", "B", "a", "Z", "~", "\uff5e", "\U0001f469", "1", "")
        with opened(repository) as store:
            plain = PlainStore()
            for one in ids:
                self.both(
                    ChangeSet([Insert(Account(id=AccountId(one), name="same"))]), store, plain
                )
            for touched in ("a", "9"):
                before: Any = plain.records[Account(id=AccountId(touched), name="").ref]
                after = attrs.evolve(before, employees=None)
                self.both(ChangeSet([Update(before, after)]), store, plain)
            for order in ((), (F.name,), (F.name.desc(),), (F.employees.desc(), F.name)):
                query = Query.of(Account, order=order)
                with store.snapshot() as now:
                    found = [one.id for one in now.find(query)]
                same("S5", found, sorted(ids), f"ids in order of: {query}")
                for size in (1, 2, 5, len(ids)):
                    page = attrs.evolve(query, limit=size)
                    paged = [one.id for some in _pages(store, page) for one in some]
                    same("S5", paged, sorted(ids), f"ids in pages of {size} of: {query}")

    def test_a_cursor_need_not_be_that_of_a_stored_record(self, repository: Make) -> None:
        """S5 It stands between records: what is behind it comes, with or without a limit."""
        with opened(repository) as store:
            plain = PlainStore()
            numbers = (None, None, -1, 0, 9, 9, 10, 100)
            new = [
                Account(id=AccountId(f"{n}"), name="x", employees=number)
                for n, number in enumerate(numbers)
            ]
            self.both(ChangeSet(map(Insert, new)), store, plain)
            for order in (F.employees, F.employees.desc()):
                for number in (None, -5, 0, 9, 50, 1_000):
                    for key in ("", "4", "45", "z"):
                        for limit in (None, 0, 1, 2, 99):
                            query = Query.of(Account, order=order, after=(number, key), limit=limit)
                            with store.snapshot() as now:
                                found = [one.id for one in now.find(query)]
                            wanted = [one.id for one in plain.find(query)]
                            same("S5", found, wanted, f"ids of: {query}")
            for start in (None, ("",), ("3",), ("35",), ("z",)):
                for limit in (None, 0, 1, 2, 99):
                    query = Query.of(Account, after=start, limit=limit)
                    with store.snapshot() as now:
                        found = [one.id for one in now.find(query)]
                    wanted = [one.id for one in plain.find(query)]
                    same("S5", found, wanted, f"ids of: {query}")

    def test_a_page_is_filtered_before_it_is_cut(self, repository: Make) -> None:
        """S5 A limit counts records that match; so does a page."""
        with opened(repository) as store:
            put(
                store,
                *(
                    Account(id=AccountId(f"{n:02}"), name=f"{n % 3}", employees=-n)
                    for n in range(30)
                ),
            )
            ones, others = (
                [n for n in range(30) if n % 3 == 1],
                [n for n in range(30) if n % 3 != 1],
            )
            for where, ids in ((F.name == "1", ones), (~(F.name == "1"), others)):
                for order, numbers in ((F.id, ids), (F.employees, ids[::-1])):
                    for size in (1, 4, 10):
                        query = Query.of(Account, where, order=order, limit=size)
                        paged = [int(one.id) for page in _pages(store, query) for one in page]
                        same("S5", paged, numbers, f"ids in pages of: {query}")


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
