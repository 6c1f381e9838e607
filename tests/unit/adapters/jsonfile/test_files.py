import os
from pathlib import Path

import pytest

from crmcore.adapters.jsonfile.files import Files

FILES = Files()


def made(path: Path, content: bytes, like: Path | None = None) -> object:
    with FILES.create(path, like or path) as file:
        FILES.write(file, content)
        return FILES.sync(file, content)


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    file = tmp_path / "a"
    content = b"x" * 100_000
    seen = made(file, content)
    assert FILES.look(file) == seen
    assert FILES.read(file) == (content, seen)


def test_an_absent_file_is_not_seen(tmp_path: Path) -> None:
    assert FILES.look(tmp_path / "a") is None
    with pytest.raises(FileNotFoundError):
        FILES.read(tmp_path / "a")


def test_another_file_in_its_place_is_noticed(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    made(first, b"1")
    made(second, b"2")
    before, seen = FILES.look(first), FILES.look(second)
    FILES.replace(second, first)
    FILES.sync_folder(tmp_path)
    assert FILES.look(first) == seen != before
    assert FILES.look(second) is None


def test_another_beginning_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "a"
    made(file, b"1")
    before, times = FILES.look(file), file.stat()
    made(file, b"2")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert FILES.look(file) != before


def test_permissions_are_kept(tmp_path: Path) -> None:
    like, file = tmp_path / "a", tmp_path / "b"
    made(like, b"")
    like.chmod(0o640)
    made(file, b"", like)
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_file_is_removed_if_it_is_there(tmp_path: Path) -> None:
    made(tmp_path / "a", b"")
    FILES.remove(tmp_path / "a")
    FILES.remove(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
