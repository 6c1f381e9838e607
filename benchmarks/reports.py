"""Reports over deals with history and touches, side by side with pandas and polars, in one run.

``python benchmarks/reports.py --deals 10000 100000 --rounds 5 --json out.json``. Each round times
every contender once, one after the other, so that a busy machine slows all of them; what counts is
the ratio of the medians, printed beside its target. The library is timed twice: *first*, from
records it has not seen, and *again*, from material that reports were made of before, as ``Crm``
keeps it until a commit touches it. So are pandas and polars: from the same records (*objects*),
and from frames that are there already (*frames*). All compute the same figures; each run checks
that they agree. As in ``timeit``, the collector of garbage does not run while something is timed.
"""

import argparse
import gc
import json
import platform
import random
import statistics
import time
from collections.abc import Callable, Container, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
from attrs import frozen

from crmcore import STANDARD_MODEL, Money, Opportunity, Ref, Touch
from crmcore.entities import OpportunityChange
from crmcore.entities.ledger import DealState
from crmcore.reports.attribution import attribution
from crmcore.reports.forecast import forecast
from crmcore.reports.funnel import funnel
from crmcore.reports.material import Material
from crmcore.reports.odds import observed_odds
from crmcore.reports.outcomes import outcomes
from crmcore.reports.pipeline import pipeline
from crmcore.rules.rule import Context
from crmcore.values.ids import ContactId, OpportunityChangeId, OpportunityId, TouchId

if TYPE_CHECKING:
    from benchmarks import reports_peers as peers
    from benchmarks.reports_peers import (
        OPEN,
        Figures,
        Frames,
        columns,
        pandas_frames,
        polars_frames,
    )
else:  # beside this script, which is run by its path
    import reports_peers as peers
    from reports_peers import OPEN, Figures, Frames, columns, pandas_frames, polars_frames

START = datetime(2025, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: "new")
SOURCES = ["web", "mail", "fair", "partner", "phone", "search", "social", "print"]


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


def ours_by(model: str) -> Callable[[Material], Figures]:
    """What sources earned by the library."""

    def earned(some: Material) -> Figures:
        report = attribution(some, context=CONTEXT, model=model)
        return {one.channel.key: (float(one.credit.amount),) for one in report.lines}

    return earned


def our_forecast(some: Material) -> Figures:
    """The same by the library."""
    report = forecast(some, context=CONTEXT, since=date(2025, 1, 1))
    return {
        str(one.period): (
            float(one.closed.amount),
            float(one.pipeline.amount),
            float(one.weighted.amount),
        )
        for one in report.totals
        if one.period is not None and any(one.deals.values())
    }


@frozen
class Kernel:
    """A report that is timed: by the library, by pandas, by polars, from these tables."""

    ours: Callable[[Material], Figures]
    pandas: Callable[[Frames], Figures]
    polars: Callable[[Frames], Figures]
    tables: tuple[str, ...]


KERNELS = {
    "pipeline": Kernel(our_pipeline, peers.pandas_pipeline, peers.polars_pipeline, ("deals",)),
    "funnel": Kernel(our_funnel, peers.pandas_funnel, peers.polars_funnel, ("deals", "rows")),
    "forecast": Kernel(our_forecast, peers.pandas_forecast, peers.polars_forecast, ("deals",)),
    "linear": Kernel(ours_by("linear"), peers.pandas_linear, peers.polars_linear, peers.TABLES),
    "u_shaped": Kernel(
        ours_by("u_shaped"), peers.pandas_u_shaped, peers.polars_u_shaped, peers.TABLES
    ),
}

AGAIN, FIRST = "crmcore again", "crmcore first"
TARGETS = {
    ("pipeline", AGAIN, "pandas frames"): 2.0,
    ("pipeline", FIRST, "pandas objects"): 1.0,
    ("funnel", AGAIN, "pandas frames"): 2.0,
    ("funnel", FIRST, "pandas objects"): 1.0,
    ("linear", AGAIN, "pandas frames"): 0.7,
    ("linear", FIRST, "pandas objects"): 0.7,
    ("u_shaped", AGAIN, "pandas frames"): 0.7,
    ("u_shaped", FIRST, "pandas objects"): 0.7,
}
"""How many times as long as the other the library may take at 100,000 deals."""

ALONE: dict[str, Callable[[Material], object]] = {
    "outcomes": lambda some: outcomes(some, context=CONTEXT),
    "odds": lambda some: observed_odds(some, context=CONTEXT),
    **{name: ours_by(name) for name in ("markov", "shapley", "w_shaped", "time_decay")},
}
"""Reports without a counterpart here: timed for the library only."""


