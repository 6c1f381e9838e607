import errno
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from crmcore.adapters.jsonfile import History, JsonFileStore
from crmcore.adapters.jsonfile.lock import FileLock
from crmcore.changes import ConflictError
from crmcore.errors import (
    DamagedStoreError,
    OutcomeUnknownError,
    StorageError,
    StoreClosedError,
    StoreLockedError,
    UnsupportedFormatError,
    UsageError,
)
from crmcore.ports import HistoryGoneError, Row, RowChange, RowCommit
from crmcore.query import Query
from crmcore.testing.faults import CHANGING, Call, Fault, FaultyDisk

OLD = Path(__file__).with_name("fixtures") / "format1.crm.json"


def adding(*ids: str) -> RowCommit:
    return RowCommit([RowChange("account", one, 0, {"id": one, "name": one}) for one in ids])


def row(id_: str, version: int) -> Row:
    return Row("account", id_, version, {"id": id_, "name": id_})


def everything(store: Any) -> Any:
    with store.snapshot() as now:
        return now.seq, list(now.find(Query("account")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.crm.json"


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk()


def test_opening_writes_nothing(path: Path) -> None:
    store = JsonFileStore(path)
    assert everything(store) == (0, [])
    assert store.commit(RowCommit([])) == 0
    store.compact()
    store.erase_rows([])
    assert not path.exists()


def test_what_was_committed_is_there_after_opening_again(path: Path) -> None:
    store = JsonFileStore(str(path))
    assert store.commit(adding("b")) == 1
    assert store.commit(adding("a")) == 2
    store.close()
    again = JsonFileStore(path)
    assert everything(again) == (2, [row("a", 2), row("b", 1)])
    assert again.path == path.resolve()
    assert sorted(one.name for one in path.parent.iterdir()) == ["x.crm.json", "x.crm.json.lock"]


def test_another_handle_is_seen_at_once(path: Path) -> None:
    one, other = JsonFileStore(path), JsonFileStore(path)
    with one.snapshot() as before:
        other.commit(adding("a"))
        assert list(before.find(Query("account"))) == []
        assert everything(one) == (1, [row("a", 1)])
    one.commit(adding("b"))
    assert other.commit(adding("c")) == 3
    other.compact()
    assert everything(one)[0] == 3
    with pytest.raises(ConflictError):
        one.commit(adding("c"))


def test_a_commit_that_changes_nothing_leaves_the_file_alone(path: Path) -> None:
    store = JsonFileStore(path)
    store.commit(adding("a"))
    before = path.stat()
    assert store.commit(RowCommit([])) == 1
    with pytest.raises(ConflictError):
        store.commit(adding("a"))
    assert path.stat() == before


def test_a_commit_writes_one_line_and_waits_for_the_disk_once(path: Path, disk: FaultyDisk) -> None:
    written: list[int] = []
    for size in (10, 2_000):
        store = JsonFileStore(path, files=disk)
        names = [f"{size}-{number}" for number in range(size)]
        store.commit(adding(*names))
        store.commit(adding(f"first-{size}"))
        disk.calls.clear()
        store.commit(adding(f"a-{size:05}"))
        changing = [one for one in disk.calls if one.name in CHANGING]
        assert [one.name for one in changing] == ["write", "sync"]
        assert [one for one in disk.calls if one.name == "read"] == []
        written.append(changing[0].size)
    assert written[0] == written[1] < 150


def test_a_reader_reads_what_was_added_and_nothing_else(path: Path, disk: FaultyDisk) -> None:
    store, reader = (JsonFileStore(path, files=disk) for _ in range(2))
    store.commit(adding(*map(str, range(500))))
    store.commit(adding("b"))
    everything(reader)
    store.commit(adding("c"))
    disk.calls.clear()
    assert everything(reader)[0] == 3
    assert sum(one.size for one in disk.calls if one.name == "read") < 600
    disk.calls.clear()
    assert everything(reader)[0] == 3
    assert [one.name for one in disk.calls] == ["look"]


def test_opening_reads_no_more_of_a_larger_file(path: Path, disk: FaultyDisk) -> None:
    sizes: list[int] = []
    for size in (100, 5_000):
        store = JsonFileStore(path, files=disk)
        store.commit(adding(*(f"{size}-{number}" for number in range(size))))
        store.compact(history=History.DROP)
        disk.calls.clear()
        with JsonFileStore(path, files=disk).snapshot() as now:
            assert len(now.get("account", [f"{size}-7"])) == 1
        sizes.append(sum(one.size for one in disk.calls if one.name == "read"))
    assert sizes[0] == sizes[1] <= 4096


def test_a_tail_that_has_grown_is_put_in_order(path: Path, disk: FaultyDisk) -> None:
    store = JsonFileStore(path, files=disk)
    for number in range(12):
        store.commit(
            RowCommit([RowChange("account", str(number), 0, {"id": str(number), "x": "y" * 10**6})])
        )
    replaced = sum(one.name == "replace" for one in disk.calls)
    assert 2 <= replaced <= 4
    assert everything(store)[0] == 12


def test_closing_puts_a_large_tail_in_order_and_marks_a_small_one(
    path: Path, disk: FaultyDisk
) -> None:
    store = JsonFileStore(path, files=disk)
    store.commit(adding(*map(str, range(100))))
    store.commit(adding("a"))
    store.close()
    assert (disk.content(path) or b"").splitlines()[-1].startswith(b'["commit",2')
    again = JsonFileStore(path, files=disk)
    again.commit(adding(*(f"a{number}" for number in range(200))))
    again.close()
    lines = (disk.content(path) or b"").splitlines()
    assert sum(one.startswith(b'["account"') for one in lines) == 301
    last = JsonFileStore(path, files=disk)
    before = disk.count
    last.close()
    assert disk.count == before


def test_a_link_is_followed(tmp_path: Path, path: Path) -> None:
    JsonFileStore(path).commit(adding("a"))
    link = tmp_path / "link"
    link.symlink_to(path)
    JsonFileStore(link).commit(adding("b"))
    assert link.is_symlink()
    assert everything(JsonFileStore(path))[0] == 2


def test_permissions_are_kept(path: Path) -> None:
    store = JsonFileStore(path)
    store.commit(adding("a"))
    path.chmod(0o600)
    store.compact()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", DamagedStoreError),
        (b"\x00\xff" * 100, UnsupportedFormatError),
        (b'{"a": 1}', UnsupportedFormatError),
        (b'["crmcore",{"format":99},"0"]\n', UnsupportedFormatError),
        (b'["crmcore",{"format":1,"seq":1,"count":0},"00000000"]\n', DamagedStoreError),
    ],
)
def test_what_is_not_sound_is_refused_and_left_alone(
    path: Path, content: bytes, error: type[StorageError]
) -> None:
    path.write_bytes(content)
    with pytest.raises(error, match=r"x\.crm\.json"):
        JsonFileStore(path)
    assert path.read_bytes() == content
    assert [one.name for one in path.parent.iterdir()] == ["x.crm.json"]


