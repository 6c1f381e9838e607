"""All laws: everything that the contract of a repository promises, in one class."""

from __future__ import annotations

from crmcore.testing.laws.behind import BehindLaws
from crmcore.testing.laws.conflicts import ConflictLaws
from crmcore.testing.laws.history import HistoryLaws
from crmcore.testing.laws.moments import MomentLaws
from crmcore.testing.laws.ordering import OrderingLaws
from crmcore.testing.laws.reading import ReadingLaws
from crmcore.testing.laws.storing import StoringLaws
from crmcore.testing.laws.writers import WriterLaws


class AllLaws(
    StoringLaws,
    ConflictLaws,
    ReadingLaws,
    OrderingLaws,
    MomentLaws,
    WriterLaws,
    HistoryLaws,
    BehindLaws,
):
    """S1 to S10."""
