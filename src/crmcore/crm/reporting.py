"""Reporting: the records that reports are made of, read from a snapshot and kept."""

from __future__ import annotations

from collections.abc import Iterable

from crmcore.changes import Change
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


class KeptMaterial:
    """The material of reports, kept until a commit touches its records: an ``Index``.

    It is read when a report first needs it, and grows with what later ones need. Reports of the
    same moment thus share what they arranged (see ``Material``): a second one costs a fraction.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._material = Material()

    def build(self, snapshot: Snapshot, /) -> None:
        """Forget what was kept of another moment; ``of`` reads what is needed."""
        del snapshot
        self._material = Material()

    def apply(self, changes: Iterable[Change], /) -> None:
        """Forget what was kept where a commit touches it."""
        kept = {kind_of(entity) for entity in self._material.by_entity}
        if any(one.ref.kind in kept for one in changes):
            self._material = Material()

    def of(self, snapshot: Snapshot, entities: Iterable[type[Record]]) -> Material:
        """All records of these entities that the model has enabled, and of those read before."""
        known = self._material.by_entity
        more = {
            entity: tuple(gather.records_of(snapshot, [kind_of(entity)]))
            for entity in entities
            if entity not in known and self._model.is_enabled(entity)
        }
        if more:
            self._material = Material({**known, **more})
        return self._material