def test_damage_done_meanwhile_is_refused_and_left_alone(path: Path) -> None:
    store = JsonFileStore(path)
    store.commit(adding("a"))
    sound = path.read_bytes()
    path.write_bytes(sound[:-5])
    with pytest.raises(DamagedStoreError), store.snapshot():
        pass
    with pytest.raises(DamagedStoreError):
        store.commit(adding("b"))
    assert path.read_bytes() == sound[:-5]
    path.write_bytes(sound)
    assert everything(store) == (1, [row("a", 1)])


def test_a_file_that_vanished_is_not_made_anew(path: Path) -> None:
    store = JsonFileStore(path)
    store.commit(adding("a"))
    path.unlink()
    for _ in range(2):
        with pytest.raises(StorageError, match="it cannot be read"):
            store.commit(adding("b"))
    assert not path.exists()


@pytest.mark.parametrize("name", ["missing/x.json", "", "x\0y", "n" * 300])
def test_what_cannot_be_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StorageError):
        JsonFileStore(tmp_path / name)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="this is not a file"):
        JsonFileStore(tmp_path / "pipe")


def test_a_file_that_may_not_be_read_is_refused(path: Path, disk: FaultyDisk) -> None:
    disk.put(path, b"x")
    disk.fail_every("open", Fault(error=errno.EACCES))
    with pytest.raises(StorageError, match=r"it cannot be read \(Permission denied\)"):
        JsonFileStore(path, files=disk)


