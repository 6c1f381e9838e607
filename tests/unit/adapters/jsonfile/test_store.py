import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from crmcore.adapters import JsonFileStore
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
from crmcore.ports import Row, RowChange, RowCommit
from crmcore.query import Query
from tests.unit.adapters.jsonfile.broken import BrokenFiles, everything


def adding(*ids: str) -> RowCommit:
    return RowCommit([RowChange("account", one, 0, {"id": one, "name": one}) for one in ids])


def row(id_: str, version: int) -> Row:
    return Row("account", id_, version, {"id": id_, "name": id_})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.crm.json"


def test_opening_writes_nothing(path: Path) -> None:
    store = JsonFileStore(path)
    assert everything(store) == (0, [])
    assert store.commit(RowCommit([])) == 0
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
    store.commit(adding("b"))
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


def test_a_file_that_may_not_be_read_is_refused(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(StorageError, match=r"it cannot be read \(Permission denied\)"):
        JsonFileStore(path, files=BrokenFiles("look", code=errno.EACCES))


@pytest.mark.parametrize("call", ["create", "write", "sync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_failure_changes_nothing(path: Path, call: str, code: int) -> None:
    files = BrokenFiles(code=code)
    store = JsonFileStore(path, files=files)
    for commit, before in ((adding("a"), None), (adding("b"), 1)):
        content = path.read_bytes() if before else None
        files.failing = {call}
        with pytest.raises(StorageError, match="it cannot be written") as caught:
            store.commit(commit)
        assert os.strerror(code) in str(caught.value)
        assert (path.read_bytes() if path.exists() else None) == content
        assert not list(path.parent.glob("*.tmp"))
        assert everything(store)[0] == (before or 0)
        files.failing = set()
        store.commit(commit)
    assert everything(JsonFileStore(path))[0] == 2


def test_what_is_left_of_a_failure_does_no_harm(path: Path) -> None:
    files = BrokenFiles("write", "remove")
    store = JsonFileStore(path, files=files)
    with pytest.raises(StorageError, match="it cannot be written"):
        store.commit(adding("a"))
    assert [one.suffix for one in path.parent.glob("*.tmp")] == [".tmp"]
    files.failing = set()
    store.commit(adding("b"))
    assert everything(JsonFileStore(path)) == (1, [row("b", 1)])
    assert not list(path.parent.glob("*.tmp"))


def test_an_unknown_outcome_is_said(path: Path) -> None:
    store = JsonFileStore(path, files=BrokenFiles("sync_folder"))
    with pytest.raises(OutcomeUnknownError, match="open it anew and look"):
        store.commit(adding("a"))
    with pytest.raises(StoreClosedError, match="may or may not have been stored"):
        store.commit(adding("b"))
    assert everything(store) == (1, [row("a", 1)])
    assert JsonFileStore(path).commit(adding("b")) == 2


@pytest.mark.parametrize(
    ("value", "error"),
    [("\ud800", StorageError), (10**5000, StorageError), (1.5, UsageError)],
    ids=["surrogate", "long number", "float"],
)
def test_a_value_that_cannot_be_written_stores_nothing(
    path: Path, value: Any, error: type[Exception]
) -> None:
    store = JsonFileStore(path)
    with pytest.raises(error):
        store.commit(RowCommit([RowChange("account", "a", 0, {"id": "a", "x": value})]))
    assert everything(store) == (0, [])
    assert not path.exists()


def test_a_writer_who_cannot_have_its_turn_is_told(path: Path) -> None:
    store = JsonFileStore(path, wait=0)
    with FileLock(path.with_name("x.crm.json.lock")).held(0):
        with pytest.raises(StoreLockedError, match="another writer holds it"):
            store.commit(adding("a"))
        assert everything(store) == (0, [])
    assert store.commit(adding("a")) == 1


def test_a_thread_that_cannot_have_its_turn_is_told(path: Path) -> None:
    files = BrokenFiles()
    store = JsonFileStore(path, wait=0, files=files)
    told: list[Exception] = []

    def write() -> None:
        with pytest.raises(StoreLockedError, match="another thread is writing") as caught:
            store.commit(adding("b"))
        told.append(caught.value)

    def meanwhile(call: str) -> None:
        if call == "write":
            other = threading.Thread(target=write)
            other.start()
            other.join()

    files.act = meanwhile
    assert store.commit(adding("a")) == 1
    assert len(told) == 1


def test_a_reader_between_the_steps_of_a_commit_sees_the_old_or_the_new(path: Path) -> None:
    files = BrokenFiles()
    store = JsonFileStore(path, files=files)
    store.commit(adding("a"))
    seen: list[tuple[str, int]] = []

    def look(call: str) -> None:
        seen.append((call, everything(JsonFileStore(path))[0]))

    files.act = look
    store.commit(adding("b"))
    assert seen == [
        ("look", 1),
        ("create", 1),
        ("write", 1),
        ("sync", 1),
        ("replace", 1),
        ("sync_folder", 2),
    ]


def test_a_closed_store_refuses_everything(path: Path) -> None:
    store = JsonFileStore(path)
    store.close()
    store.close()
    with pytest.raises(StoreClosedError):
        store.commit(adding("a"))
    with pytest.raises(StoreClosedError), store.snapshot():
        pass
