"""Faults: a disk in memory that fails, crashes and loses power where a test wants it to.

An adapter that makes every call through an object like ``crmcore.ports.files.Files`` is given a
``FaultyDisk`` in its place. The disk knows which writes and names it was told to wait for, so that
what is left after a loss of power can be any state that a real one may leave: writes that nobody
waited for are there or not, in any order, torn at sectors, with holes; names in the order in which
they were given.
"""

from __future__ import annotations

import errno as codes
import os
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from random import Random
from typing import TypeAlias

from attrs import define, field, frozen

from crmcore.errors import UsageError
from crmcore.ports.files import Sight

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""

CHANGING = ("create", "write", "truncate", "sync", "replace", "sync_folder", "remove")
"""The calls that change what is on the disk, or wait for it."""


class Crash(BaseException):  # nothing went wrong: the process is gone
    """The process died in a call. Nobody may catch this; every later call raises it again."""


@frozen
class Call:
    """One call: its name, the file, where in it, and what was written (or read, its size)."""

    name: str
    path: Path
    start: int = 0
    content: bytes = b""
    size: int = 0


class When(Enum):
    """Where in a call a crash comes."""

    BEFORE = "before"
    INSIDE = "inside"
    """Of a write, ``part`` bytes are done."""
    AFTER = "after"


@frozen
class Fault:
    """What happens in one call: a crash (``crash``), or an ``OSError`` with the number ``error``.

    ``part`` is how many bytes of a write are done all the same. ``forgets`` makes a failed wait
    behave as systems do: what was to be written counts as written, and is not on the disk.
    """

    crash: When | None = None
    error: int = codes.EIO
    part: int = 0
    forgets: bool = False


_Change: TypeAlias = tuple[int, bytes | None]
"""Bytes written from a place; or, with ``None``, a file cut off there."""


@define
class _File:
    number: int
    now: bytes = b""
    durable: bytes = b""
    pending: list[_Change] = field(factory=list)
    changed: int = 0

    def change(self, change: _Change) -> None:
        self.now = _changed(self.now, change)
        self.pending.append(change)
        self.changed += 1

    def settle(self) -> None:
        self.durable = self.now
        self.pending = []

    def copy(self) -> _File:
        return _File(self.number, self.now, self.durable, list(self.pending), self.changed)


def _changed(content: bytes, change: _Change) -> bytes:
    start, written = change
    if written is None:
        return content[:start].ljust(start, b"\0")
    return content[:start].ljust(start, b"\0") + written + content[start + len(written) :]