@pytest.mark.parametrize("call", ["create", "write", "sync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_failure_while_rewriting_changes_nothing(
    path: Path, disk: FaultyDisk, call: str, code: int
) -> None:
    store = JsonFileStore(path, files=disk)
    for attempt in (lambda: store.commit(adding("a")), store.compact):
        before = disk.content(path)
        said = everything(store)
        disk.fail_every(call, Fault(error=code, part=7))
        with pytest.raises(StorageError, match="it cannot be written") as caught:
            attempt()
        disk.fail_every(call, None)
        assert os.strerror(code) in str(caught.value)
        assert disk.content(path) == before
        assert disk.content(path.with_name("x.crm.json.tmp")) is None
        assert everything(store) == said
        attempt()
    assert everything(JsonFileStore(path, files=disk)) == (1, [row("a", 1)])


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_commit_that_cannot_be_written_leaves_no_trace(
    path: Path, disk: FaultyDisk, code: int
) -> None:
    store = JsonFileStore(path, files=disk)
    store.commit(adding("a"))
    before = disk.content(path)
    disk.fail_every("write", Fault(error=code, part=30))
    with pytest.raises(StorageError, match="it cannot be written"):
        store.commit(adding("b"))
    assert disk.content(path) == before
    assert everything(store) == (1, [row("a", 1)])
    disk.fail_every("write", None)
    assert store.commit(adding("b")) == 2


def test_a_file_that_may_not_be_written_can_still_be_read(path: Path, disk: FaultyDisk) -> None:
    JsonFileStore(path, files=disk).commit(adding("a"))
    store = JsonFileStore(path, files=disk)
    everything(store)
    disk.fail_every("open", Fault(error=errno.EACCES))
    with pytest.raises(StorageError, match=r"it cannot be written \(Permission denied\)"):
        store.commit(adding("b"))
    assert everything(store) == (1, [row("a", 1)])


@pytest.mark.parametrize(("call", "also"), [("sync", ""), ("write", "truncate")])
def test_an_unknown_outcome_is_said(path: Path, disk: FaultyDisk, call: str, also: str) -> None:
    store = JsonFileStore(path, files=disk)
    store.commit(adding("a"))
    for name in filter(None, (call, also)):
        disk.fail_every(name, Fault(part=20, forgets=True))
    with pytest.raises(OutcomeUnknownError, match="open it anew and look"):
        store.commit(adding("b"))
    for name in filter(None, (call, also)):
        disk.fail_every(name, None)
    with pytest.raises(StoreClosedError, match="may or may not have been stored"):
        store.commit(adding("c"))
    assert everything(store)[1][0] == row("a", 1)
    store.close()
    for left in (disk.after_kill(), disk.after_power_loss()):
        again = JsonFileStore(path, files=left)
        seq = everything(again)[0]
        assert seq in (1, 2)
        assert again.commit(adding("c")) == seq + 1


def test_a_name_that_the_disk_may_not_have_is_an_unknown_outcome(
    path: Path, disk: FaultyDisk
) -> None:
    store = JsonFileStore(path, files=disk)
    disk.fail_every("sync_folder", Fault())
    with pytest.raises(OutcomeUnknownError):
        store.commit(adding("a"))
    assert everything(store) == (1, [row("a", 1)])


@pytest.mark.parametrize(
    ("value", "error"),
    [("\ud800", StorageError), (10**5000, StorageError), (1.5, UsageError), ({1: 2}, UsageError)],
    ids=["surrogate", "long number", "float", "key"],
)
def test_a_value_that_cannot_be_written_stores_nothing(
    path: Path, value: Any, error: type[Exception]
) -> None:
    store = JsonFileStore(path)
    with pytest.raises(error):
        store.commit(RowCommit([RowChange("account", "a", 0, {"id": "a", "x": value})]))
    with pytest.raises(error):
        store.commit(RowCommit([RowChange("account", "a", 0, {"id": "a", "x": [{"y": value}]})]))
    assert everything(store) == (0, [])
    assert not path.exists()


@pytest.mark.parametrize("commit", [adding("\ud800"), RowCommit(adding("a").changes, by="\ud800")])
def test_a_text_that_cannot_be_written_stores_nothing(path: Path, commit: RowCommit) -> None:
    with pytest.raises(StorageError, match="nothing was stored"):
        JsonFileStore(path).commit(commit)
    assert not path.exists()


def test_a_writer_who_cannot_have_its_turn_is_told(path: Path) -> None:
    store = JsonFileStore(path, wait=0)
    with FileLock(path.with_name("x.crm.json.lock")).held(0):
        with pytest.raises(StoreLockedError, match="another writer holds it"):
            store.commit(adding("a"))
        assert everything(store) == (0, [])
    assert store.commit(adding("a")) == 1


def test_a_thread_that_cannot_have_its_turn_is_told(path: Path, disk: FaultyDisk) -> None:
    store = JsonFileStore(path, wait=0, files=disk)
    told: list[Exception] = []

    def write() -> None:
        with pytest.raises(StoreLockedError, match="another thread is writing") as caught:
            store.commit(adding("b"))
        told.append(caught.value)

    def meanwhile(call: Call) -> None:
        if call.name == "replace":
            other = threading.Thread(target=write)
            other.start()
            other.join()

    disk.watch = meanwhile
    assert store.commit(adding("a")) == 1
    assert len(told) == 1


def test_a_reader_between_the_steps_of_a_commit_sees_the_old_or_the_new(
    path: Path, disk: FaultyDisk
) -> None:
    store = JsonFileStore(path, files=disk)
    store.commit(adding("a"))
    seen: list[tuple[str, int]] = []
    reader = JsonFileStore(path, files=disk)
    disk.watch = lambda call: seen.append((call.name, everything(reader)[0]))
    store.commit(adding("b"))
    store.compact()
    assert seen[:2] == [("write", 1), ("sync", 2)]
    assert {number for _, number in seen[2:]} == {2}


def test_a_torn_line_is_reported_and_cut_off(path: Path, disk: FaultyDisk) -> None:
    store = JsonFileStore(path, files=disk)
    store.commit(adding("a"))
    whole = disk.content(path) or b""
    disk.put(path, whole + b'["commit",2,{},[["acc')
    again = JsonFileStore(path, files=disk)
    assert again.torn is not None
    assert str(again.torn) == "21 bytes of a commit that was never finished, behind commit 1"
    assert everything(again) == (1, [row("a", 1)])
    assert again.commit(adding("b")) == 2
    assert again.torn is not None
    assert JsonFileStore(path, files=disk).torn is None


def test_a_file_of_the_first_format_is_opened_and_moved_forward(path: Path) -> None:
    shutil.copy(OLD, path)
    store = JsonFileStore(path)
    before = path.read_bytes()
    with store.snapshot() as now:
        assert now.seq == 3
        stored = now.get("starship", ["s \u2028/1"])["s \u2028/1"]
        assert stored.data["crew"] == [1, None, True, {"deep": "x"}]
        assert stored.version == 3
    with pytest.raises(HistoryGoneError):
        list(store.row_commits())
    assert list(store.row_commits(3)) == []
    assert path.read_bytes() == before
    assert store.commit(adding("new")) == 4
    assert path.read_bytes().startswith(b'["crmcore",{"after":3,"count":6,')
    again = JsonFileStore(path)
    assert again.verify() == 6
    assert [one.seq for one in again.row_commits(3)] == [4]
    with again.snapshot() as now:
        assert now.get("starship", ["s \u2028/1"])["s \u2028/1"].version == 3


def test_on_windows_a_reader_in_the_way_puts_the_rewriting_off(path: Path) -> None:
    disk = FaultyDisk(windows=True)
    store = JsonFileStore(path, files=disk)
    store.commit(adding("a"))
    held = disk.open(path, write=False)
    with pytest.raises(StorageError, match="open cannot be replaced"):
        store.compact()
    assert store.commit(adding("b")) == 2
    disk.close(held)
    store.compact()
    assert everything(store)[0] == 2


def test_equal_content_is_exported_as_equal_bytes(tmp_path: Path, disk: FaultyDisk) -> None:
    one, other = JsonFileStore(tmp_path / "1"), JsonFileStore(tmp_path / "2")
    one.commit(adding("b", "a", "é"))
    for id_ in ("é", "c", "a", "b"):
        other.commit(adding(id_))
    other.compact()
    other.commit(RowCommit([RowChange("account", "c", 2, None)]))
    assert one.export(tmp_path / "1.out") == other.export(tmp_path / "2.out") == 3
    exported = (tmp_path / "1.out").read_bytes()
    assert exported == (tmp_path / "2.out").read_bytes()
    assert exported.splitlines()[0] == b'["account","a",{"name":"a"}]'
    with pytest.raises(StorageError, match="there is something already"):
        one.export(tmp_path / "1.out")
    disk.fail_every("write", Fault())
    with pytest.raises(StorageError, match="it cannot be written"):
        JsonFileStore(tmp_path / "3", files=disk).export(tmp_path / "3.out")


def test_a_closed_store_refuses_everything(path: Path) -> None:
    store = JsonFileStore(path)
    store.close()
    store.close()
    with pytest.raises(StoreClosedError):
        store.commit(adding("a"))
    with pytest.raises(StoreClosedError), store.snapshot():
        pass
    with pytest.raises(StoreClosedError):
        store.verify()
