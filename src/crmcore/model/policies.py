"""Policies: the choices on which companies differ, each one an enum with a stated default."""

from __future__ import annotations

from enum import Enum

from attrs import frozen


class ContactAccount(Enum):
    """Whether a contact needs an account."""

    OPTIONAL = "optional"
    REQUIRED = "required"


class NoCompany(Enum):
    """What a lead without a company becomes (law C14)."""

    PERSON_ACCOUNT = "person_account"
    CONTACT_ONLY = "contact_only"
    REFUSE = "refuse"


class Undo(Enum):
    """Whether a conversion can be taken back (law C21)."""

    REFUSED = "refused"
    ALLOWED = "allowed"


class Attach(Enum):
    """Whether a conversion attaches a lead to records that it was not told of (law C20)."""

    STRONG_KEYS = "strong_keys"
    """To the one record that shares a strong key with the lead: its mailbox and name, its name and
    web domain, its name and place, or its tax number."""
    NEVER = "never"
    """Only to the records given; what is found is offered."""


class Matches(Enum):
    """What a match does to a write that a rule gates (laws C19 and D13)."""

    ALERT = "alert"
    BLOCK = "block"
    IGNORE = "ignore"


class LostReason(Enum):
    """Whether a deal that becomes lost needs a reason."""

    OPTIONAL = "optional"
    REQUIRED = "required"


class Checklist(Enum):
    """What leaving a stage for a later one does while items of its checklist are not ticked."""

    ALERT = "alert"
    REFUSE = "refuse"


@frozen(kw_only=True)
class Policies:
    """The choices of one model."""

    contact_account: ContactAccount = ContactAccount.OPTIONAL
    no_company: NoCompany = NoCompany.CONTACT_ONLY
    undo_conversion: Undo = Undo.REFUSED
    conversion_matches: Matches = Matches.BLOCK
    lost_reason: LostReason = LostReason.OPTIONAL
    checklist: Checklist = Checklist.ALERT
    conversion_attach: Attach = Attach.STRONG_KEYS
