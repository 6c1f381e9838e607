"""crmcore: the domain core of a CRM.

Immutable records, rules that decide and never store, and a storage contract of three methods.

    crm = Crm()
    acme = crm.add(Account(name="Acme"))
    crm.find(Account, F.name == "Acme")

A name is loaded when it is first used, with the rooms that it needs, so that ``import crmcore``
itself costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crmcore.adapters import JsonFileRepository, MemoryRepository
    from crmcore.changes import ChangeSet, ConflictError
    from crmcore.crm import Crm
    from crmcore.entities import (
        Account,
        AccountContactRelation,
        AccountRelation,
        Activity,
        Campaign,
        CampaignMember,
        Case,
        Contact,
        Contract,
        ExchangeRate,
        Lead,
        Opportunity,
        OpportunityContactRole,
        Record,
        Touch,
        User,
    )
    from crmcore.errors import CrmError, NotFoundError
    from crmcore.fields import CustomField
    from crmcore.findings import Finding, Severity, ValidationError
    from crmcore.model.model import STANDARD_MODEL, Model
    from crmcore.model.pipeline import Pipeline, Stage
    from crmcore.ports import Repository, RowStore
    from crmcore.query import F
    from crmcore.rules.field_map import FieldMap
    from crmcore.rules.matching import MatchRule
    from crmcore.rules.rollup import Rollup
    from crmcore.rules.rulebook import STANDARD_RULES, RuleBook
    from crmcore.rules.survivorship import Survivorship
    from crmcore.values import Address, Money, PersonName, Ref

_ROOMS = {
    "crmcore.adapters": "JsonFileRepository MemoryRepository",
    "crmcore.changes": "ChangeSet ConflictError",
    "crmcore.crm": "Crm",
    "crmcore.entities": (
        "Account AccountContactRelation AccountRelation Activity Campaign "
        "CampaignMember Case Contact Contract ExchangeRate Lead Opportunity "
        "OpportunityContactRole Record Touch User"
    ),
    "crmcore.errors": "CrmError NotFoundError",
    "crmcore.fields": "CustomField",
    "crmcore.findings": "Finding Severity ValidationError",
    "crmcore.model.model": "Model STANDARD_MODEL",
    "crmcore.model.pipeline": "Pipeline Stage",
    "crmcore.ports": "Repository RowStore",
    "crmcore.query": "F",
    "crmcore.rules.field_map": "FieldMap",
    "crmcore.rules.matching": "MatchRule",
    "crmcore.rules.rollup": "Rollup",
    "crmcore.rules.rulebook": "RuleBook STANDARD_RULES",
    "crmcore.rules.survivorship": "Survivorship",
    "crmcore.values": "Address Money PersonName Ref",
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names.split()}


def __getattr__(name: str) -> Any:  # Any: a module attribute can be anything
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(room), name)
    globals()[name] = value  # so that the next use finds it without asking again
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOM_OF})


__all__ = [
    "STANDARD_MODEL",
    "STANDARD_RULES",
    "Account",
    "AccountContactRelation",
    "AccountRelation",
    "Activity",
    "Address",
    "Campaign",
    "CampaignMember",
    "Case",
    "ChangeSet",
    "ConflictError",
    "Contact",
    "Contract",
    "Crm",
    "CrmError",
    "CustomField",
    "ExchangeRate",
    "F",
    "FieldMap",
    "Finding",
    "JsonFileRepository",
    "Lead",
    "MatchRule",
    "MemoryRepository",
    "Model",
    "Money",
    "NotFoundError",
    "Opportunity",
    "OpportunityContactRole",
    "PersonName",
    "Pipeline",
    "Record",
    "Ref",
    "Repository",
    "Rollup",
    "RowStore",
    "RuleBook",
    "Severity",
    "Stage",
    "Survivorship",
    "Touch",
    "User",
    "ValidationError",
]
