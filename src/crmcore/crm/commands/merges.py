"""MergeCommands: the commands of ``Crm`` that merge records and take merges back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from crmcore.changes import ChangeSet
from crmcore.crm.choices import Target
from crmcore.crm.commands.core import Core
from crmcore.crm.complete import complete
from crmcore.crm.erasing import erase, forgotten
from crmcore.crm.merging import merge
from crmcore.crm.merging_many import Members, MergedSets, Sets, chosen, merge_sets, sets_of
from crmcore.crm.unmerging import MergeLike, unmerge
from crmcore.entities import Record
from crmcore.findings import ValidationError
from crmcore.ports import Overlay, Snapshot
from crmcore.rules.erasure import Erasure
from crmcore.rules.merge import Merge, Unmerge
from crmcore.rules.rule import Context
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

    def merge_all(
        self,
        duplicate_sets: Sets,
        *,
        threshold: float | None = None,
        survivorship: Survivorship | None = None,
        dry_run: bool = False,
        progress: Callable[[int, int], object] | None = None,
    ) -> MergedSets:
        """Merge sets of duplicates, each by one commit with a receipt of its own.

        ``duplicate_sets`` is what ``find_duplicates`` found, or sets of records. Without a
        ``threshold`` only sets of which every two records are surely one are merged; with one,
        those that the pairs with at least this score (0 to 1) make. The survivor is the record
        with the most values, of several the one made first. A set with two records that somebody
        judged not to be one, or that cannot be merged, is left, with a finding. ``progress`` gets
        the number of sets done and of all, after each. With ``dry_run`` nothing is stored.
        """
        sets, left = sets_of(duplicate_sets, threshold)

        def plan(snapshot: Snapshot, context: Context, members: Members) -> Merge:
            first, *others = chosen(snapshot, self.model, members)
            return merge(
                snapshot,
                context,
                rules=self.rules,
                master=first,
                losers=others,
                choose=None,
                survivorship=survivorship,
            )

        if not dry_run:
            return merge_sets(
                sets, left, lambda members: self._do(partial(plan, members=members)), progress
            )
        with self._repository.snapshot() as snapshot:
            planned = ChangeSet()

            def tried(members: Members) -> Merge:
                nonlocal planned
                overlay, context = Overlay(snapshot, planned), self._desk.context()
                decision = complete(plan(overlay, context, members), overlay, context)
                if decision.findings.errors:
                    raise ValidationError(decision.findings)
                planned = planned.then(decision.changes)
                return decision

            return merge_sets(sets, left, tried, progress)

    def erase(
        self,
        entity: type[Record],
        id: str,  # the field's own name
        *,
        dry_run: bool = False,
    ) -> Erasure:
        """Remove a person's data for good, and say what was done (law M22).

        The record, those that were merged into it, the leads it came from, receipts, judgements,
        touches, activities and attachments lose whatever identifies the person; what is counted
        stays: ids, references, days of business, channels, flags. Where the store keeps a past it
        is asked to forget it; the report says whether it could. Texts of other records that refer
        to the person are listed for people to look at. With ``dry_run`` nothing is stored.
        """
        plan = partial(erase, entity=entity, id_=id)
        erasure = self._do(plan, dry_run=dry_run)
        return erasure if dry_run else forgotten(erasure, self._repository, self.model)
