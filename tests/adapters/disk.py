"""A workload on a disk in memory, and what is found of it after a crash."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from crmcore.adapters.jsonfile import History, JsonFileStore
from crmcore.adapters.jsonfile.places import Place
from crmcore.ports import RowChange, RowCommit
from crmcore.query import F, Query
from crmcore.testing.faults import FaultyDisk

PLACES = (Place("account", ("mail",)),)
KINDS = ("account", "case", "user")

State = dict[tuple[str, str], tuple[int, Mapping[str, Any]]]


def store_on(disk: FaultyDisk, path: Path, history: History = History.KEEP) -> JsonFileStore:
    return JsonFileStore(path, files=disk, indexed=PLACES, history=history, wait=0)


def commits(random: Random, count: int) -> Iterator[tuple[RowCommit, State]]:
    """Commits of a few rows each, and the state that each of them leaves."""
    state: State = {}
    for seq in range(1, count + 1):
        changes: dict[tuple[str, str], RowChange] = {}
        for _ in range(random.choice([1, 1, 1, 2, 5])):
            key = random.choice(KINDS), f"é{random.randrange(12)}"
            version = state.get(key, (0, {}))[0]
            data: dict[str, Any] | None = {"id": key[1], "mail": f"m{random.randrange(5)}"}
            if version and random.random() < 0.3:
                data = None
            elif random.random() < 0.1:
                data = {**(data or {}), "long": "ä" * random.randrange(3_000)}
            changes[key] = RowChange(*key, version, data)
        state = dict(state)
        for key, one in changes.items():
            if one.data is None:
                del state[key]
            else:
                state[key] = seq, one.data
        yield RowCommit(list(changes.values()), by=f"u{seq}"), state


def found(store: JsonFileStore) -> tuple[int, State]:
    """All that a store says."""
    with store.snapshot() as now:
        rows = [row for kind in KINDS for row in now.find(Query(kind))]
        state: State = {(row.kind, row.id): (row.version, dict(row.data)) for row in rows}
        for key in state:
            assert dict(now.get(*key[:1], [key[1]])[key[1]].data) == state[key][1]
        for number in range(5):
            asked = now.find(Query("account", F.mail == f"m{number}"))
            mails = {one.id for one in asked}
            assert mails == {
                id_ for (kind, id_), (_, data) in state.items()
                if kind == "account" and data.get("mail") == f"m{number}"
            }  # fmt: skip
        return now.seq, state
