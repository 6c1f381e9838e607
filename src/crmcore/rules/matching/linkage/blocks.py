"""Blocks: which rows share a blocking key, by an inverted index over several keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from attrs import frozen

from crmcore.rules.matching.linkage.subject import Key
from crmcore.rules.matching.linkage.table import Column, Table

BETWEEN: Final = " | "
"""Stands between the texts of a key, of which none has such a character."""


@frozen(kw_only=True)
class Skipped:
    """A block that was not compared: the texts of its key, and how many rows share it."""

    value: str
    size: int


@frozen(kw_only=True)
class Blocks:
    """The blocks of one key: rows in rising order, two at least, none above the limit."""

    key: Key
    rows: tuple[list[int], ...]
    skipped: tuple[Skipped, ...]


def blocks_of(table: Table, key: Key, *, limit: int) -> Blocks:
    """The blocks of a key; those of more than ``limit`` rows split by its second facet."""
    kept: list[list[int]] = []
    skipped: list[Skipped] = []
    for number, rows in _filed(table, key).items():
        if len(rows) <= limit:
            kept.append(rows)
            continue
        parts = [rows] if key.split is None else _split(table, key.split, rows)
        for part in parts:
            if len(part) > limit:
                skipped.append(Skipped(value=block_text(table, key, number), size=len(part)))
            elif len(part) > 1:
                kept.append(part)
    return Blocks(
        key=key,
        rows=tuple(kept),
        skipped=tuple(sorted(skipped, key=lambda one: (one.value, one.size))),
    )


def _facet(table: Table, name: str) -> tuple[Column, str, list[tuple[int, ...]]]:
    trait, _, facet = name.partition(".")
    column = next(one for one in table.columns if one.trait.name == trait)
    return column, facet, column.facet(facet)


def _filed(table: Table, key: Key) -> Mapping[int, list[int]]:
    """The rows under each number that several rows have; most numbers only one has."""
    first: dict[int, int] = {}
    filed: dict[int, list[int]] = {}
    for row, number in _numbered(table, key):
        known = first.setdefault(number, row)
        if known != row:
            if number in filed:
                filed[number].append(row)
            else:
                filed[number] = [known, row]
    return filed


def _numbered(table: Table, key: Key) -> Iterator[tuple[int, int]]:
    """Each row with the number of each of its keys."""
    column, _, facets = _facet(table, key.parts[0])
    if len(key.parts) == 1:
        for row, form in enumerate(column.ids):
            for number in facets[form]:
                yield row, number
        return
    second, name, others = _facet(table, key.parts[1])
    size = second.facet_size(name)
    for row, (form, other) in enumerate(zip(column.ids, second.ids, strict=True)):
        if form and other:
            for number in facets[form]:
                for part in others[other]:
                    yield row, number * size + part


def _split(table: Table, facet: str, rows: Sequence[int]) -> list[list[int]]:
    column, _, facets = _facet(table, facet)
    parts: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        for number in facets[column.ids[row]] or (-1,):
            parts[number].append(row)
    return list(parts.values())


def block_text(table: Table, key: Key, number: int) -> str:
    """The texts of a block, which is numbered by the texts of its key."""
    column, name, _ = _facet(table, key.parts[0])
    if len(key.parts) == 1:
        return column.facet_texts(name)[number]
    second, other, _ = _facet(table, key.parts[1])
    first, last = divmod(number, second.facet_size(other))
    return f"{column.facet_texts(name)[first]}{BETWEEN}{second.facet_texts(other)[last]}"


def pairs_of(blocks: Blocks, *, rows: int, middle: int | None) -> Iterator[int]:
    """Every pair in the blocks as ``first * rows + second``, the lesser row first; with repeats.

    ``middle`` is the first row of the second kind, whose rows only meet those of the first.
    """
    for block in blocks.rows:
        if middle is None:
            for first, second in combinations(block, 2):
                yield first * rows + second
        else:
            others = [row for row in block if row >= middle]
            for first in block:
                if first >= middle:
                    break
                for second in others:
                    yield first * rows + second
