"""The standard rollups: what every book of rules starts with."""

from __future__ import annotations

from typing import Final

from crmcore.entities import AccountContactRelation, Contact, Opportunity
from crmcore.query import F
from crmcore.rules.rollup.definition import Rollup
from crmcore.rules.rollup.operations import COUNT, COUNT_DISTINCT, SUM

OPEN_PIPELINE: Final = Rollup(
    name="open_pipeline",
    child=Opportunity,
    by=F.account_id,
    where=F.stage_category == "open",
    value=F.amount,
    aggregate=SUM,
)
"""The amount of the open deals, at today's exchange rates."""

WON_AMOUNT: Final = Rollup(
    name="won_amount",
    child=Opportunity,
    by=F.account_id,
    where=F.stage_category == "won",
    value=F.amount,
    aggregate=SUM,
    rate_on=F.close_on,
)
"""The amount of the deals that were won, at the exchange rates of the day each was closed."""

OPEN_DEALS: Final = Rollup(
    name="open_deals",
    child=Opportunity,
    by=F.account_id,
    where=F.stage_category == "open",
    aggregate=COUNT,
)
"""How many deals are open."""

CONTACTS: Final = Rollup(
    name="contacts",
    child=Contact,
    by=F.account_id,
    via=AccountContactRelation,
    aggregate=COUNT_DISTINCT,
)
"""How many people there are, each once, by their own account and by every relation to one."""

STANDARD_ROLLUPS: Final = (OPEN_PIPELINE, WON_AMOUNT, OPEN_DEALS, CONTACTS)
