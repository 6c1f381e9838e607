"""Shown: a report as a page of text or HTML: a title, tables, and what was found on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from crmcore import render
from crmcore.findings import Findings
from crmcore.values.money import Money

Table: TypeAlias = tuple[Sequence[Sequence[Any]], Sequence[str]]
"""The rows of a table and the names of its columns."""

WIDTH = 132
_NUMBER = re.compile(r"([A-Z]{3} )?-?[0-9]")
_MOST_FINDINGS = 5


def number(value: Money | None) -> str | None:
    """An amount as reports print it, rounded to the minor units; ``None`` stays."""
    return None if value is None else str(value.rounded()).partition(" ")[2]


def _right(rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> list[str]:
    """The named columns of numbers; some of them may be a dash or empty."""
    cells = [[render.plain(row[at]) for row in rows] for at in range(len(columns))]
    return [
        name
        for name, some in zip(columns, cells, strict=True)
        if name and _are_numbers([one for one in some if one not in {"", render.ABSENT}])
    ]


def _are_numbers(texts: Sequence[str]) -> bool:
    return bool(texts) and all(map(_NUMBER.match, texts))


def page_text(title: str, tables: Iterable[Table], findings: Findings) -> str:
    """The page as text: each table below a blank line, then the first findings."""
    parts = [title]
    for rows, columns in tables:
        parts.append(render.table(rows, columns=columns, right=_right(rows, columns), width=WIDTH))
    if findings:
        parts.append(_found(findings))
    return "\n\n".join(parts)


def page_html(title: str, tables: Iterable[Table], findings: Findings) -> str:
    """The page as HTML, everything escaped."""
    parts = [
        render.html_table(rows, columns=columns, right=_right(rows, columns))
        for rows, columns in tables
    ]
    if findings:
        parts.append(f"<pre>{render.escape(_found(findings))}</pre>")
    return render.html_section(title, *parts)


def _found(findings: Findings) -> str:
    lines = [str(one) for one in findings[:_MOST_FINDINGS]]
    if len(findings) > _MOST_FINDINGS:
        lines.append(f"... and {len(findings) - _MOST_FINDINGS} more (see .findings)")
    return "\n".join(lines)
