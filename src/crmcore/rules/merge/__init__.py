"""Merge: several records become one; nothing is lost, every reference follows, all can be undone.

``merge`` decides, ``Merge`` is the decision, ``MergeError`` refuses what cannot become one.
``unmerge`` takes one back, ``Unmerge`` is that decision, ``UnmergeError`` refuses a second time.
"""

from __future__ import annotations

from crmcore.rules.merge.decide import merge
from crmcore.rules.merge.decision import Merge
from crmcore.rules.merge.golden import Choice
from crmcore.rules.merge.guards import MergeError
from crmcore.rules.merge.history import History
from crmcore.rules.merge.reversal import Unmerge
from crmcore.rules.merge.unmerge import Reversal, UnmergeError, reversal, unmerge

__all__ = [
    "Choice",
    "History",
    "Merge",
    "MergeError",
    "Reversal",
    "Unmerge",
    "UnmergeError",
    "merge",
    "reversal",
    "unmerge",
]
