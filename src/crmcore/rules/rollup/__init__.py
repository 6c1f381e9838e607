"""Rollup: figures of accounts made of the records below them, exact at every account.

A ``Rollup`` is a definition, as data; ``roll_up`` computes it for all accounts, ``explain`` shows
what the figure of one account is made of, ``check`` says whether it can work with a model.
``Totals`` keeps figures exact through changes, without reading the records again.
"""

from __future__ import annotations

from crmcore.rules.rollup.algebra import NOTHING, Algebra, Gives, Operation, Sort, Takes
from crmcore.rules.rollup.compute import roll_up
from crmcore.rules.rollup.dates import (
    TODAY,
    Day,
    Period,
    days_ago,
    days_ahead,
    this_month,
    this_quarter,
    this_year,
    within,
)
from crmcore.rules.rollup.definition import Definition, Rollup, Scope, Shares, needs
from crmcore.rules.rollup.explain import Contribution, Exclusion, Explanation, explain
from crmcore.rules.rollup.fit import bound, check, check_formula, check_named, check_together
from crmcore.rules.rollup.formula import Formula, figure
from crmcore.rules.rollup.measure import Measure, measure
from crmcore.rules.rollup.operations import OPERATIONS, weighted_sum
from crmcore.rules.rollup.quiet import FigureChange
from crmcore.rules.rollup.rates import Rates
from crmcore.rules.rollup.reading import Out, Value
from crmcore.rules.rollup.result import RollupResult
from crmcore.rules.rollup.selections import (
    concatenate,
    concatenate_distinct,
    largest,
    nth,
    percentile,
)
from crmcore.rules.rollup.standard import (
    CONTACTS,
    OPEN_DEALS,
    OPEN_PIPELINE,
    STANDARD_ROLLUPS,
    WON_AMOUNT,
)
from crmcore.rules.rollup.totals import Totals

__all__ = [
    "CONTACTS",
    "NOTHING",
    "OPEN_DEALS",
    "OPEN_PIPELINE",
    "OPERATIONS",
    "STANDARD_ROLLUPS",
    "TODAY",
    "WON_AMOUNT",
    "Algebra",
    "Contribution",
    "Day",
    "Definition",
    "Exclusion",
    "Explanation",
    "FigureChange",
    "Formula",
    "Gives",
    "Measure",
    "Operation",
    "Out",
    "Period",
    "Rates",
    "Rollup",
    "RollupResult",
    "Scope",
    "Shares",
    "Sort",
    "Takes",
    "Totals",
    "Value",
    "bound",
    "check",
    "check_formula",
    "check_named",
    "check_together",
    "concatenate",
    "concatenate_distinct",
    "days_ago",
    "days_ahead",
    "explain",
    "figure",
    "largest",
    "measure",
    "needs",
    "nth",
    "percentile",
    "roll_up",
    "this_month",
    "this_quarter",
    "this_year",
    "weighted_sum",
    "within",
]
