"""Crm: the facade. Every command gathers, lets a rule decide, checks, commits, and tells."""

from __future__ import annotations

from crmcore.crm.commands.automation import AutomationCommands
from crmcore.crm.commands.duplicates import DuplicateCommands
from crmcore.crm.commands.groups import GroupCommands
from crmcore.crm.commands.history import HistoryCommands
from crmcore.crm.commands.interchange import InterchangeCommands
from crmcore.crm.commands.leads import LeadCommands
from crmcore.crm.commands.matching import MatchingCommands
from crmcore.crm.commands.merges import MergeCommands
from crmcore.crm.commands.records import RecordCommands
from crmcore.crm.commands.reports import ReportCommands


class Crm(
    RecordCommands,
    LeadCommands,
    InterchangeCommands,
    DuplicateCommands,
    MatchingCommands,
    MergeCommands,
    GroupCommands,
    ReportCommands,
    HistoryCommands,
    AutomationCommands,
):
    """A CRM on one repository: read, decide, store.

    ``repository`` is a ``Repository`` or a ``RowStore`` (``None``: a new one in memory). ``clock``
    gives the present moment in UTC, ``ids`` the ids of what the library creates, ``by`` is the user
    who acts. ``on_finding`` gets every finding below an error of a write that was stored, and of a
    rollup that was computed, such as a missing exchange rate. ``hooks`` hear of every commit of
    this ``Crm`` once it is stored (see ``crmcore.crm.hooks``); where one raises, the commit stands
    and ``on_hook_failure`` hears of it (``None``: it goes to ``on_finding``).

    A write whose findings include an error raises ``ValidationError`` with all of them and stores
    nothing. When somebody else was faster, the command decides anew, up to three times, and then
    raises ``ConflictError``; a record given with an outdated version raises it at once.
    """

    def __repr__(self) -> str:
        acting = "" if self._desk.by is None else f" by {self._desk.by!r}"
        return f"<Crm on {type(self._repository).__name__}{acting}>"
