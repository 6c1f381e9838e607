"""What rollups cost beside pandas, polars, DuckDB, SQLite and networkx, in one run.

Open deals, for each account over itself and everything below it: the sum of amounts, their number,
the latest close date, how many owners; ten deals for each account. Every engine has to find the
same figures before it is timed. Engines take turns, so that a busy machine slows all of them;
figures are medians, a ratio is one of two medians of one run. The yardstick E of a change is
``attrs.evolve`` of a deal in the same process, in turns with the changes.

Peers are left out where they would make more than five million pairs of an account and one above
it, which is what they join with (a chain of 10,000 accounts makes 50 million). A peer whose first
run, in which it has to agree, takes more than LIMIT seconds is shown with that run and not run
again. With 100,000 accounts everything takes about five minutes and 4 GB on a quiet machine.
"""

import argparse
import csv
import gc
import itertools
import json
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from rollup_peers import (  # type: ignore[import-not-found]  # it stands beside this
    OPEN,
    Figures,
    Parents,
    Peers,
    figures,
)

from crmcore import Account, Crm, ExchangeRate, F, MemoryRepository, Money, Opportunity, Rollup
from crmcore.changes import ChangeSet, Insert, Update
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.rollup import Totals, roll_up, this_quarter
from crmcore.rules.rule import Context

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CONTEXT = Context(model=STANDARD_MODEL, now=NOW, new_id=str)
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
MOST_PAIRS = 5_000_000
FULL = {1_000: 0.5, 10_000: 1.5, 100_000: 2.5}
"""How many times as long as polars a full computation may take, by the number of accounts."""


@attrs.frozen
class Row:
    """One measured figure; ``ratio`` to what ``of`` names, ``target`` the most it should be."""

    data: str
    what: str
    value: float
    unit: str = "ms"
    ratio: float | None = None
    of: str = ""
    target: float | None = None

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f"{self.ratio:,.2f} {self.of}"
        target, met = "", ""
        if self.target is not None:
            is_least = self.target >= 50_000
            reached = self.value if self.ratio is None else self.ratio
            target = f"{'at least' if is_least else 'at most'} {self.target:,g}"
            met = "met" if (reached >= self.target) is is_least else "MISSED"
        cells = (self.data, self.what, f"{self.value:,.1f} {self.unit}", ratio, target, met)
        return f"| {' | '.join(cells)} |"


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
    """The direct parents of the ownership data, loops cut by leaving out who closes one."""
    found: Parents = {}
    for path in sorted(GLEIF.glob("*.csv")):
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


def pairs_of(parents: Parents) -> int:
    """How many pairs of an account and itself or one above it there are; parents come first."""
    depth: dict[str, int] = {}
    waiting = dict(parents)
    while waiting:
        for one, parent in list(waiting.items()):
            if parent is None or parent in depth:
                depth[one] = 1 if parent is None else depth[parent] + 1
                del waiting[one]
    return sum(depth.values())


def world(parents: Parents) -> tuple[list[Account], list[Opportunity]]:
    """The accounts with these parents, and ten deals for each."""
    rnd = random.Random(7)
    ids: Any = list(parents)
    accounts = [Account(id=one, name=one, parent_id=parents[one]) for one in ids]
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


def clocked(call: Callable[..., Any], *given: Any) -> float:
    """The seconds that a call takes."""
    start = time.perf_counter()
    call(*given)
    return time.perf_counter() - start


