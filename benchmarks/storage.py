"""Storage beside its peers: ``python benchmarks/storage.py --n 10000 100000 --json out.json``.

Every engine keeps the same records, half contacts and half deals, and answers the same questions
with the same entities (see ``storage_engines.py``). Engines take turns within each round, so that
a busy machine slows all of them; a figure is the median of ``--rounds`` rounds, fewer for what
takes longer than ``--budget`` seconds. *floor* is what no durable store can do without: lock,
append of 400 bytes, ``fdatasync``; for a bulk load, constructing the objects; for reading stored
bytes, ``json.loads`` and a constructor call written by hand.

Each size ends with a table of the ratios that have a target, and whether it is met. A peer that
is not installed is left out, and so is one at a size where loading it or one of its commits would
take longer than ``--patience`` seconds, judged by 10,000 records. The files are written below the
present folder: use the disk that is to be measured. 10,000 records take about a minute, 100,000
three, 1,000,000 ten.
"""

from __future__ import annotations

import argparse
import gc
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
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import storage_engines as engines  # type: ignore[import-not-found]  # beside this file, which is no package
import storage_targets as targets  # type: ignore[import-not-found]  # likewise

from crmcore import STANDARD_MODEL
from crmcore.adapters.jsonfile import History, JsonFileStore
from crmcore.codec import Codec
from crmcore.codec.row_text import RowText
from crmcore.ports.rows import Row, RowChange, RowCommit
from crmcore.render import table

SAMPLE = 10_000
"""How many records tell whether a peer is too slow for a larger size."""

MANY = 500_000
"""From this number of records on, one round has to do for what takes long."""

OURS = frozenset({targets.FILE, targets.SAVED, targets.HELD, targets.MEMORY})
ON_THE_FILE = frozenset({targets.SAVED, targets.HELD})
"""Engines that are other ways to use the same file."""


def peers() -> dict[str, Callable[[Path], Any]]:
    """The engines that are there, the one that most others are compared with first."""
    found: dict[str, Callable[[Path], Any]] = {
        targets.SQLITE: engines.Sqlite,
        targets.FILE: engines.JsonFile,
        targets.SAVED: engines.JsonFileSaved,
        targets.HELD: engines.JsonFileHeld,
        targets.MEMORY: engines.Memory,
        "json.dump": engines.JsonDump,
    }
    for name, module in (("TinyDB", "storage_tinydb"), ("ZODB", "storage_zodb")):
        try:
            found[name] = __import__(module).Peer
        except ImportError as missing:
            print(f"{name} is left out: {missing}")
    return found


def timed(work: Callable[[], object], repeat: int = 1) -> float:
    """Seconds for one of ``repeat`` calls."""
    start = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - start) / repeat


def too_slow(count: int, patience: float) -> dict[str, float]:
    """The peers that would take too long at a size, and how many seconds, by a smaller one."""
    found: dict[str, float] = {}
    if count <= SAMPLE * 10:
        return found
    records = made(SAMPLE)
    for name, engine in peers().items():
        if name in OURS or name == targets.SQLITE:
            continue
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            peer = engine(Path(folder))
            load = timed(lambda peer=peer: peer.load(records))  # type: ignore[misc]  # a default binds it
            commit = timed(peer.prepare("c0000007", "title"))
            peer.close()
        seconds = max(load, commit) * count / SAMPLE
        if seconds > patience:
            found[name] = seconds
    return found


def made(count: int) -> engines.Records:
    """So many records, half of them contacts, half deals."""
    half = count // 2
    return [engines.contact(n) for n in range(half)], [engines.deal(n) for n in range(half)]


