"""Repository suite: the laws of ``crmcore.ports.Repository``, to subclass with one fixture."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crmcore.changes import ChangeSet, Insert
from crmcore.entities import Contact, ExchangeRate, Lead, Opportunity, Touch
from crmcore.errors import UsageError
from crmcore.ports import Repository
from crmcore.query import F, Query
from crmcore.testing.laws.all_laws import AllLaws
from crmcore.testing.plain import PlainStore
from crmcore.testing.strategies.values import NASTY_DATES, NASTY_MOMENTS, NASTY_NUMBERS
from crmcore.testing.verdict import opened, put, read, same
from crmcore.values import Address, Money, PersonName, Ref

Make = Callable[[], Repository]


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
    fixture ``back_door``, a ``crmcore.testing.BackDoor``. Set ``model`` to have custom fields and own entities
    tried too; the fixture then makes repositories for ``self.model``.
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
