"""Rollup: figures of accounts made of the records below them, exact at every account.

A ``Rollup`` is a definition, as data; ``roll_up`` computes it for all accounts, ``explain`` shows
what the figure of one account is made of, ``check`` says whether it can work with a model.
"""

from __future__ import annotations

from crmcore.rules.rollup.compute import RollupResult, roll_up
from crmcore.rules.rollup.definition import Rollup, Scope
from crmcore.rules.rollup.explain import Contribution, Exclusion, Explanation, explain
from crmcore.rules.rollup.fit import check
from crmcore.rules.rollup.operations import NOTHING, OPERATIONS, Operation
from crmcore.rules.rollup.rates import Rates
from crmcore.rules.rollup.reading import Out, Value
from crmcore.rules.rollup.standard import (
    CONTACTS,
    OPEN_DEALS,
    OPEN_PIPELINE,
    STANDARD_ROLLUPS,
    WON_AMOUNT,
)

__all__ = [
    "CONTACTS",
    "NOTHING",
    "OPEN_DEALS",
    "OPEN_PIPELINE",
    "OPERATIONS",
    "STANDARD_ROLLUPS",
    "WON_AMOUNT",
    "Contribution",
    "Exclusion",
    "Explanation",
    "Operation",
    "Out",
    "Rates",
    "Rollup",
    "RollupResult",
    "Scope",
    "Value",
    "check",
    "explain",
    "roll_up",
]
