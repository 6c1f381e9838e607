"""Small worlds of accounts and deals, and their figures by brute force.

``Brute`` takes nothing from the rules: it walks up from every record, account by account, and
reckons in fractions.
"""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from crmcore.entities import Account, ExchangeRate, Opportunity
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import F
from crmcore.rules.rollup import Rollup, RollupResult, roll_up
from crmcore.rules.rule import Context
from crmcore.values import Money
from tests.properties.rollup.records import account

TODAY = date(2025, 3, 31)
CONTEXT = Context(
    model=STANDARD_MODEL,
    now=datetime(2025, 3, 31, 12, tzinfo=UTC),
    new_id=map(str, itertools.count()).__next__,
)
HOME = STANDARD_MODEL.currency


@frozen
class World:
    """Accounts and the deals that belong to them, to none, or to one that is not there."""

    accounts: tuple[Account, ...]
    deals: tuple[Opportunity, ...]
    rates: tuple[ExchangeRate, ...] = ()

    def figures(self, rollup: Rollup) -> RollupResult:
        return roll_up(
            rollup, accounts=self.accounts, children=self.deals, context=CONTEXT, rates=self.rates
        )


def amounts(currencies: Sequence[str] = (HOME,)) -> st.SearchStrategy[Money]:
    numbers = st.decimals(-1_000_000, 1_000_000, places=3) | st.sampled_from(
        [Decimal(0), Decimal("0.000000000001"), Decimal(10) ** 26]
    )
    return st.builds(Money, numbers, st.sampled_from(currencies))


@st.composite
def forests(draw: st.DrawFn, *, most: int = 8) -> tuple[Account, ...]:
    """Accounts whose parents may be anything: nobody, missing, themselves, round in a loop."""
    ids = [f"a{number}" for number in range(draw(st.integers(1, most)))]
    parents = st.none() | st.sampled_from([*ids, *ids, *ids, "gone"])
    accounts = [account(one, draw(parents)) for one in ids]
    return tuple(draw(st.permutations(accounts)))


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    currencies: Sequence[str] = (HOME,),
    most_deals: int = 12,
    rates: st.SearchStrategy[tuple[ExchangeRate, ...]] | None = None,
) -> World:
    accounts = draw(forests())
    ids = [one.id for one in accounts]
    deals = st.builds(
        Opportunity,
        id=st.uuids().map(str),
        name=st.just("deal"),
        owner_id=st.none() | st.sampled_from(["u1", "u2"]),
        account_id=st.none() | st.sampled_from([*ids, *ids, "gone"]),
        amount=st.none() | amounts(currencies),
        probability=st.none() | st.sampled_from([Decimal(0), Decimal("12.5"), Decimal(100)]),
        stage=st.sampled_from(["Prospecting", "Won", "Lost"]),
        close_on=st.none() | st.dates(date(2025, 1, 1), date(2025, 1, 8)),
    )
    found = draw(st.lists(deals, max_size=most_deals, unique_by=lambda one: one.id))
    return World(accounts, tuple(found), draw(rates) if rates is not None else ())


def exchange_rates(currencies: Sequence[str]) -> st.SearchStrategy[tuple[ExchangeRate, ...]]:
    """Rates with the euro as base, on some of the days, for some of the currencies."""
    one = st.builds(
        ExchangeRate,
        id=st.uuids().map(str),
        base=st.just("EUR"),
        currency=st.sampled_from([one for one in currencies if one != "EUR"]),
        valid_from=st.dates(date(2025, 1, 1), date(2025, 1, 8)),
        rate=st.decimals("0.01", 100, places=4).filter(bool),
    )
    return st.lists(one, max_size=6, unique_by=lambda rate: (rate.currency, rate.valid_from)).map(
        tuple
    )


class Brute:
    """What belongs to whom, found record by record and step by step."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.parents: dict[str, str | None] = {one.id: one.parent_id for one in accounts}

    def sound_parent(self, account_id: str) -> str | None:
        """The parent, unless it is not there or the account is above itself."""
        parent = self.parents[account_id]
        steps, at = 0, parent
        while at in self.parents and at != account_id and steps <= len(self.parents):
            steps, at = steps + 1, self.parents[at]
        return parent if parent in self.parents and at != account_id else None

    def line(self, account_id: str | None) -> list[str]:
        """The account and all above it; nothing for an account that is not there."""
        found: list[str] = []
        while account_id is not None and account_id in self.parents:
            found.append(account_id)
            account_id = self.sound_parent(account_id)
        return found

    def roots(self) -> list[str]:
        return [one for one in self.parents if self.sound_parent(one) is None]

    def below(self, account_id: str, deals: Iterable[Opportunity]) -> list[Opportunity]:
        return [one for one in deals if account_id in self.line(one.account_id)]

    def nowhere(self, deals: Iterable[Opportunity]) -> list[Opportunity]:
        return [one for one in deals if one.account_id not in self.parents]


def fraction(value: Any) -> Fraction:
    return Fraction(value.amount if isinstance(value, Money) else value)


SUM = Rollup(name="amount", child=Opportunity, by=F.account_id, value=F.amount, aggregate="sum")
COUNT = Rollup(name="deals", child=Opportunity, by=F.account_id, aggregate="count")
DISTINCT = Rollup(
    name="owners", child=Opportunity, by=F.account_id, value=F.owner_id, aggregate="count_distinct"
)
AVERAGE = Rollup(
    name="average", child=Opportunity, by=F.account_id, value=F.amount, aggregate="average"
)
MIN = Rollup(name="least", child=Opportunity, by=F.account_id, value=F.amount, aggregate="min")
MAX = Rollup(name="latest", child=Opportunity, by=F.account_id, value=F.close_on, aggregate="max")
PROBABILITIES = Rollup(
    name="probabilities",
    child=Opportunity,
    by=F.account_id,
    value=F.probability,
    aggregate="sum",
)
ALL_OF_THEM = (SUM, COUNT, DISTINCT, AVERAGE, MIN, MAX, PROBABILITIES)

A_DAY = timedelta(days=1)
