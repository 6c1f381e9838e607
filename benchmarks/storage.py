"""Storage beside its peers: ``python benchmarks/storage.py --n 10000 100000 [--json out.json]``.

Every engine keeps the same records, half contacts and half deals, and answers the same questions
with the same entities. Engines take turns within each round, so that a busy machine slows all of
them; a figure is the median of ``--rounds`` rounds, fewer for what takes longer than ``--budget``
seconds. *floor* is what no durable store can do without: lock, append of 400 bytes, ``fdatasync``,
and, for a bulk load, constructing the objects. Peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import attrs

from crmcore import (
    ChangeSet,
    Contact,
    Crm,
    F,
    JsonFileRepository,
    MemoryRepository,
    Money,
    Opportunity,
    PersonName,
    Repository,
)
from crmcore.changes import Insert, Update
from crmcore.query import Query
from crmcore.render import table

STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Won", "Lost")
ENOUGH = Decimal(8200)
"""Of the deals in one stage, about a sixth are of at least this amount: 3 % of all deals."""

SAVED, IN_MEMORY = "crmcore, crm.save", "crmcore memory"

Answer = Any  # Any: whichever entity, or how many
Fields = tuple[Any, ...]


def contact(number: int) -> Contact:
    """A contact with about 330 bytes in compact JSON."""
    return Contact(
        id=f"c{number:07}",  # type: ignore[arg-type]  # an id of our own
        name=PersonName(given=f"Given{number % 997}", family=f"Family{number % 9973}"),
        email=f"user{number}@example{number % 211}.org",
        phone=f"+49301{number:07}",
        title=("Engineer", "Director", "Buyer", "Clerk")[number % 4],
        department=f"Department {number % 31}",
        account_id=f"a{number % 5003:05}",  # type: ignore[arg-type]  # likewise
        source=("web", "fair", "partner")[number % 3],
        owner_id=f"u{number % 17}",  # type: ignore[arg-type]  # likewise
    )


def deal(number: int) -> Opportunity:
    """A deal; stage and amount do not depend on one another."""
    draw = random.Random(number)
    return Opportunity(
        id=f"d{number:07}",  # type: ignore[arg-type]  # an id of our own
        name=f"Deal {number}",
        account_id=f"a{number % 5003:05}",  # type: ignore[arg-type]  # likewise
        stage=STAGES[number % 6],
        pipeline="standard",
        amount=Money(Decimal(draw.randrange(1_000_000)) / 100, "EUR"),
        close_on=date(2026, 1, 1) + timedelta(days=number % 700),
        owner_id=f"u{number % 17}",  # type: ignore[arg-type]  # likewise
    )


def contact_fields(one: Contact) -> Fields:
    """What peers store of a contact."""
    name = one.name
    plain = (one.email, one.phone, one.title, one.department, one.account_id, one.source)
    return (one.id, name.given, name.family, *plain, one.owner_id)


def contact_of(stored: Sequence[Any]) -> Contact:
    """The contact of such fields, by one constructor call."""
    key, given, family, email, phone, title, department, account, source, owner = stored
    return Contact(
        id=key,
        name=PersonName(given=given, family=family),
        email=email,
        phone=phone,
        title=title,
        department=department,
        account_id=account,
        source=source,
        owner_id=owner,
    )


def deal_fields(one: Opportunity) -> Fields:
    """What peers store of a deal; the amount in cents, which sorts."""
    assert one.amount is not None
    assert one.close_on is not None
    cents = int(one.amount.amount * 100)
    return (
        one.id,
        one.name,
        one.account_id,
        one.stage,
        cents,
        one.close_on.isoformat(),
        one.owner_id,
    )


def deal_of(stored: Sequence[Any]) -> Opportunity:
    """The deal of such fields."""
    key, name, account, stage, cents, close_on, owner = stored
    return Opportunity(
        id=key,
        name=name,
        account_id=account,
        stage=stage,
        pipeline="standard",
        amount=Money(Decimal(cents) / 100, "EUR"),
        close_on=date.fromisoformat(close_on),
        owner_id=owner,
    )


Records = tuple[Sequence[Contact], Sequence[Opportunity]]


class Engine(Protocol):
    """One way to keep records in files below ``path``."""

    def __init__(self, path: Path) -> None: ...
    def load(self, records: Records) -> None:
        """Store everything, durably."""

    def get(self, key: str) -> Answer:
        """The contact of an id."""

    def by_email(self, email: str) -> Answer:
        """The contact of an e-mail address."""

    def scan(self) -> int:
        """How many deals in negotiation have a large amount; each is built."""

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """A function that gives a contact another title, durably."""

    def close(self) -> None:
        """Let go of the files."""


class JsonFile:
    """crmcore's repository in a JSON file."""

    def __init__(self, path: Path) -> None:
        self.repository: Repository = JsonFileRepository(path / "x.crm.json")

    def load(self, records: Records) -> None:
        """One commit of everything."""
        self.repository.commit(ChangeSet([Insert(one) for some in records for one in some]))

    def get(self, key: str) -> Answer:
        """By id, in a snapshot of its own."""
        with self.repository.snapshot() as now:
            return now.get(Contact, [key])[key]

    def by_email(self, email: str) -> Answer:
        """By query, likewise."""
        with self.repository.snapshot() as now:
            return next(now.find(Query.of(Contact, F.email == email)))

    def scan(self) -> int:
        """A stage and an amount."""
        where = (F.stage == "Negotiation") & (F.amount.amount >= ENOUGH)
        with self.repository.snapshot() as now:
            return len(list(now.find(Query.of(Opportunity, where))))

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """One update, from the change set to the return of ``commit``."""
        old = self.get(key)
        changes = ChangeSet([Update(old, attrs.evolve(old, title=title))])
        return lambda: self.repository.commit(changes)

    def close(self) -> None:
        """The repository is closed."""
        self.repository.close()


