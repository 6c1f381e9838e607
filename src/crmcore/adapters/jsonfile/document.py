r"""Document: a file of the first format, whole: a line of head, then one line for each row.

    ["crmcore",{"format":1,"seq":812,"count":2},"5d1f0c32"]
    ["account","0191...",812,{"id":"0191...","name":"Acme","is_person":false},"a01bc2f3"]

It is read for ever, and rewritten in the present format by the first commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crmcore.adapters.jsonfile.head import damaged, format_of
from crmcore.adapters.jsonfile.lines import data_of, is_sealed, values_of
from crmcore.codec.errors import Misfit
from crmcore.ports.rows import Json, Row


def read_document(content: bytes, where: str) -> tuple[int, list[tuple[Row, str]]]:
    """The number of the last commit, and the rows with the texts of their data.

    Raises ``DamagedStoreError`` with the number of the line for everything that is not exactly
    what was written.
    """
    lines = content.split(b"\n")
    head = _head(lines[0], where)
    if lines.pop() != b"":
        raise damaged("the line is cut off", where, len(lines) + 1)
    rows: list[tuple[Row, str]] = []
    last: tuple[str, str] | None = None
    for number, row in _rows(lines, where):
        place = (row.kind, row.id)
        if last is not None and place <= last:
            raise damaged("the rows are not in order", where, number)
        if not 0 < row.version <= head["seq"]:
            raise damaged("the version is not one that this file can have", where, number)
        last = place
        rows.append((row, data_of(row.data, row.id, f"{row.kind}:{row.id!r}")))
    if len(rows) != head["count"]:
        why = f"there are {len(rows):,} rows, and there should be {head['count']:,}"
        raise damaged(why, where, len(lines))
    return head["seq"], rows


def _head(line: bytes, where: str) -> Mapping[str, int]:
    format_of(line, where)
    values = values_of(line)
    head: Mapping[str, int] = values[1]
    if head.keys() != {"format", "seq", "count"} or not all(type(n) is int for n in head.values()):
        raise damaged("the head is not as it should be", where, 1)
    return head


def _rows(lines: list[bytes], where: str) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(lines[1:], 2):
        match _unsealed(line, number, where):
            case [str(kind), str(id_), int(version), dict(data), _]:
                yield number, Row(kind, id_, version, data)
            case _:
                raise damaged("the line is not a row", where, number)


def _unsealed(line: bytes, number: int, where: str) -> list[Json]:
    if not is_sealed(line + b"\n"):
        raise damaged("the checksum does not fit the line", where, number)
    try:
        return values_of(line)
    except Misfit as misfit:
        raise damaged(misfit.why, where, number) from None
