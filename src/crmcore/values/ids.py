"""Ids: non-empty strings, one type per entity, time-ordered UUIDs unless the caller brings its own.

A new id is a UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds since 1970, then
random bits, so that ids sort by the moment they were made. Any other non-empty string is as good.
"""

from __future__ import annotations

import secrets
import time
from typing import NewType
from uuid import UUID

AccountId = NewType("AccountId", str)
AccountRelationId = NewType("AccountRelationId", str)
AccountContactRelationId = NewType("AccountContactRelationId", str)
ContactId = NewType("ContactId", str)
LeadId = NewType("LeadId", str)
OpportunityId = NewType("OpportunityId", str)
OpportunityContactRoleId = NewType("OpportunityContactRoleId", str)
ActivityId = NewType("ActivityId", str)
TouchId = NewType("TouchId", str)
CampaignId = NewType("CampaignId", str)
CampaignMemberId = NewType("CampaignMemberId", str)
CaseId = NewType("CaseId", str)
ContractId = NewType("ContractId", str)
UserId = NewType("UserId", str)
ExchangeRateId = NewType("ExchangeRateId", str)
QuotaId = NewType("QuotaId", str)
AttachmentId = NewType("AttachmentId", str)
AnswerId = NewType("AnswerId", str)
ConversionReceiptId = NewType("ConversionReceiptId", str)
MergeReceiptId = NewType("MergeReceiptId", str)
UnmergeReceiptId = NewType("UnmergeReceiptId", str)
LaterEditId = NewType("LaterEditId", str)
JudgementId = NewType("JudgementId", str)
OpportunityChangeId = NewType("OpportunityChangeId", str)
RuleFiringId = NewType("RuleFiringId", str)
RuleStateId = NewType("RuleStateId", str)


def new_id() -> str:
    """A fresh time-ordered UUID (version 7) in its canonical form of 36 characters."""
    milliseconds = time.time_ns() // 1_000_000
    bits = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    bits = bits & ~(0xF << 76) | 0x7 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=bits))
