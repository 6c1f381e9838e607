r"""Lines: what stands on one line of the file, and how its checksum is tested.

::

    ["crmcore",{"format":2,...},"5d1f0c32"]                           where the parts are
    ["whole",{"end":41133120,"seq":812},"0c11fa2b"]                   what may not be missing
    ["account","0191...",812,{"name":"Acme"},"00000000","a01bc2f3"]   a row
    ["indexes",["account.parent_id",...],"9f3e77aa","5ab64d23"]       what is indexed
    [100,"0190...",0,[512,1402],"397c64eb","c80cd1ff"]                places of rows, by value
    ["history",0,"397c64eb","77aa12f0"]                               commits before the rows
    ["commit",813,{"by":"u7"},[["account","0191...",{}]],"0435a47e"]  a commit of the tail

The last element is the CRC-32 of the bytes before it, from the bracket up to the comma. The one
before it, in the sorted parts, is the CRC-32 of the key of the line before: two neighbours that
fit each other were written as neighbours, so nothing that sorts between them was ever stored.
The key is the text up to and with the comma behind the id.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from attrs import frozen

from crmcore.codec.errors import Misfit
from crmcore.codec.row_text import scan_json
from crmcore.codec.text import PLAIN_SCALARS, canonical, is_plain, read_text_of
from crmcore.codec.text import quoted as quoted_text
from crmcore.errors import UsageError
from crmcore.ports.rows import Json

SEAL: Final = len(',"00000000"]\n')
"""How many bytes at the end of a line are its checksum and what is around it."""

LINK: Final = len(',"00000000"')
"""How many bytes before that are the checksum of the key of the line before."""

NO_LINK: Final = "00000000"
"""The link of the first row: there is no line before it that has a key."""

text_of = canonical
quoted = quoted_text


def sealed(start: bytes) -> bytes:
    """The line that begins so: its checksum, the bracket and the newline added."""
    return b'%b,"%08x"]\n' % (start, zlib.crc32(start))


def is_sealed(line: bytes) -> bool:
    """Whether the line ends with the checksum of what it begins with."""
    return line[-SEAL:] == b',"%08x"]\n' % zlib.crc32(line[:-SEAL])


def is_text(value: object) -> bool:
    """Whether a value is a text that a file can hold."""
    try:
        return isinstance(value, str) and bool(value.encode() or True)
    except UnicodeEncodeError:  # a lone surrogate
        return False


def link_of(key: bytes) -> bytes:
    """What the line after the one with this key says about it."""
    return b"%08x" % zlib.crc32(key)


def linked(line: bytes) -> bytes:
    """What a line of a sorted part says about the key of the line before."""
    return line[-SEAL - LINK + 2 : -SEAL - 1]


def row_key(kind: str, id_: str) -> bytes:
    """The key of a row: the text of kind and id. No key begins with another one."""
    return f"{quoted(kind)},{quoted(id_)},".encode()


def row_line(key: bytes, version: int, data: bytes, link: bytes) -> bytes:
    """The line of a row with this data."""
    start = b'[%b%d,%b,"%b"' % (key, version, data, link)
    return b'%b,"%08x"]\n' % (start, zlib.crc32(start))


def chained(keys: Sequence[str], rests: Iterable[str], link: str) -> tuple[bytes, list[int], str]:
    """Lines of a sorted part that follow one another, their lengths, and the link to the last.

    ``rests`` is what stands between the key of a line and its link; ``link`` that of the first.
    Every step is one pass over all lines, most of them without a call in Python.
    """
    links = [link, *map(_HEX, map(zlib.crc32, map(str.encode, keys)))]
    starts = [
        f'[{key}{rest},"{before}"'.encode()
        for key, rest, before in zip(keys, rests, links, strict=False)
    ]
    seals = map(_SEAL, map(zlib.crc32, starts))
    content = b"".join(chain.from_iterable(zip(starts, seals, strict=True)))
    return content, [len(start) + SEAL for start in starts], links[-1]


_HEX = "%08x".__mod__
_SEAL = b',"%08x"]\n'.__mod__


def row_parts(line: bytes, key: bytes) -> tuple[int, bytes]:
    """Version and data of a row's line, given its key."""
    start = 1 + len(key)
    comma = line.index(b",", start)
    return int(line[start:comma]), line[comma + 1 : -SEAL - LINK]


def key_of(line: bytes) -> tuple[str, str, bytes]:
    """Kind, id and key of a row's line; raises ``Misfit``."""
    if b"\\" not in line[: line.find(b",{") + 1]:
        first = line.find(b'","', 2)
        last = line.find(b'",', first + 3)
        if line[:2] == b'["' and 0 < first < last:
            return line[2:first].decode(), line[first + 3 : last].decode(), line[1 : last + 2]
    text = line.decode()
    kind, end = scan_json(text, 1)
    id_, end = scan_json(text, end + 1)
    if type(kind) is not str or type(id_) is not str:
        raise Misfit(text[:80], "this is not the line of a row")
    return kind, id_, text[1 : end + 1].encode()


