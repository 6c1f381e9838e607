"""Frame: records as a pandas data frame, a column for each field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crmcore.entities.record import Record
from crmcore.interchange.columns import COMPOSITES
from crmcore.model.describe import EntitySchema
from crmcore.values.money import Money

if TYPE_CHECKING:
    import pandas as pd


def to_frame(schema: EntitySchema, records: Iterable[Record]) -> pd.DataFrame:
    """A row for each record, in the order given; the columns are field paths.

    Names and addresses have a column for each part, money one for its amount (a ``Decimal``) and
    one for its currency; whatever else a field holds stands there as it is. Raises
    ``ImportError`` where pandas is not installed.
    """
    import pandas as pd  # noqa: PLC0415  # optional: imported at first use

    rows = [_row(schema, record) for record in records]
    return pd.DataFrame(rows, columns=_columns(schema), dtype=object)


def _columns(schema: EntitySchema) -> list[str]:
    found: list[str] = []
    for one in schema:
        if one.name == "custom":
            continue
        if one.python in COMPOSITES:
            found += (f"{one.path}.{part}" for part in COMPOSITES[one.python])
        elif one.python is Money:
            found += (f"{one.path}.amount", f"{one.path}.currency")
        else:
            found.append(one.path)
    return found


def _row(schema: EntitySchema, record: Record) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for one in schema:
        value = None if one.name == "custom" else one.value(record)
        parts = ("amount", "currency") if one.python is Money else COMPOSITES.get(one.python, ())
        for part in parts:
            cells[f"{one.path}.{part}"] = getattr(value, part, None)
        if not parts and one.name != "custom":
            cells[one.path] = value
    return cells