class JsonFileSaved(JsonFile):
    """The same, written by ``crm.save``, with the standard rules."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.crm = Crm(repository=self.repository)

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """One ``crm.save``."""
        after = attrs.evolve(self.get(key), title=title)
        return lambda: self.crm.save(after)


class Memory(JsonFile):
    """crmcore's repository in memory: nothing is durable."""

    def __init__(self, path: Path) -> None:  # noqa: ARG002  # made as all engines are
        self.repository = MemoryRepository()


class Sqlite:
    """sqlite3 with columns and indexes, WAL, synchronous=FULL."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path / "x.db", isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")

    def load(self, records: Records) -> None:
        """One transaction, then the indexes."""
        self.db.execute("BEGIN")
        self.db.execute(
            "CREATE TABLE contact (id TEXT PRIMARY KEY, given, family, email, phone, title,"
            " department, account, source, owner) WITHOUT ROWID"
        )
        self.db.execute(
            "CREATE TABLE deal (id TEXT PRIMARY KEY, name, account, stage, cents INTEGER,"
            " close_on, owner) WITHOUT ROWID"
        )
        contacts, deals = map(contact_fields, records[0]), map(deal_fields, records[1])
        self.db.executemany("INSERT INTO contact VALUES (?,?,?,?,?,?,?,?,?,?)", contacts)
        self.db.executemany("INSERT INTO deal VALUES (?,?,?,?,?,?,?)", deals)
        for place in ("contact (email)", "contact (account)", "contact (phone)", "deal (account)"):
            name = place.replace(" (", "_").rstrip(")")
            self.db.execute(f"CREATE INDEX {name} ON {place}")
        self.db.execute("COMMIT")

    def get(self, key: str) -> Answer:
        """By the primary key."""
        return contact_of(self.db.execute("SELECT * FROM contact WHERE id = ?", (key,)).fetchone())

    def by_email(self, email: str) -> Answer:
        """By the index."""
        sql = "SELECT * FROM contact WHERE email = ?"
        return contact_of(self.db.execute(sql, (email,)).fetchone())

    def scan(self) -> int:
        """The whole condition in SQL."""
        sql = "SELECT * FROM deal WHERE stage = 'Negotiation' AND cents >= ?"
        return len(list(map(deal_of, self.db.execute(sql, (int(ENOUGH * 100),)))))

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """One statement, which is one transaction."""
        sql = "UPDATE contact SET title = ? WHERE id = ?"
        return lambda: self.db.execute(sql, (title, key))

    def close(self) -> None:
        """The connection is closed."""
        self.db.close()


class JsonDump:
    """``json.dump`` of everything, put in place of the old file."""

    def __init__(self, path: Path) -> None:
        self.path = path / "x.json"
        self.kept: dict[str, dict[str, list[Any]]] = {"contact": {}, "deal": {}}
        if self.path.exists():
            self.kept = json.loads(self.path.read_bytes())
        self.emails = {one[3]: one for one in self.kept["contact"].values()}

    def load(self, records: Records) -> None:
        """Into dictionaries, then into the file."""
        self.kept["contact"] = {one.id: list(contact_fields(one)) for one in records[0]}
        self.kept["deal"] = {one.id: list(deal_fields(one)) for one in records[1]}
        self.emails = {one[3]: one for one in self.kept["contact"].values()}
        self._write()

    def get(self, key: str) -> Answer:
        """From the dictionary."""
        return contact_of(self.kept["contact"][key])

    def by_email(self, email: str) -> Answer:
        """From another one."""
        return contact_of(self.emails[email])

    def scan(self) -> int:
        """A loop over all."""
        least, deals = int(ENOUGH * 100), self.kept["deal"].values()
        return len([deal_of(one) for one in deals if one[3] == "Negotiation" and one[4] >= least])

    def prepare(self, key: str, title: str) -> Callable[[], object]:
        """The whole file is written anew."""
        self.kept["contact"][key][5] = title
        return self._write

    def close(self) -> None:
        """Nothing is open."""

    def _write(self) -> None:
        beside = self.path.with_suffix(".tmp")
        with beside.open("w", encoding="utf-8") as file:
            json.dump(self.kept, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def peers() -> dict[str, Callable[[Path], Any]]:
    """The engines that are there, the one that all others are compared with first."""
    found: dict[str, Callable[[Path], Any]] = {
        "sqlite3": Sqlite,
        "crmcore JSON file": JsonFile,
        SAVED: JsonFileSaved,
        IN_MEMORY: Memory,
        "json.dump": JsonDump,
    }
    for name, module in (("TinyDB", "storage_tinydb"), ("ZODB", "storage_zodb")):
        try:
            found[name] = __import__(module).Peer
        except ImportError as missing:
            print(f"{name} is left out: {missing}")
    return found


def floor(path: Path) -> Callable[[], object]:
    """Lock, append 400 bytes, sync: what a durable commit cannot do without."""
    import fcntl  # noqa: PLC0415  # not everywhere; the benchmark runs where it is

    file = (path / "floor").open("ab", buffering=0)
    line = b"x" * 399 + b"\n"

    def append() -> None:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(line)
        os.fdatasync(file.fileno())
        fcntl.flock(file, fcntl.LOCK_UN)

    return append


def timed(work: Callable[[], object], repeat: int = 1) -> float:
    """Seconds for one of ``repeat`` calls."""
    start = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - start) / repeat


class Bench:
    """One size: all engines, measure by measure, by turns."""

    def __init__(self, count: int, rounds: int, budget: float, folder: Path) -> None:
        half = count // 2
        self.records: Records = ([contact(n) for n in range(half)], [deal(n) for n in range(half)])
        self.rounds, self.budget, self.folder, self.half = rounds, budget, folder, half
        self.engines = peers()
        self.open: dict[str, Any] = {}
        self.times: dict[str, dict[str, list[float]]] = {}
        self.draw = random.Random(1)

    def take(self, measure: str, works: Iterable[tuple[str, Callable[[int], float]]]) -> None:
        """Let the engines take turns at one measure."""
        print(f"  {measure} ...", flush=True)
        left = dict(works)
        for turn in range(self.rounds):
            for name, work in list(left.items()):
                seconds = work(turn)
                self.times.setdefault(measure, {}).setdefault(name, []).append(seconds)
                if sum(self.times[measure][name]) > self.budget:
                    del left[name]

    def run(self) -> dict[str, dict[str, float]]:
        """Every measure: seconds, or bytes, by engine."""
        loaders = [(name, self._loader(name)) for name in self.engines if name != SAVED]
        self.take("bulk load", [("floor", lambda _: timed(self._construct)), *loaders])
        self.take("open, first get", [(name, self._opener(name)) for name in self._on_disk])
        for name in self.engines:
            if name not in self.open:
                self.open[name] = self.engines[name](self._place(name))
                if name == IN_MEMORY:
                    self.open[name].load(self.records)
        keys = [f"c{self.draw.randrange(self.half):07}" for _ in range(1_000)]
        emails = [contact(int(one[1:])).email for one in keys]
        self._ask("get by id", lambda one, n: one.get(keys[n % 1_000]), 1_000)
        self._ask("get by e-mail", lambda one, n: one.by_email(emails[n % 1_000]), 1_000)
        self._ask("scan, 3 % kept", lambda one, _: one.scan(), 1)
        append = floor(self.folder)
        commits = [(name, self._committer(one)) for name, one in self.open.items()]
        self.take("durable commit", [("floor", lambda _: timed(append, 20)), *commits])
        for one in self.open.values():
            one.close()
        figures = {
            measure: {name: statistics.median(some) for name, some in by_name.items()}
            for measure, by_name in self.times.items()
        }
        figures["file size"] = {one: self._size(one) for one in self._on_disk}
        figures["peak memory"] = {one: self._memory(one) for one in self._on_disk}
        return figures

    def _construct(self) -> int:
        return sum(len(list(map(attrs.evolve, some))) for some in self.records)

    @property
    def _on_disk(self) -> list[str]:
        return [one for one in self.engines if one not in (IN_MEMORY, SAVED)]

    def _place(self, name: str) -> Path:
        place = self.folder / ("crmcore JSON file" if name == SAVED else name)
        place.mkdir(exist_ok=True)
        return place

    def _id(self) -> str:
        return f"c{self.draw.randrange(self.half):07}"

    def _loader(self, name: str) -> Callable[[int], float]:
        def load(_: int) -> float:
            shutil.rmtree(self._place(name))
            engine = self.engines[name](self._place(name))
            seconds = timed(lambda: engine.load(self.records))
            engine.close()
            return seconds

        return load

    def _opener(self, name: str) -> Callable[[int], float]:
        def opened(_: int) -> float:
            kept = []
            seconds = timed(
                lambda: kept.append(self.engines[name](self._place(name)).get(self._id()))
            )
            assert kept[0].title is not None
            return seconds

        return opened

    def _ask(self, measure: str, question: Callable[[Any, int], object], most: int) -> None:
        def asker(engine: Any) -> Callable[[int], float]:
            def ask(_: int) -> float:
                first = timed(lambda: question(engine, 0))
                repeat = max(1, min(most, int(0.05 / max(first, 1e-7))))
                numbers = iter(range(repeat))
                return timed(lambda: question(engine, next(numbers)), repeat)

            return ask

        asked = [(name, asker(one)) for name, one in self.open.items() if name != SAVED]
        self.take(measure, asked)

    def _committer(self, engine: Any) -> Callable[[int], float]:
        def commit(turn: int) -> float:
            times: list[float] = []
            for n in range(20):
                work = engine.prepare(self._id(), f"title {turn} {n}")
                times.append(timed(work))
                if sum(times) > self.budget / self.rounds:
                    break
            return statistics.median(times)

        return commit

    def _size(self, name: str) -> float:
        return sum(one.stat().st_size for one in self._place(name).rglob("*") if one.is_file())

    def _memory(self, name: str) -> float:
        command = [sys.executable, __file__, "--memory", name, str(self._place(name)), "--n", "0"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(done.stdout.split()[-1])


def memory(name: str, place: Path) -> float:
    """Bytes above the empty process, at its peak, to open a store and get one contact."""
    engine = peers()[name]
    before = _status("VmRSS")
    engine(place).get("c0000007")
    return max(0.0, _status("VmHWM") - before)


def _status(field: str) -> float:
    """A figure of this process in bytes, as Linux tells it; 0 where it does not."""
    told = Path("/proc/self/status")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    return sum(float(one.split()[1]) * 1024 for one in lines if one.startswith(f"{field}:"))


def shown(measure: str, value: float | None) -> str:
    """A figure in the unit that suits it."""
    if value is None:
        return ""
    if measure in ("file size", "peak memory"):
        return f"{value / 1e6:.1f} MB"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e6:.3g} µs"


def ratio(value: float | None, unit: float) -> str:
    """How often one figure is another; nothing where either is missing."""
    return f"{value / unit:.3g}" if value is not None and unit else ""


def report(count: int, figures: dict[str, dict[str, float]], engines: Iterable[str]) -> str:
    """Two tables: the figures, and how often each is that of sqlite3 (commits: of the floor)."""
    names, measures = ["floor", *engines], tuple(figures)
    told = [[name, *(shown(one, figures[one].get(name)) for one in measures)] for name in names]
    units = {
        one: found["floor" if one == "durable commit" else "sqlite3"]
        for one, found in figures.items()
    }
    ratios = [
        [name, *(ratio(figures[one].get(name), units[one]) for one in measures)] for name in names
    ]
    parts = [f"{count:,} records"]
    for title, rows in (("median", told), ("ratio to sqlite3, commits to floor", ratios)):
        parts.append(table(rows, columns=(title, *measures), right=measures, width=150))
    return "\n\n".join(parts)


def main() -> None:
    """Measure each size, print the tables, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, nargs="+", default=[10_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--budget", type=float, default=20.0, help="seconds per engine and measure")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--memory", nargs=2, metavar=("ENGINE", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory:
        print(memory(given.memory[0], Path(given.memory[1])))
        return
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, SQLite {sqlite3.sqlite_version}")
    every: dict[str, Any] = {"machine": machine, "sizes": {}}
    for count in given.n:
        print(f"{count:,} records", flush=True)
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            bench = Bench(count, given.rounds, given.budget, Path(folder))
            figures = bench.run()
        every["sizes"][count] = figures
        print(report(count, figures, bench.engines), flush=True)
        if given.json:
            given.json.write_text(json.dumps(every, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
