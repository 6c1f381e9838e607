"""Bulk: many records at once come to the figures that they come to one by one."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import Delete, Insert
from crmcore.query import F
from crmcore.rules.rollup import (
    Rollup,
    RollupResult,
    Scope,
    Totals,
    bulk,
    largest,
    roll_up,
    strips,
    weighted_sum,
)
from crmcore.rules.rollup import sweep as sweeping
from tests.properties.rollup.worlds import (
    ALL_OF_THEM,
    CONTEXT,
    COUNT,
    DISTINCT,
    MAX,
    SUM,
    World,
    exchange_rates,
    worlds,
)

OTHERS = (
    attrs.evolve(SUM, name="won", where=F.stage_category == "won"),
    attrs.evolve(COUNT, name="won_count", where=F.stage_category == "won"),
    attrs.evolve(COUNT, name="small", where=(F.stage_category == "open") & (F.probability < 9)),
    attrs.evolve(DISTINCT, name="won_owners", where=F.stage_category == "won"),
    attrs.evolve(DISTINCT, name="records", value=None),
    attrs.evolve(DISTINCT, name="amounts", value=F.amount, scope=Scope.OWN),
    attrs.evolve(DISTINCT, name="own_owners", scope=Scope.OWN),
    attrs.evolve(DISTINCT, name="group_owners", scope=Scope.ULTIMATE_PARENT),
    attrs.evolve(SUM, name="weighted", aggregate=weighted_sum(F.probability)),
    attrs.evolve(MAX, name="three", aggregate=largest(3)),
    attrs.evolve(MAX, name="last", value=F.owner_id, aggregate="last", order_by=F.close_on),
    attrs.evolve(MAX, name="never", value=F.stage == "Lost", aggregate="none"),
    attrs.evolve(SUM, name="own", scope=Scope.OWN),
    attrs.evolve(SUM, name="whole", scope=Scope.ULTIMATE_PARENT),
    attrs.evolve(COUNT, name="own_count", scope=Scope.OWN),
)
EVERY = (*ALL_OF_THEM, *OTHERS)
RANKED = attrs.evolve(SUM, name="median", aggregate="median")
WORLDS = worlds(currencies=("EUR", "USD"), rates=exchange_rates(("EUR", "USD")))


def shown(found: RollupResult) -> dict[str, Any]:
    """All that a result says."""
    return {
        "figures": dict(found),
        "unassigned": found.unassigned,
        "everything": found.everything,
        "roots": found.roots,
        "findings": list(found.findings),
    }


def one_by_one(world: World, rollups: tuple[Rollup, ...]) -> Totals:
    """The totals of a world that became what it is record by record."""
    made = Totals(rollups, CONTEXT)
    made.build(accounts=(), children=(), rates=world.rates)
    for record in (*world.accounts, *world.deals):
        made.apply([Insert(record)])
    return made


@given(WORLDS, st.booleans(), st.sampled_from([1, 1_000]), st.sampled_from([1, 3, 1_000]))
def test_records_at_once_come_to_what_they_come_to_one_by_one(
    world: World, is_ranked: bool, bits: int, step: int
) -> None:
    """R1 oracle: however many distinct values there are, and wherever a step ends."""
    rollups = (*EVERY, RANKED) if is_ranked else EVERY
    plain = one_by_one(world, rollups)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(strips, "MOST_BITS", bits)
        patched.setattr(sweeping, "STEP", step)
        found = roll_up(
            rollups,
            accounts=world.accounts,
            children=world.deals,
            context=CONTEXT,
            rates=world.rates,
        )
        built = Totals(rollups, CONTEXT)
        built.build(accounts=world.accounts, children=world.deals, rates=world.rates)
    for one in rollups:
        assert shown(found[one.name]) == shown(plain.result(one)), one
        assert shown(built.result(one)) == shown(plain.result(one)), one


@given(WORLDS, st.sampled_from([0, 1_000]))
def test_what_was_built_at_once_can_be_taken_out_one_by_one(world: World, bits: int) -> None:
    """R1 oracle: nothing is left of what goes, and what stays is what is built without it."""
    built = Totals(EVERY, CONTEXT)
    built.build(accounts=world.accounts, children=world.deals, rates=world.rates)
    half = len(world.deals) // 2
    for number, gone in enumerate(world.deals[:half]):
        with pytest.MonkeyPatch.context() as patched:
            if number == 1:  # from here on the values are many
                patched.setattr(bulk, "MOST_BITS", bits)
            built.apply([Delete(gone)])
    rest = one_by_one(attrs.evolve(world, deals=world.deals[half:]), EVERY)
    for one in EVERY:
        assert shown(built.result(one)) == shown(rest.result(one)), one
    for record in (*world.deals[half:], *world.accounts):
        built.apply([Delete(record)])
    empty = one_by_one(World((), ()), EVERY)
    for one in EVERY:
        assert shown(built.result(one))["figures"] == {}
        assert built.result(one).unassigned == empty.result(one).unassigned
