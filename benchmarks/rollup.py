"""What rollups cost beside pandas, polars, DuckDB, SQLite and networkx, in one run.

Run it as ``python benchmarks/rollup.py [ROUNDS] [ACCOUNTS ...]``. Open deals, for each account over
itself and everything below it: the sum of amounts, their number, the latest close date, how many
owners; ten deals for each account. All engines have to agree before anything is timed. Engines
take turns, so that a busy machine slows all of them; figures are medians, and ratios those of
medians of one run. The yardstick E of a change is ``attrs.evolve`` of a deal in the same process.
"""

import csv
import gc
import itertools
import random
import sqlite3
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import duckdb
import networkx as nx  # type: ignore[import-untyped]  # has no types
import pandas as pd
import polars as pl

from crmcore import Account, Crm, ExchangeRate, F, MemoryRepository, Money, Opportunity, Rollup
from crmcore.changes import ChangeSet, Insert, Update
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.rollup import Totals, roll_up, this_quarter
from crmcore.rules.rule import Context

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CONTEXT = Context(model=STANDARD_MODEL, now=NOW, new_id=str)
OPEN = ("Prospecting", "Qualification", "Proposal", "Negotiation")
STAGES = (*OPEN, "Won", "Lost")
OF_OPEN: dict[str, Any] = {
    "child": Opportunity,
    "by": F.account_id,
    "where": F.stage_category == "open",
}
FOUR = (
    Rollup(name="amount", value=F.amount, aggregate="sum", **OF_OPEN),
    Rollup(name="count", aggregate="count", **OF_OPEN),
    Rollup(name="latest", value=F.close_on, aggregate="max", **OF_OPEN),
    Rollup(name="owners", value=F.owner_id, aggregate="count_distinct", **OF_OPEN),
)
OF_WON: dict[str, Any] = {**OF_OPEN, "where": F.stage_category == "won"}
TEN = (
    *FOUR,
    Rollup(name="won", value=F.amount, aggregate="sum", **OF_WON),
    Rollup(name="won_count", aggregate="count", **OF_WON),
    Rollup(name="least", value=F.amount, aggregate="min", **OF_OPEN),
    Rollup(name="most", value=F.amount, aggregate="max", **OF_OPEN),
    Rollup(name="first", value=F.close_on, aggregate="min", **OF_OPEN),
    Rollup(name="won_owners", value=F.owner_id, aggregate="count_distinct", **OF_WON),
)
GLEIF = Path(__file__).resolve().parents[2] / "shared" / "data" / "gleif"
Parents = dict[str, str | None]


