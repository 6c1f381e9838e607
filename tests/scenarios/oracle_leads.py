"""What the leads of the public data sets come to, by pandas straight from the files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

UNANSWERED = "Select"
GOOD_QUALITIES = ("High in Relevance", "Might be")


def education(path: Path) -> pd.DataFrame:
    """The leads of X Education, blank where a question was not answered."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return frame.replace(UNANSWERED, "")


def points(frame: pd.DataFrame) -> pd.Series[int]:
    """40 for a good quality, 30 for ten minutes on the site, 20 for a visit, -50 for no e-mail."""
    seconds = pd.to_numeric(frame["Total Time Spent on Website"]).fillna(0)
    visits = pd.to_numeric(frame["TotalVisits"]).fillna(0)
    return (
        frame["Lead Quality"].isin(GOOD_QUALITIES).astype(int) * 40
        + (seconds >= 600).astype(int) * 30
        + (visits >= 1).astype(int) * 20
        - (frame["Do Not Email"] == "Yes").astype(int) * 50
    )


def qualified(frame: pd.DataFrame, enough: int) -> pd.DataFrame:
    """The leads that pass: enough points, and a source."""
    return frame[(points(frame) >= enough) & (frame["Lead Source"] != "")]


def by_source(frame: pd.DataFrame) -> dict[str, int]:
    """How many leads came from each source; blank ones under ``""``."""
    return {str(key): int(n) for key, n in frame["Lead Source"].value_counts().items()}


def rates(frame: pd.DataFrame, passed: pd.DataFrame) -> dict[str, float]:
    """Share of the leads of each source that pass."""
    all_of, passing = by_source(frame), by_source(passed)
    return {source: passing.get(source, 0) / n for source, n in all_of.items()}


def salesforce(path: Path) -> pd.DataFrame:
    """The leads of a Salesforce export."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)
