"""Back door: how the laws look behind a store: open it again, crash it, damage what it keeps.

An adapter that declares an ability from behind gives the fixture ``back_door``: a ``BackDoor`` of
its own, or a ``FileBackDoor`` where it keeps everything in files.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from unittest import mock

if sys.platform == "darwin":  # pragma: no cover - the tests run on Linux
    import fcntl

S = TypeVar("S")

MOST_CUTS = 120
"""How many places are tried, at most, where a crash may have cut what was appended."""


class BackDoor(Protocol[S]):
    """The ways behind stores of type ``S``; one is needed only for the ability it names."""

    def another(self, store: S, /) -> S:
        """A second handle on what ``store`` keeps, while that stays open (SHARED)."""
        ...

    def opener(self, store: S, /) -> Callable[[], S]:
        """A function that opens it in another process; it can be pickled (SHARED)."""
        ...

    def crashed(self, store: S, /) -> S:
        """What would be found, opened anew, if the power were lost now (DURABLE).

        ``store`` stays open and as it is.
        """
        ...

    def interrupted(
        self, store: S, work: Callable[[], object], /
    ) -> Iterator[tuple[str, Callable[[], S]]]:
        """States that a crash in the midst of ``work``, a commit, may leave (DURABLE).

        Each has a name and a function that opens a copy in that state.
        """
        ...

    def damaged(self, store: S, /) -> Iterator[tuple[str, Callable[[], S]]]:
        """Ways in which what ``store`` keeps may be damaged, each with its name (CHECKSUMS).

        ``store`` has been closed. Each function opens a copy that is damaged in that way; it may
        raise ``StorageError``. Damage that takes away whole commits at the end is not among them:
        nothing that is left can tell of it.
        """
        ...


class FileBackDoor(Generic[S]):
    """A back door for stores in files: whatever is named as ``path`` is, with other endings.

    ``opening`` opens a store at a path, and can be pickled where the store is shared; ``path_of``
    says where one is. ::

        @pytest.fixture
        def back_door(self):
            with FileBackDoor(MyStore, lambda store: store.path).watching() as door:
                yield door

    While it watches, it follows what this process syncs by ``os.fsync`` and ``os.fdatasync``; what
    was not synced is lost in a crash, names in a folder that was not synced included (on Linux and
    macOS, where a descriptor tells its path). A store that is written by other means overrides
    ``survivors``.
    """

    def __init__(self, opening: Callable[[Path], S], path_of: Callable[[S], Path]) -> None:
        self._opening = opening
        self._path_of = path_of
        self._disk = _Disk()
        self._folders = ExitStack()

    @contextmanager
    def watching(self) -> Iterator[FileBackDoor[S]]:
        """A context in which this process is watched; leaving it removes all copies."""
        with self._folders, self._disk.watching():
            yield self

    def another(self, store: S, /) -> S:
        """A second handle on the same path."""
        return self._opening(self._path_of(store))

    def opener(self, store: S, /) -> Callable[[], S]:
        """The same, to be called elsewhere."""
        return partial(self._opening, self._path_of(store))

    def crashed(self, store: S, /) -> S:
        """The store on what is on disk for certain."""
        return self._copy(self._path_of(store), self.survivors(store))

    def survivors(self, store: S, /) -> dict[str, bytes]:
        """By name, the content of each file that is on disk for certain."""
        return self._disk.certain(self.files(store))

    def files(self, store: S, /) -> Sequence[Path]:
        """The files that ``store`` consists of; what has another use (a lock) does no harm here."""
        path = self._path_of(store)
        return sorted(one for one in path.parent.glob(f"{path.name}*") if one.is_file())

    def interrupted(
        self, store: S, work: Callable[[], object], /
    ) -> Iterator[tuple[str, Callable[[], S]]]:
        """Every part of what was appended to a file, nothing of it, and all of it."""
        path = self._path_of(store)
        before = {one.name: one.read_bytes() for one in self.files(store)}
        work()
        after = {one.name: one.read_bytes() for one in self.files(store)}
        for name, content in after.items():
            start = before.get(name, b"")
            if content == start or not content.startswith(start):
                continue
            step = max(1, (len(content) - len(start)) // MOST_CUTS)
            for end in {*range(len(start), len(content), step), len(content) - 1, len(content)}:
                said = f"{name}: {end - len(start)} of {len(content) - len(start)} bytes appended"
                yield said, partial(self._copy, path, {**after, name: content[:end]})

    def damaged(self, store: S, /) -> Iterator[tuple[str, Callable[[], S]]]:
        """In each file, each byte with a bit turned over, lost or doubled; lines out of order.

        There are thousands, so all have one place: each copy takes that of the one before.
        """
        path, place = self._path_of(store), self._folder()
        whole = {one.name: one.read_bytes() for one in self.files(store)}
        for name, content in whole.items():
            for at in range(len(content)):
                for said, bad in _spoilt(content, at):
                    where = f"{name}: {said} at byte {at} of {len(content)}"
                    yield where, partial(self._copy, path, {**whole, name: bad}, place)
            for said, bad in _disordered(content.splitlines(keepends=True)):
                yield f"{name}: {said}", partial(self._copy, path, {**whole, name: bad}, place)

    def _folder(self) -> Path:
        folder = Path(tempfile.mkdtemp())
        self._folders.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _copy(self, path: Path, content: dict[str, bytes], place: Path | None = None) -> S:
        folder = self._folder() if place is None else place
        for one in folder.iterdir():
            one.unlink()
        for name, some in content.items():
            (folder / name).write_bytes(some)
        self._disk.found(folder)
        return self._opening(folder / path.name)


def _spoilt(content: bytes, at: int) -> Iterator[tuple[str, bytes]]:
    """One bit turned over, another one for each byte; then a byte lost, then one doubled."""
    flipped = bytes([content[at] ^ 1 << at % 8])
    yield "a bit turned over", content[:at] + flipped + content[at + 1 :]
    if at < len(content) - 1:  # what ends early may have been cut in a crash
        yield "a byte lost", content[:at] + content[at + 1 :]
        yield "a byte doubled", content[:at] + content[at : at + 1] + content[at:]


def _disordered(lines: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """A line lost, doubled, or changed with the next one."""
    for at in range(len(lines) - 1):
        before, one, other, after = lines[:at], lines[at], lines[at + 1], lines[at + 2 :]
        if one != other:
            yield f"line {at + 1} lost", b"".join([*before, other, *after])
            yield f"lines {at + 1} and {at + 2} swapped", b"".join([*before, other, one, *after])
        yield f"line {at + 1} doubled", b"".join([*before, one, one, other, *after])


class _Disk:
    """What is on disk for certain: content by file, and files by name.

    A file is known by its number; one that was made and synced but whose folder was not has no
    name that survives.
    """

    def __init__(self) -> None:
        self._content: dict[tuple[int, int], bytes] = {}
        self._names: dict[str, tuple[int, int]] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """A context in which the calls of this process are followed."""
        with ExitStack() as stack:
            for name in ("fsync", "fdatasync"):
                if hasattr(os, name):
                    stack.enter_context(mock.patch.object(os, name, self._after(name)))
            yield

    def _after(self, name: str) -> Callable[[Any], None]:
        call = getattr(os, name)

        def synced(file: Any) -> None:
            call(file)
            self._note(file if isinstance(file, int) else file.fileno())

        return synced

    def _note(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        place = _place(descriptor)
        if place.is_dir():
            for one in place.iterdir():
                self._names[str(one)] = _number(one)
            return
        self._content[found.st_dev, found.st_ino] = place.read_bytes()

    def found(self, folder: Path) -> None:
        """Take everything in a folder for what is on disk."""
        for one in folder.iterdir():
            self._names[str(one)] = _number(one)
            self._content[_number(one)] = one.read_bytes()

    def certain(self, files: Sequence[Path]) -> dict[str, bytes]:
        """By name, what is left of these files."""
        kept = {one: self._names.get(str(one)) for one in files}
        return {
            one.name: self._content[number]
            for one, number in kept.items()
            if number is not None and number in self._content
        }


if sys.platform == "darwin":  # pragma: no cover - the tests run on Linux

    def _place(descriptor: int) -> Path:
        """The path that a descriptor was opened with, as the system tells it."""
        told = fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024))
        return Path(os.fsdecode(told.rstrip(b"\0")))

else:

    def _place(descriptor: int) -> Path:
        """The path that a descriptor was opened with, as the system tells it."""
        return Path(f"/proc/self/fd/{descriptor}").readlink()


def _number(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
