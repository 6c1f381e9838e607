"""Base: the sorted part of a file, searched where it lies, and tested wherever it is read.

A row that is found has its checksum tested. For one that is not, the two lines between which it
would stand must be sound and have been written as neighbours; so damage is never taken for
absence. What scans many rows tests the checksum of all of them first, once.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from crmcore.adapters.jsonfile.batch import Batch
from crmcore.adapters.jsonfile.head import ROWS, Head, damaged
from crmcore.adapters.jsonfile.lines import (
    NO_LINK,
    is_sealed,
    is_text,
    key_of,
    link_of,
    linked,
    row_key,
    row_parts,
    text_of,
    values_of,
)
from crmcore.codec.errors import Misfit
from crmcore.codec.row_text import RowText, scan_json
from crmcore.errors import DamagedStoreError
from crmcore.ports.files import Mapped
from crmcore.ports.rows import Row

FIRST_INDEX: Final = 100
"""The number of the first index; all have three digits, so that they sort."""

CHUNK: Final = 256
"""How many places stand on one index line at most; only the last one of a value has fewer."""

_REMEMBERED: Final = 10

_NEAR: Final = 4096
"""Bytes that are searched for a key at once, which is faster than to halve them further."""

_RECENT: Final = 512
"""How many rows that were found are kept, as a record that is read is often written next."""

_PART: Final = 8


class Base:
    """Rows, index lines and kept commits of one file, in ``mapped``; they never change."""

    def __init__(self, mapped: Mapped, head: Head, where: str) -> None:
        self._map = mapped
        self.head = head
        self._where = where
        self._probes: dict[int, tuple[int, int, bytes]] = {}
        self._recent: dict[tuple[str, str] | int, _Found] = {}
        self._ranges: dict[str, tuple[int, int]] = {}
        self._tested: set[str] = set()
        self._is_tested = False
        self._indexes: tuple[int, Mapping[str, int]] | None = None
        if len(mapped) < head.tail:
            raise self._damaged("the file ends too early", len(mapped))

    def line(self, kind: str, id_: str) -> tuple[bytes, bytes] | None:
        """Key and line of a row, tested; ``None`` where there surely is none."""
        try:
            key = row_key(kind, id_)
        except UnicodeEncodeError:  # a lone surrogate, which no row can have
            return None
        head = self.head
        at = self._first(key, ROWS, head.rows_end)
        line = self._line(at)
        if line.startswith(key, 1) and at < head.rows_end:
            return key, line
        self._require_neighbours(at, line, key)
        return None

    def row(self, kind: str, id_: str) -> Row | None:
        """A row, tested; ``None`` where there surely is none."""
        recent = self._recent.get((kind, id_))
        if recent is not None:
            return _row(recent)
        found = self.line(kind, id_)
        if found is None:
            return None
        try:
            version, data = row_parts(found[1], found[0])
        except ValueError:
            raise damaged("the line is not a row", self._where, f"of {kind}:{id_}") from None
        return self._kept((kind, id_), (kind, id_, version, data))

    def row_at(self, at: int) -> Row:
        """The row of the line that begins there, as an index said."""
        recent = self._recent.get(at)
        if recent is not None:
            return _row(recent)
        if not ROWS <= at < self.head.rows_end or self._map[at - 1 : at] != b"\n":
            raise self._damaged("an index names a place that is none of a row", max(at, 0))
        return self._kept(at, self._parts(self._line(at), at))

    def _kept(self, key: tuple[str, str] | int, found: _Found) -> Row:
        if len(self._recent) >= _RECENT:
            self._recent.clear()
        self._recent[key] = found
        return _row(found)

    def keys(self, kind: str) -> tuple[int, int]:
        """Where the rows of a kind begin and end."""
        found = self._ranges.get(kind)
        if found is None:
            start, stop = ROWS, self.head.rows_end
            begin = text_of(kind).encode()
            # every key of the kind lies between these two: the comma, and what follows it
            found = (self._first(begin + b",", start, stop), self._first(begin + b"-", start, stop))
            self._ranges[kind] = found
        return found

    def lines(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """The lines from one place up to another, with their places."""
        content = self._map
        while start < stop:
            end = content.find(b"\n", start) + 1
            if end == 0:
                raise self._damaged("the line does not end", start)
            yield start, content[start:end]
            start = end

    def rows(self, kind: str, after: str | None = None) -> Iterator[Row]:
        """The rows of a kind, those behind an id only, as they stand in the file."""
        start, stop = self.keys(kind)
        self._test_range(kind, start, stop)
        if after is not None:
            key = row_key(kind, after)
            start = self._first(key, start, stop)
            if self._map[start + 1 : start + 1 + len(key)] == key and start < stop:
                start = self._map.find(b"\n", start) + 1
        for at, line in self.lines(start, stop):
            yield self._row(line, at)

    def rows_with(self, kind: str, pattern: re.Pattern[bytes]) -> Iterator[Row]:
        """The rows of a kind in whose line ``pattern`` is found."""
        start, stop = self.keys(kind)
        self._test_range(kind, start, stop)
        content: Any = self._map  # Any: re takes every buffer
        while (hit := pattern.search(content, start, stop)) is not None:
            at = content.rfind(b"\n", 0, hit.start()) + 1
            start = content.find(b"\n", hit.start()) + 1
            yield self._row(content[at:start], at)

    def indexes(self) -> Mapping[str, int]:
        """The numbers of the indexes that the file has, by their names."""
        return self._directory()[1]

    def places(self, number: int, value: str) -> list[int]:
        """Where the rows are that an index has for a value."""
        if not is_text(value):
            return []
        target = b"%d,%b," % (number, text_of(value).encode())
        start, stop = self._directory()[0], self.head.index_end
        at = self._first(target, start, stop)
        found: list[int] = []
        chunk, is_full, before = 0, True, b""
        while at < stop and self._map[at + 1 : at + 1 + len(target)] == target:
            line = self._line(at)
            number_end = line.find(b",[", len(target))
            end = line.find(b"]", number_end)
            key = line[1 : number_end + 1]
            if key != b"%b%d," % (target, chunk) or (chunk and linked(line) != link_of(before)):
                raise self._damaged("the lines of an index do not fit each other", at)
            places = line[number_end + 2 : end].split(b",")
            try:
                found += map(int, places)
            except ValueError:
                raise self._damaged("the line is not of an index", at) from None
            is_full, before = len(places) >= CHUNK, key
            at, chunk = at + len(line), chunk + 1
        if is_full:  # or the last line of a value says that there are no more
            self._require_index_neighbours(at, start, target)
        return found

    def commits(self) -> Iterator[tuple[int, bytes]]:
        """The lines of the commits that are kept, with their places, tested."""
        first = self._line(self.head.index_end)
        start = self.head.index_end + len(first)
        if not first.startswith(b'["history",%d,"' % self.head.after):
            raise self._damaged("the line is not where the commits begin", self.head.index_end)
        for at, line in self.lines(start, self.head.tail):
            if not is_sealed(line):
                raise self._damaged("the checksum does not fit the line", at)
            yield at, line

    def batch(self, lines: Iterable[tuple[int, bytes]]) -> Batch:
        """What the lines of rows say, given their places; they were tested before."""
        rows = []
        for at, line in lines:
            try:
                kind, id_, key = key_of(line)
                version, text = row_parts(line, key)
                rows.append((key.decode(), kind, id_, version, text.decode(), None))
            except (Misfit, ValueError):
                raise self._damaged("the line is not a row", at) from None
        return Batch.of(rows)

    def place(self, key: str, start: int) -> int:
        """Where the first row begins, from ``start`` on, whose key is not below this one."""
        return self._first(key.encode(), start, self.head.rows_end)

    def next_line(self, at: int) -> int:
        """Where the line behind the one at a place begins."""
        return at + len(self._line(at))

    def key_at(self, at: int) -> str | None:
        """The key of the row at a place, tested; ``None`` behind the last one."""
        if at >= self.head.rows_end:
            return None
        try:
            return key_of(self._line(at))[2].decode()
        except (Misfit, UnicodeDecodeError):
            raise self._damaged("the line is not a row", at) from None

    def lacks(self, keys: Iterable[str]) -> bool:
        """Whether there surely is no row with any of these keys, which come in order."""
        following: str | None = ""
        at = ROWS
        for key in keys:
            if following is None or key < following:
                continue  # it would stand where the one before it would
            at = self.place(key, at)
            following = self.key_at(at)
            if following == key:
                return False
            self._require_neighbours(at, self._line(at), key.encode())
        return True

    def test_rows(self) -> None:
        """Test the checksum over all rows, once."""
        if not self._is_tested:
            with memoryview(self._map) as content:
                crc = zlib.crc32(content[ROWS : self.head.rows_end])
            if crc != self.head.crc:
                raise self._first_damage()
            self._is_tested = True

    def kinds(self) -> list[str]:
        """The kinds of the rows, in the order of the file."""
        found: list[str] = []
        at = ROWS
        while at < self.head.rows_end:
            try:
                kind = key_of(self._line(at))[0]
            except (Misfit, UnicodeDecodeError):
                raise self._damaged("the line is not a row", at) from None
            found.append(kind)
            at = self.keys(kind)[1]
        return found

    def test_indexes(self) -> None:
        """Test every index line."""
        start = self._directory()[0]
        if linked(self._line(self.head.rows_end)) != self._last_link():
            raise self._damaged("a row is missing before it", self.head.rows_end)
        link = NO_LINK.encode()
        for at, line in self.lines(start, self.head.index_end):
            key, places = self._index_line(self._line(at), at)
            if linked(line) != link or not line.startswith(b"["):
                raise self._damaged("a line of an index is missing before it", at)
            for place in places:
                self.row_at(place)
            link = link_of(key)
        if linked(self._line(self.head.index_end)) != link:
            raise self._damaged("a line of an index is missing before it", self.head.index_end)

    def number(self, at: int) -> int:
        """The number of the line at a place, from 1."""
        return self._map[:at].count(b"\n") + 1

    def _row(self, line: bytes, at: int) -> Row:
        return _row(self._parts(line, at))

    def _parts(self, line: bytes, at: int) -> _Found:
        try:
            if not self._is_tested and not is_sealed(line):
                raise self._damaged("the checksum does not fit the line", at)
            kind, id_, key = key_of(line)
            version, data = row_parts(line, key)
        except (Misfit, ValueError):
            raise self._damaged("the line is not a row", at) from None
        return kind, id_, version, data

    def _first(self, target: bytes, start: int, stop: int) -> int:
        """Where the first line begins whose key is not below ``target``."""
        content, size, probes = self._map, len(target), self._probes
        low, high, depth = start, stop, 0
        while low < high:
            if high - low <= _NEAR:
                near = content[low:high]
                if near.startswith(target, 1):
                    return low
                at = near.find(b"\n[" + target)
                if at >= 0:
                    return low + at + 1
                return self._between(target, low, high)
            middle = (low + high) // 2
            depth += 1
            known = probes.get(middle)
            if known is None:
                at = max(content.rfind(b"\n", start, middle) + 1, start)
                end = content.find(b"\n", middle) + 1
                if end == 0 or end > stop:
                    raise self._damaged("the line does not end where it should", at)
                known = (at, end, content[at + 1 : at + 97])
                if depth <= _REMEMBERED:
                    probes[middle] = known
            at, end, begin = known
            if size > 96:
                begin = content[at + 1 : at + 1 + size]
            if begin[:size] < target:
                low = end
            else:
                high = at
        return low

    def _between(self, target: bytes, low: int, high: int) -> int:
        """Where the first line begins whose key is above ``target``, which no line there has."""
        for at, line in self.lines(low, high):
            if line[1 : 1 + len(target)] > target:
                return at
        return high

    def _line(self, at: int) -> bytes:
        line = self._map[at : self._map.find(b"\n", at) + 1]
        if not is_sealed(line):
            raise self._damaged("the checksum does not fit the line", at)
        return line

    def _before(self, at: int) -> bytes:
        return self._line(self._map.rfind(b"\n", 0, at - 1) + 1)

    def _require_neighbours(self, at: int, line: bytes, key: bytes) -> None:
        """Raise where damage may hide the row with this key, which would stand before ``line``."""
        link = NO_LINK.encode()
        try:
            if at > ROWS:
                before = key_of(self._before(at))[2]
                link = link_of(before)
                if before >= key:
                    raise self._damaged("the rows are not in order", at)
            if at < self.head.rows_end and key_of(line)[2] <= key:
                raise self._damaged("the rows are not in order", at)
        except (Misfit, UnicodeDecodeError):
            raise self._damaged("the line is not a row", at) from None
        if linked(line) != link:
            raise self._damaged("a row is missing before it", at)
        if at >= self.head.rows_end:
            self._directory()  # or a row stands where none should

    def _directory(self) -> tuple[int, Mapping[str, int]]:
        if self._indexes is None:
            at = self.head.rows_end
            line = self._line(at)
            try:
                names = _names(line)
            except Misfit:
                raise self._damaged("the list of indexes is not as it should be", at) from None
            numbers = {name: FIRST_INDEX + n for n, name in enumerate(names)}
            self._indexes = at + len(line), numbers
        return self._indexes

    def _index_line(self, line: bytes, at: int) -> tuple[bytes, list[int]]:
        """Key and places of an index line."""
        try:
            text = line.decode()
            end = 1
            for _ in range(3):
                _, end = scan_json(text, end)
                end += 1
            places, _ = scan_json(text, end)
        except (Misfit, UnicodeDecodeError):
            raise self._damaged("the line is not of an index", at) from None
        if type(places) is not list or not all(type(one) is int for one in places):
            raise self._damaged("the line is not of an index", at)
        return text[1:end].encode(), places

    def _require_index_neighbours(self, at: int, start: int, target: bytes) -> None:
        line, link = self._line(at), NO_LINK.encode()
        if at > start:
            before = self._index_line(self._before(at), at)[0]
            link = link_of(before)
            if before >= target and not before.startswith(target):
                raise self._damaged("the index lines are not in order", at)
        if at < self.head.index_end and self._index_line(line, at)[0] < target:
            raise self._damaged("the index lines are not in order", at)
        if linked(line) != link:
            raise self._damaged("a line of an index is missing before it", at)
        if at >= self.head.index_end and not line.startswith(b'["history",'):
            raise self._damaged("the lines of the indexes do not end here", at)

    def _test_range(self, kind: str, start: int, stop: int) -> None:
        """Make sure that no row of a kind is damaged or missing; once."""
        if self._is_tested or kind in self._tested:
            return
        if (stop - start) * _PART > self.head.rows_end - ROWS:
            self.test_rows()
            return
        begin = text_of(kind).encode()
        key = b"" if start == ROWS else self._key_before(start)
        link = NO_LINK.encode() if start == ROWS else link_of(key)
        if key >= begin + b",":
            raise self._damaged("the rows are not in order", start)
        for at, line in self.lines(start, stop):
            if not is_sealed(line) or linked(line) != link or not line.startswith(begin, 1):
                raise self._damaged("the line is damaged, or one is missing before it", at)
            link = link_of(key_of(line)[2])
        last = self._line(stop)
        if linked(last) != link or (stop < self.head.rows_end and last[1:] < begin + b"-"):
            raise self._damaged("a row is missing before it", stop)
        if stop >= self.head.rows_end:
            self._directory()
        self._tested.add(kind)

    def _last_link(self) -> bytes:
        """What the line behind the rows says."""
        end = self.head.rows_end
        return NO_LINK.encode() if end == ROWS else link_of(self._key_before(end))

    def _key_before(self, at: int) -> bytes:
        try:
            return key_of(self._before(at))[2]
        except (Misfit, UnicodeDecodeError):
            raise self._damaged("the line is not a row", at) from None

    def _first_damage(self) -> DamagedStoreError:
        for at, line in self.lines(ROWS, self.head.rows_end):
            if not is_sealed(line):
                return self._damaged("the checksum does not fit the line", at)
        return self._damaged("the rows are not those that were written", self.head.rows_end)

    def _damaged(self, why: str, at: int) -> DamagedStoreError:
        return damaged(why, self._where, self.number(at))


_Found: TypeAlias = tuple[str, str, int, bytes]
"""Kind, id, version and data of a row."""


def _row(found: _Found) -> Row:
    """A row that is the own one of whoever asked, who may decode into it."""
    kind, id_, version, data = found
    return Row(kind, id_, version, RowText(data, id_))


def _names(line: bytes) -> list[str]:
    match values_of(line):
        case ["indexes", list(names), str(), str()] if all(type(one) is str for one in names):
            return names
        case _:
            raise Misfit(line[:80], "this is not the list of indexes")
