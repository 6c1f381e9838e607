"""Disk files: the calls of ``crmcore.ports.files.Files``, made to the system."""

from __future__ import annotations

import mmap
import os
import shutil
import sys
from pathlib import Path

from crmcore.errors import StorageError
from crmcore.ports.files import Files, Mapped, Sight

_PERMISSIONS = 0o666
_BINARY = getattr(os, "O_BINARY", 0)
_MOST = 1 << 30  # what one call of the system is asked to read or write, in bytes


def _state(stat: os.stat_result) -> Sight:
    return Sight(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)


class PosixFiles:
    """Files where an open one can be replaced."""

    keeps_open: bool = True

    def look(self, path: Path, /) -> Sight | None:
        """The present state of a file; ``None`` where there is none."""
        try:
            return _state(os.stat(path))  # noqa: PTH116  # a third faster, at each read of the store
        except FileNotFoundError:
            return None

    def open(self, path: Path, /, *, write: bool) -> int:
        """A handle of a file that is there."""
        return os.open(path, (os.O_RDWR if write else os.O_RDONLY) | _BINARY)

    def create(self, path: Path, like: Path, /) -> int:
        """A handle of a new, empty file, with the permissions of ``like`` where that exists."""
        made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | _BINARY, _PERMISSIONS)
        try:
            if like.exists():
                shutil.copymode(like, path)
        except OSError:
            os.close(made)
            raise
        return made

    def sight(self, handle: int, /) -> Sight:
        """The present state of an open file."""
        return _state(os.fstat(handle))

    def read(self, handle: int, start: int, count: int, /) -> bytes:
        """At most ``count`` bytes from ``start``; fewer at the end of the file only."""
        parts: list[bytes] = []
        while count > 0:
            part = self._read(handle, start, min(count, _MOST))
            if not part:
                break
            parts.append(part)
            start, count = start + len(part), count - len(part)
        return b"".join(parts)

    def map(self, handle: int, size: int, /) -> Mapped:
        """The first ``size`` bytes, which stay readable after the handle is closed."""
        return mmap.mmap(handle, size, access=mmap.ACCESS_READ) if size else b""

    def write(self, handle: int, start: int, content: bytes, /) -> None:
        """Write all of ``content`` from ``start``."""
        written = self._write(handle, content[:_MOST], start)
        if written == len(content):
            return
        rest, start = memoryview(content)[written:], start + written
        while rest:
            written = self._write(handle, rest[:_MOST], start)
            rest, start = rest[written:], start + written

    def truncate(self, handle: int, size: int, /) -> None:
        """Cut the file off behind ``size`` bytes."""
        os.ftruncate(handle, size)

    def sync(self, handle: int, /) -> None:
        """Wait until the disk has what was written."""
        if (
            sys.platform == "darwin"
        ):  # pragma: no cover - fsync leaves it in the drive's cache there
            import fcntl  # noqa: PLC0415  # Windows has none

            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
        elif sys.platform == "linux":
            os.fdatasync(handle)
        else:  # pragma: no cover - the tests run on Linux
            os.fsync(handle)

    def close(self, handle: int, /) -> None:
        """Give a handle back."""
        os.close(handle)

    def replace(self, source: Path, target: Path, /) -> None:
        """Put ``source`` in the place of ``target``, in one step."""
        source.replace(target)

    def sync_folder(self, folder: Path, /) -> None:
        """Wait until the disk has the names in a folder."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def remove(self, path: Path, /) -> None:
        """Remove a file, if it is there."""
        path.unlink(missing_ok=True)

    def _read(self, handle: int, start: int, count: int) -> bytes:
        return os.pread(handle, count, start)

    def _write(self, handle: int, content: bytes | memoryview, start: int) -> int:
        return os.pwrite(handle, content, start)


class WindowsFiles(PosixFiles):
    """Files where an open one cannot be replaced, and folders cannot be waited for."""

    keeps_open: bool = False

    def map(self, handle: int, size: int, /) -> Mapped:
        """The first ``size`` bytes, read: a file that is mapped cannot be replaced."""
        return self.read(handle, 0, size)

    def sync_folder(self, folder: Path, /) -> None:
        """Nothing: names are in the journal of the file system."""

    def _read(self, handle: int, start: int, count: int) -> bytes:
        os.lseek(handle, start, os.SEEK_SET)
        return os.read(handle, count)

    def _write(self, handle: int, content: bytes | memoryview, start: int) -> int:
        os.lseek(handle, start, os.SEEK_SET)
        return os.write(handle, content)


def disk() -> Files:
    """The files of the system that this runs on."""
    return WindowsFiles() if sys.platform == "win32" else PosixFiles()


def write_new(files: Files, path: Path, like: Path, content: bytes) -> None:
    """Write a whole new file and wait for it; raises ``StorageError``."""
    try:
        handle = files.create(path, like)
        try:
            files.write(handle, 0, content)
            files.sync(handle)
        finally:
            files.close(handle)
    except OSError as error:
        why = f"it cannot be written ({error.strerror or error})"
        raise StorageError(why, str(path)) from error


def place_of(path: str | os.PathLike[str]) -> Path:
    """The place of a file that is there, or that can be made; raises ``StorageError``."""
    try:
        file = Path(os.path.realpath(path))
        if not file.parent.is_dir():
            raise StorageError("its folder does not exist", str(file), "make the folder first")
        if file.exists() and not file.is_file():
            raise StorageError("this is not a file", str(file), "give the name of a file")
    except (OSError, ValueError) as error:
        raise StorageError(f"it cannot be looked at ({error})", str(path)) from error
    return file
