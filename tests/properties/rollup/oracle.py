"""Figures by brute force, from nothing but stored records: it imports nothing of the rules.

Each figure is a few lines of plain Python over all records, walked up account by account, in
fractions; what they are is written a second time here, on purpose.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

OPEN = {"Prospecting", "Qualification", "Proposal", "Negotiation"}
PLACES = 10**12


class Books:
    """Everything stored at a moment: records by kind, as plain objects, and the day it is."""

    def __init__(self, records: Mapping[str, Iterable[Any]], today: date) -> None:
        self.accounts = {one.id: one.parent_id for one in records["account"]}
        self.users = {one.id: one.manager_id for one in records["user"]}
        self.deals = list(records["opportunity"])
        self.contacts = list(records["contact"])
        self.relations = list(records["account_contact_relation"])
        self.ownership = list(records["account_relation"])
        self.rates = sorted(records["exchange_rate"], key=lambda one: one.id)
        self.today = today

    def line(self, start: str | None, parents: Mapping[str, str | None]) -> list[str]:
        """The id and all above it, as far as they are there and in no loop."""
        found: list[str] = []
        while start is not None and start in parents:
            found.append(start)
            start = None if self.is_looping(start, parents) else parents[start]
        return found

    @staticmethod
    def is_looping(start: str, parents: Mapping[str, str | None]) -> bool:
        at = parents[start]
        for _ in parents:
            if at == start:
                return True
            at = parents.get(at) if at is not None else None
        return False

    def worth(self, currency: str, day: date) -> Fraction | None:
        """What one unit is in euros, by the latest rate with the euro as base."""
        if currency == "EUR":
            return Fraction(1)
        best: dict[date, Any] = {}
        for one in self.rates:
            if one.currency == currency and one.valid_from <= day:
                best[one.valid_from] = one.rate
        return 1 / Fraction(best[max(best)]) if best else None


class Owned:
    """Who owns which part of what, by looking at all relations again and again."""

    def __init__(
        self, accounts: Mapping[str, str | None], relations: Iterable[Any], today: date
    ) -> None:
        self.accounts = accounts
        self.owned = [
            one
            for one in relations
            if one.kind == "owner"
            and (one.start_on or today) <= today <= (one.end_on or today)
            and one.share
        ]
        self.edges = {id_: dict(self._edges(id_)) for id_ in accounts}
        self.cut = {
            id_: {to: part for to, part in edges.items() if not self._reaches(to, id_)}
            for id_, edges in self.edges.items()
        }

    def _edges(self, id_: str) -> Iterable[tuple[str, Fraction]]:
        mine = [one for one in self.owned if one.to_id == id_]
        whole = max(sum((Fraction(one.share) for one in mine), Fraction(0)), Fraction(100))
        for owner in {one.from_id for one in mine} & self.accounts.keys():
            parts = [Fraction(one.share) for one in mine if one.from_id == owner]
            yield owner, sum(parts, Fraction(0)) / whole
        parent = self.accounts[id_]
        if not mine and parent is not None and parent in self.accounts:
            yield parent, Fraction(1)

    def _reaches(self, start: str, end: str) -> bool:
        met, waiting = set[str](), [start]
        while waiting:
            at = waiting.pop()
            if at == end:
                return True
            if at not in met:
                met.add(at)
                waiting += self.edges[at]
        return False

    def part(self, of: str, end: str) -> Fraction:
        """Over all ways; without loops there are only so many."""
        if of == end:
            return Fraction(1)
        parts = (part * self.part(owner, end) for owner, part in self.cut[of].items())
        return sum(parts, Fraction(0))

    def left(self, of: str) -> Fraction:
        """What belongs to no owner."""
        return 1 - sum(self.cut[of].values(), Fraction(0))


def euros(books: Books, deals: Iterable[Any], day_of: Callable[[Any], date | None]) -> list[Any]:
    """What the amounts are worth, those without a rate left out."""
    found = []
    for deal in deals:
        if deal.amount is None:
            continue
        day = books.today if deal.amount.currency == "EUR" else day_of(deal)
        rate = None if day is None else books.worth(deal.amount.currency, day)
        if rate is not None:
            found.append((deal, Fraction(deal.amount.amount) * rate))
    return found


def money(value: Fraction) -> Fraction:
    return Fraction(round(value * PLACES), PLACES)


def quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3


def _order(deal: Any) -> tuple[Any, ...]:
    return (deal.close_on is not None, deal.close_on or date.min, deal.id)


def _today(books: Books) -> Callable[[Any], date]:
    return lambda _deal: books.today


def _sum(pairs: list[Any]) -> Fraction:
    return sum((worth for _, worth in pairs), Fraction(0))


def _open(deals: list[Any]) -> list[Any]:
    return [one for one in deals if one.stage in OPEN]


def _won(deals: list[Any]) -> list[Any]:
    return [one for one in deals if one.stage == "Won"]


def _average(books: Books, deals: list[Any]) -> Any:
    found = euros(books, deals, _today(books))
    return money(_sum(found) / len(found)) if found else None


def _weighted(books: Books, deals: list[Any]) -> Any:
    found = euros(books, [one for one in deals if one.probability is not None], _today(books))
    return money(
        sum((worth * Fraction(one.probability) / 100 for one, worth in found), Fraction(0))
    )


def _most(values: list[str]) -> Any:
    counts = Counter(values)
    return min((one for one in counts if counts[one] == max(counts.values())), default=None)


def _percentile(values: list[Fraction], share: Fraction) -> Any:
    if not values:
        return None
    ranked, place = sorted(values), share * (len(values) - 1)
    low = int(place)
    below, above = ranked[low], ranked[min(low + 1, len(ranked) - 1)]
    return money(below + (above - below) * (place - low))


DealFigure = Callable[[Books, list[Any]], Any]

DEALS: dict[str, DealFigure] = {
    "open_pipeline": lambda b, d: money(_sum(euros(b, _open(d), _today(b)))),
    "won_amount": lambda b, d: money(_sum(euros(b, _won(d), lambda one: one.close_on))),
    "open_deals": lambda _, d: len(_open(d)),
    "deals": lambda _, d: len(d),
    "whole_group": lambda _, d: len(d),
    "own_deals": lambda _, d: len(d),
    "average": _average,
    "least": lambda b, d: min((money(w) for _, w in euros(b, d, _today(b))), default=None),
    "latest": lambda _, d: max((one.close_on for one in d if one.close_on), default=None),
    "owners": lambda _, d: len({one.owner_id for one in d} - {None}),
    "first": lambda _, d: min(d, key=_order).name if d else None,
    "last": lambda _, d: max(d, key=_order).name if d else None,
    "second": lambda _, d: sorted(d, key=_order)[1].name if len(d) > 1 else None,
    "largest": lambda b, d: (
        tuple(sorted((money(w) for _, w in euros(b, d, _today(b))), reverse=True)[:2]) or None
    ),
    "median": lambda b, d: (
        money(median(found)) if (found := [w for _, w in euros(b, d, _today(b))]) else None
    ),
    "percentile": lambda _, d: _percentile(
        [Fraction(one.probability) for one in d if one.probability is not None], Fraction(9, 10)
    ),
    "usual_owner": lambda _, d: _most([one.owner_id for one in d if one.owner_id]),
    "names": lambda _, d: "+".join(one.name for one in sorted(d, key=_order)) or None,
    "stages": lambda _, d: (
        ", ".join(dict.fromkeys(one.stage for one in sorted(d, key=_order))) or None
    ),
    "all_won": lambda _, d: len(_won(d)) == len(d) if d else None,
    "some_won": lambda _, d: bool(_won(d)) if d else None,
    "none_won": lambda _, d: not _won(d) if d else None,
    "weighted": _weighted,
    "this_quarter": lambda b, d: len(
        [one for one in d if one.close_on and quarter(one.close_on) == quarter(b.today)]
    ),
    "overdue": lambda b, d: len(
        [one for one in d if one.close_on and one.close_on < b.today - timedelta(days=30)]
    ),
    "letters": lambda _, d: sum(len(one.name) for one in d),
    "rounded": lambda b, d: Fraction(round(_sum(euros(b, d, _today(b))))),
}
"""Each figure of an account, from the deals of the account and all below it."""


def figures(books: Books) -> dict[str, dict[str, Any]]:
    """Every figure of every account, and of every user."""
    found: dict[str, dict[str, Any]] = {}
    below: dict[str, list[Any]] = {one: [] for one in books.accounts}
    for deal in books.deals:
        for above in books.line(deal.account_id, books.accounts):
            below[above].append(deal)
    for name, figure in DEALS.items():
        found[name] = {one: figure(books, deals) for one, deals in below.items()}
    for one in books.accounts:
        own = [deal for deal in books.deals if deal.account_id == one]
        found["own_deals"][one] = len(own)
        found["whole_group"][one] = len(below[books.line(one, books.accounts)[-1]])
    found["contacts"] = _contacts(books)
    found["by_share"], found["deals_by_share"] = _by_share(books)
    found["by_seller"] = {
        one: len([d for d in books.deals if one in books.line(d.owner_id, books.users)])
        for one in books.users
    }
    found["mean_deal"] = {
        one: money(found["open_pipeline"][one] / count)
        if (count := found["open_deals"][one])
        else None
        for one in books.accounts
    }
    found["best_own"] = {
        one: max(
            len([d for d in books.deals if d.account_id == other])
            for other in books.accounts
            if one in books.line(other, books.accounts)
        )
        for one in books.accounts
    }
    return found


def _by_share(books: Books) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """The worth and the number of deals, by ownership."""
    owned = Owned(books.accounts, books.ownership, books.today)
    deals = {
        one: [deal for deal in books.deals if deal.account_id == one] for one in books.accounts
    }
    own = {one: _sum(euros(books, mine, _today(books))) for one, mine in deals.items()}
    worth, count = dict[str, Fraction](), dict[str, Fraction]()
    for one in books.accounts:
        parts = {other: owned.part(other, one) for other in books.accounts}
        worth[one] = money(sum((own[at] * part for at, part in parts.items()), Fraction(0)))
        count[one] = money(sum((len(deals[at]) * part for at, part in parts.items()), Fraction(0)))
    return worth, count


def _contacts(books: Books) -> dict[str, int]:
    people: dict[str, set[str]] = {one: set() for one in books.accounts}
    for contact in books.contacts:
        places = {one.account_id for one in books.relations if one.contact_id == contact.id}
        for place in {contact.account_id, *places}:
            for above in books.line(place, books.accounts):
                people[above].add(contact.id)
    return {one: len(who) for one, who in people.items()}
