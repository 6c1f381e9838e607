"""Crm: the facade. Every command gathers, lets a rule decide, checks, commits, and tells."""

from __future__ import annotations

from crmcore.crm.commands.duplicates import DuplicateCommands
from crmcore.crm.commands.groups import GroupCommands
from crmcore.crm.commands.leads import LeadCommands
from crmcore.crm.commands.matching import MatchingCommands
from crmcore.crm.commands.records import RecordCommands


class Crm(RecordCommands, LeadCommands, DuplicateCommands, GroupCommands, MatchingCommands):
    """A CRM on one repository: read, decide, store.

    ``repository`` is a ``Repository`` or a ``RowStore`` (``None``: a new one in memory). ``clock``
    gives the present moment in UTC, ``ids`` the ids of what the library creates, ``by`` is the user
    who acts. ``on_finding`` gets every finding below an error of a write that was stored, and of a
    rollup that was computed, such as a missing exchange rate.

    A write whose findings include an error raises ``ValidationError`` with all of them and stores
    nothing. When somebody else was faster, the command decides anew, up to three times, and then
    raises ``ConflictError``; a record given with an outdated version raises it at once.
    """
