"""RowFields: the record of a row as a mapping whose fields are decoded when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crmcore.codec.forms import ClassForm
from crmcore.codec.row_text import plain_data
from crmcore.ports.rows import Row
from crmcore.query import Filter, paths


class RowFields(Mapping[str, Any]):
    """The fields of a row by name, each as the record has it, for a filter that asks after few.

    Most rows that a filter looks at are no answers to it: this decodes what it asks, at a third of
    the price of the record. Reading a field raises ``Misfit`` where it does not fit.
    """

    __slots__ = ("_form", "_row")

    def __init__(self, row: Row, form: ClassForm) -> None:
        self._row = row
        self._form = form

    def __getitem__(self, name: str) -> Any:
        return self._form.field(name, plain_data(self._row.data))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._form.names))

    def __len__(self) -> int:
        return len(self._form.names)


def has_all(where: Filter, form: ClassForm) -> bool:
    """Whether everything that a filter asks after is a field of rows, and nothing else."""
    return all(path.steps and path.steps[0] in form.names for path in paths(where))
