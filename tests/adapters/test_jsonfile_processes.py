"""Real processes: killed while they write, beside a reader; and several that write at once.

In the default profile a few are killed; 1,000 with ``--hypothesis-profile=long``.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings

from crmcore.adapters import JsonFileStore
from crmcore.errors import StoreLockedError
from crmcore.query import Query
from tests import ROOT, SRC

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SRC.parent), str(ROOT)])}

WRITER = """
import sys
from crmcore.adapters import JsonFileStore
from crmcore.ports import RowChange, RowCommit

store = JsonFileStore(sys.argv[1], wait=60)
name, count, every = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for number in range(count):
    key = f"{name}-{number}"
    rows = [RowChange("account", f"{key}-{part}", 0, {"id": f"{key}-{part}"}) for part in "ab"]
    seq = store.commit(RowCommit(rows))
    print(seq, key, flush=True)
    if number % every == every - 1:
        store.compact()
store.close()
"""

READER = """
import sys
from crmcore.adapters import JsonFileStore
from crmcore.query import Query

store, last = JsonFileStore(sys.argv[1]), 0
print("ready", flush=True)
while True:
    with store.snapshot() as now:
        ids = [row.id for row in now.find(Query("account"))]
        assert now.seq >= last and len(ids) == 2 * now.seq, (now.seq, last, len(ids))
        assert {one[:-1] + "a" for one in ids} == {one for one in ids if one.endswith("a")}
        last = now.seq
    if sys.stdin.readline().strip() == "stop":
        break
    print(last, flush=True)
"""


def started(program: str, *given: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, given)],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_nothing_that_was_acknowledged_is_lost_to_kill_9(tmp_path: Path) -> None:
    """S2 S3 A writing process is killed again and again, with a reader beside it."""
    path, random = tmp_path / "x.json", Random(5)
    times = 1_000 if settings().max_examples >= 1_000 else 6
    JsonFileStore(path).close()
    reader = started(READER, path)
    assert reader.stdin is not None
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    acknowledged: dict[str, int] = {}
    for life in range(times):
        writer = started(WRITER, path, life, 10_000, random.choice([3, 5, 1_000]))
        assert writer.stdout is not None
        for _ in range(random.randrange(1, 25)):
            said = writer.stdout.readline().split()
            acknowledged[said[1]] = int(said[0])
        reader.stdin.write("again\n")
        reader.stdin.flush()
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        for line in rest.splitlines(keepends=True):
            if line.endswith("\n"):
                acknowledged[line.split()[1]] = int(line.split()[0])
        assert int(reader.stdout.readline()) >= 0
        store = JsonFileStore(path, wait=0)
        with store.snapshot() as now:
            found = {row.id: row.version for row in now.find(Query("account"))}
        for key, seq in acknowledged.items():
            assert found[f"{key}-a"] == found[f"{key}-b"] == seq
        assert len(found) == 2 * now.seq
        store.verify()
    _, said_wrong = reader.communicate("stop\n")
    assert reader.returncode == 0, said_wrong


def test_processes_that_write_at_once_never_interleave(tmp_path: Path) -> None:
    """S9 Each commit has a number of its own; none is lost, none is half there."""
    path = tmp_path / "x.json"
    writers = [started(WRITER, path, name, 60, 25) for name in "pqrs"]
    numbers: list[int] = []
    for one in writers:
        out, wrong = one.communicate()
        assert one.returncode == 0, wrong
        numbers += [int(line.split()[0]) for line in out.splitlines()]
    assert sorted(numbers) == list(range(1, 241))
    store = JsonFileStore(path)
    with store.snapshot() as now:
        assert len(list(now.find(Query("account")))) == 480
    assert [len(one.steps) for one in store.row_commits()] == [2] * 240
    store.verify()


HOLDER = """
import sys
from crmcore.adapters import JsonFileStore

store = JsonFileStore(sys.argv[1])
with store._writing():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_error_names_the_process_that_holds_the_lock(tmp_path: Path) -> None:
    """S9 One that cannot have its turn is told whose it is; after kill -9 it is free at once."""
    path = tmp_path / "x.json"
    holder = started(HOLDER, path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    store = JsonFileStore(path, wait=0)
    with pytest.raises(StoreLockedError, match=f"process {holder.pid} on"):
        store.compact()
    holder.kill()
    holder.communicate()
    store.compact()
