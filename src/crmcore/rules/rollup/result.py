"""Result: a figure of every account, as a mapping that can be printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from attrs import field, frozen

from crmcore import render
from crmcore.entities.record import kind_of
from crmcore.findings import Findings
from crmcore.rules.rollup.definition import Definition
from crmcore.rules.rollup.reading import Value


@frozen(kw_only=True, eq=False, slots=False)
class RollupResult(Mapping[str, Value]):
    """A figure of every account: a mapping from account id to value, in the order of the accounts.

    ``unassigned`` is the figure of the records that belong to no known account, ``everything`` of
    all records: for sums and counts the values of ``roots`` and ``unassigned`` add up to it (R2).
    ``findings`` name the records that were left out, and what is wrong with the tree. A figure is
    made of its state when it is read.
    """

    rollup: Definition
    _states: Mapping[str, Any] = field(repr=False)
    _finish: Callable[[Any], Value] = field(repr=False)
    _total: Callable[[], Value] = field(repr=False)
    unassigned: Value
    roots: tuple[str, ...] = field(repr=False)
    findings: Findings = Findings()

    @cached_property
    def everything(self) -> Value:
        """The figure of all records."""
        return self._total()

    def __getitem__(self, account_id: str) -> Value:
        return self._finish(self._states[account_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)

    def __eq__(self, other: object) -> bool:
        return dict(self) == dict(other) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # a mapping, as every other

    def _rows(self, most: int) -> list[tuple[str, Value]]:
        rows = list(self.items())[:most]
        if len(self) > most:
            rows.append((f"... {len(self) - most:,} more", None))
        return [*rows, ("(unassigned)", self.unassigned), ("(everything)", self.everything)]

    def __str__(self) -> str:
        columns = (kind_of(self.rollup.over), self.rollup.name)
        return render.table(self._rows(40), columns=columns, right=columns[1:])

    def _repr_html_(self) -> str:
        columns = (kind_of(self.rollup.over), self.rollup.name)
        return render.html_table(
            self._rows(200), columns=columns, right=columns[1:], caption=str(self.rollup)
        )
