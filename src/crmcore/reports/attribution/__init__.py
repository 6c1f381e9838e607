"""Attribution: which touches earned what was won, by models of position, time and data."""

from __future__ import annotations

from crmcore.reports.attribution.chains import ChannelPath, markov, normalised, positional, shapley
from crmcore.reports.attribution.journey import Journey
from crmcore.reports.attribution.models import (
    FIRST,
    FULL_PATH,
    LAST,
    LINEAR,
    MODELS,
    U_SHAPED,
    W_SHAPED,
    AttributionModel,
    RestsOn,
    as_model,
    largest_remainder,
    milestones,
    time_decay,
)
from crmcore.reports.attribution.report import (
    MARKOV,
    SHAPLEY,
    AttributionLine,
    AttributionReport,
    Credit,
    attribution,
)

__all__ = [
    "FIRST",
    "FULL_PATH",
    "LAST",
    "LINEAR",
    "MARKOV",
    "MODELS",
    "SHAPLEY",
    "U_SHAPED",
    "W_SHAPED",
    "AttributionLine",
    "AttributionModel",
    "AttributionReport",
    "ChannelPath",
    "Credit",
    "Journey",
    "RestsOn",
    "as_model",
    "attribution",
    "largest_remainder",
    "markov",
    "milestones",
    "normalised",
    "positional",
    "shapley",
    "time_decay",
]
