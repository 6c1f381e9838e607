"""Attribution: what each channel earned of the deals that were won, what it cost and brought."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from operator import attrgetter
from typing import Any, Final

from attrs import field, frozen

from crmcore import render
from crmcore.entities import Campaign, Opportunity, Touch
from crmcore.entities.record import Record
from crmcore.findings import Finding, Findings
from crmcore.model.pipeline import StageCategory
from crmcore.query import ALL, matches, read_filter
from crmcore.reports import charts
from crmcore.reports.attribution.chains import ChannelPath, markov
from crmcore.reports.attribution.journey import Journey, Journeys, failures
from crmcore.reports.attribution.models import (
    LINEAR,
    AttributionModel,
    RestsOn,
    as_model,
    largest_remainder,
)
from crmcore.reports.attribution.sharing import Counted, Earned, earned, in_units
from crmcore.reports.grouping import Group, Grouping, KeyOf
from crmcore.reports.material import Material
from crmcore.reports.scene import (
    EVERYTHING,
    Asked,
    Scene,
    all_findings,
    ids_of,
    prepare,
    stage_findings,
)
from crmcore.reports.share import Share, percent
from crmcore.reports.shown import number, page_html, page_text
from crmcore.reports.worth import as_money
from crmcore.rules.rule import Context
from crmcore.values.currency import minor_units
from crmcore.values.money import MAX_DECIMALS, Money

_NO_TOUCH: Final = "(no touch)"

MARKOV: Final = "markov"
"""Shares by removal effect: of all won amounts together, by what journeys came to."""

SHAPLEY: Final = "shapley"
"""Of each deal an equal share to each different channel of its journey (Shapley's value)."""


@frozen(kw_only=True)
class Credit:
    """What one touch earned of one deal.

    ``amount`` is ``None`` where the deal has no amount that counts, and for Markov shares, which
    are of all deals together.
    """

    touch: Touch
    deal: Opportunity
    amount: Money | None


@frozen(kw_only=True)
class AttributionLine:
    """What a channel earned: ``credit``, by ``touches`` touches of won deals.

    ``cost`` is ``None`` where no campaign cost falls on the channel. ``gain`` is earned less cost,
    as a share of the cost; ``None`` without cost.
    """

    channel: Group
    credit: Money
    touches: int
    cost: Money | None
    gain: Share | None


@frozen(kw_only=True)
class AttributionReport:
    """What each channel earned, the most first, then by key, as known at ``moment``.

    The credits of ``lines`` and ``unattributed`` add up to ``total`` exactly: the amounts of the
    won deals, each rounded to minor units where it was converted. ``untouched`` are the won deals
    without a touch up to their close, ``unallocated_cost`` is that of campaigns without touches.
    """

    moment: datetime
    currency: str
    by: str
    model: str
    lines: tuple[AttributionLine, ...]
    total: Money
    unattributed: Money
    untouched: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    won: tuple[Opportunity, ...] = field(eq=ids_of, repr=False)
    unallocated_cost: Money
    findings: Findings = field(eq=False)
    _books: Books = field(eq=False, repr=False)

    def line(self, channel: Any) -> AttributionLine:
        """The line of a channel, by its key; raises ``KeyError`` where there is none."""
        for one in self.lines:
            if one.channel.key == channel:
                return one
        raise KeyError(channel)

    def credits(self, channel: Any) -> tuple[Credit, ...]:
        """What is behind a channel: each of its touches in each won deal, by deal, in their order.

        Their amounts add up to the credit of the channel (but for Markov shares).
        """
        return tuple(
            Credit(touch=touch, deal=deal, amount=amount)
            for deal in sorted(self.won, key=lambda one: one.id)
            for touch, amount in self._books.credits(deal)
            if self._books.way.key_of(touch) == channel
        )

    def conversions(self) -> Mapping[Any, Fraction]:
        """How many deals each channel earned, by its key: shares of deals instead of amounts.

        Exact, but for time decay, whose weights have 18 digits, and Markov shares.
        """
        return self._books.conversions(self.won)

    def to_rows(self) -> tuple[Mapping[str, Any], ...]:
        """A row for each channel, of plain values."""
        return tuple(
            {
                self.by: one.channel.key,
                "credit": one.credit.amount,
                "touches": one.touches,
                "cost": one.cost and one.cost.amount,
                "gain": one.gain and one.gain.value,
                "currency": self.currency,
            }
            for one in self.lines
        )

    def plot(self) -> Any:
        """The shares of the channels as a ring, as a figure of plotly (the extra ``plot``)."""
        found = [(one.channel.label, one.credit.amount) for one in self.lines]
        return charts.shares(self._title(), [*found, (_NO_TOUCH, self.unattributed.amount)])

    def _title(self) -> str:
        moment = render.plain(self.moment)
        return f"What was won, by {self.by} ({self.model}), as of {moment}, in {self.currency}"

    def _table(self) -> tuple[list[tuple[Any, ...]], list[str]]:
        whole = Fraction(self.total.amount)
        rows: list[tuple[Any, ...]] = [
            (
                one.channel.label,
                number(one.credit),
                percent(Fraction(one.credit.amount) / whole if whole else None),
                f"{one.touches:,}",
                number(one.cost),
                percent(None if one.gain is None else one.gain.value),
            )
            for one in self.lines
        ]
        share = percent(Fraction(self.unattributed.amount) / whole if whole else None)
        rows.append((_NO_TOUCH, number(self.unattributed), share, "0", None, None))
        rows.append(("all", number(self.total), percent(1 if whole else None), "", None, None))
        return rows, [self.by, "credit", "share", "touches", "cost", "gain on cost"]

    def __str__(self) -> str:
        return page_text(self._title(), [self._table()], self.findings)

    def _repr_html_(self) -> str:
        return page_html(self._title(), [self._table()], self.findings)


@frozen(kw_only=True, eq=False)
class Books:
    """How the amount of each deal is shared out over its touches.

    ``model`` is ``None`` for Markov shares.
    """

    scene: Scene
    journeys: Journeys
    way: Grouping
    model: AttributionModel | None

    def journey(self, deal: Opportunity) -> Journey:
        """The journey of a won deal."""
        moments = self.model is not None and self.model.rests_on is RestsOn.MILESTONES
        return self.journeys.to(deal, moments=moments)

    def earned(self, deals: Iterable[Opportunity]) -> Earned:
        """What won deals earned by channel."""
        return earned(
            deals,
            keys_of=self.journeys.keys_by(self.way),
            journey_of=self.journey,
            units_of=self._units_of(),
            model=self.model,
        )

    def _units_of(self) -> Callable[[Opportunity], Counted]:
        """Gives the amount of a deal in whole units, and how many decimals these have.

        Minor units of the report's currency, unless the amount has more decimals by itself.
        ``None`` without an amount, and without a rate.
        """
        exchange = self.scene.exchange
        currency = exchange.currency
        digits = minor_units(currency)

        def units_of(deal: Opportunity) -> Counted:
            money = deal.amount
            if money is None:
                return None
            if money.currency == currency:
                scaled = money.amount.scaleb(digits)
                units = int(scaled)
                if units == scaled:
                    return units, digits
                return int(money.amount.scaleb(MAX_DECIMALS)), MAX_DECIMALS
            worth = exchange.worth(money, deal.close_on)
            return None if worth is None else (round(worth * 10**digits), digits)

        return units_of

    def credits(self, deal: Opportunity) -> list[tuple[Touch, Money | None]]:
        """Each touch of the journey of a deal, and what it earned."""
        found = self.journey(deal)
        counted = self._units_of()(deal)
        if counted is None or self.model is None or not found.touches:
            return [(touch, None) for touch in found.touches]
        units, digits = counted
        currency = self.scene.currency
        return [
            (touch, as_money(Fraction(share, 10**digits), currency))
            for touch, share in zip(found.touches, self.model.share(units, found), strict=True)
        ]

    def conversions(self, deals: Iterable[Opportunity]) -> dict[Any, Fraction]:
        """The shares of deals by channel."""
        shares: dict[Any, Fraction] = defaultdict(Fraction)
        if self.model is None:
            effects, won = self.removal_effects(deals)
            whole = sum(map(Fraction, effects.values()), Fraction(0))
            return {
                one: Fraction(effect) / whole * won if whole else Fraction(0)
                for one, effect in effects.items()
            }
        for deal in deals:
            found = self.journey(deal)
            if found.touches:
                weights = self.model.weigh(found)
                weight_of_all = sum(weights)
                for touch, weight in zip(found.touches, weights, strict=True):
                    shares[self.way.key_of(touch)] += Fraction(weight, weight_of_all)
        return dict(shares)

    def removal_effects(self, won: Iterable[Opportunity]) -> tuple[dict[Any, float], int]:
        """The removal effect of each channel, and how many journeys converted."""
        good = Counter(map(tuple, map(self.journeys.keys_by(self.way), won)))
        bad = Counter(
            tuple(map(self.way.key_of, some)) for some in failures(self.scene, self.journeys)
        )
        del good[()], bad[()]
        # in an order of their own, as sums of floats depend on it
        order = sorted({*good, *bad}, key=repr)
        paths = [ChannelPath(channels=one, converted=good[one], failed=bad[one]) for one in order]
        return markov(paths), good.total()


def attribution(
    records: Iterable[Record] | Material,
    *,
    context: Context,
    asked: Asked = EVERYTHING,
    model: AttributionModel | str = LINEAR,
) -> AttributionReport:
    """What each channel earned of the won deals among ``records``.

    ``asked.where`` speaks of deals, ``asked.by`` of touches (``None``: ``"source"``). ``model`` is
    one of ``MODELS``, its name, ``"markov"`` or ``"shapley"``. Won deals are worth what they were
    on the day they were closed. Touches after the close never count.

    Raises ``UnknownNameError`` for a model or a field that does not exist.
    """
    by = Asked(
        by="source" if asked.by is None else asked.by, as_of=asked.as_of, currency=asked.currency
    )
    scene = prepare(records, by, context, about=Touch)
    way = scene.grouping or Grouping(name="source", key_of=attrgetter("source"))
    where = read_filter(asked.where, Opportunity, context.model)
    stages = scene.by_stage()
    won: list[Opportunity] = []
    for key, stage in scene.stages.items():
        if stage.category is StageCategory.WON:
            won += stages.get(key, ())
    if where != ALL:
        won = [deal for deal in won if matches(where, deal)]
    chosen = _model(model, way.key_of)
    books = Books(scene=scene, journeys=Journeys.of(scene), way=way, model=chosen)
    return _report(books, way, won, str(model), stage_findings(scene, stages))


def _model(given: AttributionModel | str, key_of: KeyOf) -> AttributionModel | None:
    if given == MARKOV:
        return None
    if given == SHAPLEY:
        return shapley_model(key_of)
    return as_model(given, (MARKOV, SHAPLEY))


def shapley_model(key_of: KeyOf) -> AttributionModel:
    """The model that gives the same to each different channel, at the first of its touches."""

    def weigh(found: Journey) -> list[int]:
        seen: set[Any] = set()
        weights: list[int] = []
        for touch in found.touches:
            key = key_of(touch)
            weights.append(int(key not in seen))
            seen.add(key)
        return weights

    return AttributionModel(SHAPLEY, weigh)


def _report(
    books: Books,
    way: Grouping,
    won: Sequence[Opportunity],
    model: str,
    flaws: Iterable[Finding],
) -> AttributionReport:
    scene = books.scene
    found = books.earned(won)
    total, unattributed = in_units(found.totals), in_units(found.lost)
    if books.model is None:
        credit = _by_removal(books, won, found, total - unattributed)
    else:
        credit = {key: found.of(key) for key in found.touches}
    cost, unallocated = _costs(books, way)
    for key in cost:
        credit.setdefault(key, Fraction(0))
    lines = [
        _line(scene, way.group(key), gained, found.touches.get(key, 0), cost.get(key))
        for key, gained in credit.items()
    ]
    return AttributionReport(
        moment=scene.moment,
        currency=scene.currency,
        by=way.name,
        model=model,
        lines=tuple(_ranked(lines)),
        total=as_money(total, scene.currency),
        unattributed=as_money(unattributed, scene.currency),
        untouched=tuple(found.untouched),
        won=tuple(won),
        unallocated_cost=as_money(unallocated, scene.currency),
        findings=all_findings(
            scene,
            flaws,
            scene.exchange.unrated(won, lambda _deal: True),
        ),
        books=books,
    )


def _ranked(lines: Iterable[AttributionLine]) -> list[AttributionLine]:
    """The line that earned most first, then by key."""
    found = sorted(lines, key=lambda one: (one.channel.key is None, str(one.channel.key)))
    return sorted(found, key=lambda one: one.credit.amount, reverse=True)


def _line(
    scene: Scene, group: Group, earned: Fraction, touches: int, cost: Fraction | None
) -> AttributionLine:
    return AttributionLine(
        channel=group,
        credit=as_money(earned, scene.currency),
        touches=touches,
        cost=None if cost is None else as_money(cost, scene.currency),
        gain=None if cost is None else Share(earned - cost, cost, touches),
    )


def _by_removal(
    books: Books, won: Iterable[Opportunity], found: Earned, amount: Fraction
) -> dict[Any, Fraction]:
    """The amount in proportion to the removal effects, in whole units."""
    effects, _ = books.removal_effects(won)
    keys = sorted((key for key in effects if key in found.touches), key=repr)
    weights = [round(effects[key] * 10**15) for key in keys]
    digits = max([minor_units(books.scene.currency), *found.totals])
    if not sum(weights):
        return dict.fromkeys(keys, Fraction(0))
    shares = largest_remainder(int(amount * 10**digits), weights)
    return {key: Fraction(share, 10**digits) for key, share in zip(keys, shares, strict=True)}


def _costs(books: Books, way: Grouping) -> tuple[dict[Any, Fraction], Fraction]:
    """What campaigns cost by channel: each is shared by its touches; and the rest."""
    scene = books.scene
    digits = minor_units(scene.currency)
    costs: dict[str, int] = {}
    for campaign in scene.all_known(Campaign):
        if campaign.actual_cost is not None:
            worth = scene.exchange.worth(campaign.actual_cost, campaign.start_on)
            costs[campaign.id] = 0 if worth is None else round(worth * 10**digits)
    channels: dict[str, Counter[Any]] = {}
    for touch in scene.material.all(Touch) if costs else ():
        if touch.campaign_id in costs and touch.at <= scene.moment:
            counted = channels.setdefault(touch.campaign_id, Counter())
            counted[way.key_of(touch)] += 1
    found: dict[Any, Fraction] = {}
    unallocated = Fraction(0)
    for campaign_id, units in costs.items():
        counted = channels.get(campaign_id, Counter())
        keys = sorted(counted, key=repr)
        if not keys:
            unallocated += Fraction(units, 10**digits)
            continue
        shares = largest_remainder(units, [counted[key] for key in keys])
        for key, share in zip(keys, shares, strict=True):
            found[key] = found.get(key, Fraction(0)) + Fraction(share, 10**digits)
    return found, unallocated
