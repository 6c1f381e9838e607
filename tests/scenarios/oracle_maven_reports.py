"""Win rates of the Maven sales data by pandas, straight from the CSV files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

Rates = Mapping[Any, tuple[int, int, int]]
"""Won deals, lost deals and the amount won in US dollars, by key."""


def deals(folder: Path) -> pd.DataFrame:
    """The deals with the manager of their agent and the product's name in the list."""
    found = pd.read_csv(folder / "sales_pipeline.csv", parse_dates=["engage_date", "close_date"])
    teams = pd.read_csv(folder / "sales_teams.csv").set_index("sales_agent")
    found["manager"] = found["sales_agent"].map(teams["manager"])
    found["office"] = found["sales_agent"].map(teams["regional_office"])
    found["product"] = found["product"].replace("GTXPro", "GTX Pro")
    found["quarter"] = found["close_date"].dt.to_period("Q")
    return found


def win_rates(folder: Path, by: str) -> Rates:
    """Won, lost and the amount won of closed deals, by a column."""
    closed = deals(folder)
    closed = closed[closed["deal_stage"].isin(["Won", "Lost"])]
    won = closed["deal_stage"] == "Won"
    counted = pd.DataFrame(
        {
            "won": won,
            "lost": ~won,
            "amount": closed["close_value"].where(won, 0),
            "key": closed[by].astype(str),
        }
    )
    summed = counted.groupby("key").sum()
    return {
        key: (int(row["won"]), int(row["lost"]), int(row["amount"]))
        for key, row in summed.iterrows()
    }


def cycles(folder: Path) -> tuple[int, float, float]:
    """How many deals were won, and the median and mean of their days from engagement to close."""
    found = deals(folder)
    won = found[found["deal_stage"] == "Won"]
    days = (won["close_date"] - won["engage_date"]).dt.days
    return len(won), float(days.median()), float(days.mean())


def as_of(folder: Path, moment: str) -> tuple[int, int, int, int]:
    """On the evening of a day: engaged and open deals that are closed by now, those of them that
    were won, and the won and lost ones until then.
    """
    found = deals(folder)
    day = pd.Timestamp(moment)
    engaged = found[found["engage_date"] <= day]
    known = engaged[engaged["close_date"] <= day]
    later = engaged[engaged["close_date"] > day]
    return (
        len(later),
        int((later["deal_stage"] == "Won").sum()),
        int((known["deal_stage"] == "Won").sum()),
        int((known["deal_stage"] == "Lost").sum()),
    )
