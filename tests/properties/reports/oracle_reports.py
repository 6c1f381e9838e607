"""Figures of reports by pandas, from plain rows; nothing here knows the library."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd

COLUMNS = ["deal", "pipeline", "stage", "category", "amount", "currency", "percent", "forecast"]
COLUMNS += ["close_on", "owner", "account", "source", "at"]


def frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows as a frame of Python values, so that sums are exact."""
    return pd.DataFrame([dict(one) for one in rows], columns=COLUMNS, dtype=object)


def total(amounts: Any) -> Fraction:
    """The exact sum of what is there."""
    return sum(amounts.dropna(), Fraction(0))


def pipeline(rows: Sequence[Mapping[str, Any]], by: Sequence[str]) -> dict[Any, Any]:
    """Count, amount, weighted amount, deals with an amount, by these columns, of open deals."""
    deals = frame(rows)
    deals = deals[deals["category"] == "open"]
    deals["weighted"] = [
        None if amount is None or pd.isna(amount) else amount * percent / 100
        for amount, percent in zip(deals["amount"], deals["percent"], strict=True)
    ]
    return {
        key: (
            len(some),
            total(some["amount"]),
            total(some["weighted"]),
            int(some["amount"].notna().sum()),
        )
        for key, some in deals.groupby([*by], dropna=False, sort=False)
    }


def furthest(
    history: Sequence[Mapping[str, Any]],
    deals: Sequence[Mapping[str, Any]],
    order: Mapping[str, Mapping[str, int]],
) -> pd.DataFrame:
    """How far each deal got in the pipeline it is in, from everything it went through there.

    ``order`` numbers the open stages of each pipeline. A won deal is one beyond the last of them.
    """
    now = frame(deals).set_index("deal", drop=False)
    visits = frame(history)
    line_now = visits["deal"].map(now["pipeline"])
    visits = visits[visits["pipeline"] == line_now]
    levels = [
        len(order[line]) - 1 if category == "won" else order[line].get(stage, 0)
        for line, stage, category in visits[["pipeline", "stage", "category"]].itertuples(
            index=False
        )
    ]
    reached = pd.Series(levels, index=visits["deal"], dtype="int64").groupby(level=0).max()
    won = now["category"] == "won"
    now["level"] = reached.reindex(now["deal"]).where(~won, now["pipeline"].map(order).map(len))
    return now


def forecast(rows: Sequence[Mapping[str, Any]], months: Sequence[tuple[date, date]]) -> list[Any]:
    """For each month: won, commit, best case and pipeline by themselves, and the weighted sum."""
    deals = frame(rows)
    found = []
    for first, last in months:
        within = [day is not None and first <= day <= last for day in deals["close_on"]]
        inside = deals[pd.Series(within, index=deals.index, dtype=bool)]
        won = inside[inside["category"] == "won"]
        open_deals = inside[inside["category"] == "open"]
        weighted = total(won["amount"])
        single = []
        for category in ("commit", "best_case", "pipeline"):
            some = open_deals[open_deals["forecast"] == category]
            single.append(total(some["amount"]))
            weighted += sum(
                (
                    amount * percent / 100
                    for amount, percent in zip(some["amount"], some["percent"], strict=True)
                    if amount is not None and not pd.isna(amount)
                ),
                Fraction(0),
            )
        found.append((total(won["amount"]), *single, weighted))
    return found
