"""The file is whole after a crash at any call, inside any write, and after any loss of power.

In the default profile every rewriting and a twentieth of the other crash points are tried; all
with ``pytest tests/adapters/test_jsonfile_crash.py --hypothesis-profile=long``.
"""

import errno
from pathlib import Path
from random import Random

import pytest
from attrs import frozen
from hypothesis import settings

from crmcore.adapters.jsonfile import History
from crmcore.errors import StorageError
from crmcore.ports import RowChange, RowCommit
from crmcore.testing.faults import Call, Fault, FaultyDisk
from tests.adapters.disk import State, commits, found, store_on

COMMITS = 200
COMPACTED = (70, 140)


@frozen
class Point:
    """A call that is about to be made, the disk then, and how many commits had returned."""

    call: Call
    disk: FaultyDisk
    returned: int


def points(
    path: Path, history: History, *, windows: bool = False
) -> tuple[list[Point], list[State]]:
    disk = FaultyDisk(windows=windows)
    store = store_on(disk, path, history)
    seen: list[Point] = []
    states: list[State] = [{}]
    disk.watch = lambda call: seen.append(Point(call, disk.copy(), len(states) - 1))
    for commit, state in commits(Random(1), COMMITS):
        if len(states) % 40 == 0:  # a full disk: what was written of the line is cut off again
            disk.fail_every("write", Fault(error=errno.ENOSPC, part=20))
            with pytest.raises(StorageError):
                store.commit(commit)
            disk.fail_every("write", None)
        assert store.commit(commit) == len(states)
        states.append(state)
        if len(states) - 1 in COMPACTED:
            store.compact()
    store.close()
    return seen, states


def survivors(point: Point, random: Random) -> list[FaultyDisk]:
    """Disks as the next process may find them if this one dies right there."""
    size = len(point.call.content)
    disks = [point.disk]
    for part in sorted({1, size // 2, size - 1, random.randrange(size)} if size > 1 else set()):
        torn = point.disk.copy()
        number, _ = torn._handles[max(torn._handles)], part
        torn._files[number[0]].change((point.call.start, point.call.content[:part]))
        disks.append(torn)
    left = [disk.after_kill() for disk in disks]
    left += [disk.after_power_loss() for disk in disks]
    left += [disk.after_power_loss(random) for disk in disks for _ in range(2)]
    return left


@pytest.mark.parametrize("windows", [False, True], ids=["posix", "windows"])
@pytest.mark.parametrize("history", History)
def test_a_crash_anywhere_loses_no_commit_that_returned(
    tmp_path: Path, history: History, windows: bool
) -> None:
    """S2 S3 What returned is there; what did not is there whole, or not at all."""
    path = tmp_path / "x.json"
    seen, states = points(path, history, windows=windows)
    names = {one.call.name for one in seen}
    assert names == {"create", "write", "truncate", "sync", "replace"} | (
        set() if windows else {"sync_folder"}
    )
    is_long = settings().max_examples >= 1_000
    random = Random(7)
    tried = seen if is_long else [one for one in seen if one.call.name not in ("write", "sync")]
    share = 20 if settings().max_examples < 200 else 3  # more of them where a bug is planted
    tried += [] if is_long else random.sample(seen, len(seen) // share)
    for point in tried:
        for disk in survivors(point, random):
            store = store_on(disk, path, history)
            seq, state = found(store)
            assert seq in (point.returned, point.returned + 1), point.call
            assert state == states[seq], point.call
            if history is History.KEEP:
                assert [one.seq for one in store.row_commits()] == list(range(1, seq + 1))
            new = RowCommit([RowChange("user", "next", 0, {"id": "next"})])
            assert store.commit(new) == seq + 1
            again = store_on(disk.after_power_loss(), path, history)
            assert found(again)[0] == seq + 1
            again.verify()
