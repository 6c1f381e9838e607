"""Choices: how a command is told which record is meant, and how a lead is to be converted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import Enum
from typing import Any, Final, TypeAlias, TypedDict

from crmcore.entities import Record
from crmcore.rules.conversion import OpportunityChoice
from crmcore.values.ref import Ref

Target: TypeAlias = Record | Ref[Any] | str
"""A record, its reference, or its bare id."""


class IfConverted(Enum):
    """What converting a lead does that was converted before."""

    RAISE = "raise"
    """``AlreadyConvertedError`` is raised; it carries the receipt."""
    RETURN = "return"
    """The receipt comes back, with no changes."""


RAISE: Final = IfConverted.RAISE
RETURN: Final = IfConverted.RETURN


class Choices(TypedDict, total=False):
    """The choices of a lead conversion, as ``Crm.convert_lead`` explains them."""

    account: Target | None
    contact: Target | None
    opportunity: OpportunityChoice | Target
    opportunity_name: str | None
    owner_id: str | None
    status: str | None
    close_on: date | None
    pipeline: str | None
    stage: str | None
    overwrite: Iterable[str]
    allow_duplicates: bool
    allow_unqualified: bool
    if_converted: IfConverted
