"""Reading: a file as it is found: its sorted part, the commits of its tail, and where it ends.

A last line that a crash tore is no commit and is left out; whoever writes next cuts it off. What
looks damaged rather than torn is refused.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from attrs import define, frozen

from crmcore.adapters.jsonfile.base import Base
from crmcore.adapters.jsonfile.document import read_document
from crmcore.adapters.jsonfile.head import (
    OLD_FORMAT,
    ROWS,
    damaged,
    format_of,
    read_head,
    read_whole,
)
from crmcore.adapters.jsonfile.history import read_line
from crmcore.adapters.jsonfile.lines import SEAL, is_sealed
from crmcore.adapters.jsonfile.moment import Moment
from crmcore.adapters.jsonfile.places import Indexed
from crmcore.adapters.jsonfile.tail import Tail
from crmcore.ports.files import Files, Sight

_HOLE = b"\0" * 8
_BEGINNING = 4096


@frozen
class Torn:
    """The end of a file that a crash left half written: ``size`` bytes behind commit ``seq``.

    No ``commit`` had returned for what is in it; it is no part of what the store says.
    """

    seq: int
    size: int

    def __str__(self) -> str:
        return f"{self.size:,} bytes of a commit that was never finished, behind commit {self.seq}"


@define
class Generation:
    """One file as far as it has been read: up to ``end``, with commit ``seq``.

    ``handle`` is kept open where files can be replaced nevertheless (``None``: it is not).
    ``torn`` is what lies behind ``end`` and is no commit.
    """

    base: Base | None
    tail: Tail
    seq: int
    end: int
    head: bytes
    sight: Sight
    torn: Torn | None = None
    last: bytes = b""
    _moment: Moment | None = None

    def moment(self, indexed: Indexed) -> Moment:
        """What has been read; the same one until there is more."""
        if self._moment is None or self._moment.seq != self.seq:
            self._moment = Moment(self.base, self.tail, self.seq, indexed)
        return self._moment


def read_generation(files: Files, path: Path) -> Generation | None:
    """The file at ``path``, read from its beginning; ``None`` where there is none.

    Raises ``OSError``, ``DamagedStoreError`` and ``UnsupportedFormatError``.
    """
    where = str(path)
    try:
        handle = files.open(path, write=False)
    except FileNotFoundError:
        return None
    try:
        sight = files.sight(handle)
        beginning = files.read(handle, 0, _BEGINNING)
        if format_of(beginning, where) == OLD_FORMAT:
            return _old(files.read(handle, 0, sight.size), where, sight)
        head = read_head(beginning, where)
        if sight.size < head.tail:
            raise damaged("the file is cut off", where, "of the end")
        base = Base(files.map(handle, head.tail), head, where)
        found = Generation(base, Tail(), head.seq, head.tail, beginning[:ROWS], sight)
        extend(files, handle, found, where)
        whole = read_whole(beginning)
        if whole is not None and (found.end < whole[0] or found.seq < whole[1]):
            raise damaged(f"commit {whole[1]} is missing", where, "of the end")
        return found
    finally:
        files.close(handle)


def _old(content: bytes, where: str, sight: Sight) -> Generation:
    seq, rows = read_document(content, where)
    tail = Tail()
    for row, text in rows:
        tail.put(row, text)
    return Generation(None, tail, seq, len(content), content[:ROWS], sight)


def extend(files: Files, handle: int, found: Generation, where: str) -> None:
    """Read what was appended since."""
    content = files.read(handle, found.end, max(files.sight(handle).size - found.end, 0))
    found.torn = None
    start = 0
    while start < len(content):
        stop = content.find(b"\n", start) + 1
        line = content[start : stop or len(content)]
        if stop == 0 or not is_sealed(line):
            is_last = stop in (0, len(content))
            if not is_last or not _is_torn(line):
                raise damaged("the checksum does not fit the line", where, _number(found))
            found.torn = Torn(found.seq, len(line))
            return
        commit = read_line(line, where, lambda: _number(found))
        if commit.seq != found.seq + 1:
            why = f"commit {found.seq + 1} should be here, not {commit.seq}"
            raise damaged(why, where, _number(found))
        found.tail.add(commit)
        found.seq, found.last = commit.seq, line[-SEAL:]
        found.end += len(line)
        start = stop


def _number(found: Generation) -> int:
    """The number of the line behind what was read."""
    base = found.base
    before = 0 if base is None else base.number(base.head.tail) - 1
    return before + (found.seq - (0 if base is None else base.head.seq)) + 1


def _is_torn(line: bytes) -> bool:
    """Whether a crash while it was written explains what is wrong with the last line.

    Then it is cut off, or has holes where the disk had no time. Otherwise, or where one bit would
    mend it, it was whole once, and is damaged.
    """
    start, seal = line[:-SEAL], line[-SEAL:]
    if line.startswith(b"\0") or line.endswith(b"\0") or _HOLE in line:
        return True  # no single bit makes a bracket or a newline of nothing, nor so much of it
    if len(line) > SEAL and _bits(seal, b',"%08x"]\n' % zlib.crc32(start)) <= 2:
        return False
    return not line.endswith(b"\n")


def _bits(one: bytes, other: bytes) -> int:
    return sum((a ^ b).bit_count() for a, b in zip(one, other, strict=True))
