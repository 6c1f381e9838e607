"""Entities: the frozen records of a CRM.

Account ── parent_id ──> Account              the group
   ^  ^─── AccountRelation ───^               suppliers, partners ...
   │
Contact ── account_id, reports_to_id          people; AccountContactRelation: the other accounts
   ^
Lead ── converted_*_id ──> Account, Contact, Opportunity
   ^
Opportunity ── account_id                     deals; OpportunityContactRole: who decides
   ^
Activity, Case, Contract, Touch, CampaignMember, Attachment, Answer      what happens around them
ConversionReceipt, MergeReceipt, UnmergeReceipt, LaterEdit, Judgement, OpportunityChange
                                                                  what was decided (the ledger)
RuleFiring, RuleState                          what automation did (the ledger), and where it stands
"""

from __future__ import annotations

from crmcore.entities.account import Account, AccountContactRelation, AccountRelation
from crmcore.entities.activity import Activity, Attachment
from crmcore.entities.answer import Answer
from crmcore.entities.automation import RuleFiring, RuleState
from crmcore.entities.campaign import Campaign, CampaignMember, Touch
from crmcore.entities.case import Case
from crmcore.entities.contact import Contact
from crmcore.entities.contract import Contract
from crmcore.entities.lead import Lead
from crmcore.entities.ledger import (
    ConversionReceipt,
    Judgement,
    LaterEdit,
    MergeReceipt,
    OpportunityChange,
    UnmergeReceipt,
)
from crmcore.entities.opportunity import Opportunity, OpportunityContactRole
from crmcore.entities.rates import ExchangeRate
from crmcore.entities.record import SYSTEM_FIELDS, Record, kind_of
from crmcore.entities.user import Quota, User

STANDARD_ENTITIES: tuple[type[Record], ...] = (
    Account,
    AccountContactRelation,
    AccountRelation,
    Activity,
    Answer,
    Attachment,
    Campaign,
    CampaignMember,
    Case,
    Contact,
    Contract,
    ConversionReceipt,
    ExchangeRate,
    Judgement,
    LaterEdit,
    Lead,
    MergeReceipt,
    Opportunity,
    OpportunityChange,
    OpportunityContactRole,
    Quota,
    RuleFiring,
    RuleState,
    Touch,
    UnmergeReceipt,
    User,
)
"""Every entity of the library, by name."""

LEDGER: frozenset[str] = frozenset(
    kind_of(entity)
    for entity in (
        ConversionReceipt,
        Judgement,
        LaterEdit,
        MergeReceipt,
        OpportunityChange,
        RuleFiring,
        UnmergeReceipt,
    )
)
"""The kinds of ledger rows, which are only ever added."""

__all__ = [
    "LEDGER",
    "STANDARD_ENTITIES",
    "SYSTEM_FIELDS",
    "Account",
    "AccountContactRelation",
    "AccountRelation",
    "Activity",
    "Answer",
    "Attachment",
    "Campaign",
    "CampaignMember",
    "Case",
    "Contact",
    "Contract",
    "ConversionReceipt",
    "ExchangeRate",
    "Judgement",
    "LaterEdit",
    "Lead",
    "MergeReceipt",
    "Opportunity",
    "OpportunityChange",
    "OpportunityContactRole",
    "Quota",
    "Record",
    "RuleFiring",
    "RuleState",
    "Touch",
    "UnmergeReceipt",
    "User",
    "kind_of",
]
