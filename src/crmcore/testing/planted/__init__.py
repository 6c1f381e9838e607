"""Planted: adapters that are wrong in one small way each, to see that the kit finds it.

``python -m crmcore.testing.planted`` plants every bug in a correct adapter and shows which law of
the kit notices. Each is a file ``bugs/<LAW>_<slug>.patch``: three comment lines, and a unified
diff of at most ten changed lines on one of the adapters in ``crmcore.testing.planted.bases``.
"""

from __future__ import annotations

from crmcore.testing.planted.bugs import Bug, all_bugs
from crmcore.testing.planted.prove import Verdict, prove

__all__ = ["Bug", "Verdict", "all_bugs", "prove"]
