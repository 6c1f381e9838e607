"""Subtree totals: every account has what is its own and what its children have."""

from fractions import Fraction

import attrs
from hypothesis import given
from hypothesis import strategies as st

from crmcore.query import F
from crmcore.rules.rollup import Rollup, Scope, roll_up
from tests.properties.rollup.worlds import (
    AVERAGE,
    CONTEXT,
    COUNT,
    DISTINCT,
    MAX,
    MIN,
    PROBABILITIES,
    SUM,
    Brute,
    World,
    fraction,
    worlds,
)

ADDITIVE = st.sampled_from([SUM, COUNT, PROBABILITIES])


@given(worlds(), ADDITIVE)
def test_a_total_is_what_is_own_and_the_totals_of_the_children(
    world: World, rollup: Rollup
) -> None:
    """R2 subtree: for sums and counts, total(n) == own(n) + the totals of the children of n."""
    totals = world.figures(rollup)
    own = world.figures(attrs.evolve(rollup, scope=Scope.OWN))
    tree = Brute(world.accounts)
    for account in world.accounts:
        children = [one.id for one in world.accounts if tree.sound_parent(one.id) == account.id]
        parts = fraction(own[account.id]) + sum(fraction(totals[one]) for one in children)
        assert fraction(totals[account.id]) == parts


@given(worlds(), ADDITIVE, st.sampled_from(Scope))
def test_roots_and_unassigned_add_up_to_everything(
    world: World, rollup: Rollup, scope: Scope
) -> None:
    """R2 subtree: the totals of the roots and what is unassigned add up to everything."""
    found = world.figures(attrs.evolve(rollup, scope=scope))
    tops = found if scope is Scope.OWN else found.roots
    parts = sum((fraction(found[one]) for one in tops), fraction(found.unassigned))
    one_by_one: dict[str, list[Fraction]] = {
        "amount": [Fraction(one.amount.amount) for one in world.deals if one.amount is not None],
        "deals": [Fraction(1) for _ in world.deals],
        "probabilities": [
            Fraction(one.probability) for one in world.deals if one.probability is not None
        ],
    }
    assert parts == fraction(found.everything) == sum(one_by_one[rollup.name])


@given(worlds())
def test_every_figure_of_every_account_is_that_of_brute_force(world: World) -> None:
    """R2 subtree: all operations at all accounts, loops and missing parents in the data or not."""
    tree = Brute(world.accounts)
    rollups = (SUM, COUNT, DISTINCT, AVERAGE, MIN, MAX)
    found = roll_up(
        rollups, accounts=world.accounts, children=world.deals, context=CONTEXT, rates=()
    )
    assert set(found["amount"].roots) == set(tree.roots())
    for account in world.accounts:
        deals = tree.below(account.id, world.deals)
        amounts = [Fraction(one.amount.amount) for one in deals if one.amount is not None]
        days = [one.close_on for one in deals if one.close_on is not None]
        assert fraction(found["amount"][account.id]) == sum(amounts)
        assert found["deals"][account.id] == len(deals)
        owners = {one.owner_id for one in deals} - {None}
        assert found["owners"][account.id] == len(owners)
        assert found["latest"][account.id] == max(days, default=None)
        least, average = found["least"][account.id], found["average"][account.id]
        if amounts:
            assert fraction(least) == min(amounts)
            exact = sum(amounts, Fraction(0)) / len(amounts)
            assert abs(fraction(average) - exact) <= Fraction(1, 2 * 10**12)
        else:
            assert least is None
            assert average is None


@given(worlds())
def test_several_rollups_at_once_are_each_as_by_itself(world: World) -> None:
    """R2 subtree: the definitions of one call share a pass, and nothing else."""
    rollups = (SUM, attrs.evolve(SUM, name="own", scope=Scope.OWN), DISTINCT)
    together = roll_up(rollups, accounts=world.accounts, children=world.deals, context=CONTEXT)
    for rollup in rollups:
        alone = world.figures(rollup)
        assert together[rollup.name] == alone
        assert together[rollup.name].unassigned == alone.unassigned
        assert together[rollup.name].findings == alone.findings


@given(worlds())
def test_all_accounts_of_a_group_have_the_figure_of_the_group(world: World) -> None:
    """R2 subtree: with the scope ULTIMATE_PARENT, every account has what its top has."""
    tree = Brute(world.accounts)
    subtree = world.figures(DISTINCT)
    group = world.figures(attrs.evolve(DISTINCT, scope=Scope.ULTIMATE_PARENT))
    assert group == {one.id: subtree[tree.line(one.id)[-1]] for one in world.accounts}


@given(worlds())
def test_a_filter_picks_the_records_that_count(world: World) -> None:
    """R2 subtree: with a filter, as if there were no other records; the stage category is asked."""
    rollup = attrs.evolve(SUM, where=F.stage_category == "won")
    won = tuple(one for one in world.deals if one.stage == "Won")
    assert world.figures(rollup) == attrs.evolve(world, deals=won).figures(SUM)