def timed(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The median milliseconds of each, the calls taking turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            gc.collect()
            times[name].append(1000 * clocked(call))
    return {name: statistics.median(found) for name, found in times.items()}


def ours(accounts: list[Account], deals: list[Opportunity]) -> Figures:
    """Our figures in the form of the peers'."""
    found = roll_up(FOUR, accounts=accounts, children=deals, context=CONTEXT)
    amounts, counts, latest, owners = (found[one.name] for one in FOUR)
    return {
        one: (int(amounts[one].amount), number, latest[one], owners[one])  # type: ignore[union-attr]  # money
        for one, number in counts.items()
        if number
    }


def agreed(peers: Peers, accounts: list[Account]) -> dict[str, float]:
    """The seconds of the first run of each peer; fails where their figures differ from ours."""
    mine, took = ours(accounts, list(peers.deals)), {}
    for name, call in peers.calls().items():
        found: list[Any] = []
        took[name] = clocked(lambda call=call, found=found: found.append(call()))
        if figures(found[0]) != mine:
            raise SystemExit(f"{name} finds other figures")
    return took


def full(name: str, parents: Parents, rounds: int, limit: float) -> Iterator[Row]:
    """Time everything on one shape of data."""
    accounts, deals = world(parents)
    gc.collect()
    gc.freeze()

    def run(rollups: tuple[Rollup, ...]) -> Callable[[], Any]:
        return lambda: roll_up(rollups, accounts=accounts, children=deals, context=CONTEXT)

    peers = Peers(parents, deals)
    calls: dict[str, Callable[[], Any]] = {
        "floor": peers.floor,
        "four": run(FOUR),
        "build": lambda: Totals(FOUR, CONTEXT).build(accounts=accounts, children=deals),
        "one": run(FOUR[:1]),
        "ten": run(TEN),
    }
    has_peers = pairs_of(parents) <= MOST_PAIRS
    once = agreed(peers, accounts) if has_peers else {}
    once = {peer: took for peer, took in once.items() if took > limit}
    if has_peers:
        calls |= {peer: call for peer, call in peers.calls().items() if peer not in once}
    found = timed(calls, rounds) | {peer: 1000 * took for peer, took in once.items()}
    yield from compared(name, found, once, len(parents))
    del calls
    peers.close()
    if name.startswith("tree"):
        yield from changes(name, accounts, deals, found["polars"])
    gc.unfreeze()


def compared(name: str, found: dict[str, float], once: Iterable[str], size: int) -> Iterator[Row]:
    """What a full computation takes, beside others and beside targets."""
    polars = found.get("polars")
    for engine in ("floor", *[one for one in found if one not in OURS]):
        ratio = None if polars is None else found[engine] / polars
        mark = ", one run" if engine in once else ""
        yield Row(name, f"{engine}{mark}", found[engine], ratio=ratio, of="x polars")
    four = found["four"]
    if polars is None:
        yield Row(name, "crmcore", four, target=100 if size == 10_000 else None)
    else:
        target = FULL.get(size) if name.startswith("tree") else None
        yield Row(name, "crmcore", four, "ms", four / polars, "x polars", target)
        for peer, most in (("polars from objects", 1.0), ("pandas", 1.2)):
            target = most if size == 100_000 else None
            yield Row(name, "crmcore", four, "ms", four / found[peer], f"x {peer}", target)
    build, ten = found["build"], found["ten"]
    yield Row(name, "bulk build", build, "ms", build / four, "x full computation", 1.5)
    yield Row(name, "one definition", found["one"])
    yield Row(name, "ten definitions", ten, "ms", ten / found["one"], "x one", 2.5)


OURS = ("floor", "four", "build", "one", "ten")


def spread(
    name: str, what: str, times: list[float], yard: float, targets: tuple[float, float] | None
) -> Iterator[Row]:
    """The median and the 99th percentile, in microseconds and in E."""
    ranked = sorted(times)
    for label, share, at in (("median", 0.5, 0), ("99th percentile", 0.99, 1)):
        value = ranked[int(len(ranked) * share)]
        target = None if targets is None else targets[at]
        yield Row(name, f"{what}, {label}", value * 1e6, "us", value / yard, "E", target)


def changes(
    name: str, accounts: list[Account], deals: list[Opportunity], polars: float
) -> Iterator[Row]:
    """Single changes, reads and moves, in microseconds and in E."""
    totals = Totals(FOUR, CONTEXT)
    totals.build(accounts=accounts, children=deals)
    gc.collect()
    gc.freeze()
    rnd = random.Random(1)
    ids: Any = [one.id for one in accounts]
    now, took, evolved = list(deals), [], []
    for turn in range(20_000):
        evolved.append(clocked(lambda one: attrs.evolve(one, stage="Won"), deals[turn % 5_000]))
        at = rnd.randrange(len(now))
        other = deal(rnd, now[at].id, ids)
        field = rnd.choice(["amount", "stage", "close_on", "owner_id", "account_id"])
        after = attrs.evolve(now[at], **{field: getattr(other, field)})
        change, now[at] = Update(now[at], after), after
        took.append(clocked(totals.apply, [change]))
    yard = statistics.median(evolved)
    yield from spread(name, "E: attrs.evolve", evolved, yard, None)
    yield from spread(name, "one change", took, yard, (2, 30))
    times = polars / 1000 / statistics.median(took)
    most = 50_000 if len(accounts) >= 100_000 else None
    yield Row(name, "polars afresh", polars, "ms", times, "x one change", most)
    reads = [(rnd.choice(FOUR), rnd.choice(ids)) for _ in range(20_000)]
    read = [clocked(totals.value, *one) for one in reads]
    yield next(spread(name, "read one value", read, yard, (1, 1)))
    where = {one.id: one for one in accounts}
    moved = []
    for _ in range(3_000):
        at = rnd.randrange(len(ids) // 10, len(ids))
        one: Any = where[ids[at]]
        where[one.id] = attrs.evolve(one, parent_id=ids[rnd.randrange(at // 4)])
        moved.append(clocked(totals.apply, [Update(one, where[one.id])]))
    yield from spread(name, "move a subtree", moved, yard, (25, 400))
    afresh = roll_up(FOUR, accounts=where.values(), children=now, context=CONTEXT)
    if any(dict(totals.result(one)) != dict(afresh[one.name]) for one in FOUR):
        raise SystemExit("what followed the changes is not what there is")
    yield from turns(name, totals, accounts, deals, yard)
    yield from saves(name, accounts, deals, yard)


def turns(
    name: str, totals: Totals, accounts: list[Account], deals: list[Opportunity], yard: float
) -> Iterator[Row]:
    """New exchange rates, and days that go by."""
    rates = [
        ExchangeRate(currency="USD", base="EUR", valid_from=date(2020, 1, 1 + at), rate=2)
        for at in range(20)
    ]
    took = [clocked(totals.apply, [Insert(one)]) for one in rates]
    yield next(spread(name, "a new exchange rate", took, yard, None))
    relative = Totals((attrs.evolve(FOUR[1], name="q", where=this_quarter(F.close_on)),), CONTEXT)
    relative.build(accounts=accounts, children=deals)
    days = [attrs.evolve(CONTEXT, now=NOW + timedelta(days=at)) for at in range(1, 100)]
    took = [clocked(relative.turn, one) for one in days]
    yield from spread(name, "the clock goes on a day", took, yard, None)


def saves(
    name: str, accounts: list[Account], deals: list[Opportunity], yard: float
) -> Iterator[Row]:
    """What a whole command costs, from the facade to the store and the figures."""
    store = MemoryRepository()
    store.commit(ChangeSet(Insert(one) for one in itertools.chain(accounts, deals)))
    crm = Crm(store)
    crm.rollups("open_pipeline")
    some = crm.find(Opportunity, limit=50)
    fresh = [attrs.evolve(one, stage="Proposal", next_step="x") for one in some]
    saved = [clocked(crm.save, one) for one in fresh]
    yield from spread(name, "crm.save, end to end", saved, yard, None)
    read = [clocked(crm.rollup, "open_pipeline", one.id) for one in accounts[:1000]]
    yield next(spread(name, "crm.rollup", read, yard, None))


def shapes(sizes: Iterable[int], chains: Iterable[int]) -> Iterator[tuple[str, Parents]]:
    """Each shape of data by name."""
    for size in sizes:
        yield f"tree {size:,}", tree(size)
    for size in chains:
        yield f"chain {size:,}", chain(size)
    if GLEIF.is_dir():
        yield "ownership", gleif()


def main() -> None:
    """Print the table."""
    about = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=about)
    several: dict[str, Any] = {"type": int, "nargs": "*", "metavar": "N"}
    sizes, chains = [1_000, 10_000, 100_000], [1_000, 10_000]
    parser.add_argument("--accounts", default=sizes, help="sizes of the trees", **several)
    parser.add_argument("--chains", default=chains, help="lengths of the chains", **several)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each, at most 3 for 100,000")
    parser.add_argument("--limit", type=float, default=5.0, help="seconds that a peer may take")
    parser.add_argument("--json", type=Path, help="a file to write the figures to")
    given = parser.parse_args()
    rows: list[Row] = []
    print("| data | what | figure | ratio | target | |\n|---|---|--:|--:|--:|---|", flush=True)
    for name, parents in shapes(given.accounts, given.chains):
        rounds = given.rounds if len(parents) < 100_000 else min(given.rounds, 3)
        for row in full(name, parents, rounds, given.limit):
            rows.append(row)
            print(row, flush=True)
    if given.json:
        given.json.write_text(json.dumps([attrs.asdict(one) for one in rows], indent=1))


if __name__ == "__main__":
    main()
