"""Merge: several records become one; nothing is lost, and every reference follows.

``merge`` decides, ``Merge`` is the decision, ``MergeError`` refuses what cannot become one.
"""

from __future__ import annotations

from crmcore.rules.merge.decide import merge
from crmcore.rules.merge.decision import Merge
from crmcore.rules.merge.golden import Choice
from crmcore.rules.merge.guards import MergeError

__all__ = ["Choice", "Merge", "MergeError", "merge"]
