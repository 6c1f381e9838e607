"""Explain: a figure lists the records behind it, and says of every other why it is not."""

from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import Opportunity
from crmcore.query import F
from crmcore.rules.rollup import Explanation, Out, Rollup, Scope, explain
from tests.properties.rollup.worlds import (
    AVERAGE,
    CONTEXT,
    COUNT,
    DISTINCT,
    MAX,
    MIN,
    SUM,
    Brute,
    World,
    exchange_rates,
    fraction,
    worlds,
)

CURRENCIES = ("EUR", "USD")


def explained(world: World, rollup: Rollup, account_id: str) -> Explanation:
    return explain(
        rollup,
        account_id,
        accounts=world.accounts,
        children=world.deals,
        context=CONTEXT,
        rates=world.rates,
    )


def aggregated(rollup: Rollup, values: list[Any]) -> Any:
    name = str(rollup.aggregate)
    if name == "count":
        return len(values)
    if name == "count_distinct":
        return len(set(values))
    if rollup is MAX:
        return max(values, default=None)
    numbers = [Fraction(one.amount) for one in values]
    if name == "sum":
        return sum(numbers, Fraction(0))
    return min(numbers, default=None) if name == "min" else sum(numbers) / len(numbers)


@pytest.mark.parametrize("rollup", [SUM, COUNT, DISTINCT, MIN, MAX], ids=lambda one: one.name)
@pytest.mark.parametrize("scope", Scope)
def test_aggregating_the_contributions_gives_the_figure(rollup: Rollup, scope: Scope) -> None:
    """R15 explain: exactly the records in scope contribute, and their values make the figure."""
    scoped = attrs.evolve(rollup, scope=scope)

    @given(worlds(), st.integers(0, 7))
    def check(world: World, which: int) -> None:
        account = world.accounts[which % len(world.accounts)]
        found = explained(world, scoped, account.id)
        assert found.value == world.figures(scoped)[account.id]
        values = [one.value for one in found.contributions]
        mine = aggregated(rollup, values)
        exact = fraction(found.value) if isinstance(mine, Fraction) else found.value
        assert exact == mine

    check()


@given(
    worlds(currencies=CURRENCIES, rates=exchange_rates(CURRENCIES)),
    st.sampled_from([SUM, AVERAGE]),
    st.integers(0, 7),
)
def test_every_record_counts_or_has_its_reason(world: World, rollup: Rollup, which: int) -> None:
    """R15 explain: each record is once among the contributions or the exclusions, rightly."""
    rollup = attrs.evolve(rollup, where=(F.stage == "Won") & ~F.owner_id.is_none())
    account = world.accounts[which % len(world.accounts)]
    found = explained(world, rollup, account.id)
    contributing = [one.record.id for one in found.contributions]
    excluded = [one.record.id for one in found.exclusions]
    assert sorted(contributing + excluded) == sorted(one.id for one in world.deals)
    tree = Brute(world.accounts)
    for deal in world.deals:
        reason = found.why_not(deal.id)
        wanted = expected(deal, account.id, tree, world)
        assert (None if reason is None else reason.reason) == wanted
        if reason is not None and wanted is Out.FILTER:
            named = " ".join(map(str, reason.terms))
            assert ("stage" in named) == (deal.stage != "Won")
            assert ("owner_id" in named) == (deal.owner_id is None)


def expected(deal: Opportunity, account_id: str, tree: Brute, world: World) -> Out | None:
    line = tree.line(deal.account_id)
    if account_id not in line:
        return Out.ELSEWHERE if line else Out.UNASSIGNED
    if deal.stage != "Won" or deal.owner_id is None:
        return Out.FILTER
    if deal.amount is None:
        return Out.NO_VALUE
    known = {"EUR", *(one.currency for one in world.rates)}
    return None if deal.amount.currency in known else Out.NO_RATE


@given(worlds(), st.integers(0, 7))
def test_contributions_come_in_the_order_of_the_accounts_then_by_id(
    world: World, which: int
) -> None:
    """R15 explain: the order is from the account down, level by level, and stable."""
    account = world.accounts[which % len(world.accounts)]
    found = explained(world, COUNT, account.id)
    assert found.account_ids[0] == account.id
    tree = Brute(world.accounts)
    levels = [len(tree.line(one)) for one in found.account_ids]
    assert levels == sorted(levels)
    places = [
        (found.account_ids.index(one.account_id), one.record.id) for one in found.contributions
    ]
    assert places == sorted(places)
    backwards = attrs.evolve(world, deals=tuple(reversed(world.deals)))
    assert explained(backwards, COUNT, account.id) == found
