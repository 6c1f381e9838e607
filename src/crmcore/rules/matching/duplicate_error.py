"""Duplicate error: a write was refused because what it would store is probably there already."""

from __future__ import annotations

from attrs import frozen

from crmcore.errors import CrmError
from crmcore.rules.matching.evidence import Match


@frozen
class DuplicateError(CrmError):
    """What would be stored is probably there already; ``matches`` has the evidence, best first."""

    matches: tuple[Match, ...]

    def __str__(self) -> str:
        told = "\n".join(map(str, self.matches))
        return f"nothing was stored: it is probably there already\n{told}"
