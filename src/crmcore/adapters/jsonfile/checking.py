"""Checking: every line of a file tested, and what is whole saved from one that is damaged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from attrs import frozen

from crmcore.adapters.jsonfile.base import Base
from crmcore.adapters.jsonfile.batch import Batch, key_text
from crmcore.adapters.jsonfile.files import disk
from crmcore.adapters.jsonfile.head import ROWS, damaged
from crmcore.adapters.jsonfile.history import kept_commits, rewritten
from crmcore.adapters.jsonfile.lines import (
    NO_LINK,
    data_of,
    is_sealed,
    key_of,
    link_of,
    linked,
    read_commit,
    row_parts,
    values_of,
)
from crmcore.adapters.jsonfile.moment import Moment
from crmcore.adapters.jsonfile.writing import write_file
from crmcore.codec.errors import DecodeError, Misfit
from crmcore.codec.row_text import RowText
from crmcore.errors import StorageError
from crmcore.ports.files import Files


def verified(moment: Moment, where: str) -> int:
    """Test every line that a moment rests on; the number of its rows."""
    base = moment.base
    if base is not None:
        _verify_rows(base, where)
        base.test_indexes()
        for _ in kept_commits(moment, where):
            pass
        for _ in rewritten(moment, where):
            pass
    return sum(1 for kind in moment.kinds() for _ in moment.all_of(kind))


def _verify_rows(base: Base, where: str) -> None:
    link, last, count = NO_LINK.encode(), b"", 0
    for at, line in base.lines(ROWS, base.head.rows_end):
        try:
            if not is_sealed(line):
                raise damaged("the checksum does not fit the line", where, base.number(at))
            _, id_, key = key_of(line)
            version, data = row_parts(line, key)
            decoded = RowText(data, id_).decoded()
            is_sound = (
                data_of(decoded, id_, where).encode() == data and 0 < version <= base.head.seq
            )
        except (Misfit, DecodeError, ValueError):
            is_sound, key = False, b""
        if not is_sound or linked(line) != link or key <= last:
            raise damaged("the line is not as it was written", where, base.number(at))
        link, last, count = link_of(key), key, count + 1
    base.test_rows()
    if count != base.head.count:
        why = f"there are {count:,} rows, and there should be {base.head.count:,}"
        raise damaged(why, where, base.number(base.head.rows_end))


@frozen
class Lost:
    """A line that could not be saved: its number, and its beginning."""

    line: int
    start: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.start}"


@frozen
class Salvage:
    """What was saved: how many rows, up to which commit, and which lines were lost.

    The rows are what the lines that are whole say. Where a line of a commit was lost, rows may be
    older than they should be, and rows that were removed may be back.
    """

    rows: int
    seq: int
    lost: tuple[Lost, ...]

    def __str__(self) -> str:
        told = "\n".join(f"  {one}" for one in self.lost)
        return f"{self.rows:,} rows saved, {len(self.lost):,} lines lost" + (told and f":\n{told}")


def salvage(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    files: Files | None = None,
) -> Salvage:
    """Write what is whole in the file ``source`` to a new file, which is then opened as usual.

    The source is only read, and need not have a head. The journal is not saved. Raises
    ``StorageError`` where the source cannot be read, or the target is there already.
    """
    used = disk() if files is None else files
    place = Path(target)
    if used.look(place) is not None:
        raise StorageError("there is something already", str(place), "give another name")
    try:
        content = _content(used, Path(source))
        found = _Found()
        for number, line in enumerate(content.splitlines(keepends=True), 1):
            if not found.add(line) and number not in (1, 2):
                start = line[:60].decode(errors="replace").rstrip("\n")
                found.lost.append(Lost(number, start))
        handle = used.create(place, Path(source))
        try:
            rows = Batch.of([found.rows[key] for key in sorted(found.rows)])
            write_file(
                used, handle, rows=[rows], commits=(), seq=found.seq, after=found.seq, places=()
            )
            used.sync(handle)
        finally:
            used.close(handle)
        used.sync_folder(place.parent)
    except OSError as error:
        raise StorageError(
            f"it cannot be saved ({error.strerror or error})", str(source)
        ) from error
    return Salvage(len(found.rows), found.seq, tuple(found.lost))


def _content(files: Files, source: Path) -> bytes:
    handle = files.open(source, write=False)
    try:
        return files.read(handle, 0, files.sight(handle).size)
    finally:
        files.close(handle)


Stored: TypeAlias = tuple[str, str, str, int, str, None]
"""A row that was found: its key, kind, id, version and text."""


class _Found:
    """The rows that the sound lines of a file say."""

    def __init__(self) -> None:
        self.rows: dict[str, Stored] = {}
        self.seq = 0
        self.lost: list[Lost] = []

    def add(self, line: bytes) -> bool:
        """Take what a line says; ``False`` where it is damaged."""
        if not is_sealed(line):
            return False
        if line.startswith((b'["indexes",', b'["history",', b'["crmcore",', b'["whole",')):
            return True
        if line[1:2].isdigit():
            return True
        try:
            return self._commit(line) if line.startswith(b'["commit",') else self._row(line)
        except (Misfit, DecodeError, ValueError, IndexError):
            return False

    def _row(self, line: bytes) -> bool:
        kind, id_, key = key_of(line)
        match values_of(line):
            case [_, _, int(version), dict(data), str()]:  # of the first format
                text = data_of(data, id_, kind)
            case _:
                version, stored = row_parts(line, key)
                RowText(stored, id_).decoded()
                text = stored.decode()
        self._put((key.decode(), kind, id_, version, text, None))
        return True

    def _commit(self, line: bytes) -> bool:
        commit = read_commit(line)
        for one in commit.rows:
            key = key_text(one.kind, one.id)
            if one.is_current:
                continue
            stored = self.rows.get(key)
            if one.data is not None:
                self._put((key, one.kind, one.id, commit.seq, one.data, None))
            elif stored is not None and stored[3] < commit.seq:
                del self.rows[key]
        self.seq = max(self.seq, commit.seq)
        return True

    def _put(self, row: Stored) -> None:
        stored = self.rows.get(row[0])
        if stored is None or stored[3] <= row[3]:
            self.rows[row[0]] = row
        self.seq = max(self.seq, row[3])
