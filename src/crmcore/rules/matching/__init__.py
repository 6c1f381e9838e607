"""Matching: which records may be one, with a score and the evidence for it.

``find_duplicates`` searches many records, ``matches_of`` says whether one is there already; both
compare only records that share a blocking key of a ``MatchRule``. ``judge`` records somebody's
word on two records, which both of them respect.
"""

from __future__ import annotations

from crmcore.rules.matching.clusters import Cluster, clusters
from crmcore.rules.matching.duplicate_sets import DuplicateSets, KeyCount, SkippedBlock
from crmcore.rules.matching.evidence import Evidence, Match, score_of
from crmcore.rules.matching.find import BLOCK_LIMIT, compare, find_duplicates, matches_of
from crmcore.rules.matching.judge import judge, verdicts
from crmcore.rules.matching.keys import KEY_MAKERS, KeyMaker
from crmcore.rules.matching.match_rule import (
    BlockKey,
    Comparison,
    Gate,
    KeyPart,
    Level,
    MatchRule,
)
from crmcore.rules.matching.reading import check, related_kinds
from crmcore.rules.matching.standard import (
    ACCOUNTS,
    CONTACTS,
    LEADS,
    LEADS_AND_CONTACTS,
    STANDARD_MATCH_RULES,
)

__all__ = [
    "ACCOUNTS",
    "BLOCK_LIMIT",
    "CONTACTS",
    "KEY_MAKERS",
    "LEADS",
    "LEADS_AND_CONTACTS",
    "STANDARD_MATCH_RULES",
    "BlockKey",
    "Cluster",
    "Comparison",
    "DuplicateSets",
    "Evidence",
    "Gate",
    "KeyCount",
    "KeyMaker",
    "KeyPart",
    "Level",
    "Match",
    "MatchRule",
    "SkippedBlock",
    "check",
    "clusters",
    "compare",
    "find_duplicates",
    "judge",
    "matches_of",
    "related_kinds",
    "score_of",
    "verdicts",
]
