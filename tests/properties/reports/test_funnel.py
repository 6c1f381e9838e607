"""Deal funnel: a cohort that never grows on the way, with the lost ones in it."""

import random
from collections import Counter
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Any

import attrs
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.model.pipeline import StageCategory
from crmcore.reports.funnel import Window, funnel
from crmcore.reports.scene import Asked
from crmcore.reports.steps import Funnel, FunnelReport
from tests.properties.reports import oracle_reports
from tests.properties.reports.test_pipeline import renamed
from tests.properties.reports.worlds import MODEL, World, context, worlds

ORDER = {
    line.key: {
        stage.key: at
        for at, stage in enumerate(one for one in line.stages if one.category is StageCategory.OPEN)
    }
    for line in MODEL.pipelines
}


def reports(world: World) -> list[FunnelReport]:
    return [funnel(world.records, context=context(), asked=Asked(by=by)) for by in (None, "owner")]


def funnels(world: World) -> list[Funnel]:
    return [one for report in reports(world) for one in report.funnels]


@given(worlds())
def test_the_funnel_is_what_pandas_says(world: World) -> None:
    """P4. Reached, resolved, won and lost of each step equal a computation by other means."""
    deals = oracle_reports.furthest(world.history_rows(), world.deal_rows(), ORDER)
    for by in (None, "owner", "pipeline"):
        report = funnel(world.records, context=context(), asked=Asked(by=by))
        counted = Counter[object]()
        for one in report.funnels:
            some = deals[deals["pipeline"] == one.pipeline]
            if by and one.group is not None:
                key = one.group.key
                some = some[some[by].isna() if key is None else some[by] == key]
            for at, step in enumerate(one.steps):
                here = some[some["level"] >= at]
                assert step.count == len(here)
                assert len(step.resolved) == int(here["category"].isin(["won", "lost"]).sum())
            assert len(one.won) == int((some["category"] == "won").sum())
            assert len(one.lost) == int((some["category"] == "lost").sum())
            counted.update(deal.id for deal in one.cohort)
        assert counted == Counter(deal.id for deal in world.deals)


@given(worlds())
def test_a_funnel_narrows_and_its_step_rates_multiply_to_the_overall_rate(world: World) -> None:
    """P4. Reached never grows; the lost stay in the whole; rates lie in [0, 1]."""
    for one in funnels(world):
        for before, after in pairwise(one.steps):
            assert {deal.id for deal in after.records} <= {deal.id for deal in before.records}
            assert before.onward is not None
            assert before.onward.n == before.count
            if before.onward.value is not None:
                assert 0 <= before.onward.value <= 1
                assert before.onward.value == Fraction(after.count, before.count)
        assert len({deal.id for deal in one.cohort}) == len(one.cohort)
        assert {deal.id for deal in one.lost} <= {deal.id for deal in one.cohort}
        steps = [step.onward.value for step in one.steps if step.onward is not None]
        known = [rate for rate in steps if rate is not None]
        if known:
            assert one.overall.value == prod(known)
        assert (one.overall.value is None) == (not one.cohort)


@given(worlds())
def test_open_deals_are_no_failures(world: World) -> None:
    """P5. Each rate is given so far and for resolved deals only, each with its n."""
    for one in funnels(world):
        closed = {deal.id for deal in (*one.won, *one.lost)}
        for step, after in pairwise(one.steps):
            assert {deal.id for deal in step.resolved} == {
                deal.id for deal in step.records if deal.id in closed
            }
            assert step.onward is not None
            assert step.onward_resolved is not None
            assert step.onward.n == len(step.records)
            assert step.onward_resolved.n == len(step.resolved)
            assert step.onward_resolved.part == len(after.resolved)
        assert one.win_rate.n == len(closed)
        assert one.unresolved == len(one.cohort) - len(closed)
        if closed and one.unresolved:
            event("some are open and some are closed")
            assert one.win_rate.whole != one.overall.whole


@given(worlds())
def test_the_deals_behind_a_funnel_give_it_again(world: World) -> None:
    """P11. Rates, counts and loss reasons are those of the deals they list."""
    for report in reports(world):
        for one in report.funnels:
            ids = {deal.id for deal in one.cohort}
            rows = [row for row in world.changes if row.opportunity_id in ids]
            again = funnel([*one.cohort, *rows], context=context())
            same = again.funnel(pipeline=one.pipeline) if ids else one
            assert attrs.evolve(same, group=one.group) == one
            reasons = [deal.id for reason in one.loss_reasons for deal in reason.records]
            assert sorted(reasons) == sorted(deal.id for deal in one.lost)
            assert (
                one.lost == () or sum(reason.share.value or 0 for reason in one.loss_reasons) == 1
            )


@given(worlds(), st.randoms(use_true_random=False))
def test_neither_order_nor_names_change_a_funnel(world: World, chance: random.Random) -> None:
    """X6. Objects, pipelines and stages may be called anything, and records come in any order."""
    shuffled = list(world.records)
    chance.shuffle(shuffled)
    for by in (None, "ultimate_parent"):
        assert funnel(shuffled, context=context(renamed()), asked=Asked(by=by)) == funnel(
            world.records, context=context(), asked=Asked(by=by)
        )


@given(worlds(deletes=False))
def test_cohorts_of_two_windows_are_the_cohort_of_both(world: World) -> None:
    """P4. A cohort is those created in its window, by their history."""
    days = sorted({row.at.date() for row in world.changes if row.at and row.before is None})
    if not days:
        return
    middle = days[len(days) // 2]

    def cohort(window: Window) -> list[str]:
        report = funnel(world.records, context=context(), window=window)
        return sorted(deal.id for one in report.funnels for deal in one.cohort)

    first = cohort(Window(until=middle))
    both = cohort(Window(since=days[0], until=days[-1]))
    made = {row.opportunity_id: row.at for row in world.changes if row.before is None}
    assert first == sorted(id_ for id_, at in made.items() if at and at.date() <= middle)
    assert both == cohort(Window()) == sorted(made)


def is_beyond(row: dict[str, Any], first: datetime, level: int) -> bool:
    """Whether a state came after a moment and is further than an open stage."""
    here = 99 if row["category"] == "won" else ORDER[row["pipeline"]].get(row["stage"], -1)
    return bool(row["at"] > first and here > level)


@given(worlds(deletes=False))
def test_times_are_taken_of_deals_that_were_there_and_got_further(world: World) -> None:
    """P4. From the first coming to a stage to being further; steps back and skips included."""
    rows = world.history_rows()
    report = funnel(world.records, context=context())
    for one in report.funnels:
        ids = {deal.id for deal in one.cohort}
        for at, step in enumerate(one.steps[:-1]):
            longest = []
            for id_ in ids:
                key = (id_, one.pipeline)
                own = [row for row in rows if (row["deal"], row["pipeline"]) == key]
                first = next((row["at"] for row in own if row["stage"] == step.key), None)
                later = [
                    row["at"] for row in own if first is not None and is_beyond(row, first, at)
                ]
                if later:
                    longest.append(min(later) - first)
            assert step.time.n == len(longest)
            assert (step.time.mean is None) == (not longest)
            if longest:
                ordered = sorted(longest)
                middle = len(ordered) // 2
                assert step.time.median == (ordered[middle] + ordered[~middle]) / 2
