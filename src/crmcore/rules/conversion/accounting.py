"""Accounting: every value of a lead in exactly one bucket of the receipt (law C9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crmcore.entities.lead import Lead
from crmcore.entities.ledger import Fate, Transfer
from crmcore.model.model import Model
from crmcore.rules.conversion.request import Request, is_present, value_of
from crmcore.values.frozenmap import FrozenMap

FATES = (Fate.COPIED, Fate.KEPT, Fate.DROPPED, Fate.UNMAPPED)
"""The buckets, the best first."""


def fates(transfers: Iterable[Transfer]) -> FrozenMap[Fate]:
    """The one bucket of each lead field: the best thing that happened to its value.

    A value that goes to several targets has a transfer for each. It counts once: as copied if any
    target took it, else as kept if any target had a value of its own, else as dropped if a rule
    decided against it, else as unmapped.
    """
    found: dict[str, Fate] = {}
    for one in transfers:
        other = found.get(one.field, one.fate)
        found[one.field] = min(one.fate, other, key=FATES.index)
    return FrozenMap(found)


def present_values(lead: Lead, model: Model) -> Iterator[tuple[str, Any]]:
    """Path and value of every present field of a lead that people enter.

    Custom values come one by one, with those that the model does not know.
    """
    for one in model.schema("lead").standard:
        if not one.is_system and one.name != "custom" and is_present(value_of(one, lead)):
            yield one.path, one.value(lead)
    custom: object = lead.custom
    if not isinstance(custom, Mapping):
        yield "custom", custom
        return
    for key, value in custom.items():
        if is_present(value):
            yield f"custom.{key}", value


def remaining(request: Request, transfers: Iterable[Transfer]) -> Iterator[Transfer]:
    """The present values of the lead that no transfer tells of, each with the reason."""
    told = {one.field for one in transfers}
    for path, value in present_values(request.lead, request.model):
        if path in told:
            continue
        fate, over = Fate.UNMAPPED, None
        why = request.field_map.left.get(path, "the map does not carry it")
        if path == "status" and value != request.status.key:
            fate, over = Fate.DROPPED, request.status.key
            why = "the converted status replaces it"
        yield Transfer(
            field=path, value=value, fate=fate, source=request.lead.ref, over=over, why=why
        )
