"""Writing: a whole new file: the rows of a moment in their order, their indexes, kept commits."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from attrs import frozen

from crmcore.adapters.jsonfile.base import CHUNK, FIRST_INDEX
from crmcore.adapters.jsonfile.head import ROWS, Head, whole_line
from crmcore.adapters.jsonfile.lines import (
    NO_LINK,
    CommitLine,
    data_of,
    link_of,
    linked,
    quoted,
    row_key,
    row_line,
    sealed,
    text_of,
)
from crmcore.adapters.jsonfile.moment import Moment
from crmcore.adapters.jsonfile.places import Place
from crmcore.codec.row_text import RowText
from crmcore.ports.files import Files
from crmcore.ports.rows import Json, Row

_BUFFER = 1 << 20


@frozen
class Stored:
    """One row to write; ``line`` is the line it has in another file, ``data`` what it says."""

    key: bytes
    kind: str
    id: str
    version: int
    text: bytes
    line: bytes | None = None
    data: Mapping[str, Json] | None = None


class _Out:
    """A file that is written from its beginning to its end."""

    def __init__(self, files: Files, handle: int) -> None:
        self._files = files
        self._handle = handle
        self._parts: list[bytes] = []
        self._held = 0
        self._written = 0

    @property
    def end(self) -> int:
        return self._written + self._held

    def add(self, line: bytes) -> None:
        self._parts.append(line)
        self._held += len(line)
        if self._held >= _BUFFER:
            self.flush()

    def flush(self) -> None:
        content = b"".join(self._parts)
        self._files.write(self._handle, self._written, content)
        self._written += len(content)
        self._parts, self._held = [], 0


def write_file(
    files: Files,
    handle: int,
    *,
    rows: Iterable[Stored],
    commits: Iterable[CommitLine],
    seq: int,
    after: int,
    places: Iterable[Place],
) -> Head:
    """Write a whole file, its head last; ``rows`` come by their keys, ``commits`` in order."""
    out = _Out(files, handle)
    out.add(b" " * ROWS)
    indexes = _Indexes(places)
    written = _write_rows(out, rows, indexes)
    rows_end = out.end
    for line in indexes.lines(written.link):
        out.add(line)
    index_end = out.end
    out.add(sealed(b'["history",%d,"%b"' % (after, indexes.link)))
    for commit in commits:
        out.add(commit.line())
    out.flush()
    head = Head(
        seq=seq,
        count=written.count,
        rows_end=rows_end,
        crc=written.crc,
        index_end=index_end,
        tail=out.end,
        after=after,
        is_plain=written.is_plain,
    )
    files.write(handle, 0, head.line() + whole_line(out.end, seq))
    return head


@frozen
class _Written:
    """Rows that were written: how many, their checksum, what the next line says of the last key."""

    count: int
    crc: int
    link: bytes
    is_plain: bool


def _write_rows(out: _Out, rows: Iterable[Stored], indexes: _Indexes) -> _Written:
    crc, count, is_plain = 0, 0, True
    link, previous = NO_LINK.encode(), ("", "")
    for row in rows:
        at = out.end
        line = row.line
        if line is None or linked(line) != link:
            line = row_line(row.key, row.version, row.text, link)
        out.add(line)
        crc, count, link = zlib.crc32(line, crc), count + 1, link_of(row.key)
        if previous[0] == row.kind and previous[1] >= row.id:
            is_plain = False
        previous = row.kind, row.id
        indexes.add(row, at)
    return _Written(count, crc, link, is_plain)


class _Indexes:
    """The places of rows by what is in them, as they are collected."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = sorted(places, key=lambda one: one.name)
        self._found: list[dict[str, list[int]]] = [{} for _ in self._places]
        self._by_kind: dict[str, list[tuple[Place, dict[str, list[int]]]]] = {}
        for place, found in zip(self._places, self._found, strict=True):
            self._by_kind.setdefault(place.kind, []).append((place, found))
        self.link = NO_LINK.encode()

    def add(self, row: Stored, at: int) -> None:
        places = self._by_kind.get(row.kind)
        if not places:
            return
        data = RowText(row.text, row.id).decoded() if row.data is None else row.data
        for place, found in places:
            value = data.get(place.path[0])
            if value is None:
                continue
            for key in (value,) if place.is_plain and value.__class__ is str else place.keys(data):
                every = found.get(key)
                if every is None:
                    found[key] = [at]
                else:
                    every.append(at)

    def lines(self, link: bytes) -> Iterator[bytes]:
        names = text_of([one.name for one in self._places]).encode()
        yield sealed(b'["indexes",%b,"%b"' % (names, link))
        for number, found in enumerate(self._found, FIRST_INDEX):
            # in the order of what is written, which the search goes by
            texts = sorted([(f"{number},{quoted(key)},".encode(), key) for key in found])
            for start, key in texts:
                every = found[key]
                if len(every) == 1:  # as most e-mail addresses have
                    own = b"%b0," % start
                    yield sealed(b'[%b[%d],"%b"' % (own, every[0], self.link))
                    self.link = link_of(own)
                    continue
                for chunk, first in enumerate(range(0, len(every), CHUNK)):
                    own = b"%b%d," % (start, chunk)
                    places = ",".join(map(str, every[first : first + CHUNK])).encode()
                    yield sealed(b'[%b[%b],"%b"' % (own, places, self.link))
                    self.link = link_of(own)


def stored_rows(
    moment: Moment, known: Mapping[tuple[str, str], Mapping[str, Json]] = MappingProxyType({})
) -> Iterator[Stored]:
    """Every row of a moment, by its key; all that lie in its file are tested.

    ``known`` is the data of some rows, which then need not be decoded.
    """
    fresh: list[Stored | None] = []
    written: dict[bytes, Stored | None] = {}
    for kind in moment.tail.kinds():
        for id_, version in moment.tail.rows(kind, moment.seq).items():
            key = row_key(kind, id_)
            text = version.text
            written[key] = (
                None
                if text is None
                else Stored(key, kind, id_, version.seq, text.encode(), data=known.get((kind, id_)))
            )
    fresh = [written[key] for key in sorted(written)]
    waiting = iter([one for one in fresh if one is not None])
    following = next(waiting, None)
    for key, line, row in moment.base.sorted_rows() if moment.base is not None else ():
        while following is not None and following.key < key:
            yield following
            following = next(waiting, None)
        if key not in written:
            content = text_of_row(row).encode()
            yield Stored(key, row.kind, row.id, row.version, content, line)
    while following is not None:
        yield following
        following = next(waiting, None)


def text_of_row(row: Row) -> str:
    """The text of a row's data as it stands in the file that it was read from."""
    text = row.data.text if isinstance(row.data, RowText) else data_of(row.data, row.id, row.kind)
    return text if isinstance(text, str) else text.decode()
