"""What the reports of ``reports.py`` are in pandas and polars: the same figures, from columns."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pandas as pd
import polars as pl

from crmcore import Opportunity, Touch
from crmcore.entities import OpportunityChange
from crmcore.model.pipeline import STANDARD_PIPELINE, StageCategory
from crmcore.reports.material import Material

OPEN = [one.key for one in STANDARD_PIPELINE.stages if one.category is StageCategory.OPEN]
LEVEL = {one: at for at, one in enumerate([*OPEN, "Won"])}
PERCENT = {one.key: float(one.probability) for one in STANDARD_PIPELINE.stages}

Columns = dict[str, dict[str, list[Any]]]
Frames = dict[str, Any]
Figures = dict[str, tuple[float, ...]]


def deal_columns(deals: Iterable[Opportunity]) -> dict[str, list[Any]]:
    """Deals as columns."""
    found = tuple(deals)
    return {
        "deal": [one.id for one in found],
        "stage": [one.stage for one in found],
        "amount": [float(one.amount.amount) if one.amount else None for one in found],
        "percent": [None if one.probability is None else float(one.probability) for one in found],
        "close": [one.close_on for one in found],
    }


def row_columns(rows: Iterable[OpportunityChange]) -> dict[str, list[Any]]:
    """Rows of history as columns."""
    found = tuple(rows)
    return {
        "deal": [one.opportunity_id for one in found],
        "stage": [one.after.stage if one.after else None for one in found],
        "at": [one.at for one in found],
    }


def touch_columns(touches: Iterable[Touch]) -> dict[str, list[Any]]:
    """Touches as columns."""
    found = tuple(touches)
    return {
        "deal": [one.opportunity_id for one in found],
        "at": [one.at for one in found],
        "source": [one.source for one in found],
    }


TABLES = ("deals", "rows", "touches")


def columns(some: Material, tables: Iterable[str] = TABLES) -> Columns:
    """The records as columns, as a frame engine wants them: only the tables that are needed."""
    ways = {
        "deals": lambda: deal_columns(some.all(Opportunity)),
        "rows": lambda: row_columns(some.all(OpportunityChange)),
        "touches": lambda: touch_columns(some.all(Touch)),
    }
    return {name: ways[name]() for name in tables}


def pandas_frames(given: Columns) -> Frames:
    """The columns as frames of pandas."""
    return {name: pd.DataFrame(some) for name, some in given.items()}


def polars_frames(given: Columns) -> Frames:
    """The columns as frames of polars."""
    return {name: pl.DataFrame(some) for name, some in given.items()}


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
    percent = _polars_percent()
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


def pandas_forecast(frames: Frames) -> Figures:
    """What is won, weighted and open at all by the month of the close date."""
    deals = frames["deals"]
    some = deals[deals["stage"].isin([*OPEN, "Won"])]
    percent = some["percent"].where(some["stage"] != "Won").fillna(some["stage"].map(PERCENT))
    found = (
        some.assign(
            month=pd.to_datetime(some["close"]).dt.strftime("%Y-%m"),
            won=some["amount"].where(some["stage"] == "Won", 0.0),
            weighted=some["amount"] * percent / 100,
        )
        .groupby("month")
        .agg(won=("won", "sum"), all=("amount", "sum"), weighted=("weighted", "sum"))
    )
    return {
        str(key): tuple(map(float, row))
        for key, row in zip(found.index, found.to_numpy(), strict=True)
    }


def polars_forecast(frames: Frames) -> Figures:
    """The same by polars."""
    won = pl.col("stage") == "Won"
    percent = pl.when(won).then(100.0).otherwise(_polars_percent())
    found = (
        frames["deals"]
        .filter(pl.col("stage").is_in([*OPEN, "Won"]))
        .group_by(month=pl.col("close").dt.strftime("%Y-%m"))
        .agg(
            pl.when(won).then(pl.col("amount")).otherwise(0.0).sum().alias("won"),
            pl.col("amount").sum().alias("all"),
            (pl.col("amount") * percent / 100).sum().alias("weighted"),
        )
    )
    return {row[0]: tuple(map(float, row[1:])) for row in found.iter_rows()}


def _polars_percent() -> Any:
    stages = pl.col("stage").replace_strict(PERCENT, return_dtype=pl.Float64)
    return pl.col("percent").fill_null(stages)


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
