"""Writing: a whole new file: the rows of a moment in their order, their indexes, kept commits."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, islice
from operator import lt
from types import MappingProxyType
from typing import TypeAlias

from attrs import frozen

from crmcore.adapters.jsonfile.base import Base
from crmcore.adapters.jsonfile.batch import Batch, key_text
from crmcore.adapters.jsonfile.head import ROWS, Head, whole_line
from crmcore.adapters.jsonfile.indexing import Indexing
from crmcore.adapters.jsonfile.lines import NO_LINK, chained, link_of, linked, row_line, sealed
from crmcore.adapters.jsonfile.moment import Moment
from crmcore.adapters.jsonfile.places import Place
from crmcore.ports.files import Files
from crmcore.ports.rows import Json

_BUFFER = 1 << 20
_BLOCK = 4096


@frozen
class Lying:
    """Rows as they lie in the sorted part of another file, from one place up to another."""

    base: Base
    start: int
    stop: int


Piece: TypeAlias = Batch | Lying
"""Rows to write, by their keys."""


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

    def add(self, lines: bytes) -> None:
        self._parts.append(lines)
        self._held += len(lines)
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
    rows: Iterable[Piece],
    commits: Iterable[bytes],
    seq: int,
    after: int,
    places: Iterable[Place],
) -> Head:
    """Write a whole file, its head last; ``rows`` come by their keys, ``commits`` in order."""
    out = _Out(files, handle)
    out.add(b" " * ROWS)
    indexes = Indexing(places)
    written = _Rows(out, indexes)
    for piece in rows:
        written.take(piece)
    written.flush()
    rows_end = out.end
    for lines in indexes.lines(written.link):
        out.add(lines)
    index_end = out.end
    out.add(sealed(b'["history",%d,"%b"' % (after, indexes.link.encode())))
    for commit in commits:
        out.add(commit)
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


class _Rows:
    """Rows as they are written: how many, their checksum, what the next line says of the last.

    ``is_plain`` says that the ids of each kind are in order.
    """

    def __init__(self, out: _Out, indexes: Indexing) -> None:
        self._out = out
        self._indexes = indexes
        self._last = ("", "")
        self._waiting: list[tuple[Batch, Sequence[bytes | None]]] = []
        self._waiting_rows = 0
        self.count = 0
        self.crc = 0
        self.link = NO_LINK
        self.is_plain = True

    def take(self, rows: Piece) -> None:
        """Write rows, wherever they are."""
        if isinstance(rows, Batch):
            self.add(rows)
        else:
            self.copy(rows)

    def add(self, rows: Batch, lines: Sequence[bytes | None] | None = None) -> None:
        """Write rows; ``lines`` are those that they have in another file (``None``: they are new).

        Few rows wait for others, as what is done at once costs little for each.
        """
        self._waiting.append((rows, [None] * len(rows) if lines is None else lines))
        self._waiting_rows += len(rows)
        if self._waiting_rows >= _BLOCK:
            self.flush()

    def copy(self, rows: Lying) -> None:
        """Write rows as they lie in another file, where nothing was changed."""
        lines = rows.base.lines(rows.start, rows.stop)
        while block := list(islice(lines, _BLOCK)):
            self.add(rows.base.batch(block), [line for _, line in block])

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting, self._waiting_rows = self._waiting, [], 0
        lines = list(chain.from_iterable(lines for _, lines in waiting))
        at = 0
        for kind, of_kind in Batch.joined([rows for rows, _ in waiting]).kind_parts():
            for start in range(0, len(of_kind), _BLOCK):
                part = of_kind.part(start, start + _BLOCK)
                own = lines[at : at + len(part)]
                at += len(part)
                if own.count(None) == len(own):
                    rests = map("%d,%s".__mod__, zip(part.versions, part.texts, strict=True))
                    self._put(kind, part, *chained(part.keys, rests, self.link))
                elif len(waiting) > 1:
                    self._put(kind, part, *_rechained(part, own, self.link))
                else:  # only the first one may follow another line than it did
                    first, _, _ = _rechained(part.part(0, 1), own[:1], self.link)
                    lines_of = [first, *filter(None, own[1:])]
                    link = link_of(part.keys[-1].encode()).decode()
                    self._put(kind, part, b"".join(lines_of), list(map(len, lines_of)), link)

    def _put(self, kind: str, rows: Batch, lines: bytes, lengths: Sequence[int], link: str) -> None:
        """Write lines of one kind, of these lengths; the line behind them has this link."""
        starts = list(accumulate(lengths[:-1], initial=self._out.end))
        self._out.add(lines)
        self.crc = zlib.crc32(lines, self.crc)
        self.count, self.link = self.count + len(lengths), link
        is_behind = self._last[0] != kind or self._last[1] < rows.ids[0]
        if not is_behind or not all(map(lt, rows.ids, islice(rows.ids, 1, None))):
            self.is_plain = False
        self._last = kind, rows.ids[-1]
        self._indexes.add(kind, rows, starts)


def _rechained(
    rows: Batch, lines: Sequence[bytes | None], link: str
) -> tuple[bytes, list[int], str]:
    """Rows some of which have lines, which are taken where they stand behind the same one still."""
    written: list[bytes] = []
    before = link.encode()
    for own, version, text, line in zip(rows.keys, rows.versions, rows.texts, lines, strict=True):
        key = own.encode()
        if line is None or linked(line) != before:
            written.append(row_line(key, version, text.encode(), before))
        else:
            written.append(line)
        before = link_of(key)
    return b"".join(written), list(map(len, written)), before.decode()


def pieces(
    moment: Moment,
    load: Batch | None = None,
    known: Mapping[tuple[str, str], Mapping[str, Json]] = MappingProxyType({}),
) -> Iterator[Piece]:
    """Every row of a moment, and of a load on top of it, by their keys.

    All that lie in the file of the moment are tested. ``known`` is the data of some rows, which
    then need not be decoded.
    """
    written, hidden = _tail_rows(moment, known)
    rows = (written if load is None else Batch.joined([load, written])).in_order()
    if moment.base is None:
        yield rows
        return
    moment.base.test_rows()
    yield from _merged(moment.base, rows, hidden)


def _tail_rows(
    moment: Moment, known: Mapping[tuple[str, str], Mapping[str, Json]]
) -> tuple[Batch, list[str]]:
    """The rows of a tail, and the keys of all that it has ever written."""
    found: list[tuple[str, str, str, int, str, Mapping[str, Json] | None]] = []
    keys: list[str] = []
    for kind in moment.tail.kinds():
        for id_, version in moment.tail.rows(kind, moment.seq).items():
            key = key_text(kind, id_)
            keys.append(key)
            if version.text is not None:
                data = known.get((kind, id_))
                found.append((key, kind, id_, version.seq, version.text, data))
    return Batch.of(found), keys


def _merged(base: Base, rows: Batch, hidden: Iterable[str]) -> Iterator[Piece]:
    """The rows that lie in a base but for those with hidden keys, and others in between."""
    own = frozenset(rows.keys)
    first = done = 0
    at, end = ROWS, base.head.rows_end
    following = base.key_at(at)
    for key in sorted(own.union(hidden)):
        if following is not None and following <= key:
            if first < done:
                yield rows.part(first, done)
                first = done
            place = base.place(key, at)
            if at < place:
                yield Lying(base, at, place)
            at, following = place, base.key_at(place)
            if following == key:
                at = base.next_line(at)
                following = base.key_at(at)
        done += key in own
    if first < done:
        yield rows.part(first, done)
    if at < end:
        yield Lying(base, at, end)


def exported(rows: Piece) -> Iterator[bytes]:
    """Lines of kind, id and data."""
    batch = (
        rows if isinstance(rows, Batch) else rows.base.batch(rows.base.lines(rows.start, rows.stop))
    )
    for key, text in zip(batch.keys, batch.texts, strict=True):
        yield f"[{key}{text}]\n".encode()
