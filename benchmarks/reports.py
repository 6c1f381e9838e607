"""Reports over deals with history and touches, side by side with pandas and polars, in one run.

Run it as ``python benchmarks/reports.py [DEALS] [ROUNDS]`` (10,000 deals, 7 rounds). Each round
times every contender once, one after the other, so that a busy machine slows all of them; what
counts is the ratio of the medians. The library starts from frozen records, pandas and polars once
from frames that are there already (*resident*) and once from the same records (*from objects*).
All of them compute the same figures, and each run checks that they agree.
"""

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl

from crmcore import STANDARD_MODEL, Money, Opportunity, Ref, Touch
from crmcore.entities import OpportunityChange
from crmcore.entities.ledger import DealState
from crmcore.model.pipeline import STANDARD_PIPELINE, StageCategory
from crmcore.reports.attribution import attribution
from crmcore.reports.forecast import forecast
from crmcore.reports.funnel import funnel
from crmcore.reports.material import Material
from crmcore.reports.pipeline import pipeline
from crmcore.rules.rule import Context
from crmcore.values.ids import ContactId, OpportunityChangeId, OpportunityId, TouchId

START = datetime(2025, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: "new")
OPEN = [one.key for one in STANDARD_PIPELINE.stages if one.category is StageCategory.OPEN]
LEVEL = {one: at for at, one in enumerate([*OPEN, "Won"])}
PERCENT = {one.key: float(one.probability) for one in STANDARD_PIPELINE.stages}
SOURCES = ["web", "mail", "fair", "partner", "phone", "search", "social", "print"]
TARGETS = {
    ("pipeline", "pandas resident"): 2.0,
    ("pipeline", "pandas from objects"): 1.0,
    ("funnel", "pandas resident"): 2.0,
    ("funnel", "pandas from objects"): 1.0,
    ("linear", "pandas resident"): 0.7,
    ("u_shaped", "pandas resident"): 0.7,
}
"""How many times as long as the other the library may take."""


def world(n: int) -> Material:
    """Deals with some 3 rows of history and 4.5 touches each, the same ones each time.

    They are made kind by kind, touches as they happened, as a repository reads them.
    """
    chance = random.Random(7)
    plans = [_plan(chance, number) for number in range(n)]
    deals = [_deal(chance, *plan) for plan in plans]
    rows = [row for plan in plans for row in _history(*plan)]
    moments = sorted(
        (chance.randrange(500_000), deal_id, number)
        for deal_id, _, _ in plans
        for number in range(chance.randrange(1, 9))
    )
    touches = [
        Touch(
            id=TouchId(f"{minute:06}-{deal_id}-{number}"),
            who=Ref("contact", ContactId("c")),
            at=START + timedelta(minutes=minute),
            source=chance.choice(SOURCES),
            opportunity_id=deal_id,
        )
        for minute, deal_id, number in moments
    ]
    return Material({Opportunity: deals, OpportunityChange: rows, Touch: touches})


Plan = tuple[OpportunityId, Money, list[tuple[str, datetime]]]
"""The id of a deal, its amount, and the stages it was in, each with the moment it came there."""


def _plan(chance: random.Random, number: int) -> Plan:
    at = START + timedelta(minutes=chance.randrange(400_000))
    money = Money(Decimal(chance.randrange(100_000, 5_000_000)) / 100, "EUR")
    found = []
    for stage in _way(chance):
        found.append((stage, at))
        at += timedelta(minutes=chance.randrange(1, 40_000))
    return OpportunityId(f"d{number:07}"), money, found


def _deal(
    chance: random.Random, deal_id: OpportunityId, money: Money, way: list[tuple[str, datetime]]
) -> Opportunity:
    return Opportunity(
        id=deal_id,
        name="deal",
        stage=way[-1][0],
        amount=Money(money.amount, "EUR"),
        probability=Decimal(chance.randrange(0, 101, 5)) if chance.random() < 0.1 else None,
        close_on=date(2026, 1, 1) + timedelta(days=chance.randrange(360)),
        created_at=way[0][1],
    )


def _history(
    deal_id: OpportunityId, money: Money, way: list[tuple[str, datetime]]
) -> Iterator[OpportunityChange]:
    state: DealState | None = None
    for number, (stage, at) in enumerate(way):
        new = DealState(pipeline="standard", stage=stage, amount=money)
        yield OpportunityChange(
            id=OpportunityChangeId(f"{deal_id}-{number}"),
            opportunity_id=deal_id,
            at=at,
            before=state,
            after=new,
        )
        state = new


