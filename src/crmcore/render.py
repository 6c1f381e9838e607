"""Rendering: plain values shown as aligned text or as escaped HTML, knowing no domain.

The same values always give the same output. Text is fitted to a width counted in terminal columns;
text and HTML alike show control characters and lone surrogates as �, so that no stored value can
break a table, steer a terminal or fail to be written.
"""

from __future__ import annotations

import html
import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeGuard, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

T = TypeVar("T")

ABSENT: Final = "–"  # noqa: RUF001  # an en dash on purpose: a hyphen could be a value
"""What is shown for ``None``."""

_GAP: Final = "  "
_LEAST: Final = 8
_GUIDES: Final = 16
_BREAKS: Final = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_UNSHOWABLE: Final = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def plain(value: object) -> str:  # one return for each kind of value
    """A value as people read it.

    ``None`` is a dash, a bool yes or no, a Decimal without exponent, a date ISO 8601, a moment
    ISO 8601 to the minute (in UTC with a Z if it is aware). The items of a tuple or list follow
    each other with commas, those of a set in sorted order. Anything else is its ``str``.
    """
    match value:
        case None:
            return ABSENT
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
        case _ if _is_collection(value):
            shown = [plain(item) for item in value]
            return ", ".join(shown if isinstance(value, tuple | list) else sorted(shown))
        case _:
            return str(value)


def _is_collection(value: object) -> TypeGuard[Collection[object]]:
    return isinstance(value, tuple | list | set | frozenset)


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat(timespec="minutes")
    try:
        value = value.astimezone(UTC)
    except OverflowError:  # within a day of the first or last moment there is
        return value.isoformat(timespec="minutes")
    return f"{value.replace(tzinfo=None).isoformat(timespec='minutes')}Z"


def text_width(text: str) -> int:
    """How many terminal columns a line takes.

    East Asian wide characters take two, combining and format characters none
    (Unicode Standard Annex 11).
    """
    return len(text) if text.isascii() else sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """``text`` on one line of at most ``width`` columns (1 or more), its end cut behind a …."""
    line = _line(text)
    if _fitting(line, width) == len(line):
        return line
    return f"{line[: _fitting(line, width - 1)]}…"


def _line(text: str) -> str:
    return _UNSHOWABLE.sub("�", _BREAKS.sub(" ", text))


def _fitting(line: str, width: int) -> int:
    """Count the characters at the start of a line that fit; no more of it is read than needed."""
    if line.isascii():
        return min(len(line), width)
    used = 0
    for at, char in enumerate(line):
        used += _char_width(char)
        if used > width:
            return at
    return len(line)


def table(
    rows: Iterable[Sequence[object]],
    *,
    columns: Sequence[str],
    right: Collection[str] = (),
    width: int = 80,
) -> str:
    """An aligned text table with a header and a rule, at most ``width`` columns wide.

    ``right`` names the columns that are aligned to the right: numbers. Where the table is too
    wide, the widest columns are cut first, and those on the right only when the others are short.
    Raises ``ValueError`` for a row that has not one value per column.
    """
    grid = [[cut(name, width) for name in columns]]
    grid += [[cut(plain(value), width) for value in row] for row in _checked(rows, columns)]
    natural = [max(map(text_width, cells)) for cells in zip(*grid, strict=True)]
    widths = _fitted(
        natural, [name not in right for name in columns], width - len(_GAP) * (len(natural) - 1)
    )
    rule = ["─" * column for column in widths]
    lines: list[str] = []
    for cells in (grid[0], rule, *grid[1:]):
        padded = [
            _padded(cut(cell, size), size, to_right=name in right)
            for name, cell, size in zip(columns, cells, widths, strict=True)
        ]
        lines.append(cut(_GAP.join(padded).rstrip(), width))
    return "\n".join(lines)


def _checked(
    rows: Iterable[Sequence[object]], columns: Sequence[str]
) -> Iterator[Sequence[object]]:
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"{len(row)} values for the {len(columns)} columns {list(columns)!r}")
        yield row


def _fitted(widths: list[int], may_shrink: list[bool], available: int) -> list[int]:
    """Narrow the widest columns until all fit: first those that may, then any; never below 1."""
    for shrinkable, least in ((may_shrink, _LEAST), ([True] * len(widths), 1)):
        cap = max(widths, default=0)
        fitted = widths
        while sum(fitted) > available and cap > least:
            cap -= 1
            fitted = [min(w, cap) if yes else w for w, yes in zip(widths, shrinkable, strict=True)]
        widths = fitted
    return widths


def _padded(text: str, width: int, *, to_right: bool) -> str:
    space = " " * (width - text_width(text))
    return space + text if to_right else text + space


