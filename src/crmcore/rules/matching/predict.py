"""Predict: how many comparisons each blocking key will ask for, before any is made."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from crmcore import render
from crmcore.entities.record import Record
from crmcore.model.model import Model
from crmcore.rules.matching.find import BLOCK_LIMIT, by_ref
from crmcore.rules.matching.linkage.blocks import blocks_of
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.table import Table
from crmcore.rules.matching.linkage_search import readers


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
    rule: LinkageRule,
    model: Model,
    related: Iterable[Record] = (),
    block_limit: int = BLOCK_LIMIT,
) -> Predictions:
    """What each blocking key of ``rule`` will do with these records; nothing is compared.

    Arguments and errors are those of ``find_duplicates``.
    """
    given = by_ref(records)
    chosen = [one for ref, one in given.items() if ref.kind in rule.kinds]
    table = Table(rule.about.in_region(model.phone_region))
    table.fill(chosen, readers(rule, model, {**by_ref(related), **given}))
    made = []
    for key in rule.keys:
        blocks = blocks_of(table, key, limit=block_limit)
        sizes = [len(rows) for rows in blocks.rows]
        made.append(
            Prediction(
                key=key.name,
                about=key.about,
                blocks=len(sizes),
                pairs=sum(size * (size - 1) // 2 for size in sizes),
                largest=max(sizes, default=0),
                skipped=sum(one.size for one in blocks.skipped),
            )
        )
    return Predictions(tuple(made))