def _way(chance: random.Random) -> list[str]:
    """Stages in the order a deal was in them: some skipped, some come back to."""
    at = 0 if chance.random() < 0.8 else 1
    way = [OPEN[at]]
    while len(way) < 8:
        roll = chance.random()
        if roll < 0.18:
            return [*way, "Lost"]
        if roll < 0.30:
            return way
        if roll < 0.36 and at:
            at -= 1
        else:
            at += 1 if chance.random() < 0.85 else 2
        if at >= len(OPEN):
            return [*way, "Won"]
        way.append(OPEN[at])
    return way


Columns = dict[str, dict[str, list[Any]]]


def columns(some: Material) -> Columns:
    """The records as columns, as a frame engine wants them."""
    deals, rows = some.all(Opportunity), some.all(OpportunityChange)
    touches = some.all(Touch)
    return {
        "deals": {
            "deal": [one.id for one in deals],
            "stage": [one.stage for one in deals],
            "amount": [float(one.amount.amount) if one.amount else None for one in deals],
            "percent": [
                None if one.probability is None else float(one.probability) for one in deals
            ],
        },
        "rows": {
            "deal": [one.opportunity_id for one in rows],
            "stage": [one.after.stage if one.after else None for one in rows],
            "at": [one.at for one in rows],
        },
        "touches": {
            "deal": [one.opportunity_id for one in touches],
            "at": [one.at for one in touches],
            "source": [one.source for one in touches],
        },
    }


Frames = dict[str, Any]


def pandas_frames(given: Columns) -> Frames:
    """The columns as frames of pandas."""
    return {name: pd.DataFrame(some) for name, some in given.items()}


def polars_frames(given: Columns) -> Frames:
    """The columns as frames of polars."""
    return {name: pl.DataFrame(some) for name, some in given.items()}


Figures = dict[str, tuple[float, ...]]


def pandas_pipeline(frames: Frames) -> Figures:
    """Count, amount, weighted amount, average of the open stages."""
    deals = frames["deals"]
    some = deals[deals["stage"].isin(OPEN)]
    weighted = some["amount"] * some["percent"].fillna(some["stage"].map(PERCENT)) / 100
    found = (
        some.assign(weighted=weighted)
        .groupby("stage")
        .agg(
            count=("stage", "size"),
            amount=("amount", "sum"),
            weighted=("weighted", "sum"),
            average=("amount", "mean"),
        )
    )
    return {
        str(key): tuple(map(float, row))
        for key, row in zip(found.index, found.to_numpy(), strict=True)
    }


def polars_pipeline(frames: Frames) -> Figures:
    """The same by polars."""
    percent = pl.col("percent").fill_null(
        pl.col("stage").replace_strict(PERCENT, return_dtype=pl.Float64)
    )
    found = (
        frames["deals"]
        .filter(pl.col("stage").is_in(OPEN))
        .group_by("stage")
        .agg(
            pl.len(),
            pl.col("amount").sum(),
            (pl.col("amount") * percent / 100).sum().alias("weighted"),
            pl.col("amount").mean().alias("average"),
        )
    )
    return {row[0]: tuple(map(float, row[1:])) for row in found.iter_rows()}


def our_pipeline(some: Material) -> Figures:
    """The same by the library."""
    report = pipeline(some, context=CONTEXT)
    return {
        str(one.stage): (
            float(one.count),
            float(one.amount.amount),
            float(one.weighted.amount),
            float(one.average.amount if one.average else 0),
        )
        for one in report.lines
    }


def pandas_funnel(frames: Frames) -> Figures:
    """Reached, resolved, and the median time to being further, of each step."""
    rows, deals = frames["rows"], frames["deals"]
    level = rows["stage"].map(LEVEL)
    visits = rows.assign(level=level).dropna(subset=["level"])
    furthest = visits.groupby("deal")["level"].max()
    now = deals.set_index("deal")["stage"]
    closed = now.isin(["Won", "Lost"])
    reached = furthest.reindex(now.index)
    times = _pandas_times(visits)
    found: Figures = {}
    for at, stage in enumerate([*OPEN, "Won"]):
        here = reached >= at
        found[stage] = (
            float(here.sum()),
            float((here & closed).sum()),
            times.get(at, 0.0),
        )
    return found