class FaultyDisk:
    """Files in memory, with the calls of ``crmcore.ports.files.Files``.

    ``windows`` brings its rules: a file that is open cannot be replaced or removed, and nobody can
    wait for a folder. ``fail(number, fault)`` plans what happens in the call of that number, from
    0, counted over those in ``CHANGING``. ``calls`` are all calls that were made, reads included.
    ``watch`` is told each call of ``CHANGING`` before it happens.
    """

    def __init__(self, *, windows: bool = False) -> None:
        self.keeps_open: bool = not windows
        self.calls: list[Call] = []
        self.watch: Callable[[Call], object] = lambda _: None
        self._faults: dict[int, Fault] = {}
        self._every: dict[str, Fault] = {}
        self._count = 0
        self._is_dead = False
        self._files: dict[int, _File] = {}
        self._names: dict[Path, int] = {}
        self._durable_names: dict[Path, int] = {}
        self._pending_names: list[dict[Path, int]] = []
        self._handles: dict[int, tuple[int, Path]] = {}
        self._next = 3

    @property
    def count(self) -> int:
        """How many calls of ``CHANGING`` were made."""
        return self._count

    def fail(self, number: int, fault: Fault) -> None:
        """Plan what happens in the call of this number, counted over those in ``CHANGING``."""
        self._faults[number] = fault

    def fail_every(self, name: str, fault: Fault | None) -> None:
        """Plan what happens in every call of this name (``None``: nothing any more)."""
        if name not in (*CHANGING, "open", "read", "look"):
            raise UsageError("there is no such call", name, f"known: {', '.join(CHANGING)}")
        self._every.pop(name, None)
        if fault is not None:
            self._every[name] = fault

    def content(self, path: Path) -> bytes | None:
        """What a file has in it, as processes see it; ``None`` where there is none."""
        number = self._names.get(path)
        return None if number is None else self._files[number].now

    def put(self, path: Path, content: bytes) -> None:
        """Put a file there, on the disk, as if it had always been."""
        self._next += 1
        self._files[self._next] = _File(self._next, content, content)
        self._names[path] = self._durable_names[path] = self._next

    def copy(self) -> FaultyDisk:
        """The same disk at this moment, open handles included, without any plans."""
        made = FaultyDisk(windows=not self.keeps_open)
        made._files = {number: one.copy() for number, one in self._files.items()}
        made._names, made._durable_names = dict(self._names), dict(self._durable_names)
        made._pending_names = list(self._pending_names)
        made._handles, made._next = dict(self._handles), self._next
        return made

    def after_kill(self) -> FaultyDisk:
        """The disk as the next process finds it after this one died: all that was written."""
        made = self.copy()
        made._handles = {}  # noqa: SLF001  # one of ours
        return made

    def after_power_loss(self, random: Random | None = None) -> FaultyDisk:
        """A disk as it may be found after a loss of power at this moment.

        Nothing that nobody waited for is there; with ``random``, any of it may be.
        """
        made = FaultyDisk(windows=not self.keeps_open)
        made._next = self._next
        names = self._durable_names
        if random is not None and self._pending_names:
            names = random.choice([names, *self._pending_names])
        for path, number in names.items():
            content = self._left(self._files[number], random)
            made._files[number] = _File(number, content, content)
            made._names[path] = made._durable_names[path] = number
        return made

    @staticmethod
    def _left(file: _File, random: Random | None) -> bytes:
        content = file.durable
        if random is None:
            return content
        for start, written in file.pending:
            if random.random() < 0.5:
                continue
            if written is None:
                content = _changed(content, (start, None))
                continue
            if random.random() < 0.5:  # the size is known before what is in it
                content = content.ljust(start + len(written), b"\0")
            first = -(start % SECTOR)
            for place in range(first, len(written), SECTOR):
                if random.random() < 0.7:
                    part = written[max(place, 0) : place + SECTOR]
                    content = _changed(content, (start + max(place, 0), part))
        return content

    def look(self, path: Path, /) -> Sight | None:
        """The present state of a file; ``None`` where there is none."""
        self._alive("look", path)
        number = self._names.get(path)
        return None if number is None else self._sight(number)

    def open(self, path: Path, /, *, write: bool) -> int:
        """A handle of a file that is there."""
        self._alive("open", path, "write" if write else "")
        if path not in self._names:
            raise FileNotFoundError(codes.ENOENT, os.strerror(codes.ENOENT))
        return self._handle(path)

    def create(self, path: Path, like: Path, /) -> int:  # noqa: ARG002  # no permissions here
        """A handle of a new, empty file."""
        self._happens(Call("create", path), lambda: self._create(path))
        return self._handle(path)

    def sight(self, handle: int, /) -> Sight:
        """The present state of an open file."""
        return self._sight(self._handles[handle][0])

    def read(self, handle: int, start: int, count: int, /) -> bytes:
        """At most ``count`` bytes from ``start``."""
        number, path = self._handles[handle]
        self._alive("read", path)
        content = self._files[number].now[start : start + count]
        self.calls.append(Call("read", path, start, size=len(content)))
        return content

    def map(self, handle: int, size: int, /) -> bytes:
        """The first ``size`` bytes."""
        return self._files[self._handles[handle][0]].now[:size]

    def write(self, handle: int, start: int, content: bytes, /) -> None:
        """Write all of ``content`` from ``start``."""
        number, path = self._handles[handle]
        file = self._files[number]
        self._happens(
            Call("write", path, start, bytes(content), len(content)),
            lambda: file.change((start, bytes(content))),
            lambda part: file.change((start, bytes(content[:part]))),
        )

    def truncate(self, handle: int, size: int, /) -> None:
        """Cut the file off behind ``size`` bytes."""
        number, path = self._handles[handle]
        self._happens(
            Call("truncate", path, size), lambda: self._files[number].change((size, None))
        )

    def sync(self, handle: int, /) -> None:
        """Wait until the disk has what was written."""
        number, path = self._handles[handle]
        self._happens(Call("sync", path), self._files[number].settle, file=self._files[number])

    def close(self, handle: int, /) -> None:
        """Give a handle back."""
        self._handles.pop(handle, None)

    def replace(self, source: Path, target: Path, /) -> None:
        """Put ``source`` in the place of ``target``, in one step."""
        self._require_not_open(target)
        self._happens(Call("replace", target), lambda: self._rename(source, target))

    def sync_folder(self, folder: Path, /) -> None:
        """Wait until the disk has the names in a folder."""
        if self.keeps_open:
            self._happens(Call("sync_folder", folder), self._settle_names)

    def remove(self, path: Path, /) -> None:
        """Remove a file, if it is there."""
        if path in self._names:
            self._require_not_open(path)
            self._happens(Call("remove", path), lambda: self._rename(None, path))

    def _create(self, path: Path) -> None:
        self._next += 1
        self._files[self._next] = _File(self._next)
        self._names[path] = self._next
        self._pending_names.append(dict(self._names))

    def _rename(self, source: Path | None, target: Path) -> None:
        self._names.pop(target, None)
        if source is not None:
            self._names[target] = self._names.pop(source)
        self._pending_names.append(dict(self._names))
        if not self.keeps_open:  # names are in the journal there
            self._settle_names()

    def _settle_names(self) -> None:
        self._durable_names = dict(self._names)
        self._pending_names = []

    def _require_not_open(self, path: Path) -> None:
        number = self._names.get(path)
        if not self.keeps_open and any(one == number for one, _ in self._handles.values()):
            raise PermissionError(codes.EACCES, "a file that is open cannot be replaced")

    def _handle(self, path: Path) -> int:
        self._next += 1
        self._handles[self._next] = self._names[path], path
        return self._next

    def _sight(self, number: int) -> Sight:
        file = self._files[number]
        return Sight(0, number, len(file.now), file.changed)

    def _alive(self, name: str, path: Path, content: str = "") -> None:
        if self._is_dead:
            raise Crash
        if name != "read":
            self.calls.append(Call(name, path, content=content.encode()))
        fault = self._every.get(name)
        if fault is not None:
            raise OSError(fault.error, os.strerror(fault.error))

    def _happens(
        self,
        call: Call,
        act: Callable[[], object],
        partly: Callable[[int], object] = lambda _: None,
        file: _File | None = None,
    ) -> None:
        if self._is_dead:
            raise Crash
        self.watch(call)
        self.calls.append(call)
        number, self._count = self._count, self._count + 1
        fault = self._faults.get(number, self._every.get(call.name))
        if fault is None:
            act()
            return
        if fault.crash is When.AFTER:
            act()
        elif fault.part:
            partly(fault.part)
        if fault.crash is not None:
            self._is_dead = True
            raise Crash
        if fault.forgets and file is not None:
            file.pending = []
        raise OSError(fault.error, os.strerror(fault.error))
