"""Ownership shares: figures by brute force over all ways, in fractions; and what adds up."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Account,
    AccountRelation,
    Crm,
    ExchangeRate,
    F,
    Money,
    Opportunity,
    Rollup,
    User,
)
from crmcore.changes import Change, Delete, Insert, Update
from crmcore.findings import ModelError
from crmcore.rules.rollup import (
    Scope,
    Shares,
    Totals,
    explain,
    figure,
    roll_up,
    weighted_sum,
)
from crmcore.rules.rule import Context
from tests.properties.rollup.oracle import Owned

IDS = "abcd"
DAY = date(2025, 3, 20)
PLACES = 10**12
RATE = ExchangeRate(
    id="r",  # type: ignore[arg-type]  # plain ids
    base="EUR",
    currency="USD",
    valid_from=date(2020, 1, 1),
    rate=Decimal(3),
)


def deals(name: str, **parts: Any) -> Rollup:
    given: Any = {"name": name, "child": Opportunity, "by": F.account_id, "shares": Shares()}
    return Rollup(**given | parts)


AMOUNT = deals("amount", value=F.amount, aggregate="sum")
COUNT = deals("count", aggregate="count", rounding=2)
WEIGHTED = deals("weighted", value=F.amount, aggregate=weighted_sum(F.probability))
ALL = [AMOUNT, COUNT, WEIGHTED]


def context(day: date = DAY) -> Context:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Context(model=STANDARD_MODEL, now=now, new_id=str)


# By brute force.


class Books(Owned):
    """All records, and what they are worth."""

    def __init__(self, records: list[Any], today: date) -> None:
        groups = [one for one in records if isinstance(one, Account)]
        relations = [one for one in records if isinstance(one, AccountRelation)]
        super().__init__({one.id: one.parent_id for one in groups}, relations, today)
        self.deals = [one for one in records if isinstance(one, Opportunity)]

    def own(self, name: str, id_: str | None) -> Fraction:
        total = Fraction(0)
        for deal in self.deals:
            home = deal.account_id if deal.account_id in self.accounts else None
            if home == id_ and name == "count":
                total += 1
            elif home == id_ and deal.amount is not None:
                worth = Fraction(deal.amount.amount) / (3 if deal.amount.currency == "USD" else 1)
                chance = 100 if name == "amount" else deal.probability
                total += worth * Fraction(chance or 0) / 100
        return total

    def total(self, name: str, id_: str) -> Fraction:
        ones = (self.own(name, one) * self.part(one, id_) for one in self.accounts)
        return sum(ones, Fraction(0))


def rounded(name: str, value: Fraction) -> Fraction:
    places = 100 if name == "count" else PLACES
    return Fraction(round(value * places), places)


def plain(value: Any) -> Fraction:
    return Fraction(value.amount if isinstance(value, Money) else value)


def compare(records: list[Any], results: dict[str, Any], today: date) -> Books:
    books = Books(records, today)
    for name, result in results.items():
        expected = {one: rounded(name, books.total(name, one)) for one in books.accounts}
        assert {one: plain(value) for one, value in result.items()} == expected, name
        assert plain(result.unassigned) == rounded(name, books.own(name, None)), name
        whole = sum((books.own(name, one) for one in (*books.accounts, None)), Fraction(0))
        assert plain(result.everything) == rounded(name, whole), name
        # What nobody above has, with what belongs to no account, is everything there is.
        kept = sum((books.left(one) * books.total(name, one) for one in books.accounts), Fraction())
        assert kept + books.own(name, None) == whole
    return books


ACCOUNTS = st.sampled_from([*IDS, *IDS, *IDS, "gone", None])
ids = st.sampled_from(IDS)
days = st.sampled_from([None, None, None, date(2025, 1, 1), date(2025, 3, 20), date(2025, 3, 21)])
accounts = st.builds(lambda id_, parent: Account(id=id_, name=id_, parent_id=parent), ids, ACCOUNTS)
relations = st.builds(
    lambda id_, one, two, kind, share, start, end: AccountRelation(
        id=id_, from_id=one, to_id=two, kind=kind, share=share, start_on=start, end_on=end
    ),
    st.sampled_from("pqrstuvw"),
    st.sampled_from([*IDS, *IDS, "gone"]),
    st.sampled_from("bccdd"),
    st.sampled_from(["owner", "owner", "owner", "owner", "partner"]),
    st.sampled_from([None, *map(Decimal, ("60", "40", "100", "33.33", "50", "0", "12.5"))]),
    days,
    days,
)
opportunities = st.builds(
    lambda id_, home, amount, chance: Opportunity(
        id=id_, name=id_, account_id=home, amount=amount, probability=chance
    ),
    st.sampled_from("ijklmno"),
    ACCOUNTS,
    st.sampled_from([None, Money("0.01", "EUR"), Money(100, "EUR"), Money("-7.7", "USD")]),
    st.sampled_from([None, Decimal(80), Decimal("12.5")]),
)
WORLDS = st.tuples(
    st.lists(accounts, min_size=3, max_size=4, unique_by=lambda one: one.id),
    st.lists(relations, min_size=1, max_size=8, unique_by=lambda one: one.id),
    st.lists(opportunities, min_size=2, max_size=6, unique_by=lambda one: one.id),
).map(lambda parts: [one for part in parts for one in part])
STEPS = st.lists(st.one_of(accounts, relations, relations, opportunities), max_size=6)


@given(WORLDS)
def test_what_owners_have_by_share_is_what_there_is(records: list[Any]) -> None:
    """R2 subtree: figures by share add up to everything, whoever owns whom, loops included."""
    results = roll_up(
        ALL, accounts=records, children=records, links=records, context=context(), rates=[RATE]
    )
    books = compare(records, results, DAY)
    codes = {one.code for one in results["amount"].findings}
    cut = books.edges != books.cut
    assert ("ownership.loop" in codes) <= cut
    assert cut <= bool(codes & {"ownership.loop", "hierarchy.loop"})
    event("with a loop" if cut else "without a loop")
    event("with shares" if any(len(one) > 1 for one in books.cut.values()) else "plain")


@given(WORLDS, STEPS, st.integers(0, 6))
def test_figures_by_share_are_exact_after_every_change(
    records: list[Any], steps: list[Any], turn: int
) -> None:
    """R1 oracle: relations, parents and records come, change and go, and days pass."""
    known = {one.ref: one for one in records}
    totals = Totals(ALL, context())
    totals.build(accounts=records, children=records, links=records, rates=[RATE])
    for at, one in enumerate(steps):
        before = known.get(one.ref)
        change: Change = Insert(one) if before is None else Update(before, one)
        if before == one:
            change = Delete(one)
            del known[one.ref]
        else:
            known[one.ref] = one
        told = {
            (each.rollup, each.account_id): (each.before, each.after)
            for each in totals.applied([change])
        }
        day = date(2025, 3, 21) if at >= turn else DAY
        totals.turn(context(day))
        compare(list(known.values()), {each.name: totals.result(each) for each in ALL}, day)
        assert all(old != new for old, new in told.values())


@given(WORLDS)
def test_a_share_is_explained_by_the_way_it_took(records: list[Any]) -> None:
    """R15 explain: the parts of the contributions add up to the figure, each way to its part."""
    rest: Any = {"accounts": records, "children": records, "links": records, "context": context()}
    for id_ in (one.id for one in records if isinstance(one, Account)):
        found = explain(AMOUNT, id_, rates=[RATE], **rest)
        assert found.value == roll_up(AMOUNT, rates=[RATE], **rest)[id_]
        books = Books(records, DAY)
        for one in found.contributions:
            assert one.part == books.part(one.account_id, id_)
        assert str(found)
        assert found._repr_html_()


def test_a_joint_venture_counts_by_share_and_adds_up() -> None:
    """R2 subtree: 60/40, to the cent, at every account; the plain tree stays as it is."""
    undivided = deals("plain", aggregate="count", shares=None)
    crm = Crm(rules=STANDARD_RULES.with_rollups(AMOUNT, undivided))
    north, south = crm.add_all([Account(name="North"), Account(name="South")])
    venture = crm.add(Account(name="Venture", parent_id=north.id))
    for owner, share in ((north, 60), (south, 40)):
        crm.add(AccountRelation(from_id=owner.id, to_id=venture.id, kind="owner", share=share))
    crm.add(Opportunity(name="Pump", account_id=venture.id, amount=Money("0.01", "EUR")))
    assert crm.rollup("amount", north.id) == Money("0.006", "EUR")
    assert crm.rollup("amount", south.id) == Money("0.004", "EUR")
    assert crm.rollups("plain") == {north.id: 1, south.id: 0, venture.id: 1}
    explained = crm.explain("amount", south.id)
    assert "40 %" in str(explained)


@pytest.mark.parametrize(
    "parts",
    [
        {"aggregate": "min", "value": F.amount},
        {"aggregate": "average", "value": F.amount},
        {"aggregate": "count_distinct"},
        {"aggregate": "count", "scope": Scope.OWN},
        {"aggregate": "count", "over": User, "by": F.owner_id},
        {"aggregate": "count", "shares": Shares(share=F.kind)},
        {"aggregate": "count", "shares": Shares(share=F.nothing)},
        {"aggregate": "sum", "child": Account, "by": F.id, "value": figure("x")},
    ],
)
def test_what_cannot_be_divided_is_refused_when_the_book_is_built(parts: dict[str, Any]) -> None:
    """R5 operations: only what is a sum has parts."""
    with pytest.raises(ModelError):
        deals("x", **parts)