class Bench:
    """One size: all engines, measure by measure, by turns."""

    def __init__(self, count: int, given: argparse.Namespace, folder: Path) -> None:
        self.records = made(count)
        self.count, self.half, self.folder = count, count // 2, folder
        self.rounds, self.budget = given.rounds, given.budget
        self.left_out = too_slow(count, given.patience)
        self.engines = {one: made for one, made in peers().items() if one not in self.left_out}
        self.open: dict[str, Any] = {}
        self.times: dict[str, dict[str, list[float]]] = {}
        self.draw = random.Random(1)

    def run(self) -> dict[str, dict[str, float]]:
        """Every measure: seconds, or bytes, by engine."""
        self._load()
        self.take("open, first get", [(name, self._opener(name)) for name in self._on_disk])
        for name in self.engines:
            if name not in self.open:
                self.open[name] = self.engines[name](self._place(name))
        gc.collect()
        gc.freeze()  # or the collector would walk over all records here again and again
        keys = [f"c{self.draw.randrange(self.half):07}" for _ in range(2_000)]
        emails = [engines.contact(int(one[1:])).email for one in keys]
        self._ask("get by id", lambda one, n: one.get(keys[n % 2_000]))
        self._ask("get by e-mail", lambda one, n: one.by_email(emails[-1 - n % 2_000]))
        for one in self.open.values():  # reads what it holds, or tests a checksum once
            one.scan()
        self.take("filter, 3 % kept", [(n, self._scanner(one)) for n, one in self._asked])
        self._commits()
        self._decode()
        for one in self.open.values():
            one.close()
        figures = {
            measure: {name: statistics.median(some) for name, some in by_name.items()}
            for measure, by_name in self.times.items()
        }
        figures["file size"] = {one: self._size(one) for one in self._on_disk}
        figures["file size"][targets.DATA_ALONE] = self._data_alone()
        figures["file size"][targets.COMPACT] = float(self._compact(self.count))
        figures["memory after opening"] = {one: self._memory(one) for one in self._on_disk}
        gc.unfreeze()
        return figures

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

    def _load(self) -> None:
        rounds, self.rounds = self.rounds, 1 if self.count >= MANY else self.rounds
        loaders = [(name, self._loader(name)) for name in self.engines if name not in ON_THE_FILE]
        self.take("bulk load", [(targets.FLOOR, lambda _: timed(self._construct)), *loaders])
        self.rounds = rounds

    def _construct(self) -> int:
        return sum(len(list(map(attrs.evolve, some))) for some in self.records)

    @property
    def _on_disk(self) -> list[str]:
        return [one for one in self.engines if one not in ON_THE_FILE | {targets.MEMORY}]

    @property
    def _asked(self) -> list[tuple[str, Any]]:
        return [(name, one) for name, one in self.open.items() if name != targets.SAVED]

    def _place(self, name: str) -> Path:
        place = self.folder / (targets.FILE if name in ON_THE_FILE else name)
        place.mkdir(exist_ok=True)
        return place

    def _id(self) -> str:
        return f"c{self.draw.randrange(self.half):07}"

    def _loader(self, name: str) -> Callable[[int], float]:
        def load(_: int) -> float:
            shutil.rmtree(self._place(name))
            engine = self.engines[name](self._place(name))
            seconds = timed(lambda: engine.load(self.records))
            if name == targets.MEMORY:
                self.open[name] = engine
            else:
                engine.close()
            return seconds

        return load

    def _opener(self, name: str) -> Callable[[int], float]:
        def opened(_: int) -> float:
            kept: list[Any] = []
            key = self._id()

            def work() -> None:
                kept.append(self.engines[name](self._place(name)))
                kept.append(kept[0].get(key))

            seconds = timed(work)
            kept[0].close()
            assert kept[1].title is not None
            return seconds

        return opened

    def _ask(self, measure: str, question: Callable[[Any, int], object]) -> None:
        """Ask each engine for something else every time, a quarter of it in each round."""

        def asker(engine: Any) -> Callable[[int], float]:
            numbers: Iterator[int] = iter(range(1_000_000))

            def ask(_: int) -> float:
                first = timed(lambda: question(engine, next(numbers)))
                repeat = max(1, min(400, int(0.05 / max(first, 1e-7))))
                return timed(lambda: question(engine, next(numbers)), repeat)

            return ask

        self.take(measure, [(name, asker(one)) for name, one in self._asked])

    def _scanner(self, engine: Any) -> Callable[[int], float]:
        return lambda _: timed(engine.scan)

    def _commits(self) -> None:
        """One commit of each engine after the other, so that all meet the same disk."""
        print("  durable commit ...", flush=True)
        append = engines.floor(self.folder)
        left: dict[str, Any] = {
            name: one for name, one in self.open.items() if name != targets.HELD
        }
        measured = self.times.setdefault("durable commit", {})
        for turn in range(self.rounds * 30):
            measured.setdefault(targets.FLOOR, []).append(timed(append))
            for name, engine in list(left.items()):
                work = engine.prepare(self._id(), f"title {turn}")
                measured.setdefault(name, []).append(timed(work))
                if sum(measured[name]) > self.budget:
                    del left[name]

    def _decode(self) -> None:
        """From the stored bytes of a contact to the entity, and the same by hand."""
        codec, some = Codec(STANDARD_MODEL), self.records[0][:2_000]
        rows = [codec.row(one) for one in some]
        texts = [json.dumps(row.data, separators=(",", ":")).encode() for row in rows]
        # stored without the id, which stands beside it
        data = [
            json.dumps({k: v for k, v in row.data.items() if k != "id"}).encode() for row in rows
        ]

        def ours(_: int) -> float:
            pairs = zip(rows, data, strict=True)
            fresh = [Row("contact", row.id, 1, RowText(text, row.id)) for row, text in pairs]
            return timed(lambda: [codec.record(one) for one in fresh]) / len(fresh)

        def by_hand(_: int) -> float:
            read = engines.contact_of_object
            return timed(lambda: [read(json.loads(text)) for text in texts]) / len(texts)

        self.take("stored bytes to entity", [(targets.FLOOR, by_hand), (targets.FILE, ours)])

    def _size(self, name: str) -> float:
        return sum(one.stat().st_size for one in self._place(name).rglob("*") if one.is_file())

    def _some(self) -> Iterator[Any]:
        """At most 100,000 of the records: what a record takes does not depend on how many are."""
        for some in self.records:
            yield from some[:50_000]

    def _compact(self, count: int) -> float:
        """Bytes of all records as compact JSON, judged by some of them."""
        codec = Codec(STANDARD_MODEL)
        sizes = [
            len(json.dumps(codec.row(one).data, separators=(",", ":"), ensure_ascii=False).encode())
            for one in self._some()
        ]
        return sum(sizes) * count / len(sizes)

    def _data_alone(self) -> float:
        """Bytes of a file without indexes and history, judged by some of the records."""
        codec, path = Codec(STANDARD_MODEL), self.folder / "alone.crm.json"
        rows = [codec.row(one) for one in self._some()]
        store = JsonFileStore(path, history=History.DROP)
        store.commit(RowCommit([RowChange(row.kind, row.id, 0, row.data) for row in rows]))
        store.compact()
        store.close()
        return path.stat().st_size * self.count / len(rows)

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


