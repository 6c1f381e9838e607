"""MergeCommands: the commands of ``Crm`` that merge records and take merges back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from crmcore.crm.choices import Target
from crmcore.crm.commands.core import Core
from crmcore.crm.merging import merge
from crmcore.crm.unmerging import MergeLike, unmerge
from crmcore.rules.merge import Merge, Unmerge
from crmcore.rules.survivorship import Survivorship


class MergeCommands(Core):
    """The commands of ``Crm`` that merge records and take merges back."""

    def merge(
        self,
        master: Target,
        losers: Iterable[Target] | Target,
        *,
        choose: Mapping[str, Any] | None = None,
        survivorship: Survivorship | None = None,
        dry_run: bool = False,
    ) -> Merge:
        """Merge ``losers`` into ``master``; every reference to them follows, nothing is lost.

        ``choose`` gives the value of a field, or the record whose value it takes, by field name;
        ``survivorship`` the policies for all others (``None``: the book's).
        """
        plan = partial(
            merge,
            rules=self.rules,
            master=master,
            losers=losers,
            choose=choose,
            survivorship=survivorship,
        )
        return self._do(plan, dry_run=dry_run)

    def unmerge(
        self,
        merge_id: MergeLike,
        *,
        survivorship: Survivorship | None = None,
        dry_run: bool = False,
    ) -> Unmerge:
        """Take a merge back, however old and in any order; what was done since stays.

        ``merge_id`` is the id of a merge, its receipt or its decision. The merged records are
        restored with their values, references go back to them, and the receipt lists what stays
        with the survivor and why. ``survivorship`` decides anew where a later merge met a value
        that it would not meet today (``None``: the book's). With ``dry_run`` nothing is stored.

        Raises ``UnmergeError`` for a merge that was taken back before.
        """
        plan = partial(unmerge, rules=self.rules, merge=merge_id, survivorship=survivorship)
        return self._do(plan, dry_run=dry_run)
