import os
from pathlib import Path

import pytest

from crmcore.adapters.jsonfile.files import PosixFiles, WindowsFiles, disk
from crmcore.ports import Files

BOTH = pytest.mark.parametrize("files", [PosixFiles(), WindowsFiles()], ids=["posix", "windows"])


def made(files: Files, path: Path, content: bytes, like: Path | None = None) -> object:
    handle = files.create(path, like or path)
    files.write(handle, 0, content)
    files.sync(handle)
    sight = files.sight(handle)
    files.close(handle)
    return sight


@BOTH
def test_a_file_is_written_and_read(tmp_path: Path, files: Files) -> None:
    path = tmp_path / "a"
    content = bytes(range(256)) * 500
    seen = made(files, path, content)
    assert files.look(path) == seen
    handle = files.open(path, write=True)
    assert files.read(handle, 0, 10**6) == content
    assert files.read(handle, 256, 3) == b"\0\1\2"
    mapped = files.map(handle, 1000)
    files.truncate(handle, 2000)
    files.write(handle, 1999, b"xy")
    assert files.sight(handle).size == 2001
    files.close(handle)
    assert mapped[:] == content[:1000]
    assert path.read_bytes() == content[:1999] + b"xy"


@BOTH
def test_an_absent_file_is_not_seen(tmp_path: Path, files: Files) -> None:
    assert files.look(tmp_path / "a") is None
    with pytest.raises(FileNotFoundError):
        files.open(tmp_path / "a", write=False)
    files.remove(tmp_path / "a")


@BOTH
def test_another_file_in_its_place_is_noticed(tmp_path: Path, files: Files) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    before = made(files, first, b"1")
    seen = made(files, second, b"2")
    files.replace(second, first)
    files.sync_folder(tmp_path)
    assert files.look(first) == seen != before
    assert files.look(second) is None


def test_an_empty_file_is_mapped(tmp_path: Path) -> None:
    made(PosixFiles(), tmp_path / "a", b"")
    handle = PosixFiles().open(tmp_path / "a", write=False)
    assert PosixFiles().map(handle, 0) == b""
    PosixFiles().close(handle)


def test_permissions_are_kept(tmp_path: Path) -> None:
    like, file = tmp_path / "a", tmp_path / "b"
    made(disk(), like, b"")
    like.chmod(0o640)
    made(disk(), file, b"", like)
    assert file.stat().st_mode & 0o777 == 0o640


def test_permissions_that_cannot_be_given_leave_no_handle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(disk(), tmp_path / "a", b"")
    handles: list[int] = []
    monkeypatch.setattr("os.close", handles.append)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("shutil.copymode", refuse)
    with pytest.raises(PermissionError):
        disk().create(tmp_path / "b", tmp_path / "a")
    monkeypatch.undo()
    assert len(handles) == 1
    os.close(handles[0])
