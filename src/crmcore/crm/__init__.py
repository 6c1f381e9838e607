"""Crm: the facade: gather, decide, check, commit, tell."""

from __future__ import annotations

from crmcore.crm.batch import ONE_FOR_ALL, ONE_PER_LEAD, BatchConversion
from crmcore.crm.choices import RAISE, RETURN
from crmcore.crm.facade import Crm
from crmcore.crm.transaction import Transaction
from crmcore.crm.views import AccountTree, Related

__all__ = [
    "ONE_FOR_ALL",
    "ONE_PER_LEAD",
    "RAISE",
    "RETURN",
    "AccountTree",
    "BatchConversion",
    "Crm",
    "Related",
    "Transaction",
]
