"""Crm: the facade. Every command gathers, lets a rule decide, checks, commits, and tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from os import PathLike
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import attrs

from crmcore.adapters import JsonFileRepository, MemoryRepository
from crmcore.changes import ChangeSet, ConflictError
from crmcore.crm import ask, plans, reading
from crmcore.crm.batch import BatchConversion, convert_many
from crmcore.crm.choices import RAISE, Choices, IfConverted, Target
from crmcore.crm.complete import complete, decided
from crmcore.crm.converting import convert
from crmcore.crm.desk import Desk
from crmcore.crm.figures import Figures
from crmcore.crm.merging import merge
from crmcore.crm.storage import as_repository
from crmcore.crm.transaction import Transaction
from crmcore.crm.views import AccountTree, Related
from crmcore.entities import Account, Record
from crmcore.errors import CrmError, UsageError
from crmcore.findings import Finding, Findings, ModelError, ValidationError
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.ports import Clock, IdFactory, Repository, RowStore, Snapshot, system_clock
from crmcore.query import ALL, Filter, Order, Path
from crmcore.reports.timeline import Timeline
from crmcore.rules.conversion import CREATE, LeadConversion, OpportunityChoice
from crmcore.rules.matching import DuplicateSets, MatchRule
from crmcore.rules.merge import Merge
from crmcore.rules.rollup import Explanation, Scope
from crmcore.rules.rule import Context, Decided, Decision
from crmcore.rules.rulebook import STANDARD_RULES, RuleBook
from crmcore.rules.survivorship import Survivorship
from crmcore.values.ids import new_id
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Decided)

_TRIES = 4


class Crm:
    """A CRM on one repository: read, decide, store.

    ``repository`` is a ``Repository`` or a ``RowStore`` (``None``: a new one in memory). ``clock``
    gives the present moment in UTC, ``ids`` the ids of what the library creates, ``by`` is the user
    who acts. ``on_finding`` gets every finding below an error of a write that was stored, and of a
    rollup that was computed, such as a missing exchange rate.

    A write whose findings include an error raises ``ValidationError`` with all of them and stores
    nothing. When somebody else was faster, the command decides anew, up to three times, and then
    raises ``ConflictError``; a record given with an outdated version raises it at once.
    """

    def __init__(
        self,
        repository: Repository | RowStore | None = None,
        *,
        model: Model = STANDARD_MODEL,
        rules: RuleBook = STANDARD_RULES,
        clock: Clock = system_clock,
        ids: IdFactory = new_id,
        by: str | None = None,
        on_finding: Callable[[Finding], object] | None = None,
    ) -> None:
        found = rules.check(model)
        if found.errors:
            raise ModelError("rule book", found)
        store = MemoryRepository() if repository is None else repository
        self._repository = as_repository(store, model)
        self._desk = Desk(model=model, rules=rules, clock=clock, ids=ids, by=by)
        self._on_finding = on_finding
        self._figures = Figures(self._desk, self._tell)

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        model: Model = STANDARD_MODEL,
        rules: RuleBook = STANDARD_RULES,
        clock: Clock = system_clock,
        ids: IdFactory = new_id,
        by: str | None = None,
        on_finding: Callable[[Finding], object] | None = None,
    ) -> Self:
        """A CRM on a JSON file, made at the first write if it is absent; see ``close``.

        Raises ``StorageError`` or one of its kind when the file cannot be read or is not ours.
        """
        store = JsonFileRepository(path, model=model)
        return cls(
            store, model=model, rules=rules, clock=clock, ids=ids, by=by, on_finding=on_finding
        )

    def close(self) -> None:
        """Release the repository; closing twice is fine."""
        self._repository.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def model(self) -> Model:
        """The model it works by."""
        return self._desk.model

    @property
    def rules(self) -> RuleBook:
        """The rules it follows."""
        return self._desk.rules

    def get(self, entity: type[R], id: str) -> R:  # the field's own name
        """The record of this id; of a record that was merged away, its survivor.

        Raises ``NotFoundError``.
        """
        with self._repository.snapshot() as snapshot:
            return reading.get(snapshot, self.model, entity, id)

    def find(
        self,
        entity: type[R],
        where: Filter = ALL,
        *,
        order: Path | Order | Iterable[Path | Order] = (),
        after: tuple[Any, ...] | None = None,
        limit: int | None = None,
    ) -> tuple[R, ...]:
        """The records that match, in this order, then by id.

        ``after`` is a cursor (see ``Query.cursor``), ``limit`` the most records. Raises
        ``UnknownNameError`` for a field that does not exist, with the nearest name.
        """
        with self._repository.snapshot() as snapshot:
            return reading.find(
                snapshot, self.model, entity, where, order=order, after=after, limit=limit
            )

    def one(self, entity: type[R], where: Filter) -> R:
        """The only record that matches; raises ``NotFoundError`` or ``ManyFoundError``."""
        with self._repository.snapshot() as snapshot:
            return reading.one(snapshot, self.model, entity, where)

    def count(self, entity: type[Record], where: Filter = ALL) -> int:
        """How many records match."""
        return len(self.find(entity, where))

    def resolve(self, what: Target) -> Ref[Any]:
        """The reference that answers for a record, a reference or a bare id today.

        A record that was merged away answers by its survivor, over any number of merges. Raises
        ``NotFoundError``, and ``AmbiguousIdError`` for an id that several kinds have.
        """
        with self._repository.snapshot() as snapshot:
            return reading.locate(snapshot, self.model, what)

    def related(self, record: Target) -> Related:
        """Every record that ``record`` refers to, and every record that refers to it."""
        with self._repository.snapshot() as snapshot:
            return ask.related(snapshot, self.model, record)

    def timeline(self, record: Target) -> Timeline:
        """What happened around a record, newest first; for an account, its people and deals too."""
        with self._repository.snapshot() as snapshot:
            return ask.timeline(snapshot, self.model, record)

    def check(self) -> Findings:
        """Every finding of every record, and between the records, by kind, then id."""
        with self._repository.snapshot() as snapshot:
            return ask.check(snapshot, self.model)

    def add(self, record: R) -> R:
        """Store a record for the first time; returns it as stored."""
        decision = self._do(partial(plans.add, records=[record]))
        return _stored(decision, record)

    def add_all(self, records: Iterable[R]) -> tuple[R, ...]:
        """Store several records, which may refer to one another, by one commit; in this order."""
        given = tuple(records)
        decision = self._do(partial(plans.add, records=given))
        after = {one.ref: one for one in decision.changes.written}
        return tuple(after[one.ref] for one in given)  # type: ignore[misc]  # same kind, same class

    def save(self, record: R) -> R:
        """Store what changed in a record that was read before; returns it as stored.

        Raises ``NotFoundError`` for a record that is not stored, and ``ConflictError`` when it
        changed since it was read. A record that says what is stored already is not written.
        """
        decision = self._do(partial(plans.save, record=record), tries=1)
        return _stored(decision, record)

    def delete(
        self,
        entity: type[Record],
        id: str,  # the field's own name
        *,
        dry_run: bool = False,
    ) -> Decision:
        """Remove a record, with its link rows; refused while other records refer to it.

        With ``dry_run`` the decision is returned and nothing is stored.
        """
        return self._do(partial(plans.delete, entity=entity, id_=id), dry_run=dry_run)

    def commit(self, decision: Decided | ChangeSet) -> ChangeSet:
        """Store a decision made before, or changes of your own; returns them as stored.

        They pass the same checks as every write. Raises ``ConflictError`` when what was decided on
        has changed since.
        """
        if not isinstance(decision, Decided | ChangeSet):
            raise UsageError("only decisions and change sets can be committed", decision)
        given = Decision(decision) if isinstance(decision, ChangeSet) else decision
        return self._do(partial(plans.given, decision=given), tries=1).changes

    @contextmanager
    def transaction(self, reason: str | None = None) -> Iterator[Transaction]:
        """A block of commands that read their own writes and are stored by one commit at its end.

        An exception in the block leaves nothing stored.
        """
        with self._repository.snapshot() as snapshot:
            tx = Transaction(snapshot, self._desk, reason)
            try:
                yield tx
            finally:
                changes = tx.close()
        if changes:
            self._repository.commit(changes)
            self._tell(tx.findings)

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
        unless ``allow_duplicates``. With ``dry_run`` nothing is stored.

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
            if_converted=if_converted,
        )
        return self._do(
            partial(convert, rules=self.rules, lead_id=lead_id, choices=choices), dry_run=dry_run
        )

    def convert_leads(
        self, lead_ids: Iterable[str], *, dry_run: bool = False, **choices: Unpack[Choices]
    ) -> BatchConversion:
        """Convert many leads by one commit, with the choices of ``convert_lead`` for all of them.

        Leads of one company share the account that the first of them makes. A lead that cannot be
        converted leaves no trace and is named among ``refused``; the others are converted.
        """
        given = tuple(lead_ids)
        plan = partial(convert_many, rules=self.rules, lead_ids=given, choices=choices)
        return self._do(plan, dry_run=dry_run).as_stored()

    def find_duplicates(
        self,
        entity: type[Record],
        rule: str | MatchRule | None = None,
        threshold: float | None = None,
    ) -> DuplicateSets:
        """The sets of records of ``entity`` that are probably one, with the evidence.

        Converted leads are left out: they live on as contacts.

        ``rule`` is a match rule or its name (``None``: the book's rules for this entity);
        ``threshold`` the least score, 0 to 1 (``None``: the rule's own).
        """
        with self._repository.snapshot() as snapshot:
            return ask.duplicates(snapshot, self._desk, entity, rule, threshold)

    def not_duplicates(self, a: Target, b: Target, reason: str | None = None) -> Decision:
        """Store the judgement that two records are not one; matching respects it from now on."""
        return self._do(partial(plans.not_duplicates, first=a, second=b, reason=reason))

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

    def ancestors(self, account_id: str) -> tuple[Account, ...]:
        """The accounts above an account, nearest first."""
        with self._repository.snapshot() as snapshot:
            return ask.ancestors(snapshot, self.model, account_id)

    def descendants(self, account_id: str) -> tuple[Account, ...]:
        """The accounts below an account, level by level, each by id."""
        with self._repository.snapshot() as snapshot:
            return ask.descendants(snapshot, self.model, account_id)

    def ultimate_parent(self, account_id: str) -> Account:
        """The account at the top of the group; an account without parent is its own."""
        with self._repository.snapshot() as snapshot:
            account = reading.get(snapshot, self.model, Account, account_id)
            return (account, *ask.ancestors(snapshot, self.model, account_id))[-1]

    def reparent(self, account_id: str, parent_id: str | None) -> Account:
        """Move an account with all below it under another (``None``: to the top).

        Raises ``CycleError`` with the path when the new parent is below it.
        """
        decision = self._do(partial(plans.reparent, account_id=account_id, parent_id=parent_id))
        after = {one.ref: one for one in decision.changes.written}
        account = self.get(Account, account_id)
        return after.get(account.ref, account)  # type: ignore[return-value]  # its own kind

    def rollup(self, name: str, account_id: str, *, scope: Scope | None = None) -> Any:
        """The value of a rollup at one account; ``scope`` overrides the rollup's own."""
        with self._repository.snapshot() as snapshot:
            definition = self.rules.rollup(name)
            if scope is not None:
                definition = attrs.evolve(definition, scope=scope)
            return ask.rollup(snapshot, self._desk, self._figures, definition, account_id)

    def rollups(self, name: str) -> Mapping[str, Any]:
        """The value of a rollup at every account, by account id."""
        with self._repository.snapshot() as snapshot:
            return self._figures.of(snapshot, [self.rules.rollup(name)])[name]

    def explain(self, name: str, account_id: str) -> Explanation:
        """Which records make the value of a rollup at an account, and why others do not."""
        with self._repository.snapshot() as snapshot:
            return ask.explain(snapshot, self._desk, name, account_id)

    def tree(self, account_id: str, rollups: Iterable[str] = ()) -> AccountTree:
        """An account with all below it, and the values of these rollups at each, to be printed."""
        with self._repository.snapshot() as snapshot:
            return ask.tree(snapshot, self._desk, self._figures, account_id, tuple(rollups))

    def _do(
        self,
        plan: Callable[[Snapshot, Context], D],
        *,
        dry_run: bool = False,
        tries: int = _TRIES,
    ) -> D:
        conflict: ConflictError | None = None
        for _ in range(tries):
            with self._repository.snapshot() as snapshot:
                context = self._desk.context()
                try:
                    decision = complete(plan(snapshot, context), snapshot, context)
                    if dry_run:
                        return decision
                    if decision.findings.errors:
                        raise ValidationError(decision.findings)
                except CrmError as refused:
                    if conflict is not None:
                        raise conflict from refused
                    raise
            try:
                return self._commit(decision)
            except ConflictError as faster:
                conflict = faster
        raise conflict if conflict is not None else AssertionError("at least one try")

    def _commit(self, decision: D) -> D:
        if not decision.changes:
            return decision
        seq = self._repository.commit(decision.changes)
        self._tell(decision.findings)
        stored = decision.changes.as_stored(seq)
        return decided(decision, changes=stored, findings=decision.findings)

    def _tell(self, findings: Findings) -> None:
        if self._on_finding is not None:
            for one in findings.warnings:
                self._on_finding(one)


def _stored(decision: Decided, record: R) -> R:
    after = decision.changes.after(record.ref)
    return record if after is None else after  # type: ignore[return-value]  # same kind, same class
