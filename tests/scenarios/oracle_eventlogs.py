"""How far the cases of a help desk got, by pandas straight from the event log."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Figures:
    """What the log says, for the open stages in their order and a last one."""

    cases: int
    reached: tuple[int, ...]
    """How many cases reached each open stage, a later one counting too, and the last one."""
    timed: tuple[int, ...]
    """How many cases were in each open stage and later further."""
    median_seconds: tuple[float, ...]
    """The median from the first coming to a stage to being further."""
    skips: int
    """How many cases were further than some stage without having been in it."""
    returns: int
    """How many cases came back to a stage they had left."""


def figures(path: Path, order: Sequence[str], last: str) -> Figures:
    """The figures of the log for these open stages and the last one."""
    events = pd.read_csv(path, dtype={"ActivityID": str}, parse_dates=["CompleteTimestamp"])
    level = {stage: at for at, stage in enumerate(order)} | {last: len(order)}
    events["level"] = events["ActivityID"].map(level)
    events["arrival"] = range(len(events))
    events = events.sort_values(["CaseID", "CompleteTimestamp", "arrival"], kind="stable")
    by_case = events.groupby("CaseID", sort=False)
    final = by_case["level"].last()
    furthest = by_case["level"].max().clip(upper=len(order) - 1)
    furthest = furthest.where(final != len(order), len(order))
    timed, medians = [], []
    for at in range(len(order)):
        first = events[events["level"] == at].groupby("CaseID")["CompleteTimestamp"].first()
        place = events[events["level"] == at].groupby("CaseID").head(1).set_index("CaseID")
        further = events[events["level"] > at].copy()
        starts = further["CaseID"].map(_positions(events, place))
        further = further[further.index.map(_rank(events)) > starts]
        times = further.groupby("CaseID")["CompleteTimestamp"].first() - first
        times = times.dropna()
        timed.append(len(times))
        medians.append(float(times.dt.total_seconds().median()))
    visited = by_case["level"].apply(set)
    skipped = sum(
        any(one not in some for one in range(top))
        for some, top in zip(visited, furthest, strict=True)
    )
    changes = events[events["level"] != by_case["level"].shift()]
    returned = changes.duplicated(["CaseID", "level"]).groupby(changes["CaseID"]).any().sum()
    return Figures(
        cases=len(final),
        reached=tuple(int((furthest >= at).sum()) for at in range(len(order) + 1)),
        timed=tuple(timed),
        median_seconds=tuple(medians),
        skips=skipped,
        returns=int(returned),
    )


def _rank(events: pd.DataFrame) -> dict[int, int]:
    return {label: at for at, label in enumerate(events.index)}


def _positions(events: pd.DataFrame, first: pd.DataFrame) -> dict[int, int]:
    rank = {arrival: at for at, arrival in enumerate(events["arrival"])}
    return dict(zip(first.index, map(rank.__getitem__, first["arrival"]), strict=True))