def tree(size: int) -> Parents:
    """Groups of about 200 accounts, four to six levels deep."""
    rnd = random.Random(size)
    roots = size // 200 + 1
    found: Parents = {}
    for at in range(size):
        low = max(0, (at - roots) // 6 - 3)
        found[f"a{at}"] = None if at < roots else f"a{rnd.randint(low, max(low, (at - 1) // 6))}"
    return found


def chain(size: int) -> Parents:
    """Accounts below one another."""
    return {f"a{at}": f"a{at - 1}" if at else None for at in range(size)}


def gleif() -> Parents:
    """Accounts below one another."""
    """The direct parents of the ownership data, loops cut by leaving out who closes one."""
    found: Parents = {}
    for path in GLEIF.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["Relationship.RelationshipType"] == "IS_DIRECTLY_CONSOLIDATED_BY":
                    child = row["Relationship.StartNode.NodeID"]
                    parent = row["Relationship.EndNode.NodeID"]
                    found.setdefault(parent, None)
                    found[child] = parent
    for one in found:
        seen, at = {one}, found[one]
        while at is not None and at not in seen:
            seen.add(at)
            at = found[at]
        if at is not None:
            found[one] = None
    return found


def world(parents: Parents) -> tuple[list[Account], list[Opportunity]]:
    """The accounts with these parents, and ten deals for each."""
    rnd = random.Random(7)
    ids: Any = list(parents)
    accounts = [Account(id=one, name=one, parent_id=parents[one]) for one in ids]  # type: ignore[arg-type]  # plain ids
    return accounts, [deal(rnd, f"d{at}", ids) for at in range(10 * len(ids))]


def deal(rnd: random.Random, id_: Any, ids: list[Any]) -> Opportunity:
    """A deal made up, always the same for the same random numbers."""
    owner: Any = f"u{rnd.randrange(50)}"
    return Opportunity(
        id=id_,
        name="deal",
        account_id=rnd.choice(ids),
        amount=Money(rnd.randrange(100_000), "EUR"),
        stage=rnd.choice(STAGES),
        close_on=date(2025, 1, 1) + timedelta(days=rnd.randrange(700)),
        owner_id=owner,
    )


def columns(deals: list[Opportunity]) -> dict[str, list[Any]]:
    """The fields that the figures need, as columns."""
    return {
        "account": [one.account_id for one in deals],
        "amount": [int(one.amount.amount) for one in deals if one.amount],
        "stage": [one.stage for one in deals],
        "close": [one.close_on for one in deals],
        "owner": [one.owner_id for one in deals],
    }


class Peers:
    """The same figures by others, the data already in their own form."""

    def __init__(self, parents: Parents, deals: list[Opportunity]) -> None:
        self.parents, self.deals = parents, deals
        table = columns(deals)
        self.polars = pl.DataFrame(table)
        self.pairs = {"child": list(parents), "parent": list(parents.values())}
        self.polars_pairs = pl.DataFrame(self.pairs)
        self.pandas = pd.DataFrame(table)
        self.pandas_pairs = pd.DataFrame(self.pairs)
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
        self.lite.execute("create index by_parent on pairs (parent)")
        self.lite.execute("create index by_account on deals (account)")

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

    SQL = """with recursive line(below, above) as (
        select child, child from pairs union all
        select line.below, pairs.parent from line join pairs on pairs.child = line.above
        where pairs.parent is not null)
        select above, sum(amount), count(*), max(close), count(distinct owner)
        from line join deals on deals.account = line.below
        where stage in ('Prospecting', 'Qualification', 'Proposal', 'Negotiation') group by above"""

    def by_duckdb(self) -> Any:
        """A recursive query."""
        return self.duck.execute(self.SQL).fetchall()

    def by_sqlite(self) -> Any:
        """The same query."""
        return self.lite.execute(self.SQL).fetchall()

    def by_networkx(self) -> Any:
        """All descendants of each account."""
        graph = nx.DiGraph((p, c) for c, p in self.parents.items() if p is not None)
        graph.add_nodes_from(self.parents)
        own: dict[str, list[Opportunity]] = defaultdict(list)
        for one in self.deals:
            if one.stage in OPEN and one.account_id:
                own[one.account_id].append(one)
        found = {}
        for at_id in self.parents:
            mine = [d for at in (at_id, *nx.descendants(graph, at_id)) for d in own[at]]
            total = sum(d.amount.amount for d in mine if d.amount)
            latest = max((d.close_on for d in mine if d.close_on), default=None)
            found[at_id] = (total, len(mine), latest, len({d.owner_id for d in mine}))
        return found

    def floor(self) -> Any:
        """One pass over the same objects that reads what the figures need."""
        for one in self.deals:
            if one.pipeline == "standard" and one.stage in OPEN:
                _ = (one.account_id, one.amount, one.close_on, one.owner_id)


def timed(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The median milliseconds of each, the calls taking turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            gc.collect()
            start = time.perf_counter()
            call()
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(found) for name, found in times.items()}


def agree(peers: Peers, accounts: list[Account], *, is_deep: bool) -> None:
    """Fail where the figures differ."""
    found = roll_up(FOUR, accounts=accounts, children=peers.deals, context=CONTEXT)
    ours = {one: value for one, value in found["amount"].items() if found["count"][one]}
    theirs = {} if is_deep else {row[0]: row[1] for row in peers.by_duckdb()}
    assert is_deep or {one: int(value.amount) for one, value in ours.items()} == theirs  # type: ignore[union-attr]  # money


def full(name: str, parents: Parents, rounds: int) -> None:
    """Time everything on one shape of data."""
    accounts, deals = world(parents)
    peers = Peers(parents, deals)
    gc.freeze()
    is_deep = name.startswith("chain")
    agree(peers, accounts, is_deep=is_deep)

    def run(rollups: tuple[Rollup, ...]) -> Callable[[], Any]:
        return lambda: roll_up(rollups, accounts=accounts, children=deals, context=CONTEXT)

    calls: dict[str, Callable[[], Any]] = {
        "crmcore, four": run(FOUR),
        "crmcore, build": lambda: Totals(FOUR, CONTEXT).build(accounts=accounts, children=deals),
        "crmcore, one": run(FOUR[:1]),
        "crmcore, ten": run(TEN),
        "floor": peers.floor,
    }
    if not is_deep:
        calls |= {
            "polars": peers.by_polars,
            "polars from objects": peers.by_polars_from_objects,
            "pandas": peers.by_pandas,
            "duckdb": peers.by_duckdb,
        }
        if len(parents) <= 10_000:
            calls |= {"sqlite": peers.by_sqlite, "networkx": peers.by_networkx}
    found = timed(calls, rounds)
    base = found.get("polars", found["crmcore, four"])
    for engine, value in found.items():
        print(f"| {name} | {engine} | {value:,.1f} | {value / base:.2f} |")
    if name.startswith("tree"):
        changes(name, accounts, deals, base)
    gc.unfreeze()


def share(times: list[float], at: float) -> float:
    """The microseconds below which a share of the times lies."""
    return sorted(times)[int(len(times) * at)] * 1e6


def row(name: str, what: str, times: list[float], yard: float) -> None:
    """Print one line: median and 99th percentile, in microseconds and in E."""
    p50, p99 = share(times, 0.5), share(times, 0.99)
    print(f"| {name} | {what} | {p50:,.1f} | {p99:,.1f} | {p50 / yard:.2f} | {p99 / yard:.1f} |")


def clocked(call: Callable[[Any], Any], things: Iterator[Any]) -> list[float]:
    """The seconds that each call takes."""
    times = []
    for one in things:
        start = time.perf_counter()
        call(one)
        times.append(time.perf_counter() - start)
    return times


def changes(name: str, accounts: list[Account], deals: list[Opportunity], polars: float) -> None:
    """Single changes, reads and moves, in microseconds and in E."""
    totals = Totals(FOUR, CONTEXT)
    totals.build(accounts=accounts, children=deals)
    rnd = random.Random(1)
    ids: Any = [one.id for one in accounts]
    yard = share(clocked(lambda one: attrs.evolve(one, stage="Won"), iter(deals[:5_000])), 0.5)
    row(
        name,
        "E: attrs.evolve",
        clocked(lambda one: attrs.evolve(one, stage="Won"), iter(deals[:5_000])),
        yard,
    )
    now = list(deals)

    def edits() -> Iterator[list[Update]]:
        for _ in range(20_000):
            at = rnd.randrange(len(now))
            other = deal(rnd, now[at].id, ids)
            field = rnd.choice(["amount", "stage", "close_on", "owner_id", "account_id"])
            after = attrs.evolve(now[at], **{field: getattr(other, field)})
            change, now[at] = Update(now[at], after), after
            yield [change]

    took = clocked(totals.apply, edits())
    row(name, "one change", took, yard)
    print(
        f"| {name} | polars afresh / one change | {polars * 1000 / share(took, 0.5):,.0f} x | | | |"
    )
    reads = ((rnd.choice(FOUR), rnd.choice(ids)) for _ in range(20_000))
    row(name, "read one value", clocked(lambda one: totals.value(*one), reads), yard)
    where = {one.id: one for one in accounts}

    def moves() -> Iterator[list[Update]]:
        for _ in range(3_000):
            at = rnd.randrange(len(ids) // 10, len(ids))
            one: Any = where[ids[at]]
            after = attrs.evolve(one, parent_id=ids[rnd.randrange(at // 4)])
            where[one.id] = after
            yield [Update(one, after)]

    row(name, "move a subtree", clocked(totals.apply, moves()), yard)
    afresh = roll_up(FOUR, accounts=where.values(), children=now, context=CONTEXT)
    assert all(dict(totals.result(one)) == dict(afresh[one.name]) for one in FOUR)
    rates = [
        ExchangeRate(currency="USD", base="EUR", valid_from=date(2020, 1, 1 + at), rate=2)
        for at in range(20)
    ]
    row(name, "a new exchange rate", clocked(totals.apply, ([Insert(one)] for one in rates)), yard)
    relative = Totals((attrs.evolve(FOUR[1], name="q", where=this_quarter(F.close_on)),), CONTEXT)
    relative.build(accounts=accounts, children=deals)
    days = (attrs.evolve(CONTEXT, now=NOW + timedelta(days=at)) for at in range(1, 100))
    row(name, "the clock goes on a day", clocked(relative.turn, days), yard)
    if len(accounts) <= 10_000:
        saves(name, accounts, deals, yard)


def saves(name: str, accounts: list[Account], deals: list[Opportunity], yard: float) -> None:
    """What a whole command costs, from the facade to the store."""
    store = MemoryRepository()
    store.commit(ChangeSet(Insert(one) for one in itertools.chain(accounts, deals)))
    crm = Crm(store)
    crm.rollups("open_pipeline")
    some = crm.find(Opportunity, limit=50)
    fresh = (attrs.evolve(one, stage="Proposal", next_step="x") for one in some)
    row(name, "crm.save, end to end", clocked(crm.save, fresh), yard)
    ids = [one.id for one in accounts[:1000]]
    row(name, "crm.rollup", clocked(lambda one: crm.rollup("open_pipeline", one), iter(ids)), yard)


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    sizes = [int(one) for one in sys.argv[2:]] or [1_000, 10_000, 100_000]
    print("| data | what | median | ... |")
    for size in sizes:
        full(f"tree {size:,}", tree(size), rounds if size < 100_000 else min(rounds, 3))
    full("chain 10,000", chain(10_000), rounds)
    if GLEIF.is_dir():
        full("gleif", gleif(), rounds)


if __name__ == "__main__":
    main()
