"""Testing: the kit with which the author of an adapter shows that it keeps every law.

Needs the extra ``crmcore[testing]``.
"""

from __future__ import annotations

from crmcore.testing import faults, strategies
from crmcore.testing.back_door import BackDoor, FileBackDoor
from crmcore.testing.repository_suite import RepositorySuite
from crmcore.testing.row_store_suite import RowStoreSuite
from crmcore.testing.state_machine import RepositoryStateMachine
from crmcore.testing.suite import Ability

__all__ = [
    "Ability",
    "BackDoor",
    "FileBackDoor",
    "RepositoryStateMachine",
    "RepositorySuite",
    "RowStoreSuite",
    "faults",
    "strategies",
]
