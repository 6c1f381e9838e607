"""DuplicateCommands: the commands of ``Crm`` that find duplicates and merge them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from crmcore.crm import ask, plans
from crmcore.crm.choices import Target
from crmcore.crm.commands.core import Core
from crmcore.crm.merging import merge
from crmcore.entities import Record
from crmcore.rules.matching import AnyRule, DuplicateSets
from crmcore.rules.merge import Merge
from crmcore.rules.rule import Decided, Decision
from crmcore.rules.survivorship import Survivorship

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Decided)


class DuplicateCommands(Core):
    """The commands of ``Crm`` that find duplicates and merge them."""

    def find_duplicates(
        self,
        entity: type[Record],
        rule: str | AnyRule | None = None,
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