def _pandas_times(visits: Any) -> dict[int, float]:
    """The median seconds from the first coming to a stage to being further."""
    first = visits.groupby(["deal", "level"], sort=False)["at"].min().reset_index()
    found: dict[int, float] = {}
    for at in range(len(OPEN)):
        here = first[first["level"] == at].set_index("deal")["at"]
        further = visits[visits["level"] > at]
        further = further[further["at"] > further["deal"].map(here)]
        ends = further.groupby("deal")["at"].min()
        found[at] = float((ends - here).dt.total_seconds().median())
    return found


def polars_funnel(frames: Frames) -> Figures:
    """The same by polars."""
    level = pl.col("stage").replace_strict(LEVEL, default=None, return_dtype=pl.Int64)
    visits = frames["rows"].with_columns(level=level).drop_nulls("level")
    deals = frames["deals"].join(
        visits.group_by("deal").agg(pl.col("level").max()), on="deal", how="left"
    )
    first = visits.group_by("deal", "level").agg(pl.col("at").min().alias("first"))
    found: Figures = {}
    for at, stage in enumerate([*OPEN, "Won"]):
        here = deals.filter(pl.col("level") >= at)
        start = first.filter(pl.col("level") == at).select("deal", "first")
        later = (
            visits.filter(pl.col("level") > at)
            .join(start, on="deal")
            .filter(pl.col("at") > pl.col("first"))
            .group_by("deal")
            .agg((pl.col("at").min() - pl.col("first").first()).alias("time"))
        )
        median = later["time"].median()
        found[stage] = (
            float(here.height),
            float(here["stage"].is_in(["Won", "Lost"]).sum()),
            median.total_seconds() if isinstance(median, timedelta) else 0.0,
        )
    return found


def our_funnel(some: Material) -> Figures:
    """The same by the library."""
    (one,) = funnel(some, context=CONTEXT).funnels
    return {
        step.key or "Won": (
            float(step.count),
            float(len(step.resolved)),
            step.time.median.total_seconds() if step.time.median else 0.0,
        )
        for step in one.steps
    }


def _paths(frames: Frames) -> Any:
    """The touches of won deals up to the close, in order, with their number and count."""
    won = frames["deals"][frames["deals"]["stage"] == "Won"]
    ends = frames["rows"][frames["rows"]["stage"] == "Won"].groupby("deal")["at"].max()
    some = frames["touches"].merge(won[["deal", "amount"]], on="deal")
    some = some[some["at"] <= some["deal"].map(ends)].sort_values(["deal", "at"], kind="stable")
    deals = some.groupby("deal", sort=False)
    return some.assign(n=deals["at"].transform("size"), place=deals.cumcount())


def _earned(some: Any, share: Any) -> Figures:
    found = (some["amount"] * share).groupby(some["source"]).sum()
    return {str(key): (float(value),) for key, value in found.items()}


def pandas_linear(frames: Frames) -> Figures:
    """The amount won by source, the same to each touch."""
    some = _paths(frames)
    return _earned(some, 1 / some["n"])


def pandas_u_shaped(frames: Frames) -> Figures:
    """The amount won by source: 40 % to the first touch, 40 % to the last, 20 % between."""
    some = _paths(frames)
    n, place = some["n"], some["place"]
    ends = ((place == 0).astype(float) + (place == n - 1).astype(float)) * 0.4
    between = ((place > 0) & (place < n - 1)) * 0.2 / (n - 2).clip(lower=1)
    share = (ends + between).where(n > 2, 1 / n)
    return _earned(some, share)


def polars_linear(frames: Frames) -> Figures:
    """The same as linear by pandas."""
    return _polars_earned(frames, 1 / pl.col("n"))


def polars_u_shaped(frames: Frames) -> Figures:
    """The same as U-shaped by pandas."""
    n, place = pl.col("n"), pl.col("place")
    ends = ((place == 0).cast(pl.Float64) + (place == n - 1).cast(pl.Float64)) * 0.4
    between = pl.when((place > 0) & (place < n - 1)).then(0.2 / (n - 2)).otherwise(0.0)
    return _polars_earned(frames, pl.when(n > 2).then(ends + between).otherwise(1 / n))


