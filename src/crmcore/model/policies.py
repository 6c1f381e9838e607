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


class Matches(Enum):
    """What a match does to a write that a rule gates (laws C19 and D13)."""

    ALERT = "alert"
    BLOCK = "block"
    IGNORE = "ignore"


@frozen(kw_only=True)
class Policies:
    """The choices of one model."""

    contact_account: ContactAccount = ContactAccount.OPTIONAL
    no_company: NoCompany = NoCompany.CONTACT_ONLY
    undo_conversion: Undo = Undo.REFUSED
    conversion_matches: Matches = Matches.BLOCK
    import_matches: Matches = Matches.BLOCK
    capture_matches: Matches = Matches.BLOCK
    create_matches: Matches = Matches.IGNORE
    update_matches: Matches = Matches.IGNORE