def machine() -> str:
    """The machine and the versions, in words."""
    parts = [
        platform.machine(),
        f"{os.cpu_count()} cores",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
    ]
    if hasattr(os, "getloadavg"):
        parts.append(f"load {os.getloadavg()[0]:.1f}")
    return ", ".join(parts)


def main() -> None:
    """Measure each size, print the tables, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, nargs="+", default=[10_000], help="how many records")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each engine (5)")
    parser.add_argument(
        "--budget", type=float, default=15.0, help="seconds for each engine and measure (15)"
    )
    parser.add_argument(
        "--patience", type=float, default=20.0, help="seconds for a load or a commit of a peer (20)"
    )
    parser.add_argument("--json", type=Path, help="where the figures are written")
    parser.add_argument("--memory", nargs=2, metavar=("ENGINE", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory:
        print(memory(given.memory[0], Path(given.memory[1])))
        return
    print(machine())
    every: dict[str, Any] = {"machine": machine(), "sizes": {}}
    for count in given.n:
        start = time.perf_counter()
        print(f"{count:,} records", flush=True)
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            bench = Bench(count, given, Path(folder))
            for name, seconds in bench.left_out.items():
                print(f"  {name} is left out: one step would take about {seconds:.0f} s")
            figures = bench.run()
            print(f"  done in {time.perf_counter() - start:.0f} s", flush=True)
        every["sizes"][count] = figures
        every["targets"] = targets.judged(every["sizes"])
        names = [targets.FLOOR, *bench.engines]
        del bench
        gc.collect()
        print(targets.told(count, figures, names))
        rows = targets.rows(every["targets"], count)
        print(
            table(rows, columns=targets.COLUMNS, right=("reached", "target"), width=120), flush=True
        )
        if given.json:
            given.json.write_text(json.dumps(every, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
