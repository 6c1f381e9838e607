r"""Document: what is in the file: one line of head, then one line for each row, by kind and id.

    ["crmcore",{"format":1,"seq":812,"count":2},"5d1f0c32"]
    ["account","0191...",812,{"id":"0191...","name":"Acme","is_person":false},"a01bc2f3"]

The last element of a line is the CRC-32 of the bytes before it, from the bracket up to the comma.
Text is UTF-8, escaped only where JSON must; every line ends with a newline. Equal tables give
equal bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from crmcore.adapters.table import RowTable
from crmcore.codec.errors import Misfit
from crmcore.codec.text import read_text_of, write_text_of
from crmcore.errors import DamagedStoreError, StorageError, UnsupportedFormatError
from crmcore.ports.rows import Json, Row

FORMAT: Final = 1
"""The newest format that is known here."""

_START: Final = b'["crmcore",'
_SEAL: Final = len(',"00000000"]')


def write_document(table: RowTable, where: str) -> bytes:
    """The whole content of the file; raises ``StorageError`` for a row that cannot be written."""
    rows = sorted(
        (row for stored in table.rows.values() for row in stored.values()),
        key=lambda row: (row.kind, row.id),
    )
    head = {"format": FORMAT, "seq": table.seq, "count": len(rows)}
    return b"".join((_line(["crmcore", head], where), *(_row_line(row, where) for row in rows)))


def _row_line(row: Row, where: str) -> bytes:
    return _line([row.kind, row.id, row.version, row.data], f"{where}, {row.kind}:{row.id!r}")


def _line(values: list[Json], where: str) -> bytes:
    try:
        text = write_text_of(values)
    except Misfit as misfit:
        raise StorageError(misfit.why, where, "nothing was stored") from None
    return _sealed(text.removesuffix("]").encode())


def _sealed(start: bytes) -> bytes:
    return b'%b,"%08x"]\n' % (start, zlib.crc32(start))


def read_document(content: bytes, where: str) -> RowTable:
    """The rows in the content of a file.

    Raises ``UnsupportedFormatError`` for a file that is newer or none of ours, and
    ``DamagedStoreError`` with the number of the line for everything else that is not exactly what
    ``write_document`` wrote.
    """
    if not content:
        raise DamagedStoreError("the file is empty", where, "remove it, or put back a copy")
    lines = content.split(b"\n")
    head = _head(lines[0], where)
    if lines.pop() != b"":
        raise _damaged(len(lines) + 1, where, "the line is cut off")
    rows: dict[str, dict[str, Row]] = {}
    last: tuple[str, str] | None = None
    for number, row in _rows(lines, where):
        place = (row.kind, row.id)
        if last is not None and place <= last:
            raise _damaged(number, where, "the rows are not in order")
        if not 0 < row.version <= head["seq"]:
            raise _damaged(number, where, "the version is not one that this file can have")
        last = place
        rows.setdefault(row.kind, {})[row.id] = row
    if len(lines) - 1 != head["count"]:
        why = f"there are {len(lines) - 1:,} rows, and there should be {head['count']:,}"
        raise _damaged(len(lines), where, why)
    return RowTable(head["seq"], rows)


def _head(line: bytes, where: str) -> Mapping[str, int]:
    if not line.startswith(_START):
        raise UnsupportedFormatError("this is not a file of crmcore", where, "it was left as it is")
    try:
        stored = read_text_of(line.decode())
    except (Misfit, UnicodeDecodeError):
        raise _damaged(1, where, "the head cannot be read") from None
    head = stored[1] if len(stored) > 1 and isinstance(stored[1], dict) else {}
    newest = head.get("format")
    if type(newest) is int and newest > FORMAT:
        why = f"this is format {newest}, and only formats up to {FORMAT} are known here"
        raise UnsupportedFormatError(why, where, "install a newer crmcore")
    _unsealed(line, 1, where)
    if head.keys() != {"format", "seq", "count"} or not all(type(n) is int for n in head.values()):
        raise _damaged(1, where, "the head is not as it should be")
    return head


def _rows(lines: list[bytes], where: str) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(lines[1:], 2):
        match _unsealed(line, number, where):
            case [str(kind), str(id_), int(version), dict(data), _]:
                yield number, Row(kind, id_, version, data)
            case _:
                raise _damaged(number, where, "the line is not a row")


def _unsealed(line: bytes, number: int, where: str) -> Json:
    if _sealed(line[:-_SEAL]) != line + b"\n":
        raise _damaged(number, where, "the checksum does not fit the line")
    try:
        return read_text_of(line.decode())
    except Misfit as misfit:
        raise _damaged(number, where, misfit.why) from None
    except UnicodeDecodeError:
        raise _damaged(number, where, "the line is not UTF-8") from None


def _damaged(number: int, where: str, why: str) -> DamagedStoreError:
    return DamagedStoreError(why, f"{where}, line {number}", "put back a copy; nothing was changed")
