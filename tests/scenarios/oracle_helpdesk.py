"""Figures of a help desk's event log, computed by pandas straight from the CSV file.

Nothing here knows the library: what it says is what the library must say too.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

RESOLVED = 6
"""The activity with which every case ends."""


@dataclass(frozen=True)
class Figures:
    """What the file says. Times are in seconds; stages are the numbers of activities, as text."""

    cases: int
    stays: dict[str, int]
    """How many stays there were in each stage; doing the same again at once does not end one."""
    seconds: dict[str, int]
    """How long all cases were in each stage, those that are there up to the moment asked."""
    skipped: dict[str, int]
    """How often a move to a later stage passed over each stage but the last, resolved one."""
    returns: dict[str, int]
    """How often each stage was entered by a case that had been there before."""
    cycles: dict[int, int]
    """How long each case took until it was resolved for the last time."""
    ages: int
    """The sum of the ages of all cases at the moment asked."""


def figures(path: Path, now: pd.Timestamp) -> Figures:
    """The figures of the file at the moment ``now``."""
    log = pd.read_csv(path, parse_dates=["CompleteTimestamp"])
    log.columns = pd.Index(["case", "stage", "at"])
    case = log.groupby("case")
    log = log[case["stage"].shift() != log["stage"]].copy()
    case = log.groupby("case")
    log["left"] = case["at"].shift(-1).fillna(now)
    log["seconds"] = (log["left"] - log["at"]).dt.total_seconds().astype(int)
    log["again"] = log.duplicated(["case", "stage"])
    log["to"] = case["stage"].shift(-1)
    skipped = {
        str(number): int(((log["stage"] < number) & (log["to"] > number)).sum())
        for number in range(1, 10)
        if number != RESOLVED
    }
    ends = case.agg(first=("at", "first"), last=("at", "last"), stage=("stage", "last"))
    assert (ends["stage"] == RESOLVED).all()
    cycles = (ends["last"] - ends["first"]).dt.total_seconds().astype(int)
    ages = (now - ends["first"]).dt.total_seconds().astype(int)
    return Figures(
        cases=len(ends),
        stays=_by_stage(log.groupby("stage").size()),
        seconds=_by_stage(log.groupby("stage")["seconds"].sum()),
        skipped={stage: count for stage, count in skipped.items() if count},
        returns=_by_stage(log[log["again"]].groupby("stage").size()),
        cycles={int(str(name)): int(value) for name, value in cycles.items()},
        ages=int(ages.sum()),
    )


def _by_stage(figures_: "pd.Series[int]") -> dict[str, int]:
    return {str(name): int(value) for name, value in figures_.items()}
