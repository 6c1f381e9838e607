"""Account view: everything about one account, or a group of accounts, on one page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final

from attrs import field, frozen

from crmcore import render
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Activity,
    Case,
    Contact,
    Contract,
    Opportunity,
    OpportunityContactRole,
    Touch,
)
from crmcore.entities.record import Record
from crmcore.errors import NotFoundError
from crmcore.findings import Findings
from crmcore.model.pipeline import StageCategory
from crmcore.reports import charts
from crmcore.reports.material import Material
from crmcore.reports.pipeline import probability_total
from crmcore.reports.scene import EVERYTHING, Asked, Scene, all_findings, by_stage, ids_of, prepare
from crmcore.reports.share import Share
from crmcore.reports.shown import Table, number, page_html, page_text
from crmcore.reports.worth import as_money
from crmcore.rules.rollup import Scope
from crmcore.rules.rule import Context
from crmcore.rules.tree import Forest, forest, parents_of, tree_field
from crmcore.values.money import Money

_ZERO: Final = Fraction(0)


@frozen(kw_only=True)
class Person:
    """Somebody of the accounts: what they are there, and in which open deals.

    ``accounts`` are those of the view they belong to, the own account first; ``roles`` what they
    are called in relations to them, ``deals`` their roles by open deal (``None``: no role said).
    ``shared_with`` are accounts outside the view they are related to: consultants, for example.
    """

    contact: Contact
    accounts: tuple[Account, ...]
    roles: frozenset[str]
    deals: tuple[tuple[Opportunity, str | None], ...]
    shared_with: tuple[Account, ...]


@frozen(kw_only=True)
class AccountView:
    """One account, or a group, as known at ``moment``.

    ``accounts`` are those in view, ``root`` first, then level by level. ``people`` are by family
    name, ``open_deals`` by close date, ``cases`` are the open ones, ``contracts`` those in force or
    not begun yet. ``last_touch`` and ``last_activity`` are the latest, ``next_activity`` the open
    one due first; ``None`` where there is none. ``open_amount`` and ``weighted`` are of the open
    deals, ``won_amount`` of the won ones, ``win_rate`` of all closed ones.
    """

    moment: datetime
    currency: str
    root: Account
    scope: Scope
    accounts: tuple[Account, ...] = field(eq=ids_of, repr=False)
    people: tuple[Person, ...] = field(repr=False)
    open_deals: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    won_deals: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    lost_deals: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    cases: tuple[Case, ...] = field(eq=ids_of, repr=False)
    contracts: tuple[Contract, ...] = field(eq=ids_of, repr=False)
    last_touch: Touch | None = field(repr=False)
    last_activity: Activity | None = field(repr=False)
    next_activity: Activity | None = field(repr=False)
    open_amount: Money
    weighted: Money
    won_amount: Money
    win_rate: Share
    findings: Findings = field(eq=False)
    _parents: Mapping[str, str | None] = field(eq=False, repr=False)
    _worth: Mapping[str, Money] = field(eq=False, repr=False)

    @property
    def consultants(self) -> tuple[Person, ...]:
        """The people whom accounts outside the view have too."""
        return tuple(one for one in self.people if one.shared_with)

    def to_rows(self) -> tuple[Mapping[str, Any], ...]:
        """A row for each open deal, of plain values."""
        names: dict[str, str] = {one.id: one.name for one in self.accounts}
        return tuple(
            {
                "account": names.get(deal.account_id or ""),
                "deal": deal.name,
                "stage": deal.stage,
                "amount": deal.amount and deal.amount.amount,
                "currency": deal.amount and deal.amount.currency,
                "close_on": deal.close_on,
                "next_step": deal.next_step,
            }
            for deal in self.open_deals
        )

    def plot(self) -> Any:
        """The open amounts of the accounts in their tree, as a figure of plotly (``plot``)."""
        own: set[str] = {one.id for one in self.accounts}
        boxes = [
            (
                one.id,
                (self._parents.get(one.id) or "") if self._parents.get(one.id) in own else "",
                one.name,
                self._worth[one.id].amount,
            )
            for one in self.accounts
        ]
        return charts.treemap(f"Open deals of {self._title()}", boxes, unit=self.currency)

    def _title(self) -> str:
        return f"{self.root.name} as of {render.plain(self.moment)}, in {self.currency}"

    def _facts(self) -> list[tuple[str, object]]:
        touch, done, next_one = self.last_touch, self.last_activity, self.next_activity
        return [
            ("accounts", len(self.accounts)),
            ("open", f"{len(self.open_deals)} deals, {number(self.open_amount)}"),
            ("weighted", number(self.weighted)),
            ("won", f"{len(self.won_deals)} deals, {number(self.won_amount)}"),
            ("win rate", str(self.win_rate)),
            ("last touch", touch and f"{render.plain(touch.at)} {touch.source or ''}".strip()),
            ("last activity", done and f"{render.plain(done.done_at)} {done.subject}"),
            ("next activity", next_one and f"{render.plain(next_one.due_on)} {next_one.subject}"),
        ]

    def _tables(self) -> list[Table]:
        names: dict[str, str] = {one.id: one.name for one in self.accounts}

        def place(one: Opportunity | Case | Contract) -> str | None:
            return names.get(one.account_id or "")

        deals = [
            (one.name, place(one), one.stage, one.amount, one.close_on, one.next_step)
            for one in self.open_deals
        ]
        cases = [(one.subject, place(one), one.status, one.priority) for one in self.cases]
        contracts = [
            (one.name, place(one), one.start_on, one.end_on, one.value) for one in self.contracts
        ]
        people = [_person_row(one) for one in self.people]
        found: list[Table] = [
            (people, ("person", "account", "title", "role", "open deals", "shared with")),
            (deals, ("open deal", "account", "stage", "amount", "close", "next step")),
            (cases, ("open case", "account", "status", "priority")),
            (contracts, ("contract", "account", "from", "to", "value")),
        ]
        return [(rows, columns) for rows, columns in found if rows]

    def __str__(self) -> str:
        facts = render.key_values(self._facts())
        return page_text(f"{self._title()}\n\n{facts}", self._tables(), self.findings)

    def _repr_html_(self) -> str:
        facts = ([(name, value) for name, value in self._facts()], ("", ""))
        return page_html(self._title(), [facts, *self._tables()], self.findings)


def _person_row(one: Person) -> tuple[object, ...]:
    return (
        one.contact.name,
        ", ".join(account.name for account in one.accounts),
        one.contact.title,
        ", ".join(sorted(one.roles)) or one.contact.decision_role,
        ", ".join(f"{deal.name}: {role or 'involved'}" for deal, role in one.deals) or None,
        ", ".join(account.name for account in one.shared_with) or None,
    )


def account_view(
    records: Iterable[Record] | Material,
    account_id: str,
    *,
    context: Context,
    asked: Asked = EVERYTHING,
    scope: Scope = Scope.SUBTREE,
) -> AccountView:
    """Everything about an account among ``records`` and, by ``scope``, those of its group.

    ``asked.where`` speaks of deals. Raises ``NotFoundError`` for an account that is not there.
    """
    scene = prepare(records, asked, context)
    accounts: dict[str, Account] = {one.id: one for one in scene.all_known(Account)}
    if account_id not in accounts:
        raise NotFoundError("account", account_id)
    trees = forest(parents_of(accounts.values(), tree_field(context.model.schema(Account))))
    view = tuple(accounts[one] for one in _in_view(trees, account_id, scope))
    ids: set[str] = {one.id for one in view}
    deals = [deal for deal in scene.deals if deal.account_id in ids]
    by_category = _by_category(scene, deals)
    open_deals = by_category[StageCategory.OPEN]
    won, lost = by_category[StageCategory.WON], by_category[StageCategory.LOST]
    people = _people(scene, ids, accounts, open_deals)
    around: set[str] = ids | {one.contact.id for one in people} | {deal.id for deal in deals}
    return AccountView(
        moment=scene.moment,
        currency=scene.currency,
        root=view[0],
        scope=scope,
        accounts=view,
        people=people,
        open_deals=tuple(open_deals),
        won_deals=tuple(won),
        lost_deals=tuple(lost),
        **_service(scene, ids),
        **_contacts_made(scene, around),
        **_amounts(scene, open_deals, won),
        win_rate=Share.of(len(won), len(won) + len(lost)),
        findings=all_findings(scene, scene.exchange.unrated(deals, scene.is_closed)),
        parents=trees.parents,
        worth=_worth(scene, view, open_deals),
    )


def _by_category(
    scene: Scene, deals: Iterable[Opportunity]
) -> dict[StageCategory | None, list[Opportunity]]:
    """The deals by what their stage means, those that close first in front."""
    found: dict[StageCategory | None, list[Opportunity]] = defaultdict(list)
    for deal in sorted(deals, key=lambda one: (one.close_on or date.max, one.id)):
        found[scene.category(deal)].append(deal)
    return found


def _worth(
    scene: Scene, view: Iterable[Account], open_deals: Iterable[Opportunity]
) -> dict[str, Money]:
    """What the own open deals of each account come to."""
    by_account: dict[str | None, list[Opportunity]] = defaultdict(list)
    for deal in open_deals:
        by_account[deal.account_id].append(deal)
    return {one.id: scene.exchange.total(by_account[one.id]).money(scene.currency) for one in view}


def _in_view(trees: Forest, account_id: str, scope: Scope) -> tuple[str, ...]:
    if scope is Scope.OWN:
        return (account_id,)
    at = account_id
    if scope is Scope.ULTIMATE_PARENT:
        parent = trees.parents[at]
        while parent is not None:
            at, parent = parent, trees.parents[parent]
    return trees.below(at)


def _people(
    scene: Scene,
    ids: set[str],
    accounts: Mapping[str, Account],
    open_deals: Iterable[Opportunity],
) -> tuple[Person, ...]:
    places: dict[str, dict[str, None]] = defaultdict(dict)
    roles: dict[str, set[str]] = defaultdict(set)
    contacts: dict[str, Contact] = {one.id: one for one in scene.all_known(Contact)}
    for contact in contacts.values():
        if contact.account_id is not None:
            places[contact.id][contact.account_id] = None
    for link in scene.all_known(AccountContactRelation):
        ended = link.end_on is not None and link.end_on < scene.day
        if link.is_active and not ended:
            places[link.contact_id][link.account_id] = None
            if link.account_id in ids:
                roles[link.contact_id] |= link.roles
    deals = {deal.id: deal for deal in open_deals}
    parts: dict[str, list[tuple[Opportunity, str | None]]] = defaultdict(list)
    for role in scene.all_known(OpportunityContactRole):
        if role.opportunity_id in deals:
            parts[role.contact_id].append((deals[role.opportunity_id], role.role))
    found = [
        Person(
            contact=contact,
            accounts=tuple(accounts[one] for one in places[id_] if one in ids and one in accounts),
            roles=frozenset(roles[id_]),
            deals=tuple(parts[id_]),
            shared_with=tuple(
                accounts[one] for one in places[id_] if one not in ids and one in accounts
            ),
        )
        for id_, contact in contacts.items()
        if ids & places[id_].keys() or parts[id_]
    ]
    found.sort(key=lambda one: (str(one.contact.name), one.contact.id))
    return tuple(found)


def _service(scene: Scene, ids: set[str]) -> dict[str, Any]:
    """The open cases, and the contracts that are not over."""
    cases = [
        one
        for one in scene.all_known(Case)
        if one.account_id in ids and not (one.closed_at and one.closed_at <= scene.moment)
    ]
    contracts = [
        one
        for one in scene.all_known(Contract)
        if one.account_id in ids and not (one.end_on and one.end_on < scene.day)
    ]
    return {"cases": tuple(cases), "contracts": tuple(contracts)}


def _contacts_made(scene: Scene, around: set[str]) -> dict[str, Any]:
    """The latest touch and activity with these people and records, and what is to come next."""
    moment = scene.moment
    touches = [
        one
        for one in scene.all_known(Touch)
        if one.at <= moment and (one.who.id in around or one.opportunity_id in around)
    ]
    activities = [
        one
        for one in scene.all_known(Activity)
        if any(ref is not None and ref.id in around for ref in (one.who, one.about))
    ]
    past = [
        (one.done_at, one.id, one) for one in activities if one.done_at and one.done_at <= moment
    ]
    coming = [one for one in activities if one.done_at is None or one.done_at > moment]
    return {
        "last_touch": max(touches, key=lambda one: (one.at, one.id), default=None),
        "last_activity": max(past, key=lambda one: one[:2], default=(None, None, None))[2],
        "next_activity": min(
            coming, key=lambda one: (one.due_on or date.max, one.id), default=None
        ),
    }


def _amounts(
    scene: Scene, open_deals: Iterable[Opportunity], won: Iterable[Opportunity]
) -> dict[str, Any]:
    currency = scene.currency
    parts = [
        probability_total(some, scene.stages[key], scene.exchange)
        for key, some in by_stage(open_deals).items()
    ]
    return {
        "open_amount": as_money(sum((total.value for total, _ in parts), start=_ZERO), currency),
        "weighted": as_money(sum((weighted for _, weighted in parts), start=_ZERO), currency),
        "won_amount": scene.exchange.total(won, closed=True).money(currency),
    }
