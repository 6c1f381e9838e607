import errno
from pathlib import Path
from random import Random

import pytest

from crmcore.errors import UsageError
from crmcore.ports import Files
from crmcore.testing.faults import SECTOR, Call, Crash, Fault, FaultyDisk, When

A, B, FOLDER = Path("/x/a"), Path("/x/b"), Path("/x")


def written(disk: Files, path: Path, content: bytes, *, synced: bool = True) -> int:
    handle = disk.create(path, path)
    disk.write(handle, 0, content)
    if synced:
        disk.sync(handle)
    return handle


def test_it_behaves_like_files() -> None:
    disk = FaultyDisk()
    handle = written(disk, A, b"hello")
    disk.write(handle, 7, b"x")
    assert disk.read(handle, 0, 99) == b"hello\0\0x"
    assert disk.map(handle, 5) == b"hello"
    disk.truncate(handle, 2)
    before = disk.look(A)
    assert before == disk.sight(handle)
    assert disk.content(A) == b"he"
    disk.close(handle)
    disk.replace(A, B)
    assert disk.look(A) is None
    assert disk.look(B) == before
    disk.remove(B)
    disk.remove(B)
    with pytest.raises(FileNotFoundError):
        disk.open(B, write=False)
    assert Call("read", A, 0, size=8) in disk.calls


def test_what_nobody_waited_for_may_be_lost() -> None:
    disk = FaultyDisk()
    handle = written(disk, A, b"a" * 3 * SECTOR)
    assert disk.after_power_loss().content(A) is None  # its name was not waited for
    disk.sync_folder(FOLDER)
    disk.write(handle, 10, b"b" * 2 * SECTOR)
    disk.truncate(handle, 2000)
    disk.write(handle, 3 * SECTOR, b"c" * SECTOR)
    left = {disk.after_power_loss(Random(seed)).content(A) or b"" for seed in range(200)}
    assert len(left) > 20
    assert any(b"c" in one and b"b" not in one for one in left)
    assert any(0 < one.count(b"b") < 2 * SECTOR for one in left)
    assert any(one.endswith(b"\0" * SECTOR) for one in left)
    assert disk.after_power_loss().content(A) == b"a" * 3 * SECTOR
    assert disk.after_kill().content(A) == disk.content(A)


def test_a_rename_may_be_lost() -> None:
    disk = FaultyDisk()
    written(disk, A, b"old")
    disk.sync_folder(FOLDER)
    written(disk, B, b"new")
    disk.replace(B, A)
    assert disk.after_power_loss().content(A) == b"old"
    left = {disk.after_power_loss(Random(seed)).content(A) for seed in range(30)}
    assert left == {b"old", b"new"}
    disk.sync_folder(FOLDER)
    assert disk.after_power_loss().content(A) == b"new"


@pytest.mark.parametrize("when", When)
def test_a_crash_ends_everything(when: When) -> None:
    disk = FaultyDisk()
    handle = written(disk, A, b"old")
    disk.fail(disk.count, Fault(crash=when, part=2 if when is When.INSIDE else 0))
    with pytest.raises(Crash):
        disk.write(handle, 0, b"new!")
    with pytest.raises(Crash):
        disk.look(A)
    with pytest.raises(Crash):
        disk.sync(handle)
    wanted = {When.BEFORE: b"old", When.INSIDE: b"ned", When.AFTER: b"new!"}
    assert disk.after_kill().content(A) == wanted[when]


def test_calls_fail_as_planned() -> None:
    disk = FaultyDisk()
    handle = written(disk, A, b"old")
    disk.fail_every("write", Fault(error=errno.ENOSPC, part=1))
    with pytest.raises(OSError, match="No space left"):
        disk.write(handle, 0, b"xyz")
    assert disk.content(A) == b"xld"
    disk.fail_every("write", None)
    disk.write(handle, 0, b"xyz")
    disk.fail_every("sync", Fault(forgets=True))
    with pytest.raises(OSError, match="Input/output"):
        disk.sync(handle)
    disk.fail_every("sync", None)
    disk.fail_every("open", Fault(error=errno.EACCES))
    with pytest.raises(PermissionError):
        disk.open(A, write=True)
    with pytest.raises(UsageError, match="there is no such call"):
        disk.fail_every("fsync", None)


def test_the_rules_of_windows() -> None:
    disk = FaultyDisk(windows=True)
    handle = written(disk, A, b"old")
    disk.close(written(disk, B, b"new"))
    with pytest.raises(PermissionError):
        disk.replace(B, A)
    with pytest.raises(PermissionError):
        disk.remove(A)
    disk.close(handle)
    disk.sync_folder(FOLDER)
    disk.replace(B, A)
    assert disk.after_power_loss().content(A) == b"new"


def test_a_copy_goes_its_own_way() -> None:
    disk = FaultyDisk()
    handle = written(disk, A, b"old")
    seen: list[str] = []
    disk.watch = lambda call: seen.append(call.name)
    other = disk.copy()
    other.write(handle, 0, b"new")
    assert (disk.content(A), other.content(A), seen) == (b"old", b"new", [])
    disk.put(B, b"there")
    assert disk.after_power_loss().content(B) == b"there"
    assert other.look(B) is None
