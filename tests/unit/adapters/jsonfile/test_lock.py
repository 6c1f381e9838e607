import errno
from pathlib import Path

import pytest

from crmcore.adapters.jsonfile import lock
from crmcore.adapters.jsonfile.lock import FileLock
from crmcore.errors import StorageError, StoreLockedError


def test_one_holds_it_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with (
        FileLock(path).held(0),
        pytest.raises(StoreLockedError, match="another writer holds it"),
        FileLock(path).held(0),
    ):
        pass
    with FileLock(path).held(0):
        pass
    assert path.exists()


def test_it_is_given_back_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with pytest.raises(LookupError), FileLock(path).held(0):
        raise LookupError
    with FileLock(path).held(0):
        pass


def test_a_writer_waits_for_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    other = FileLock(path).held(0)
    other.__enter__()
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            other.__exit__(None, None, None)

    with FileLock(path, sleep=sleep).held(60):
        pass
    assert len(waited) == 2


def test_what_cannot_be_locked_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageError, match="it cannot be locked"), FileLock(tmp_path).held(0):
        pass

    def refuse(_: int) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_try_lock", refuse)
    with (
        pytest.raises(StorageError, match="No locks available"),
        FileLock(tmp_path / "x.lock").held(0),
    ):
        pass
