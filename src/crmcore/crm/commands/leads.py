"""LeadCommands: the commands of ``Crm`` that turn leads into accounts, contacts and deals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any, TypeVar, Unpack

from crmcore.changes import ChangeSet
from crmcore.crm import reading
from crmcore.crm.batch import (
    ONE_FOR_ALL,
    BatchConversion,
    Commits,
    Progress,
    convert_many,
    gathered,
    lead_of,
)
from crmcore.crm.choices import RAISE, Choices, IfConverted, Target
from crmcore.crm.commands.core import Core
from crmcore.crm.complete import Automation
from crmcore.crm.converting import Shared, convert
from crmcore.crm.modes import ModeAdoption, adopt_mode, qualify_lead
from crmcore.crm.undoing import Receipt, receipts_of, undo
from crmcore.entities import Lead, Record
from crmcore.findings import Findings
from crmcore.model.policies import LeadMode
from crmcore.rules.conversion import CREATE, LeadConversion, OpportunityChoice, UndoneConversion
from crmcore.rules.rule import Decided
from crmcore.rules.scoring import Score, score
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Decided)


class LeadCommands(Core):
    """The commands of ``Crm`` that turn leads into accounts, contacts and deals."""

    def convert_lead(
        self,
        lead_id: str,
        *,
        account: Target | None = None,
        contact: Target | None = None,
        opportunity: OpportunityChoice | Target = CREATE,
        opportunity_name: str | None = None,
        owner_id: str | None = None,
        status: str | None = None,
        close_on: date | None = None,
        pipeline: str | None = None,
        stage: str | None = None,
        overwrite: Iterable[str] = (),
        allow_duplicates: bool = False,
        allow_unqualified: bool = False,
        if_converted: IfConverted = RAISE,
        dry_run: bool = False,
    ) -> LeadConversion:
        """Turn a lead into an account, a contact and a deal.

        ``account`` and ``contact`` are existing ones to attach to (``None``: new ones are made);
        their values stay, and only gaps are filled, except in the fields named in ``overwrite``.
        ``opportunity`` is ``CREATE``, ``SKIP`` or an existing deal. ``owner_id`` (``None``: the
        lead's owner), ``status`` (``None``: the model's first converted status), ``close_on``
        (``None``: the last day of the fiscal quarter), ``pipeline`` and ``stage`` (``None``: the
        model's first) are those of what is made. Probable duplicates of what would be made stop it
        unless ``allow_duplicates``, and what the policy ``qualify`` finds missing stops it unless
        ``allow_unqualified``. With ``dry_run`` nothing is stored.

        Raises ``AlreadyConvertedError`` with the receipt; with ``if_converted=RETURN`` the receipt
        comes back instead.
        """
        choices = Choices(
            account=account,
            contact=contact,
            opportunity=opportunity,
            opportunity_name=opportunity_name,
            owner_id=owner_id,
            status=status,
            close_on=close_on,
            pipeline=pipeline,
            stage=stage,
            overwrite=overwrite,
            allow_duplicates=allow_duplicates,
            allow_unqualified=allow_unqualified,
            if_converted=if_converted,
        )
        return self._do(
            partial(convert, rules=self.rules, known=self._known, lead_id=lead_id, choices=choices),
            dry_run=dry_run,
        )

    def convert_leads(
        self,
        lead_ids: Iterable[str],
        *,
        dry_run: bool = False,
        commits: Commits = ONE_FOR_ALL,
        progress: Progress | None = None,
        **choices: Unpack[Choices],
    ) -> BatchConversion:
        """Convert many leads, with the choices of ``convert_lead`` for all of them.

        Leads of one company share the account that the first of them makes. A lead that cannot be
        converted leaves no trace and is named among ``refused``; the others are converted.
        ``commits`` is ``ONE_FOR_ALL`` or ``ONE_PER_LEAD``. ``progress(done, of, outcome)`` is
        called after each lead; with one commit for all, that is when it is decided, and again
        where somebody was faster and all is decided anew.
        """
        given = tuple(lead_ids)
        if dry_run or commits is ONE_FOR_ALL:
            plan = partial(
                convert_many,
                rules=self.rules,
                known=self._known,
                lead_ids=given,
                choices=choices,
                progress=progress,
            )
            # automation rules acted on each conversion by itself
            done = self._do(plan, dry_run=dry_run, automation=Automation.SKIP)
            return done.as_stored()

        def decide(lead_id: str, shared: Shared | None) -> LeadConversion:
            return self._do(
                partial(
                    convert,
                    rules=self.rules,
                    known=self._known,
                    lead_id=lead_id,
                    choices=choices,
                    shared=shared,
                )
            )

        return gathered(given, decide, self._lead, progress)

    def _lead(self, lead_id: str) -> Lead | None:
        with self._repository.snapshot() as snapshot:
            return lead_of(snapshot, lead_id)

    def score(self, lead_id: str) -> Score:
        """How ready a lead is by the book's scoring rule, each condition explained."""
        with self._repository.snapshot() as snapshot:
            lead = reading.get(snapshot, self.model, Lead, lead_id)
        return score(lead, self.rules.scoring, self.model)

    def qualify(
        self, lead_id: str, *, status: str | None = None, dry_run: bool = False, **said: Any
    ) -> Lead:
        """Enter what a lead answered, and its next status; returns the lead as it is then.

        ``said`` are answers to ``interest``, ``budget``, ``authority`` and ``timeline``: a bare
        value, or a ``Said`` with its evidence. Each is kept as an ``Answer``, and the lead's field
        has the last one. Raises ``ValidationError`` for a status that may not come next,
        ``UnknownNameError`` for a question or status that is none, and ``UsageError`` for a
        converted lead.
        """
        decision = self._do(
            partial(qualify_lead, lead_id=lead_id, said=said, status=status), dry_run=dry_run
        )
        after = decision.changes.after(Ref("lead", lead_id))
        if isinstance(after, Lead):
            return after
        with self._repository.snapshot() as snapshot:
            return reading.get(snapshot, self.model, Lead, lead_id)

    def adopt_mode(self, mode: LeadMode, *, dry_run: bool = False) -> ModeAdoption:
        """Go over to a mode of working with leads: open leads become what it makes of them.

        ``CONTACTS_ONLY`` makes a contact with its account of each, ``CONVERT_AT_ONCE`` a deal too;
        each has its receipt, and the gate does not apply. ``homeless`` lists the values that have
        no place in what they became: the receipts keep them. Use ``Crm`` with the ``model`` of the
        result from then on.
        """
        plan = partial(adopt_mode, rules=self.rules, known=self._known, mode=mode)
        return self._do(plan, dry_run=dry_run)

    def undo(self, receipt: Receipt, *, dry_run: bool = False) -> UndoneConversion:
        """Take a conversion back: every record as it was before; what it made is gone.

        ``receipt`` is the conversion, its receipt, or the receipt's id. Raises ``UsageError``
        where the model's policy ``undo_conversion`` refuses it (the default) and where it was
        undone already, and ``ValidationError`` with everything that was edited, added or merged
        since: later work is never discarded.
        """
        plan = partial(undo, receipt=receipt)
        return self._do(plan, dry_run=dry_run, automation=Automation.SKIP)

    def conversions(self, record: Target) -> tuple[LeadConversion, ...]:
        """The conversions that a lead went through, or that a record came from, to be read.

        Oldest first; those of records that were merged into it included, and those that were
        undone. Each has its ``receipt`` and no changes. Empty where there is none.
        """
        with self._repository.snapshot() as snapshot:
            ref = reading.locate(snapshot, self.model, record)
            receipts = receipts_of(snapshot, ref)
        return tuple(
            LeadConversion(changes=ChangeSet(), findings=Findings(), receipt=one)
            for one in receipts
        )
