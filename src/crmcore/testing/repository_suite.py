"""Repository suite: the laws of ``crmcore.ports.Repository``, to subclass with one fixture."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from crmcore.changes import ChangeSet, Insert
from crmcore.entities import Account, Contact, ExchangeRate, Lead, Opportunity, Touch
from crmcore.errors import UsageError
from crmcore.ports import Repository
from crmcore.query import F, Query
from crmcore.testing.laws.all_laws import AllLaws
from crmcore.testing.plain import PlainStore
from crmcore.testing.strategies.values import NASTY_DATES, NASTY_MOMENTS, NASTY_NUMBERS
from crmcore.testing.verdict import opened, put, read, same
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref

Make = Callable[[], Repository]

ODD_NAMES = ("tier", "a.b", 'say "x"', "it's", "$", "[0]", "back\\slash", "", "é", "x') OR 1=1 --")
"""Names of values that mean something in the languages of stores."""

MIXED: tuple[Any, ...] = (
    None,
    False,
    True,
    0,
    1,
    Decimal("1.5"),
    Decimal(9),
    10,
    date(2024, 2, 29),
    datetime(2024, 2, 29, tzinfo=UTC),
    Money(9, "EUR"),
    Money(10, "EUR"),
    Money(1, "USD"),
    Ref("lead", "a"),
    "",
    "1",
    "10",
    "9",
    "2024-02-29",
    "é",
)
"""Values of every type that a custom field may have, in order."""

ODD_VALUES = (True, 1, "1", "x")
"""Some of them, for the odd names."""


class RepositorySuite(AllLaws):
    """A repository passes this suite, or it is not one.

    ::

        class TestMemoryRepository(RepositorySuite):
            abilities = frozenset({Ability.JOURNAL})

            @pytest.fixture
            def repository(self):
                return MemoryRepository

    The fixture ``repository`` gives a function that makes a new, empty repository each time it is
    called. With ``Ability.PERSISTENT`` the fixture ``reopen`` gives a function that closes a
    repository and opens what it has stored; ``SHARED``, ``DURABLE`` and ``CHECKSUMS`` need the
    fixture ``back_door``, a ``crmcore.testing.BackDoor``. Set ``model`` to have custom fields and
    own entities tried too; the fixture then makes repositories for ``self.model``.
    """

    @pytest.fixture
    def repository(self) -> Make:
        """A function that gives a new, empty repository."""
        raise UsageError("override the fixture `repository`", type(self).__name__)

    def test_every_type_of_value_is_read_back_as_it_was_stored(self, repository: Make) -> None:
        """S1 Decimals in any notation, moments, dates, money, names, addresses, references."""
        lead = Ref[Lead | Contact]("lead", "a")
        detail = {
            "flag": True,
            "whole": 1,
            "number": Decimal(1),
            "text": "1",
            "day": date(2024, 2, 29),
            "moment": datetime(2024, 2, 29, tzinfo=UTC),
            "money": Money("0.10", "EUR"),
            "ref": lead,
            "name": PersonName(family="x"),
            "address": Address(city=""),
        }
        rates = [
            ExchangeRate(currency="EUR", base="USD", valid_from=day, rate=rate)
            for rate in NASTY_NUMBERS
            for day in NASTY_DATES
        ]
        touches = [Touch(who=lead, at=at, detail=detail) for at in NASTY_MOMENTS]
        deals = [Opportunity(name="x", amount=Money(one, "KWD")) for one in NASTY_NUMBERS]
        with opened(repository) as store:
            for wanted in put(store, *rates, *touches, *deals):
                same("S1", read(store, wanted), (wanted,), "a record")

    def test_decimals_sort_and_compare_as_numbers(self, repository: Make) -> None:
        """S7 9 before 100, -1 before 0, 1E+2 is 100 and 0.10 is 0.1."""
        rates = [
            ExchangeRate(currency="EUR", base="USD", valid_from=date.min, rate=rate)
            for rate in NASTY_NUMBERS
        ]
        deals = [Opportunity(name="x", amount=Money(one, "EUR")) for one in NASTY_NUMBERS]
        wholes = (9, 100, -1, 0)
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet(Insert(one) for one in (*rates, *deals)), store, plain)
            asked = [
                Query.of(entity, where, order=order)
                for entity, path, order in (
                    (ExchangeRate, F.rate, F.rate.desc()),
                    (Opportunity, F.amount.amount, F.amount),
                )
                for bound in (*map(Decimal, ("9", "0.1", "1E+2")), *wholes)
                for where in (path == bound, path > bound, path <= bound, path.in_([bound]))
            ]
            self.agree(store, plain, asked)

    def test_parts_of_values_can_be_asked_for(self, repository: Make) -> None:
        """S7 A family name, a city, a currency, a whole address."""
        names = (PersonName(family="de la Vega"), PersonName(given="Ada"), PersonName(family="x"))
        cities = (Address(city="Paris"), None, Address(city="paris"))
        contacts = [
            Contact(name=name, mailing_address=city, other_emails=("a@x.org",))
            for name in names
            for city in cities
        ]
        asked = [
            Query.of(Contact, where, order=F.name.family)
            for where in (
                F.name.family == "x",
                F.name.family.is_none(),
                F.mailing_address.city == "Paris",
                ~(F.mailing_address.city == "Paris"),
                F.mailing_address == Address(city="Paris"),
                F.mailing_address.is_none(),
                F.other_emails.contains("a@x.org"),
                F.other_emails.contains("a@"),
                F.other_emails == ("a@x.org",),
                F.other_emails.in_([("a@x.org",), ()]),
            )
        ]
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet(Insert(one) for one in contacts), store, plain)
            self.agree(store, plain, asked)

    def test_days_and_moments_are_compared_in_time(self, repository: Make) -> None:
        """S7 To the microsecond, wherever the clock of the one who asks stands."""
        lead = Ref[Lead | Contact]("lead", "a")
        touches = [Touch(who=lead, at=at) for at in NASTY_MOMENTS]
        deals = [Opportunity(name="x", close_on=day) for day in (*NASTY_DATES, None)]
        east = timezone(timedelta(hours=5, minutes=45))
        moments = (*NASTY_MOMENTS, NASTY_MOMENTS[1].astimezone(east), datetime(2024, 2, 29, 12))  # noqa: DTZ001  # equals nothing
        asked: list[Query[Any]] = [
            Query.of(Touch, where, order=order)
            for bound in moments
            for where in (F.at == bound, F.at < bound, F.at >= bound, F.at.in_([bound]))
            for order in (F.at, F.at.desc())
        ]
        asked += [
            Query.of(Opportunity, where, order=F.close_on.desc())
            for day in NASTY_DATES
            for where in (F.close_on == day, F.close_on > day, ~(F.close_on <= day))
        ]
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet(Insert(one) for one in (*touches, *deals)), store, plain)
            self.agree(store, plain, asked)
            self.holds("S1", store, plain, "with days and moments", [Touch, Opportunity])

    def test_references_are_asked_for_by_kind_and_id(self, repository: Make) -> None:
        """S7 A lead is not the contact with its id."""
        who = [Ref[Lead | Contact](kind, key) for kind in ("lead", "contact") for key in "aAb"]
        moment = datetime(2024, 2, 29, tzinfo=UTC)
        asked = [
            Query.of(Touch, where, order=F.who)
            for one in who
            for where in (F.who == one, F.who.id == one.id, F.who.kind == one.kind, F.who > one)
        ]
        asked += [
            Query.of(Touch, where)
            for where in (F.who.in_(who[:2]), F.who == "a", F.who.is_none(), ~(F.who == who[0]))
        ]
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet(Insert(Touch(who=one, at=moment)) for one in who), store, plain)
            self.agree(store, plain, asked)

    def test_custom_values_of_any_name_and_type_can_be_asked_for(self, repository: Make) -> None:
        """S7 Names with quotes and dots are names; values of different types are in one order."""
        accounts = [
            Account(name="x", custom={} if value is None else {name: value})
            for name in ODD_NAMES
            for value in (MIXED if name == "tier" else ODD_VALUES)
        ]
        asked = [
            Query.of(Account, where, order=F.custom[name])
            for name in ODD_NAMES
            for value in (MIXED[1:] if name == "tier" else ODD_VALUES)
            for where in (F.custom[name] == value, F.custom[name] <= value)
        ]
        asked += [Query.of(Account, F.custom[name].is_none()) for name in ODD_NAMES]
        asked += [Query.of(Account, F.custom[name].starts_with("1")) for name in ODD_NAMES]
        asked += [Query.of(Account, order=(F.custom[name].desc(),)) for name in ODD_NAMES]
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet(Insert(one) for one in accounts), store, plain)
            self.agree(store, plain, asked)
            self.holds("S1", store, plain, "with custom values", [Account])

    def test_collections_are_compared_whole(self, repository: Make) -> None:
        """S7 Labels and external ids: all of them, or one."""
        some = ({"1"}, {"1", "x"}, set[str](), {"x"}, {"X"})
        accounts = [
            Account(name="x", labels=labels, external_ids={one: one for one in labels})
            for labels in some
        ]
        asked = [
            Query.of(Account, where)
            for labels in some
            for where in (
                F.labels == frozenset(labels),
                F.labels.in_([frozenset(labels), frozenset()]),
                F.external_ids == FrozenMap({one: one for one in labels}),
                F.external_ids["x"] == "x",
                F.external_ids.contains("x"),
                F.labels.contains("x"),
                F.labels.is_none(),
            )
        ]
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet(Insert(one) for one in accounts), store, plain)
            self.agree(store, plain, asked)