def values_of(line: bytes) -> list[Json]:
    """The elements of any line, read strictly; raises ``Misfit``."""
    try:
        values = read_text_of(line.decode())
    except UnicodeDecodeError:
        raise Misfit(line[:80], "the line is not UTF-8") from None
    if type(values) is not list:
        raise Misfit(line[:80], "the line is not a list")
    return values


def data_of(data: Mapping[str, Json], id_: str, where: str) -> str:
    """The text of a row's data, as ``RowText`` reads it.

    Raises ``UsageError`` for what JSON cannot hold, ``Misfit`` for what it cannot hold losslessly.
    """
    given = data if data.__class__ is dict and is_plain(data) else _plain(data, where)
    own = given.get("id")
    if own.__class__ is str and own == id_:
        value: Json = {**given}
        del value["id"]
    else:
        value = [given]
    try:
        text = text_of(value)
        text.encode()
    except (ValueError, RecursionError) as refused:
        raise Misfit(id_, f"JSON cannot hold it ({refused})") from None
    return text


def _plain(value: Json, where: str) -> Json:
    """A copy of a value in which every mapping is a dictionary."""
    if value.__class__ in PLAIN_SCALARS:
        return value
    if value.__class__ is list:
        return [_plain(item, where) for item in value]
    if isinstance(value, Mapping) and all(key.__class__ is str for key in value):
        return {key: _plain(item, where) for key, item in value.items()}
    raise _refused(value, where)


def _refused(value: Json, where: str) -> UsageError:
    hint = "use None, bool, int, str, lists and mappings with text keys"
    return UsageError(f"the row {where} has data that JSON cannot hold", value, hint)


@frozen
class Past:
    """One row in a commit line: its data as text (``None``: removed).

    Where history was rewritten, ``data`` may be left out (``is_current``: the row is still as that
    commit wrote it), and ``before`` may hold version and data of the row as it was, where no
    commit that is kept says it.
    """

    kind: str
    id: str
    data: str | None
    before: tuple[int, str] | None = None
    is_current: bool = False

    def text(self) -> str:
        """The element of the line."""
        start = f"[{quoted(self.kind)},{quoted(self.id)}"
        if self.is_current:
            return f"{start}]" if self.before is None else f"{start},0,{_before(self.before)}]"
        data = "null" if self.data is None else self.data
        before = "" if self.before is None else f",{_before(self.before)}"
        return f"{start},{data}{before}]"


def _before(before: tuple[int, str]) -> str:
    return f"{before[0]},{before[1]}"


@frozen
class CommitLine:
    """One commit of the tail, or of the history."""

    seq: int
    meta: Mapping[str, str]
    rows: Sequence[Past]

    @property
    def size(self) -> int:
        """About how long the line is, in characters."""
        return sum(len(one.data or "") + len(one.id) + len(one.kind) + 10 for one in self.rows)

    def line(self) -> bytes:
        """The line that says it."""
        rows = ",".join([one.text() for one in self.rows])
        return sealed(f'["commit",{self.seq},{text_of(self.meta)},[{rows}]'.encode())


def read_commit(line: bytes) -> CommitLine:
    """What a line of a commit says, its checksum tested before; raises ``Misfit``."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Misfit(line[:80], "the line is not UTF-8") from None
    start = '["commit",'
    if not text.startswith(start):
        raise Misfit(text[:80], "this is not the line of a commit")
    seq, end = scan_json(text, len(start))
    meta, end = scan_json(text, end + 1)
    if type(seq) is not int or type(meta) is not dict or text[end : end + 2] != ",[":
        raise Misfit(text[:80], "this is not the line of a commit")
    rows: list[Past] = []
    end += 2
    while text[end] == "[":
        one, end = _read_past(text, end)
        rows.append(one)
        end += text[end] == ","
    if text[end] != "]" or len(text) - end - 1 != SEAL:
        raise Misfit(text[end : end + 80], "this is not the end of a commit")
    return CommitLine(seq, meta, tuple(rows))


def _read_past(text: str, start: int) -> tuple[Past, int]:
    kind, end = scan_json(text, start + 1)
    id_, end = scan_json(text, end + 1)
    if type(kind) is not str or type(id_) is not str:
        raise Misfit(text[start : start + 80], "this is not a row of a commit")
    if text[end] == "]":
        return Past(kind, id_, None, is_current=True), end + 1
    begin = end + 1
    data, end = scan_json(text, begin)
    if data is not None and data != 0 and type(data) not in (dict, list):
        raise Misfit(text[start : start + 80], "this is not the data of a row")
    written = None if data is None else text[begin:end]
    before: tuple[int, str] | None = None
    if text[end] == ",":
        version, end = scan_json(text, end + 1)
        old, last = scan_json(text, end + 1)
        if type(version) is not int or type(old) not in (dict, list):
            raise Misfit(text[start : start + 80], "this is not a row as it was before")
        before, end = (version, text[end + 1 : last]), last
    if text[end] != "]":
        raise Misfit(text[start : start + 80], "this is not a row of a commit")
    if data == 0:
        return Past(kind, id_, None, before, is_current=True), end + 1
    return Past(kind, id_, written, before), end + 1