def check(ours: Figures, theirs: Figures) -> None:
    """Both say the same, but for the cents that whole minor units are off."""
    assert ours.keys() == theirs.keys(), (ours.keys(), theirs.keys())
    for key, figures in ours.items():
        for one, other in zip(figures, theirs[key], strict=True):
            assert abs(one - other) <= 1e-6 * abs(other) + 0.02, (key, figures, theirs[key])


def timed(function: Callable[[], object]) -> float:
    """How many milliseconds a call takes."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        function()
        return (time.perf_counter() - start) * 1_000
    finally:
        gc.enable()


def contenders(kernel: Kernel, some: Material, pandas: Frames, polars: Frames) -> dict[str, Any]:
    """What is timed: each computes the figures of one kernel."""
    tables = kernel.tables
    return {
        AGAIN: lambda: kernel.ours(some),
        FIRST: lambda: kernel.ours(Material(some.by_entity)),
        "pandas frames": lambda: kernel.pandas(pandas),
        "polars frames": lambda: kernel.polars(polars),
        "pandas objects": lambda: kernel.pandas(pandas_frames(columns(some, tables))),
        "polars objects": lambda: kernel.polars(polars_frames(columns(some, tables))),
    }


Medians = dict[str, float]


def raced(kernel: Kernel, some: Material, frames: tuple[Frames, Frames], rounds: int) -> Medians:
    """The median milliseconds of each contender, after a check that all agree."""
    figures = kernel.ours(some)
    check(figures, kernel.pandas(frames[0]))
    check(figures, kernel.polars(frames[1]))
    found = contenders(kernel, some, *frames)
    times: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds):
        for name, function in found.items():
            times[name].append(timed(function))
    return {name: statistics.median(taken) for name, taken in times.items()}


def ratios(name: str, medians: Medians) -> list[dict[str, Any]]:
    """How many times as long the library takes as the others, like beside like."""
    found = []
    for own, kind in ((AGAIN, "frames"), (FIRST, "objects"), (FIRST, "frames")):
        for other in (f"pandas {kind}", f"polars {kind}"):
            ratio, most = medians[own] / medians[other], TARGETS.get((name, own, other))
            found.append({"of": own, "to": other, "ratio": round(ratio, 3), "at_most": most})
    return found


def lines(name: str, medians: Medians) -> Iterator[str]:
    """The medians and ratios of one kernel as text."""
    yield f"{name}: " + ", ".join(f"{one} {taken:,.1f} ms" for one, taken in medians.items())
    for one in ratios(name, medians):
        most = one["at_most"]
        verdict = "" if most is None else f"  at most {most}: "
        verdict += "" if most is None else "ok" if one["ratio"] <= most else "MISSED"
        yield f"    {one['of']} / {one['to']:16} {one['ratio']:7.2f}{verdict}"


def measured(n: int, rounds: int, only: Container[str]) -> dict[str, Any]:
    """Everything about a world of ``n`` deals; printed as it comes."""
    some = world(n)
    given = columns(some)
    frames = pandas_frames(given), polars_frames(given)
    gc.collect()
    gc.freeze()  # what is there from the start need not be looked through each time
    rows, touches = len(some.all(OpportunityChange)), len(some.all(Touch))
    print(f"\n{n:,} deals, {rows:,} rows of history, {touches:,} touches, {rounds} rounds")
    found: dict[str, Any] = {"deals": n, "rows": rows, "touches": touches, "rounds": rounds}
    for name, kernel in KERNELS.items():
        if name not in only:
            continue
        medians = raced(kernel, some, frames, rounds)
        print("\n".join(lines(name, medians)), flush=True)
        found[name] = {"ms": medians, "ratios": ratios(name, medians)}
    for name, make in ALONE.items():
        if name not in only:
            continue
        median = statistics.median(timed(partial(make, some)) for _ in range(min(rounds, 3)))
        print(f"{name}: {AGAIN} {median:,.1f} ms", flush=True)
        found[name] = {"ms": {AGAIN: median}}
    return found


def main() -> None:
    """Read the command line, measure, print, and write the JSON file that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--deals",
        type=int,
        nargs="+",
        default=[10_000, 100_000],
        metavar="N",
        help="how many deals there are (default: 10000 100000)",
    )
    parser.add_argument("--rounds", type=int, default=5, help="of each contender (default: 5)")
    names = [*KERNELS, *ALONE]
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="REPORT", help=", ".join(names)
    )
    parser.add_argument("--json", type=Path, help="a file to write the figures to")
    asked = parser.parse_args()
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    print(f"{machine}, pandas {pd.__version__}, polars {pl.__version__}")
    found = [measured(n, asked.rounds, asked.only) for n in asked.deals]
    if asked.json is not None:
        asked.json.write_text(json.dumps({"machine": machine, "worlds": found}, indent=2), "utf-8")


if __name__ == "__main__":
    main()