def key_values(pairs: Iterable[tuple[str, object]], width: int = 80) -> str:
    """Names and their values in two columns; a long value goes on below its beginning.

    Line breaks inside a value are kept. The names take at most half of ``width``.
    """
    rows = [(cut(name, width // 2), plain(value)) for name, value in pairs]
    indent = max((text_width(name) for name, _ in rows), default=0)
    lines: list[str] = []
    for name, value in rows:
        wrapped = _wrapped(value, max(width - indent - len(_GAP), 1))
        names = [_padded(name, indent, to_right=False), *[" " * indent] * (len(wrapped) - 1)]
        lines += [f"{a}{_GAP}{b}".rstrip() for a, b in zip(names, wrapped, strict=True)]
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of at most ``width`` columns, at spaces where there are any."""
    lines: list[str] = []
    for paragraph in map(_line, text.splitlines() or [""]):
        start = 0
        while (end := start + _fitting(paragraph[start : start + 8 * width], width)) < len(
            paragraph
        ):
            space = paragraph.rfind(" ", start + 1, end + 1)
            end = space if space > 0 else max(end, start + 1)
            lines.append(paragraph[start:end].rstrip())
            start = end + (end == space)
        lines.append(paragraph[start:])
    return lines


def bar(share: float | Decimal | None, width: int) -> str:
    """A bar of ``width`` columns at a share of 1, in steps of an eighth of a column.

    Shares below 0 and above 1 are drawn as 0 and 1; any share above 0 can be seen. Empty for
    ``None`` and for what is not a number. Not padded.
    """
    if share is None or share != share or share <= 0:  # noqa: PLR0124  # NaN, of both types
        return ""
    eighths = max(int(min(share, 1) * width * 8), 1)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


class _Line(NamedTuple, Generic[T]):
    """One line of a tree: a node, or how many were left out below the one before."""

    node: T
    level: int
    is_last: bool
    hidden: int


def _walk(
    root: T, children: Callable[[T], Sequence[T]], limit: int | None, depth: int | None
) -> Iterator[_Line[T]]:
    """Walk from the root down, children in their order; a stack, not recursion, holds the rest."""
    waiting = [_Line(root, 0, is_last=True, hidden=0)]
    while waiting:
        line = waiting.pop()
        yield line
        if line.hidden:
            continue
        below = children(line.node)
        shown = below[:0] if line.level == depth else below[:limit]
        hidden = len(below) - len(shown)
        level = line.level + 1
        found = [_Line(node, level, is_last=False, hidden=0) for node in shown]
        if hidden:
            found.append(_Line(line.node, level, is_last=True, hidden=hidden))
        elif found:
            found[-1] = found[-1]._replace(is_last=True)
        waiting.extend(reversed(found))


def tree(
    root: T,
    *,
    children: Callable[[T], Sequence[T]],
    label: Callable[[T], str],
    limit: int | None = None,
    depth: int | None = None,
) -> str:
    """A tree drawn with ├── and └──, each node on one line, children in the order given.

    ``limit`` is the number of children shown of one node, ``depth`` the number of levels below the
    root; ``None`` means all. What is left out is counted: ``… 12 more``. Below 16 levels, guides
    are cut on the left behind a ⋯, so that lines stay short at any depth. No node may be its own
    descendant, unless ``depth`` is given.
    """
    lines: list[str] = []
    guides: list[str] = []
    for line in _walk(root, children, limit, depth):
        del guides[max(line.level - 1, 0) :]
        text = _line(label(line.node)) if not line.hidden else f"… {line.hidden} more"
        elbow = "" if not line.level else "└── " if line.is_last else "├── "
        left = "⋯   " if len(guides) > _GUIDES else ""
        lines.append(f"{left}{''.join(guides[-_GUIDES:])}{elbow}{text}")
        if line.level:
            guides.append("    " if line.is_last else "│   ")
    return "\n".join(lines)


def escape(value: object) -> str:
    """``plain(value)``, safe inside HTML text and quoted attributes; line breaks stay."""
    return html.escape(_UNSHOWABLE.sub("�", plain(value)), quote=True)


def html_table(
    rows: Iterable[Sequence[object]],
    *,
    columns: Sequence[str],
    right: Collection[str] = (),
    caption: str | None = None,
) -> str:
    """An HTML table; ``right`` names the columns aligned to the right, the others are to the left.

    Everything is escaped. Raises ``ValueError`` for a row that has not one value per column.
    """
    # Said of each cell: notebooks align tables to the right where nothing is said.
    sides = ("right" if name in right else "left" for name in columns)
    styles = [f' style="text-align: {side}"' for side in sides]
    title = "" if caption is None else f"<caption>{escape(caption)}</caption>\n"
    head = _html_row('th scope="col"', columns, styles)
    body = "\n".join(_html_row("td", row, styles) for row in _checked(rows, columns))
    return f"<table>\n{title}<thead>\n{head}\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _html_row(tag: str, values: Sequence[object], styles: Sequence[str]) -> str:
    cells = (
        f"<{tag}{style}>{escape(value)}</{tag[:2]}>"
        for value, style in zip(values, styles, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def html_tree(
    root: T,
    *,
    children: Callable[[T], Sequence[T]],
    label: Callable[[T], str],
    limit: int | None = 200,
    depth: int | None = 50,
) -> str:
    """A tree as nested lists that fold, open at the root; labels are escaped.

    ``limit`` and ``depth`` as in ``tree``, but with defaults that a browser can bear.
    """
    lines = list(_walk(root, children, limit, depth))
    parts = ["<ul>"]
    for line, below in zip(lines, [*(after.level for after in lines[1:]), 0], strict=True):
        text = f"… {line.hidden} more" if line.hidden else escape(label(line.node))
        if below > line.level:
            is_open = "" if line.level else " open"
            parts.append(f"<li><details{is_open}><summary>{text}</summary>\n<ul>")
        else:
            parts.append(f"<li>{text}</li>{'</ul></details></li>' * (line.level - below)}")
    return "\n".join([*parts, "</ul>"])


def html_section(title: str, *parts: str) -> str:
    """A titled section of parts that are HTML already; only the title is escaped."""
    return "\n".join([f"<section><h3>{escape(title)}</h3>", *parts, "</section>"])
