"""GroupCommands: the commands of ``Crm`` on account hierarchies and their rollups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

import attrs

from crmcore.crm import gather, groups, plans, reading
from crmcore.crm.commands.core import Core
from crmcore.crm.views import AccountTree, Neighbour
from crmcore.entities import Account, Contact, Record, User
from crmcore.errors import UsageError
from crmcore.findings import Findings
from crmcore.rules import hierarchy
from crmcore.rules.integrity import require_kind
from crmcore.rules.rollup import Explanation, Rollup, Scope
from crmcore.rules.rule import Decided, Decision

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Decided)


class GroupCommands(Core):
    """The commands of ``Crm`` on account hierarchies and their rollups."""

    def ancestors(self, account_id: str) -> tuple[Account, ...]:
        """The accounts above an account, nearest first."""
        with self._repository.snapshot() as snapshot:
            return groups.ancestors(snapshot, self.model, account_id)

    def descendants(self, account_id: str) -> tuple[Account, ...]:
        """The accounts below an account, level by level, each by id."""
        with self._repository.snapshot() as snapshot:
            return groups.descendants(snapshot, self.model, account_id)

    def ultimate_parent(self, account_id: str) -> Account:
        """The account at the top of the group; an account without parent is its own."""
        with self._repository.snapshot() as snapshot:
            account = reading.get(snapshot, self.model, Account, account_id)
            return (account, *groups.ancestors(snapshot, self.model, account_id))[-1]

    def path(self, account_id: str) -> tuple[Account, ...]:
        """The accounts from the top of the group down to this one, both included."""
        with self._repository.snapshot() as snapshot:
            account = reading.get(snapshot, self.model, Account, account_id)
            return (*reversed(groups.ancestors(snapshot, self.model, account_id)), account)

    def children(self, account_id: str) -> tuple[Account, ...]:
        """The accounts directly below an account, by id."""
        with self._repository.snapshot() as snapshot:
            return groups.children(snapshot, self.model, account_id)

    def siblings(self, account_id: str) -> tuple[Account, ...]:
        """The other accounts below the same parent, by id; none for the top of a group."""
        with self._repository.snapshot() as snapshot:
            account = reading.get(snapshot, self.model, Account, account_id)
            if account.parent_id is None:
                return ()
            found = groups.children(snapshot, self.model, account.parent_id)
            return tuple(one for one in found if one.id != account.id)

    def common_parent(self, account_id: str, other_id: str) -> Account | None:
        """The lowest account that both stand at or below; ``None`` in different groups."""
        line = {one.id for one in self.path(account_id)}
        return next((one for one in reversed(self.path(other_id)) if one.id in line), None)

    def superiors(self, record: Contact | User) -> tuple[Record, ...]:
        """Whom a contact reports to, or a user works for, nearest first, up to the top."""
        with self._repository.snapshot() as snapshot:
            return groups.superiors(snapshot, self.model, record)

    def reports(self, record: Contact | User) -> tuple[Record, ...]:
        """Everybody who reports to a contact, or works for a user, level by level, each by id."""
        with self._repository.snapshot() as snapshot:
            return groups.reports(snapshot, self.model, record)

    def network(self, account_id: str, kind: str | None = None) -> tuple[Neighbour, ...]:
        """The accounts that relations beside the tree lead to, each way round, by kind, then id.

        A relation says that one account is a ``kind`` of another; read from the other end it has
        the inverse name that the model gives it. ``kind`` picks one (``None``: all).
        """
        with self._repository.snapshot() as snapshot:
            return groups.network(snapshot, self.model, account_id, kind)

    def hierarchy_flaws(self, entity: type[Record] = Account) -> Findings:
        """The loops and missing parents among the records of an entity that makes a tree."""
        with self._repository.snapshot() as snapshot:
            kind = require_kind(entity, self.model)
            records = gather.records_of(snapshot, [kind])
            return hierarchy.flaws(records, context=self._desk.context())

    def repair_hierarchy(
        self, entity: type[Record] = Account, *, dry_run: bool = False
    ) -> Decision:
        """Open every loop at its smallest id, and clear parents that are not there."""
        return self._do(partial(plans.repair_hierarchy, entity=entity), dry_run=dry_run)

    def reparent(self, account_id: str, parent_id: str | None) -> Account:
        """Move an account with all below it under another (``None``: to the top).

        Raises ``CycleError`` with the path when the new parent is below it.
        """
        decision = self._do(partial(plans.reparent, account_id=account_id, parent_id=parent_id))
        with self._repository.snapshot() as snapshot:
            account = reading.get(snapshot, self.model, Account, account_id)
        after = decision.changes.after(account.ref)
        return account if after is None else after  # type: ignore[return-value]  # its own kind

    def rollup(self, name: str, account_id: str, *, scope: Scope | None = None) -> Any:
        """The value of a rollup at one account; ``scope`` overrides the rollup's own."""
        definition = self.rules.rollup(name)
        if scope is not None:
            if not isinstance(definition, Rollup):
                raise UsageError("a formula has no scope", name, "give its figures a scope")
            definition = attrs.evolve(definition, scope=scope)
        return self._figures.value(definition, account_id)

    def rollups(self, name: str) -> Mapping[str, Any]:
        """The value of a rollup at every account, by account id."""
        return self._figures.result(self.rules.rollup(name))

    def verify_rollups(self) -> Findings:
        """Compute every figure of the book afresh and compare: one error for each that differs."""
        return self._figures.verify()

    def rebuild_rollups(self) -> None:
        """Compute every figure afresh at its next use, instead of following the changes."""
        self._figures.rebuild()

    def explain(self, name: str, account_id: str) -> Explanation:
        """Which records make the value of a rollup at an account, and why others do not."""
        with self._repository.snapshot() as snapshot:
            return groups.explain(snapshot, self._desk, name, account_id)

    def tree(self, account_id: str, rollups: Iterable[str] = ()) -> AccountTree:
        """An account with all below it, and the values of these rollups at each, to be printed."""
        with self._repository.snapshot() as snapshot:
            return groups.tree(snapshot, self._desk, self._figures, account_id, tuple(rollups))
