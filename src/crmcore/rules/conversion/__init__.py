"""Conversion: what becomes of a lead: an account, a contact and a deal, with every value accounted.

``convert_lead`` decides, and returns a ``LeadConversion`` that can be read before it is stored.
"""

from __future__ import annotations

from crmcore.rules.conversion.accounting import fates
from crmcore.rules.conversion.convert import convert_lead
from crmcore.rules.conversion.plan import AlreadyConvertedError, LeadConversion
from crmcore.rules.conversion.request import CREATE, SKIP, OpportunityChoice, is_converted

__all__ = [
    "CREATE",
    "SKIP",
    "AlreadyConvertedError",
    "LeadConversion",
    "OpportunityChoice",
    "convert_lead",
    "fates",
    "is_converted",
]
