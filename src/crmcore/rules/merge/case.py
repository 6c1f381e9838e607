"""Case: the records that are merged, those around them, and where references move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.model.model import Model
from crmcore.rules.rule import Context
from crmcore.rules.survivorship import Survivorship
from crmcore.values.ref import Ref


@frozen(kw_only=True)
class Case:
    """What is merged, and what is around it: ``rows`` are the records that may have to follow."""

    records: tuple[Record, ...]
    rows: tuple[Record, ...]
    known: Mapping[Ref[Any], Record]
    target: Mapping[Ref[Any], Ref[Any]]
    context: Context
    survivorship: Survivorship

    @classmethod
    def of(
        cls,
        records: tuple[Record, ...],
        referring: Iterable[Record],
        related: Iterable[Record],
        *,
        context: Context,
        survivorship: Survivorship,
    ) -> Case:
        """The case with each record once, the rows in the order of their references."""
        own = {record.ref: record for record in records}
        rows = {row.ref: row for row in referring if row.ref not in own}
        return cls(
            records=records,
            rows=tuple(rows[ref] for ref in sorted(rows)),
            known={**{one.ref: one for one in related}, **rows, **own},
            target=dict.fromkeys((one.ref for one in records[1:]), records[0].ref),
            context=context,
            survivorship=survivorship,
        )

    @property
    def model(self) -> Model:
        """The model of the decision."""
        return self.context.model
