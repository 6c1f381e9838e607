"""RowFields: the record of a row as a mapping whose fields are decoded when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crmcore.codec.forms import ClassForm
from crmcore.ports.rows import Json
from crmcore.query import Filter, paths

Asked = Mapping[str, ClassForm | None]
"""The fields that a filter asks after, with the form of those of which it only asks after parts."""


class RowFields(Mapping[str, Any]):
    """The fields of a row by name, each as the record has it, for a filter that asks after few.

    Most rows that a filter looks at are no answers to it: this decodes what it asks, at a third of
    the price of the record. Reading a field raises ``Misfit`` where it does not fit.
    """

    __slots__ = ("_asked", "_data", "_form")

    def __init__(self, data: Mapping[str, Json], form: ClassForm, asked: Asked) -> None:
        self._data = data
        self._form = form
        self._asked = asked

    def __getitem__(self, name: str) -> Any:
        parts = self._asked.get(name)
        if parts is not None:
            inner = self._data.get(name)
            if isinstance(inner, dict):
                return RowFields(inner, parts, {})
        return self._form.field(name, self._data)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._form.names))

    def __len__(self) -> int:
        return len(self._form.names)


def asked(where: Filter, form: ClassForm, open_: tuple[type, ...]) -> Asked | None:
    """What a filter asks after; ``None`` where that is not all among the fields of rows.

    ``open_`` are the classes of values whose parts stand in rows as they do in records.
    """
    found: dict[str, ClassForm | None] = {}
    whole: set[str] = set()
    for path in paths(where):
        name, *rest = path.steps or ("",)
        if name not in form.names:
            return None
        parts = form.parts(name, open_)
        if parts is None or len(rest) != 1 or rest[0] not in parts.names:
            whole.add(name)
        found[name] = parts
    return {name: None if name in whole else parts for name, parts in found.items()}
