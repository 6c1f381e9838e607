"""Sheet: the rows of a CSV file, each with its number in the file; and how to write one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

from attrs import field, frozen

from crmcore.errors import StorageError, UsageError
from crmcore.values.frozenmap import FrozenMap

DELIMITERS = ",;\t|"


@frozen
class Row:
    """One row: its ``number`` in the file (the header is 1), and its cells by column.

    ``extra`` are cells beyond the last column; ``is_short`` says that some are missing.
    """

    number: int
    cells: FrozenMap[str]
    extra: tuple[str, ...] = ()
    is_short: bool = False


def _rows(given: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(given)


@frozen
class Sheet:
    """The columns of a table in their order, and its rows; empty lines are left out."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...] = field(converter=_rows)


def read_sheet(path: str | PathLike[str]) -> Sheet:
    """The table in a CSV file.

    The encoding is UTF-8 or UTF-16 by its byte order mark, else UTF-8, else Windows-1252; the
    delimiter is the one of ``, ; tab |`` that occurs most often outside quotes in the first line
    that has one. Cells are trimmed. Raises ``StorageError`` for a file that cannot be read, and
    ``UsageError`` for one without a header or with two columns of one name.
    """
    place = Path(path)
    try:
        data = place.read_bytes()
    except OSError as problem:
        why = problem.strerror or str(problem)
        raise StorageError(f"the file cannot be read: {why}", str(place)) from problem
    return sheet_of(decoded(data), str(place))


def decoded(data: bytes) -> str:
    """The text of a file, its encoding found out as ``read_sheet`` says."""
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(name, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def sheet_of(text: str, name: str = "the text") -> Sheet:
    """The table that a text in CSV form is; errors as ``read_sheet``."""
    # a field may be as long as the file; the limit of the csv module is global and stays as it is
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False)
    try:
        table = [(lines.line_num, [cell.strip() for cell in cells]) for cells in lines]
    except csv.Error as problem:
        raise UsageError(f"this is not a CSV file: {problem}", name) from problem
    filled = [(cells, number) for number, cells in table if any(cells)]
    if not filled:
        raise UsageError("this file has no header", name, "its first line names the columns")
    header = tuple(filled[0][0])
    twice = sorted({one for one in header if one and header.count(one) > 1})
    if twice:
        raise UsageError("two columns have one name", twice[0], "rename one of them")
    return Sheet(header, (_row(header, cells, at) for at, (cells, _) in enumerate(filled[1:], 2)))


def _row(header: tuple[str, ...], cells: list[str], number: int) -> Row:
    pairs = zip(header, cells, strict=False)
    return Row(
        number,
        FrozenMap({column: cell for column, cell in pairs if column and cell}),
        extra=tuple(cell for cell in cells[len(header) :] if cell),
        is_short=len(cells) < len(header),
    )


def _delimiter(text: str) -> str:
    for line in text.splitlines()[:20]:
        plain = "".join(line.split('"')[::2])
        counts = {one: plain.count(one) for one in DELIMITERS}
        best = max(DELIMITERS, key=lambda one: counts[one])
        if counts[best]:
            return best
    return ","


def write_sheet(
    path: str | PathLike[str], columns: Iterable[str], rows: Iterable[Mapping[str, str]]
) -> int:
    """Write a table as CSV: UTF-8, commas, CRLF, quotes where needed (RFC 4180).

    Returns the number of rows. The file is written beside its place and then moved there, so a
    failure leaves the old one. Raises ``StorageError``.
    """
    place = Path(path)
    names = list(columns)
    draft = place.with_name(f"{place.name}.part")
    count = 0
    try:
        with draft.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, names, restval="", lineterminator="\r\n")
            writer.writeheader()
            for row in rows:
                writer.writerow(dict(row))
                count += 1
        draft.replace(place)
    except OSError as problem:
        why = problem.strerror or str(problem)
        raise StorageError(f"the file cannot be written: {why}", str(place)) from problem
    finally:
        draft.unlink(missing_ok=True)
    return count