def _polars_earned(frames: Frames, share: Any) -> Figures:
    won = frames["deals"].filter(pl.col("stage") == "Won").select("deal", "amount")
    ends = (
        frames["rows"]
        .filter(pl.col("stage") == "Won")
        .group_by("deal")
        .agg(pl.col("at").max().alias("end"))
    )
    some = (
        frames["touches"]
        .join(won, on="deal")
        .join(ends, on="deal")
        .filter(pl.col("at") <= pl.col("end"))
        .sort("deal", "at")
        .with_columns(
            pl.len().over("deal").cast(pl.Int64).alias("n"),
            pl.int_range(pl.len()).over("deal").alias("place"),
        )
        .group_by("source")
        .agg((pl.col("amount") * share).sum())
    )
    return {row[0]: (float(row[1]),) for row in some.iter_rows()}


def ours_by(model: str) -> Callable[[Material], Figures]:
    """What sources earned by the library."""

    def earned(some: Material) -> Figures:
        report = attribution(some, context=CONTEXT, model=model)
        return {one.channel.key: (float(one.credit.amount),) for one in report.lines}

    return earned


Kernel = tuple[
    Callable[[Material], Figures], Callable[[Frames], Figures], Callable[[Frames], Figures]
]

KERNELS: dict[str, Kernel] = {
    "pipeline": (our_pipeline, pandas_pipeline, polars_pipeline),
    "funnel": (our_funnel, pandas_funnel, polars_funnel),
    "linear": (ours_by("linear"), pandas_linear, polars_linear),
    "u_shaped": (ours_by("u_shaped"), pandas_u_shaped, polars_u_shaped),
}


def check(name: str, ours: Figures, theirs: Figures) -> None:
    """Both say the same, but for the cents that whole minor units are off."""
    assert ours.keys() == theirs.keys(), (name, ours.keys(), theirs.keys())
    for key, figures in ours.items():
        for one, other in zip(figures, theirs[key], strict=True):
            assert abs(one - other) <= 1e-6 * abs(other) + 0.02, (name, key, figures, theirs[key])


def timed(function: Callable[[], object]) -> float:
    """How many milliseconds a call takes, on a heap that was tidied before."""
    gc.collect()
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1_000


def contenders(name: str, some: Material, pandas: Frames, polars: Frames) -> dict[str, Any]:
    """What is timed: each computes the figures of one kernel."""
    ours, by_pandas, by_polars = KERNELS[name]
    return {
        "crmcore": lambda: ours(some),
        "pandas resident": lambda: by_pandas(pandas),
        "polars resident": lambda: by_polars(polars),
        "pandas from objects": lambda: by_pandas(pandas_frames(columns(some))),
        "polars from objects": lambda: by_polars(polars_frames(columns(some))),
    }


def lines(name: str, times: dict[str, list[float]]) -> Sequence[str]:
    """The medians, and how many times as long the library takes as the others."""
    own = statistics.median(times["crmcore"])
    found = [f"{name:9} {'crmcore':20} {own:9.1f} ms"]
    for other, taken in times.items():
        if other != "crmcore":
            ratio = own / statistics.median(taken)
            most = TARGETS.get((name, other))
            kept = most is not None and ratio <= most
            verdict = "" if most is None else f"  (at most {most}: {'ok' if kept else 'MISSED'})"
            median = statistics.median(taken)
            found.append(f"{'':9} {other:20} {median:9.1f} ms   ratio {ratio:5.2f}{verdict}")
    return found


def main() -> None:
    """Time every kernel and print the medians."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    some = world(n)
    given = columns(some)
    pandas, polars = pandas_frames(given), polars_frames(given)
    print(
        f"{n:,} deals, {len(some.all(OpportunityChange)):,} rows of history,"
        f" {len(some.all(Touch)):,} touches, {rounds} rounds"
    )
    for name, (ours, by_pandas, by_polars) in KERNELS.items():
        figures = ours(some)
        check(name, figures, by_pandas(pandas))
        check(name, figures, by_polars(polars))
        times: dict[str, list[float]] = {}
        for _ in range(rounds):
            for one, function in contenders(name, some, pandas, polars).items():
                times.setdefault(one, []).append(timed(function))
        print("\n".join(lines(name, times)), flush=True)
    others = {
        "forecast": lambda: forecast(some, context=CONTEXT),
        "markov": lambda: attribution(some, context=CONTEXT, model="markov"),
        "shapley": lambda: attribution(some, context=CONTEXT, model="shapley"),
        "time_decay": lambda: attribution(some, context=CONTEXT, model="time_decay"),
    }
    for name, function in others.items():
        median = statistics.median([timed(function) for _ in range(3)])
        print(f"{name:10} {'crmcore':19} {median:9.1f} ms")


if __name__ == "__main__":
    main()
