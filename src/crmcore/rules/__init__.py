"""Rules: records in, decisions out; no repository in sight.

    rulebook                                                     all rules of one company, as data
    conversion hierarchy rollup matching merge stages relations deletion integrity      decisions
    rule tree similarity field_map survivorship identity         what decisions are made with

The pure deciders are here by name: each takes records and returns a decision.
"""

from __future__ import annotations

from crmcore.rules.conversion import CREATE, SKIP, AlreadyConvertedError, convert_lead
from crmcore.rules.matching import find_duplicates
from crmcore.rules.merge import MergeError, merge
from crmcore.rules.rollup import roll_up
from crmcore.rules.rule import Context, Decided, Decision

__all__ = [
    "CREATE",
    "SKIP",
    "AlreadyConvertedError",
    "Context",
    "Decided",
    "Decision",
    "MergeError",
    "convert_lead",
    "find_duplicates",
    "merge",
    "roll_up",
]
