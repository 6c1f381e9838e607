"""Views: what hangs on a record, and an account tree with its totals, ready to be printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from crmcore import render
from crmcore.entities import Account, AccountRelation, Record
from crmcore.entities.title import title


@frozen
class Related:
    """The records around ``record``.

    ``outgoing`` has those it refers to, by the path of the reference (``account_id``); ``incoming``
    those that refer to it, by entity and path (``contact.account_id``), each by kind, then id.
    """

    record: Record
    outgoing: Mapping[str, tuple[Record, ...]]
    incoming: Mapping[str, tuple[Record, ...]]

    def of(self, kind: str) -> tuple[Record, ...]:
        """All records of one kind around it, by id, however they are connected."""
        everything = (*self.outgoing.values(), *self.incoming.values())
        found = {one.id: one for group in everything for one in group if one.ref.kind == kind}
        return tuple(found[id_] for id_ in sorted(found))

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            (arrow, path, title(one))
            for arrow, groups in (("->", self.outgoing), ("<-", self.incoming))
            for path, group in groups.items()
            for one in group
        ]

    def __str__(self) -> str:
        head = f"{self.record.ref.kind} {title(self.record)}"
        return f"{head}\n{render.table(self._rows(), columns=('', 'reference', 'record'))}"

    def _repr_html_(self) -> str:
        columns = ("", "reference", "record")
        return render.html_table(self._rows(), columns=columns, caption=title(self.record))


@frozen
class Neighbour:
    """An account that a relation leads to: it is a ``kind`` of the account one came from."""

    kind: str
    account: Account
    relation: AccountRelation

    def __str__(self) -> str:
        return f"{self.kind}: {self.account.name}"


LIMIT = 100
"""How many children of one account a printed tree shows."""

DEPTH = 40
"""How many levels below the account a printed tree shows."""


@frozen
class AccountTree:
    """An account with everything below it, and at each account the values of some rollups.

    ``values`` maps the name of a rollup to a mapping from account id to value. Printed, it shows at
    most ``LIMIT`` children of one account and ``DEPTH`` levels, and says how much is left out;
    as HTML it folds.
    """

    root: Account
    children: Mapping[str, tuple[Account, ...]]
    values: Mapping[str, Mapping[str, Any]]

    def below(self, account: Account) -> tuple[Account, ...]:
        """The accounts directly below ``account``, by name, then id."""
        return self.children.get(account.id, ())

    def _shown(self) -> Iterator[Account | None]:
        """The accounts that are printed, line by line; ``None`` for a line that counts the rest."""
        waiting: list[tuple[Account | None, int]] = [(self.root, 0)]
        while waiting:
            account, level = waiting.pop()
            yield account
            below = () if account is None else self.below(account)
            if below:
                kept = below[: LIMIT if level < DEPTH else 0]
                rest: list[tuple[Account | None, int]] = [(one, level + 1) for one in kept]
                rest += [(None, level + 1)] * (len(kept) < len(below))
                waiting.extend(reversed(rest))

    def _figures(self, account: Account | None) -> list[str]:
        if account is None:
            return [""] * len(self.values)
        return [render.plain(values.get(account.id)) for values in self.values.values()]

    def __str__(self) -> str:
        drawn = render.tree(self.root, children=self.below, label=_name, limit=LIMIT, depth=DEPTH)
        lines = drawn.splitlines()
        rows = [
            (line, *self._figures(account))
            for line, account in zip(lines, self._shown(), strict=True)
        ]
        names = tuple(self.values)
        return render.table(rows, columns=("account", *names), right=names)

    def _repr_html_(self) -> str:
        def label(account: Account) -> str:
            figures = zip(self.values, self._figures(account), strict=True)
            return " · ".join([account.name, *(f"{name} {value}" for name, value in figures)])

        return render.html_tree(
            self.root, children=self.below, label=label, limit=LIMIT, depth=DEPTH
        )


def _name(account: Account) -> str:
    return account.name


def by_path(
    found: Mapping[str, list[Record]],
) -> dict[str, tuple[Record, ...]]:
    """The same mapping with frozen, sorted groups."""
    return {
        path: tuple(sorted(group, key=lambda one: (one.ref.kind, one.id)))
        for path, group in found.items()
    }
