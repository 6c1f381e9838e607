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


class CloseDate(Enum):
    """When a new deal is expected to close, where nobody says (law C24)."""

    QUARTER_END = "quarter_end"
    """On the last day of the current fiscal quarter."""
    ASKED = "asked"
    """Whoever converts the lead must say it."""


class Children(Enum):
    """Where what refers to a lead goes when it is converted, of the records it fits (law C10)."""

    CONTACT = "contact"
    """To the contact first, then the deal, then the account."""
    DEAL = "deal"
    """To the deal first, then the contact, then the account."""
    ACCOUNT = "account"
    """To the account first, then the contact, then the deal."""
    ALL = "all"
    """As CONTACT; and activities that are about nothing are then about the deal, or the account."""


class KnownContact(Enum):
    """What a captured submission of somebody who is a contact becomes (law L3)."""

    TOUCH = "touch"
    """A touch of the contact."""
    TOUCH_AND_LEAD = "touch_and_lead"
    """A touch of the contact, and a lead."""


class LeadMode(Enum):
    """How a company works with leads."""

    LEADS_AND_CONTACTS = "leads_and_contacts"
    """Leads are worked on, and converted when they are ready."""
    CONTACTS_ONLY = "contacts_only"
    """What is captured becomes a contact, with its account, at once; deals are made by hand."""
    CONVERT_AT_ONCE = "convert_at_once"
    """What is captured becomes a contact, with its account, and a deal at once."""


class Qualify(Enum):
    """Whether a lead must meet the model's gate before it is converted."""

    REQUIRED = "required"
    """A lead that does not is refused with what is missing."""
    ADVISED = "advised"
    """It is converted with a warning that says what is missing."""
    IGNORED = "ignored"


class Matches(Enum):
    """What a match does to a write that a rule gates (laws C19 and D13)."""

    ALERT = "alert"
    BLOCK = "block"
    IGNORE = "ignore"


class OldIds(Enum):
    """What a write does that names a record by an id which was merged away (law M2)."""

    REFUSE = "refuse"
    """It is refused, and the error names the survivor."""
    FOLLOW = "follow"
    """It reaches the survivor: what it changes in the merged record is changed there."""


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
    """The choices of one model.

    The standard ones stop a conversion that would make a probable duplicate, and tell of those
    that an import or a web form brings: what was sent in is never turned away for looking alike.
    """

    contact_account: ContactAccount = ContactAccount.OPTIONAL
    no_company: NoCompany = NoCompany.CONTACT_ONLY
    undo_conversion: Undo = Undo.REFUSED
    conversion_matches: Matches = Matches.BLOCK
    lost_reason: LostReason = LostReason.OPTIONAL
    checklist: Checklist = Checklist.ALERT
    conversion_attach: Attach = Attach.STRONG_KEYS
    conversion_close_date: CloseDate = CloseDate.QUARTER_END
    conversion_children: Children = Children.CONTACT
    known_contact: KnownContact = KnownContact.TOUCH
    capture_matches: Matches = Matches.ALERT
    lead_mode: LeadMode = LeadMode.LEADS_AND_CONTACTS
    qualify: Qualify = Qualify.IGNORED
    import_matches: Matches = Matches.ALERT
    create_matches: Matches = Matches.IGNORE
    update_matches: Matches = Matches.IGNORE
    old_ids: OldIds = OldIds.REFUSE
