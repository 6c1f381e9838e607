"""Leads of Olist and what became of them, by pandas straight from the CSV files."""

from pathlib import Path

import pandas as pd


def leads(folder: Path) -> pd.DataFrame:
    """Every lead with its origin ("" where there is none) and the moment its deal was won."""
    found = pd.read_csv(
        folder / "olist_marketing_qualified_leads_dataset.csv",
        parse_dates=["first_contact_date"],
        keep_default_na=False,
    )
    closed = pd.read_csv(folder / "olist_closed_deals_original.csv", parse_dates=["won_date"])
    return found.merge(closed[["mql_id", "won_date"]], on="mql_id", how="left")


def by_origin(folder: Path) -> dict[str, tuple[int, int]]:
    """How many leads there are of each origin, and how many became a won deal."""
    found = leads(folder).groupby("origin")["won_date"].agg(["size", "count"])
    return {str(key): (int(row["size"]), int(row["count"])) for key, row in found.iterrows()}


def median_days(folder: Path) -> float:
    """The median of the days from first contact to winning."""
    found = leads(folder)
    days = (found["won_date"] - found["first_contact_date"]).dropna()
    return float(days.dt.total_seconds().median() / 86_400)
