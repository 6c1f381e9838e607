"""Reporting: the records that reports are made of, read from a snapshot."""

from __future__ import annotations

from collections.abc import Iterable

from crmcore.crm import gather
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Activity,
    Campaign,
    Case,
    Contact,
    Contract,
    ExchangeRate,
    Lead,
    MergeReceipt,
    Opportunity,
    OpportunityChange,
    OpportunityContactRole,
    Quota,
    Record,
    Touch,
    User,
    kind_of,
)
from crmcore.model.model import Model
from crmcore.ports import Snapshot
from crmcore.reports.material import Material

DEALS = (Opportunity, OpportunityChange, ExchangeRate, User, Account)
"""What reports on deals need."""

FORECAST = (*DEALS, Quota)
"""What a forecast needs."""

LEADS = (*DEALS, Lead, MergeReceipt)
"""What reports from the lead on need."""

TOUCHES = (*LEADS, Touch, Contact, Campaign, OpportunityContactRole)
"""What attribution needs."""


ACTIVITIES = (*DEALS, Activity, Lead)
"""What the activity report needs."""

ACCOUNT = (
    *DEALS,
    *(AccountContactRelation, Activity, Case, Contact, Contract, OpportunityContactRole, Touch),
)
"""What the view of an account needs."""


def material(snapshot: Snapshot, model: Model, entities: Iterable[type[Record]]) -> Material:
    """All records of these entities that the model has enabled."""
    found = {
        entity: tuple(gather.records_of(snapshot, [kind_of(entity)]))
        for entity in entities
        if model.is_enabled(entity)
    }
    return Material(found)
