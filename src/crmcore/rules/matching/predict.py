"""Predict: how many comparisons each blocking key will ask for, before any is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import frozen

from crmcore import render
from crmcore.entities.record import Record
from crmcore.model.model import Model
from crmcore.rules.matching.find import BLOCK_LIMIT, AnyRule
from crmcore.rules.matching.given import Given
from crmcore.rules.matching.linkage.blocks import blocks_of
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.table import Table
from crmcore.rules.matching.linkage_search import readers
from crmcore.rules.matching.reading import Forms, reader
from crmcore.values.ref import Ref


@frozen(kw_only=True)
class Prediction:
    """What one blocking key will do: ``pairs`` counts a pair once for each of its blocks.

    ``skipped`` counts the records of blocks that are too large to be compared.
    """

    key: str
    about: str
    blocks: int
    pairs: int
    largest: int
    skipped: int


@frozen
class Predictions:
    """What each blocking key of a rule will do, in the order of the rule."""

    keys: tuple[Prediction, ...]

    @property
    def pairs(self) -> int:
        """The most comparisons there will be: pairs that several keys bring together count once."""
        return sum(one.pairs for one in self.keys)

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (one.key, one.about, one.blocks, one.pairs, one.largest, one.skipped)
            for one in self.keys
        ]

    def __str__(self) -> str:
        return render.table(self._rows(), columns=_COLUMNS, right=_COLUMNS[2:])

    def _repr_html_(self) -> str:
        return render.html_table(self._rows(), columns=_COLUMNS, right=_COLUMNS[2:])


_COLUMNS = ("blocking key", "finds", "blocks", "pairs", "largest", "skipped")


def predict(
    records: Iterable[Record],
    *,
    rule: AnyRule,
    model: Model,
    related: Iterable[Record] = (),
    block_limit: int = BLOCK_LIMIT,
) -> Predictions:
    """What each blocking key of ``rule``, of any kind, will do with these records.

    Nothing is compared. Of two kinds only pairs with one record of each count. Arguments and errors
    are those of ``find_duplicates``.
    """
    given = Given(records)
    chosen = given.of(rule.kinds)
    known = given.beside(related)
    blocks = _linked if isinstance(rule, LinkageRule) else _weighted
    first = sum(one.ref.kind == chosen[0].ref.kind for one in chosen)
    middle = first if len(rule.kinds) > 1 else None
    made = []
    for name, about, kept, skipped in blocks(rule, chosen, known, model, block_limit):
        pairs = [count for count in (_pairs(rows, middle) for rows in kept) if count]
        made.append(
            Prediction(
                key=name,
                about=about,
                blocks=len(pairs),
                pairs=sum(pairs),
                largest=max((len(rows) for rows in kept if _pairs(rows, middle)), default=0),
                skipped=skipped,
            )
        )
    return Predictions(tuple(made))


_Blocks: TypeAlias = tuple[str, str, Sequence[Sequence[int]], int]
"""A key's name, what it finds, the rows of its blocks in rising order, and how many are skipped."""


def _pairs(rows: Sequence[int], middle: int | None) -> int:
    """The pairs of a block; with ``middle`` those of a row before it and one from it on."""
    if middle is None:
        return len(rows) * (len(rows) - 1) // 2
    before = sum(row < middle for row in rows)
    return before * (len(rows) - before)


def _linked(
    rule: Any,  # Any: either kind of rule has a function of its own
    chosen: Sequence[Record],
    known: Mapping[Ref[Any], Record],
    model: Model,
    limit: int,
) -> Iterator[_Blocks]:
    table = Table(rule.about.in_region(model.phone_region))
    table.fill(chosen, readers(rule, model, known))
    for key in rule.keys:
        blocks = blocks_of(table, key, limit=limit)
        yield key.name, key.about, blocks.rows, sum(one.size for one in blocks.skipped)


def _weighted(
    rule: Any,  # Any: likewise
    chosen: Sequence[Record],
    known: Mapping[Ref[Any], Record],
    model: Model,
    limit: int,
) -> Iterator[_Blocks]:
    forms = Forms(model.phone_region, known)
    read = {kind: reader(rule, kind, model) for kind in rule.kinds}
    filed: list[dict[str, list[int]]] = [defaultdict(list) for _ in rule.keys]
    for row, record in enumerate(chosen):
        for blocks, values in zip(filed, forms.keys(record, read[record.ref.kind]), strict=True):
            for value in values:
                blocks[value].append(row)
    for key, blocks in zip(rule.keys, filed, strict=True):
        kept = [rows for rows in blocks.values() if len(rows) <= limit]
        yield key.name, key.about, kept, sum(len(r) for r in blocks.values() if len(r) > limit)
