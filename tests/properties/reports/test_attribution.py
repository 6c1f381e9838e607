"""Attribution: credits that add up to the cent, and data-driven models equal to brute force."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import attrs
import pytest
from attrs import frozen
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import (
    Campaign,
    ExchangeRate,
    Lead,
    Opportunity,
    OpportunityContactRole,
    Record,
    Touch,
)
from crmcore.reports.attribution import (
    MARKOV,
    MODELS,
    SHAPLEY,
    AttributionModel,
    ChannelPath,
    Journey,
    attribution,
    largest_remainder,
    markov,
    milestones,
    shapley,
    time_decay,
)
from crmcore.reports.attribution.models import RestsOn
from crmcore.reports.attribution.sharing import Scale
from crmcore.reports.material import Material
from crmcore.reports.scene import Asked
from crmcore.values import Money, Ref
from crmcore.values.ids import CampaignId, LeadId, OpportunityId
from tests.properties.reports import oracle_paths
from tests.properties.reports.test_pipeline import renamed
from tests.properties.reports.worlds import HOME, HOURS, START, context, rates

ALL_MODELS: dict[str, AttributionModel | str] = {
    **MODELS,
    "own": milestones("own", first=1, last=5, rest=3),
    MARKOV: MARKOV,
    SHAPLEY: SHAPLEY,
}
BY_DEAL = {name: model for name, model in ALL_MODELS.items() if isinstance(model, AttributionModel)}
PEOPLE: list[Ref[Any]] = [Ref("contact", "c1"), Ref("contact", "c2"), Ref("lead", "l1")]


@frozen
class Market:
    """Deals, and the touches of those who bought or did not."""

    deals: tuple[Opportunity, ...]
    touches: tuple[Touch, ...]
    others: tuple[Record, ...]

    @property
    def records(self) -> list[Record]:
        return [*self.deals, *self.touches, *self.others]


@st.composite
def markets(draw: st.DrawFn, *, currencies: Sequence[str] = (HOME,)) -> Market:
    ids = [OpportunityId(f"d{number}") for number in range(draw(st.integers(0, 5)))]
    deals = tuple(
        Opportunity(
            id=id_,
            name=id_,
            stage=draw(st.sampled_from(["Won", "Won", "Won", "Lost", "Prospecting"])),
            amount=draw(
                st.none()
                | st.builds(
                    Money,
                    st.decimals(-100, 10_000, places=2) | st.just(Decimal("0.005")),
                    st.sampled_from([*currencies]),
                )
            ),
            close_on=draw(st.none() | st.sampled_from([date(2026, 2, 1), date(2026, 4, 1)])),
            lead_id=draw(st.sampled_from([None, LeadId("l1")])),
            created_at=START + timedelta(hours=draw(st.integers(0, HOURS))),
        )
        for id_ in ids
    )
    touches = tuple(
        Touch(
            id=f"t{number:02}",  # type: ignore[arg-type]  # ids are texts
            who=draw(st.sampled_from(PEOPLE)),
            at=START + timedelta(hours=draw(st.integers(0, HOURS))),
            source=draw(st.sampled_from([None, "web", "fair", "mail"])),
            campaign_id=draw(st.sampled_from([None, CampaignId("k1"), CampaignId("k2")])),
            opportunity_id=draw(st.sampled_from([None, *ids, *ids])),
        )
        for number in range(draw(st.integers(0, 10)))
    )
    lead = Lead(
        id="l1",  # type: ignore[arg-type]  # ids are texts
        status=draw(st.sampled_from(["New", "Unqualified"])),
        created_at=START + timedelta(hours=draw(st.integers(0, HOURS))),
    )
    roles = tuple(
        OpportunityContactRole(opportunity_id=id_, contact_id="c1")  # type: ignore[arg-type]  # same
        for id_ in ids
        if draw(st.booleans())
    )
    costs = draw(st.lists(st.integers(0, 10_000), max_size=2))
    campaigns = [
        Campaign(id=f"k{number}", name=f"Campaign {number}", actual_cost=Money(cost, HOME))  # type: ignore[arg-type]  # same
        for number, cost in enumerate(costs, start=1)
    ]
    return Market(deals, touches, (lead, *roles, *campaigns))


def exact(money: Money | None) -> Fraction:
    assert money is not None
    return Fraction(money.amount)


@given(
    markets(currencies=(HOME, "USD")),
    rates((HOME, "USD")),
    st.sampled_from(["source", "campaign"]),
)
def test_credits_add_up_to_the_cent(
    market: Market, some: tuple[ExchangeRate, ...], by: str
) -> None:
    """P9. Credits and what no touch led to are the won amounts, to the cent, for every model."""
    for model in ALL_MODELS.values():
        report = attribution(
            [*market.records, *some],
            context=context(),
            asked=Asked(by=by),
            model=model,
        )
        shared = sum((exact(line.credit) for line in report.lines), Fraction(0))
        assert shared + exact(report.unattributed) == exact(report.total)
        won = [deal for deal in market.deals if deal.stage == "Won"]
        assert {deal.id for deal in report.won} == {deal.id for deal in won}
        if all(deal.amount is None or deal.amount.currency == HOME for deal in won):
            assert exact(report.total) == sum(
                (exact(deal.amount) for deal in won if deal.amount), Fraction(0)
            )
        if all(deal.amount is None or deal.amount.amount >= 0 for deal in won):
            assert all(line.credit.amount >= 0 for line in report.lines)
        costs = [one for one in market.others if isinstance(one, Campaign)]
        spent = sum((exact(line.cost) for line in report.lines if line.cost), Fraction(0))
        assert spent + exact(report.unallocated_cost) == sum(
            (exact(one.actual_cost) for one in costs), Fraction(0)
        )
        event("something is shared" if shared else "nothing is shared")


@given(markets())
def test_the_touches_behind_a_channel_add_up_to_its_credit(market: Market) -> None:
    """P11. Each touch has its credit of each deal; they add up to the deal and to the channel."""
    for name in (*BY_DEAL, SHAPLEY):
        report = attribution(market.records, context=context(), model=ALL_MODELS[name])
        by_deal: dict[str, Fraction] = {}
        for line in report.lines:
            found = report.credits(line.channel.key)
            assert len(found) == line.touches
            total = Fraction(0)
            for one in found:
                assert one.touch.source == line.channel.key
                if one.amount is not None:
                    total += exact(one.amount)
                    by_deal.setdefault(one.deal.id, Fraction(0))
                    by_deal[one.deal.id] += exact(one.amount)
            assert total == exact(line.credit)
        untouched = {deal.id for deal in report.untouched}
        for deal in report.won:
            if deal.amount is not None and deal.id not in untouched:
                assert by_deal[deal.id] == exact(deal.amount)
        shares = report.conversions()
        assert sum(shares.values()) == len(report.won) - len(untouched)


def journeys(most: int = 6) -> st.SearchStrategy[Journey]:
    hours = st.lists(st.integers(0, HOURS), min_size=1, max_size=most).map(sorted)
    moments = st.none() | st.integers(0, HOURS)

    def at(hour: int | None) -> datetime | None:
        return None if hour is None else START + timedelta(hours=hour)

    return st.builds(
        lambda found, lead, deal: Journey(
            [
                Touch(
                    id=f"t{number}",  # type: ignore[arg-type]  # ids are texts
                    who=PEOPLE[0],
                    at=START + timedelta(hours=hour),
                )
                for number, hour in enumerate(found)
            ],
            at(lead),
            at(deal),
        ),
        hours,
        moments,
        moments,
    )


@given(journeys(), st.integers(0, 10**9))
def test_every_model_shares_all_of_it_out(found: Journey, units: int) -> None:
    """P9. Shares are >= 0 and add up; one touch gets everything."""
    for model in BY_DEAL.values():
        shares = model.share(units, found)
        assert len(shares) == len(found.touches)
        assert sum(shares) == units
        assert min(shares) >= 0
        assert sum(model.share(-units, found)) == -units
        if len(shares) == 1:
            assert [*shares] == [units]


@given(journeys(), st.integers(0, 10**6))
def test_linear_is_the_same_for_all_and_blind_to_their_order(found: Journey, units: int) -> None:
    """P9. No two touches differ by more than one unit, whatever their order."""
    shares = MODELS["linear"].share(units, found)
    assert max(shares) - min(shares) <= 1
    assert [*shares] == [*MODELS["linear"].share(units, Journey(found.touches[::-1]))]
    assert [*shares] == sorted(shares, reverse=True)


@given(journeys(), st.integers(0, 10**6), st.integers(1, 60))
def test_decay_grows_with_recency(found: Journey, units: int, days: int) -> None:
    """P9. A later touch never earns less than an earlier one, but for a left-over unit."""
    model = time_decay(timedelta(days=days))
    weights = model.weigh(found)
    assert [*weights] == sorted(weights)
    assert weights[-1] > 0
    for (earlier, one), (later, other) in pairwise(zip(found.touches, weights, strict=True)):
        halves = (later.at - earlier.at) / timedelta(days=days)
        if one > 10**10:  # a weight is cut after 18 digits
            assert abs(one / other - 2.0**-halves) < 1e-9
    for one, other in pairwise(model.share(units, found)):
        assert one <= other + 1


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any), st.integers(-500, 500))
def test_no_share_is_a_unit_away_from_its_proportion(weights: list[int], units: int) -> None:
    """P9. The method of largest remainders: each share is its proportion, cut or plus one unit."""
    shares = largest_remainder(units, weights)
    assert sum(shares) == units
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(units * weight, sum(weights))) < 1


FIXED = [
    *(model for model in BY_DEAL.values() if model.rests_on is RestsOn.NUMBER),
    milestones("odd", first=7, last=11, rest=13),
]


@given(
    st.sampled_from(FIXED),
    st.integers(1, 9),
    st.lists(st.integers(-500, 10**9), min_size=1, max_size=5),
)
def test_a_scale_shares_as_the_model_does(
    model: AttributionModel, n: int, amounts: list[int]
) -> None:
    """P9. Sharing journeys of one length by kept rests is sharing out each by itself."""
    found = Journey([Touch(who=PEOPLE[0], at=START + timedelta(days=at)) for at in range(n)])
    scale = Scale.of(model.weigh(found))
    for units in amounts:
        often, parts = scale.split(units)
        shares = [often * weight + more for weight, more in parts]
        assert shares == [*model.share(units, found)]


@given(markets(currencies=(HOME, "USD")), rates((HOME, "USD")), st.sampled_from(FIXED))
def test_sharing_by_length_is_sharing_deal_by_deal(
    market: Market, some: tuple[ExchangeRate, ...], model: AttributionModel
) -> None:
    """P9. The report of a model is that of one with the same weights that looks at each touch."""
    records = [*market.records, *some]
    plain = attrs.evolve(model, rests_on=RestsOn.TOUCHES)
    assert attribution(records, context=context(), model=model) == attribution(
        records, context=context(), model=plain
    )


@given(
    markets(),
    st.lists(
        st.tuples(st.sampled_from([*ALL_MODELS]), st.sampled_from(["source", "campaign", "who"])),
        min_size=2,
        max_size=4,
    ),
    st.none() | st.integers(0, HOURS),
)
def test_reports_of_kept_material_are_those_of_fresh_material(
    market: Market, questions: list[tuple[str, str]], hours: int | None
) -> None:
    """P9, P7. What reports of one material share changes none of them, nor does their order."""
    kept = Material.of(market.records)
    odd = renamed()
    for number, (name, by) in enumerate(questions):
        moment = None if hours is None or number % 2 else START + timedelta(hours=hours)
        asked, model = Asked(by=by, as_of=moment), ALL_MODELS[name]
        for about in (context(), context(odd)):
            assert attribution(kept, context=about, asked=asked, model=model) == attribution(
                market.records, context=about, asked=asked, model=model
            )


CASES = {
    # three touches: the lead is made at the second, the deal at the third
    ("u_shaped", 3): [40, 20, 40],
    ("u_shaped", 2): [50, 50],
    ("u_shaped", 1): [100],
    ("u_shaped", 4): [40, 10, 10, 40],
    ("w_shaped", 3): [Fraction(100, 3)] * 3,
    ("w_shaped", 4): [30, 30, 30, 10],
    ("w_shaped", 2): [Fraction(100, 3), Fraction(200, 3)],
    ("full_path", 3): [25, 25, 50],
    ("full_path", 4): [25, 25, 25, 25],
    ("full_path", 5): [Fraction(45, 2), Fraction(45, 2), Fraction(45, 2), 10, Fraction(45, 2)],
    ("first", 3): [100, 0, 0],
    ("last", 3): [0, 0, 100],
    ("linear", 3): [Fraction(100, 3)] * 3,
    ("time_decay", 2): [Fraction(100, 3), Fraction(200, 3)],
}


@pytest.mark.parametrize(("name", "n"), CASES)
def test_a_model_gives_the_shares_it_is_known_for(name: str, n: int) -> None:
    """P9. The shares that each model is defined by."""
    week = timedelta(days=7)
    touches = [Touch(who=PEOPLE[0], at=START + at * week) for at in range(n)]
    found = Journey(touches, START + week, START + 2 * week)
    weights = BY_DEAL[name].weigh(found)
    assert [Fraction(100 * one, sum(weights)) for one in weights] == CASES[name, n]


CHANNELS = st.sampled_from("abcd")
PATHS = st.lists(
    st.tuples(st.lists(CHANNELS, max_size=5).map(tuple), st.integers(0, 4), st.integers(0, 4)),
    max_size=8,
)


def channel_paths(paths: list[Any]) -> list[ChannelPath]:
    return [ChannelPath(channels=one, converted=good, failed=bad) for one, good, bad in paths]


@given(PATHS)
def test_removal_effects_are_those_of_brute_force(paths: list[Any]) -> None:
    """P9. Markov: 1 - P(converted without it) / P(converted), by exact solution, to 1e-9."""
    found = markov(channel_paths(paths))
    expected = oracle_paths.removal_effects(paths)
    assert found.keys() == expected.keys()
    for channel, effect in expected.items():
        assert abs(found[channel] - float(effect)) < 1e-9
    event("something converted" if any(expected.values()) else "nothing converted")


@given(PATHS)
def test_shapley_values_are_those_of_brute_force(paths: list[Any]) -> None:
    """P9. Shapley: the mean of what a channel adds to each set of the others, exactly."""
    found = shapley(channel_paths(paths))
    expected = oracle_paths.shapley(paths)
    assert {one: value for one, value in found.items() if value} == {
        one: value for one, value in expected.items() if value
    }
    assert sum(found.values()) == sum(good for path, good, _ in paths if path)


@given(markets(), st.randoms(use_true_random=False), st.sampled_from([*ALL_MODELS]))
def test_neither_order_nor_names_change_an_attribution(
    market: Market, chance: random.Random, name: str
) -> None:
    """X6. Objects and stages may be called anything, and records come in any order."""
    shuffled = market.records
    chance.shuffle(shuffled)
    model = ALL_MODELS[name]
    assert attribution(shuffled, context=context(renamed()), model=model) == attribution(
        market.records, context=context(), model=model
    )


@given(markets(), st.sampled_from([*ALL_MODELS]), st.sampled_from(["web", "fair", "late"]))
def test_touches_after_the_close_never_count(market: Market, name: str, source: str) -> None:
    """P9, P7. What came after a deal was won or lost earned nothing, and counts for no failure."""
    late = [
        Touch(
            id=f"late-{deal.id}",  # type: ignore[arg-type]  # ids are texts
            who=PEOPLE[0],
            at=START + timedelta(days=110),
            source=source,
            opportunity_id=deal.id,
        )
        for deal in market.deals
        if deal.close_on is not None and deal.stage in {"Won", "Lost"}
    ]
    for model in (ALL_MODELS[name], MARKOV):
        assert (
            attribution([*market.records, *late], context=context(), model=model).lines
            == attribution(market.records, context=context(), model=model).lines
        )


@given(markets(), st.integers(0, HOURS))
def test_later_touches_are_not_known_yet(market: Market, hours: int) -> None:
    """P7. As of a moment, touches after it are as if they had never been."""
    moment = START + timedelta(hours=hours)
    early = attrs.evolve(market, touches=tuple(one for one in market.touches if one.at <= moment))
    asked = Asked(as_of=moment)
    assert attribution(market.records, context=context(), asked=asked) == attribution(
        early.records, context=context(), asked=asked
    )
