"""Matching: which records may be one, with a score and the evidence for it.

``find_duplicates`` searches many records, ``matches_of`` says whether one is there already; both
compare only records that share a blocking key of a ``MatchRule``. ``judge`` records somebody's
word on two records, which both of them respect.
"""

from __future__ import annotations

from crmcore.rules.matching.catalogue import Catalogue, Matches
from crmcore.rules.matching.clusters import Cluster, by_score, clusters
from crmcore.rules.matching.duplicate_error import DuplicateError
from crmcore.rules.matching.duplicate_sets import DuplicateSets, KeyCount, SkippedBlock
from crmcore.rules.matching.equations import ACCOUNT_EQUATION, CONTACT_EQUATION
from crmcore.rules.matching.evidence import Evidence, Match, score_of
from crmcore.rules.matching.find import (
    BLOCK_LIMIT,
    PARTNER_LIMIT,
    AnyRule,
    compare,
    find_duplicates,
    learn,
    matches_of,
)
from crmcore.rules.matching.judge import judge, verdicts
from crmcore.rules.matching.keys import KEY_MAKERS, KeyMaker
from crmcore.rules.matching.labels import Labelled, learn_labelled
from crmcore.rules.matching.linkage.rule import SUBJECTS, LinkageRule
from crmcore.rules.matching.linkage.standard import (
    ACCOUNT_LINKAGE,
    CONTACT_LINKAGE,
    LEAD_ACCOUNT_LINKAGE,
    LEAD_CONTACT_LINKAGE,
    LEAD_LINKAGE,
    STANDARD_MATCH_RULES,
)
from crmcore.rules.matching.linkage.weights import Learnt
from crmcore.rules.matching.match_rule import (
    BlockKey,
    Clause,
    Comparison,
    Gate,
    KeyPart,
    Level,
    MatchRule,
)
from crmcore.rules.matching.measure import Evaluation, Quality, evaluate, worth_labelling
from crmcore.rules.matching.predict import Prediction, Predictions, predict
from crmcore.rules.matching.progress import Progress
from crmcore.rules.matching.reading import related_kinds
from crmcore.rules.matching.soundness import check
from crmcore.rules.matching.standard import (
    ACCOUNTS,
    CONTACTS,
    LEADS,
    LEADS_AND_CONTACTS,
    WEIGHTED_MATCH_RULES,
)
from crmcore.rules.matching.wrong_kind import wrong_kinds

__all__ = [
    "ACCOUNTS",
    "ACCOUNT_EQUATION",
    "ACCOUNT_LINKAGE",
    "BLOCK_LIMIT",
    "CONTACTS",
    "CONTACT_EQUATION",
    "CONTACT_LINKAGE",
    "KEY_MAKERS",
    "LEADS",
    "LEADS_AND_CONTACTS",
    "LEAD_ACCOUNT_LINKAGE",
    "LEAD_CONTACT_LINKAGE",
    "LEAD_LINKAGE",
    "PARTNER_LIMIT",
    "STANDARD_MATCH_RULES",
    "SUBJECTS",
    "WEIGHTED_MATCH_RULES",
    "AnyRule",
    "BlockKey",
    "Catalogue",
    "Clause",
    "Cluster",
    "Comparison",
    "DuplicateError",
    "DuplicateSets",
    "Evaluation",
    "Evidence",
    "Gate",
    "KeyCount",
    "KeyMaker",
    "KeyPart",
    "Labelled",
    "Learnt",
    "Level",
    "LinkageRule",
    "Match",
    "MatchRule",
    "Matches",
    "Prediction",
    "Predictions",
    "Progress",
    "Quality",
    "SkippedBlock",
    "by_score",
    "check",
    "clusters",
    "compare",
    "evaluate",
    "find_duplicates",
    "judge",
    "learn",
    "learn_labelled",
    "matches_of",
    "predict",
    "related_kinds",
    "score_of",
    "verdicts",
    "worth_labelling",
    "wrong_kinds",
]
