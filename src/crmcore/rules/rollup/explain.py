"""Explain: which records a figure is made of, and for every other record why it is not in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from crmcore import render
from crmcore.entities import Account, AccountRelation
from crmcore.entities.record import Record, kind_of
from crmcore.entities.title import title
from crmcore.errors import InvalidValueError, NotFoundError
from crmcore.model.references import as_ref
from crmcore.query import And, Filter, Path, field_at, matches, value_at
from crmcore.rules.rollup.compute import tree_of
from crmcore.rules.rollup.definition import Rollup, Scope, Shares
from crmcore.rules.rollup.fit import require_sound
from crmcore.rules.rollup.measure import Measure
from crmcore.rules.rollup.rates import Rates
from crmcore.rules.rollup.reading import (
    Item,
    Out,
    Reading,
    Value,
    read_for,
    reading,
)
from crmcore.rules.rollup.shared import summed
from crmcore.rules.rollup.shares import WHOLE, Ownership, Parts, ownership
from crmcore.rules.rollup.sound import link_fields
from crmcore.rules.tree import Forest, ultimate_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crmcore.entities import ExchangeRate
    from crmcore.rules.rule import Context


@frozen
class Contribution:
    """A record that counts in the account ``account_id``, with its ``value`` as it is stored.

    ``value`` is the record's id where the figure is about records. ``part`` is how much of it
    counts, 1 for the whole: less where accounts are owned by share.
    """

    record: Record
    account_id: str
    value: Any
    part: Fraction = WHOLE


@frozen
class Exclusion:
    """A record that does not count, and the ``reason``.

    ``account_ids`` are the known accounts that it belongs to. ``terms`` are the parts of the
    filter that are not true of it.
    """

    record: Record
    reason: Out
    account_ids: tuple[str, ...] = ()
    terms: tuple[Filter, ...] = ()

    @property
    def because(self) -> str:
        """The reason in words."""
        if self.reason is Out.FILTER:
            return f"{self.reason.value}: {', '.join(map(str, self.terms))}"
        if self.reason is Out.ELSEWHERE:
            return f"it belongs to {', '.join(self.account_ids)}"
        return str(self.reason.value)


@frozen(kw_only=True)
class Explanation:
    """What the figure of ``account_id`` is made of; aggregating the contributions gives ``value``.

    ``account_ids`` are the accounts in the scope of the figure, from the top down. A record that
    counts in several of them contributes once for each. Contributions are in the order of the
    accounts, then by id; exclusions by id, first those of accounts in the scope. Where accounts
    are owned by share, ``ways`` has for each of them the first few ways to ``account_id``: the
    owners on it with the part that each has. ``names`` says what the accounts are called.
    """

    rollup: Rollup
    account_id: str
    account_ids: tuple[str, ...]
    value: Value
    contributions: tuple[Contribution, ...]
    exclusions: tuple[Exclusion, ...]
    ways: Mapping[str, tuple[Parts, ...]] = field(factory=dict)
    names: Mapping[str, str] = field(factory=dict, eq=False)

    def why_not(self, record_id: str) -> Exclusion | None:
        """Why a record does not count; ``None`` where it does, or was not looked at."""
        return next((one for one in self.exclusions if one.record.id == record_id), None)

    @property
    def _title(self) -> str:
        return f"{self.rollup.name} of {self._name(self.account_id)}: {render.plain(self.value)}"

    def _name(self, account_id: str) -> str:
        return self.names.get(account_id, account_id)

    @property
    def _in(self) -> list[tuple[Any, ...]]:
        if self.rollup.shares is None:
            return [self._shown(one) for one in self.contributions]
        return [
            (*self._shown(one), percent(one.part), self._way(one.account_id))
            for one in self.contributions
        ]

    def _shown(self, one: Contribution) -> tuple[Any, ...]:
        value = "" if self.rollup.value is None else one.value
        return (self._name(one.account_id), title(one.record), value)

    def _way(self, account_id: str) -> str:
        """How an account came by its part: the share of each owner on the way."""
        ways = self.ways.get(account_id, ())
        told = [
            ", ".join(f"{percent(part)} by {self._name(owner)}" for owner, part in way)
            for way in ways
        ]
        return "; ".join(told)

    @property
    def _columns(self) -> tuple[str, ...]:
        return _IN if self.rollup.shares is None else (*_IN, "part", "owned")

    @property
    def _out(self) -> list[tuple[Any, ...]]:
        near = [one for one in self.exclusions if one.reason not in _FAR]
        return [(title(one.record), one.because) for one in near]

    @property
    def _rest(self) -> str:
        far = Counter(one.reason for one in self.exclusions if one.reason in _FAR)
        named = ((Out.ELSEWHERE, "in other accounts"), (Out.UNASSIGNED, "in no known account"))
        return ", ".join(f"{far[reason]:,} {where}" for reason, where in named if far[reason])

    def __str__(self) -> str:
        parts = [self._title, str(self.rollup)]
        if self._in:
            parts += ["", render.table(_cut(self._in), columns=self._columns, right=_RIGHT)]
        if self._out:
            parts += ["", "Left out:", render.table(_cut(self._out), columns=_OUT)]
        if self._rest:
            parts += ["", f"Elsewhere: {self._rest}."]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        parts = [render.html_table(_cut(self._in), columns=self._columns, right=_RIGHT)]
        if self._out:
            parts.append(render.html_table(_cut(self._out), columns=_OUT, caption="Left out"))
        if self._rest:
            parts.append(f"<p>{render.escape(f'Elsewhere: {self._rest}.')}</p>")
        return render.html_section(self._title, *parts)


_IN = ("account", "record", "value")
_RIGHT = ("value", "part")
_OUT = ("record", "why not")
_WAYS = 3
_FAR = frozenset({Out.ELSEWHERE, Out.UNASSIGNED})
_SHOWN = 50


def _cut(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    if len(rows) <= _SHOWN:
        return rows
    return [*rows[:_SHOWN], (f"... {len(rows) - _SHOWN:,} more", *[""] * (len(rows[0]) - 1))]


def percent(part: Fraction) -> str:
    """A part for people to read: a percentage with at most four decimals."""
    number = round(part * 100, 4)
    return f"{float(number):.4f}".rstrip("0").rstrip(".") + " %"  # shown, never computed with


def explain(
    rollup: Rollup,
    account_id: str,
    *,
    accounts: Iterable[Record],
    children: Iterable[Record],
    links: Iterable[Record] = (),
    context: Context,
    rates: Iterable[ExchangeRate] = (),
) -> Explanation:
    """Explain the figure that ``roll_up`` has for an account, from the same records (law R15).

    ``children`` need only be those of interest: a record that is not given is not explained.
    Raises ``NotFoundError`` for an account that is not given, and ``ModelError`` as ``roll_up``.
    """
    require_sound(rollup, context.model)
    accounts, links = [*accounts], [*links]
    tree = tree_of(rollup.over, accounts, context)
    graph = None if rollup.shares is None else _graph(rollup.shares, accounts, links, context)
    parts = _parts(rollup, account_id, tree, graph)
    scope = {one: at for at, one in enumerate(parts)}
    ready = reading(rollup, context, Rates.of(rates))
    ids_of = account_ids_of(rollup, context, tree.parents, links)
    counted, excluded = _sorted_out(
        rollup,
        (one for one in children if type(one) is rollup.child),
        ids_of,
        ready,
        parts,
        context=context,
    )
    counted.sort(key=lambda pair: (scope[pair[0].account_id], pair[0].record.id))
    excluded.sort(key=lambda one: (one.reason in _FAR, one.record.id))
    return Explanation(
        rollup=rollup,
        account_id=account_id,
        account_ids=tuple(scope),
        value=_value(ready, [(item, one.part) for one, item in counted]),
        contributions=tuple(one for one, _ in counted),
        exclusions=tuple(excluded),
        ways={} if graph is None else _ways(graph, account_id, scope),
        names={one.id: title(one) for one in accounts if one.id in scope},
    )


def _sorted_out(
    rollup: Rollup,
    children: Iterable[Record],
    ids_of: Callable[[Record], tuple[str | None, ...]],
    ready: Reading,
    parts: Mapping[str, Fraction],
    *,
    context: Context,
) -> tuple[list[tuple[Contribution, Item]], list[Exclusion]]:
    """What counts in the accounts that have ``parts``, with what it adds, and what does not."""
    counted: list[tuple[Contribution, Item]] = []
    excluded: list[Exclusion] = []
    for record in children:
        ids = tuple(one for one in ids_of(record) if one is not None)
        inside = [(one, parts[one]) for one in ids if one in parts]
        item = ready.item_of(record) if inside else None
        if item is None or isinstance(item, Out):
            excluded.append(_exclusion(rollup, record, ids, item, context))
        else:
            counted += [(_contribution(rollup, record, one, item), item) for one in inside]
    return counted, excluded


def _exclusion(
    rollup: Rollup, record: Record, ids: tuple[str, ...], reason: Out | None, context: Context
) -> Exclusion:
    """Why a record does not count; ``None`` as reason: it is not of these accounts."""
    if reason is None:
        return Exclusion(record, Out.ELSEWHERE if ids else Out.UNASSIGNED, ids)
    return Exclusion(record, reason, ids, _false_terms(rollup, record, context))


def _graph(
    shares: Shares, accounts: Iterable[Record], links: Iterable[Record], context: Context
) -> Ownership:
    groups = (one for one in accounts if isinstance(one, Account))
    parents: dict[str, str | None] = {one.id: one.parent_id for one in groups}
    relations = (one for one in links if isinstance(one, AccountRelation))
    return ownership(shares, parents, relations, context.today)


def _ways(
    graph: Ownership, account_id: str, scope: Mapping[str, int]
) -> dict[str, tuple[Parts, ...]]:
    return {
        one: tuple(islice(graph.ways(one, account_id, scope), _WAYS))
        for one in scope
        if one != account_id
    }


def _contribution(
    rollup: Rollup, record: Record, place: tuple[str, Fraction], item: Item
) -> Contribution:
    if rollup.value is None:
        return Contribution(record, place[0], record.id, place[1])
    path = rollup.value
    value = path(record) if isinstance(path, Measure) else item
    value = value_at(record, path) if isinstance(path, Path) else value
    return Contribution(record, place[0], value, place[1])


def _value(ready: Reading, items: list[tuple[Item, Fraction]]) -> Value:
    if ready.rollup.shares is not None:
        return summed(ready, items)
    try:
        return ready.finish(ready.folded(item for item, _ in items))
    except InvalidValueError:  # beyond all bounds: roll_up reports it
        return None


def _parts(
    rollup: Rollup, account_id: str, tree: Forest, graph: Ownership | None
) -> dict[str, Fraction]:
    """The accounts in the scope of the figure, and how much of each counts."""
    within = _scope(rollup, account_id, tree)
    return dict.fromkeys(within, WHOLE) if graph is None else graph.parts_of(account_id)


def _scope(rollup: Rollup, account_id: str, tree: Forest) -> tuple[str, ...]:
    if account_id not in tree.parents:
        raise NotFoundError(kind_of(rollup.over), account_id)
    if rollup.scope is Scope.OWN:
        return (account_id,)
    whole = rollup.scope is Scope.ULTIMATE_PARENT
    return tree.below(ultimate_parent(account_id, tree.parents.get) if whole else account_id)


def _false_terms(rollup: Rollup, record: Record, context: Context) -> tuple[Filter, ...]:
    """The parts of the filter, as it was written, that are not true of the record."""
    where = rollup.where
    terms = where.terms if isinstance(where, And) else (where,)
    return tuple(one for one in terms if not matches(read_for(one, rollup, context), record))


def account_ids_of(
    rollup: Rollup, context: Context, known: Mapping[str, Any], links: Iterable[Record]
) -> Callable[[Record], tuple[str | None, ...]]:
    """Says where a record counts: each account of ``known`` once, or ``(None,)``."""
    schema = context.model.schema(rollup.child)
    lookup = field_at(rollup.by, schema)[0].lookup
    kind = kind_of(rollup.over)
    linked = {} if rollup.via is None else _linked(rollup, rollup.via, context, links)

    def ids_of(record: Record) -> tuple[str | None, ...]:
        ref = None if lookup is None else as_ref(value_at(record, rollup.by), lookup)
        own = (ref.id,) if ref is not None and ref.kind == kind else ()
        ids = dict.fromkeys((*own, *linked.get(record.id, ())))
        return tuple(one for one in ids if one in known) or (None,)

    return ids_of


def _linked(
    rollup: Rollup, via: type[Record], context: Context, links: Iterable[Record]
) -> dict[str, list[str]]:
    """The accounts that links give each child, in the order of the links."""
    schema = context.model.schema(via)
    (to_child,), (to_over,) = link_fields(
        schema, child=kind_of(rollup.child), over=kind_of(rollup.over)
    )
    found: dict[str, list[str]] = {}
    for link in links:
        if not isinstance(link, via):
            continue
        child, over = to_child.value(link), to_over.value(link)
        if isinstance(child, str) and isinstance(over, str):
            found.setdefault(child, []).append(over)
    return found
