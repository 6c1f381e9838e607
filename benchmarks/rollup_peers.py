"""Peers: the figures of `benchmarks/rollup.py` by pandas, polars, DuckDB, SQLite and networkx.

Each has the data in its own form before anything is timed, dates as dates. A peer gives, for each
account with an open deal at or below it: the sum, the number, the latest day, how many owners.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import duckdb
import networkx as nx  # type: ignore[import-untyped]  # has no types
import pandas as pd
import polars as pl

from crmcore import Opportunity

OPEN = ("Prospecting", "Qualification", "Proposal", "Negotiation")
Parents = dict[str, str | None]
Figures = dict[str, tuple[int, int, date, int]]
SQL = """with recursive line(below, above) as (
    select child, child from pairs union all
    select line.below, pairs.parent from line join pairs on pairs.child = line.above
    where pairs.parent is not null)
    select above, sum(amount), count(*), max(close), count(distinct owner)
    from line join deals on deals.account = line.below
    where stage in ('Prospecting', 'Qualification', 'Proposal', 'Negotiation') group by above"""


def columns(deals: Sequence[Opportunity]) -> dict[str, list[Any]]:
    """The fields that the figures need, as columns."""
    return {
        "account": [one.account_id for one in deals],
        "amount": [int(one.amount.amount) for one in deals if one.amount],
        "stage": [one.stage for one in deals],
        "close": [one.close_on for one in deals],
        "owner": [one.owner_id for one in deals],
    }


class Peers:
    """The same figures by others; ``close`` lets go of all that they hold."""

    def __init__(self, parents: Parents, deals: Sequence[Opportunity]) -> None:
        self.parents, self.deals = parents, deals
        table = columns(deals)
        pairs = {"child": list(parents), "parent": list(parents.values())}
        self.polars = pl.DataFrame(table)
        self.polars_pairs = pl.DataFrame(pairs)
        self.pandas = pd.DataFrame(table)
        self.pandas["close"] = pd.to_datetime(self.pandas["close"])
        self.pandas_pairs = pd.DataFrame(pairs)
        self.duck = duckdb.connect()
        self.duck.register("deal_view", self.polars.to_arrow())
        self.duck.register("pair_view", self.polars_pairs.to_arrow())
        self.duck.execute("create table deals as select * from deal_view")
        self.duck.execute("create table pairs as select * from pair_view")
        self.lite = sqlite3.connect(":memory:")
        self.lite.execute("create table deals (account, amount, stage, close, owner)")
        rows = zip(*(map(str, v) if k == "close" else v for k, v in table.items()), strict=True)
        self.lite.executemany("insert into deals values (?,?,?,?,?)", rows)
        self.lite.execute("create table pairs (child, parent)")
        self.lite.executemany("insert into pairs values (?,?)", parents.items())
        self.lite.execute("create index by_account on deals (account)")
        self.lite.execute("create unique index by_child on pairs (child)")

    def close(self) -> None:
        """Let go of everything."""
        self.duck.close()
        self.lite.close()
        self.__dict__.clear()

    def calls(self) -> dict[str, Callable[[], Any]]:
        """Every peer by name."""
        return {
            "polars": self.by_polars,
            "polars from objects": self.by_polars_from_objects,
            "pandas": self.by_pandas,
            "duckdb": self.by_duckdb,
            "sqlite": self.by_sqlite,
            "networkx": self.by_networkx,
        }

    def by_polars(self, frame: Any = None) -> Any:
        """Ancestor closure by joins, then one group-by."""
        pairs = self.polars_pairs
        level = pairs.select(pl.col("child").alias("below"), pl.col("child").alias("above"))
        levels = [level]
        while True:
            level = (
                level.join(pairs, left_on="above", right_on="child")
                .select("below", pl.col("parent").alias("above"))
                .drop_nulls()
            )
            if not level.height:
                break
            levels.append(level)
        deals = self.polars if frame is None else frame
        return (
            pl.concat(levels)
            .join(deals.filter(pl.col("stage").is_in(OPEN)), left_on="below", right_on="account")
            .group_by("above")
            .agg(
                pl.col("amount").sum(),
                pl.len(),
                pl.col("close").max(),
                pl.col("owner").n_unique(),
            )
        )

    def by_polars_from_objects(self) -> Any:
        """The same, from the same objects as ours."""
        return self.by_polars(pl.DataFrame(columns(self.deals)))

    def by_pandas(self) -> Any:
        """The same in pandas."""
        pairs = self.pandas_pairs
        level = pd.DataFrame({"below": pairs.child, "above": pairs.child})
        levels = [level]
        while len(level):
            level = level.merge(pairs, left_on="above", right_on="child")[["below", "parent"]]
            level = level.dropna().rename(columns={"parent": "above"})
            levels.append(level)
        deals = self.pandas[self.pandas.stage.isin(OPEN)]
        joined = pd.concat(levels).merge(deals, left_on="below", right_on="account")
        return joined.groupby("above").agg(
            amount=("amount", "sum"),
            count=("amount", "size"),
            close=("close", "max"),
            owner=("owner", "nunique"),
        )

    def by_duckdb(self) -> Any:
        """A recursive query."""
        return self.duck.execute(SQL).fetchall()

    def by_sqlite(self) -> Any:
        """The same query."""
        return self.lite.execute(SQL).fetchall()

    def by_networkx(self) -> Any:
        """All descendants of each account."""
        graph = nx.DiGraph((p, c) for c, p in self.parents.items() if p is not None)
        graph.add_nodes_from(self.parents)
        own: dict[str, list[Opportunity]] = defaultdict(list)
        for one in self.deals:
            if one.stage in OPEN and one.account_id:
                own[one.account_id].append(one)
        found = {}
        for at in self.parents:
            mine = [deal for id_ in (at, *nx.descendants(graph, at)) for deal in own[id_]]
            total = sum(one.amount.amount for one in mine if one.amount)
            latest = max((one.close_on for one in mine if one.close_on), default=None)
            found[at] = (total, len(mine), latest, len({one.owner_id for one in mine}))
        return found

    def floor(self) -> None:
        """One pass over the same objects that reads what the figures need."""
        for one in self.deals:
            if one.pipeline == "standard" and one.stage in OPEN:
                _ = (one.account_id, one.amount, one.close_on, one.owner_id)


def figures(found: Any) -> Figures:
    """What a peer found, in one form for all."""
    rows: Iterable[Any]
    if isinstance(found, pl.DataFrame):
        rows = found.rows()
    elif isinstance(found, pd.DataFrame):
        rows = ((one[0], *one[1:3], one[3].date(), one[4]) for one in found.itertuples())
    elif isinstance(found, dict):
        rows = ((one, *figure) for one, figure in found.items() if figure[1])
    else:
        rows = found
    return {
        str(id_): (
            int(amount),
            int(number),
            date.fromisoformat(latest) if isinstance(latest, str) else latest,
            int(owners),
        )
        for id_, amount, number, latest, owners in rows
    }
