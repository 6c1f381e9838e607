"""Shares: who owns which part of an account, as a graph without loops, whatever the data.

An account with ownership relations in force belongs to its owners, each by its share, whatever its
parent; one without belongs to its parent, whole. What the shares leave over belongs to nobody that
is known, and shares of more than the whole count in proportion: so the parts of an account never
make more than the account.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from attrs import frozen

from crmcore.entities import AccountRelation
from crmcore.findings import Finding, Findings, error, warning
from crmcore.query import value_at
from crmcore.rules.rollup.algebra import is_number
from crmcore.rules.rollup.definition import Shares
from crmcore.values.ref import Ref

Parts: TypeAlias = tuple[tuple[str, Fraction], ...]
"""Accounts that something belongs to, and which part of it; 1 is the whole."""

WHOLE = Fraction(1)
_HUNDRED = Fraction(100)


@frozen(kw_only=True)
class Ownership:
    """Who owns which part of every account, without loops.

    ``owners`` has those of each account that belongs to another, in the order of their ids.
    ``order`` has every account, each before all that own a part of it. ``findings`` say what kept
    the data from being so.
    """

    owners: Mapping[str, Parts]
    order: tuple[str, ...]
    findings: Findings = Findings()

    def parts_of(self, account_id: str) -> dict[str, Fraction]:
        """Which part of each account counts in this one, over all ways, from it down."""
        found: dict[str, Fraction] = {}
        for one in reversed(self.order):
            part = WHOLE if one == account_id else Fraction(0)
            for owner, share in self.owners.get(one, ()):
                part += share * found.get(owner, 0)
            if part:
                found[one] = part
        return found

    def ways(self, start: str, end: str, within: Container[str]) -> Iterator[Parts]:
        """The ways by which ``start`` belongs to ``end``: the owners on it, each with its part.

        ``within`` has the accounts of ``parts_of(end)``: no other is on such a way.
        """
        waiting: list[tuple[str, Parts]] = [(start, ())]
        while waiting:
            at, way = waiting.pop()
            if at == end:
                yield way
                continue
            for owner, part in reversed(self.owners.get(at, ())):
                if owner in within:
                    waiting.append((owner, (*way, (owner, part))))


def ownership(
    shares: Shares,
    parents: Mapping[str, str | None],
    relations: Iterable[AccountRelation],
    today: date,
) -> Ownership:
    """The graph that ``relations`` and, for accounts without any, ``parents`` make on a day.

    All parts between members of one loop are cut: each keeps what it has. Findings are by account.
    """
    owned: dict[str, dict[str, Fraction]] = {}
    found: list[Finding] = []
    for one in relations:
        if one.kind != shares.kind or not is_in_force(one, today) or one.to_id not in parents:
            continue
        share = value_at(one, shares.share)
        if isinstance(share, int | Decimal) and is_number(share) and share > 0:
            mine = owned.setdefault(one.to_id, {})
            mine[one.from_id] = mine.get(one.from_id, Fraction(0)) + Fraction(share)
        else:
            found.append(_no_share(one, share))
    owners: dict[str, Parts] = {}
    for id_, parent in parents.items():
        if id_ in owned:
            total = sum(owned[id_].values(), Fraction(0))
            if total != _HUNDRED:
                found.append(_not_whole(id_, total))
            whole = max(total, _HUNDRED)
            owners[id_] = tuple(
                (one, share / whole) for one, share in sorted(owned[id_].items()) if one in parents
            )
        elif parent is not None and parent in parents:
            owners[id_] = ((parent, WHOLE),)
    groups = _groups(parents, owners)
    for group in groups:
        found += _cut(group, owners, owned)
    found.sort(key=lambda one: (str(one.ref), one.code, str(one.value)))
    order = tuple(id_ for group in reversed(groups) for id_ in group)
    return Ownership(owners=owners, order=order, findings=Findings(found))


def is_in_force(relation: AccountRelation, today: date) -> bool:
    """Whether a relation bounds in this day."""
    starts, ends = relation.start_on, relation.end_on
    return (starts is None or starts <= today) and (ends is None or today <= ends)


def _cut(
    group: Sequence[str], owners: dict[str, Parts], owned: Mapping[str, object]
) -> Iterator[Finding]:
    """Take away what the members of a loop own of one another; say so where shares make it."""
    members = set(group)
    of_shares = False
    for id_ in group:
        kept = tuple(pair for pair in owners.get(id_, ()) if pair[0] not in members)
        if kept != owners.get(id_, ()):
            of_shares = of_shares or id_ in owned
            owners[id_] = kept
    if of_shares:
        first = min(group)
        yield error(
            "ownership.loop",
            "these accounts own one another; what they own of each other counts for nobody",
            ref=Ref("account", first),
            value=", ".join(sorted(group)),
            suggestion="end one of the relations between them",
        )


def _groups(ids: Iterable[str], owners: Mapping[str, Parts]) -> list[list[str]]:
    """The accounts by loop, one alone where it is in none; owners before what they own.

    Strongly connected components by Tarjan's algorithm, step by step, so that depth does not
    matter: R. Tarjan, Depth-first search and linear graph algorithms, SIAM J. Comput. 1 (1972).
    """
    found: list[list[str]] = []
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: dict[str, None] = {}
    for start in ids:
        way: list[tuple[str, Iterator[tuple[str, Fraction]]]] = []
        entering: str | None = None if start in number else start
        while entering is not None or way:
            if entering is not None:
                number[entering] = lowest[entering] = len(number)
                open_[entering] = None
                way.append((entering, iter(owners.get(entering, ()))))
            at, rest = way[-1]
            fresh = (one for one, _ in rest if _is_new(one, at, number, lowest, open_))
            entering = next(fresh, None)
            if entering is not None:
                continue
            way.pop()
            if way:
                above = way[-1][0]
                lowest[above] = min(lowest[above], lowest[at])
            if lowest[at] == number[at]:
                found.append(_closed(at, open_))
    return found


def _is_new(
    one: str, at: str, number: dict[str, int], lowest: dict[str, int], open_: dict[str, None]
) -> bool:
    """Whether an owner was not met before; one on the way, or of its loop, is noted."""
    if one not in number:
        return True
    if one in open_:
        lowest[at] = min(lowest[at], number[one])
    return False


def _closed(at: str, open_: dict[str, None]) -> list[str]:
    group: list[str] = []
    while not group or group[-1] != at:
        group.append(open_.popitem()[0])
    return group


def _no_share(relation: AccountRelation, share: Any) -> Finding:
    return warning(
        "ownership.no_share",
        "this relation says that an account is owned, but not how much of it, and does not count",
        ref=relation.ref,
        value=share,
        suggestion="enter the percentage, or end the relation",
    )


def _not_whole(account_id: str, total: Fraction) -> Finding:
    number = f"{float(total):.6g}"  # for people to read; nothing is computed with it
    what = "the rest counts for no owner" if total < _HUNDRED else "they count in proportion"
    return warning(
        "ownership.sum",
        f"the shares of the owners do not add up to 100 percent; {what}",
        ref=Ref("account", account_id),
        value=f"{number} percent",
        suggestion="correct the shares, or add the owner that is missing",
    )
