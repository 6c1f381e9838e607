"""Conversion: what becomes of a lead: an account, a contact and a deal, with every value accounted.

``convert_lead`` decides, and returns a ``LeadConversion`` that can be read before it is stored.
``undo_conversion`` takes one back.
"""

from __future__ import annotations

from crmcore.rules.conversion.accounting import fates
from crmcore.rules.conversion.convert import convert_lead, decided, newcomers, requested
from crmcore.rules.conversion.found import Found, find_targets
from crmcore.rules.conversion.plan import AlreadyConvertedError, LeadConversion
from crmcore.rules.conversion.request import (
    CREATE,
    SKIP,
    OpportunityChoice,
    Request,
    is_converted,
)
from crmcore.rules.conversion.undo import UndoneConversion, undo_conversion

__all__ = [
    "CREATE",
    "SKIP",
    "AlreadyConvertedError",
    "Found",
    "LeadConversion",
    "OpportunityChoice",
    "Request",
    "UndoneConversion",
    "convert_lead",
    "decided",
    "fates",
    "find_targets",
    "is_converted",
    "newcomers",
    "requested",
    "undo_conversion",
]
