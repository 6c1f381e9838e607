"""Where a deal has been, and how fast money comes in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve

from crmcore import STANDARD_MODEL, Money, Opportunity
from crmcore.entities import OpportunityChange
from crmcore.rules.rule import Context
from crmcore.rules.stages import Entry, deal_path, deal_state, told_history, velocity

START = datetime(2026, 1, 1, tzinfo=UTC)
DEAL = Opportunity(name="Engine", id="d")  # type: ignore[arg-type]  # any text


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def history(*entries: tuple[str, int], deal: Opportunity = DEAL) -> list[OpportunityChange]:
    numbers = iter(range(100))
    context = Context(model=STANDARD_MODEL, now=day(99), new_id=lambda: f"r{next(numbers):02}")
    told = [Entry(stage, day(at)) for stage, at in entries]
    return list(told_history(deal, told, context=context))


def path(*entries: tuple[str, int], now: int = 20) -> Any:
    return deal_path(history(*entries), model=STANDARD_MODEL, now=day(now))


def test_stays_follow_one_another_and_add_up_to_the_age() -> None:
    found = path(("Prospecting", 0), ("Proposal", 3), ("Prospecting", 5), ("Won", 9))
    assert [(one.stage, one.duration.days) for one in found.stays] == [
        ("Prospecting", 3),
        ("Proposal", 2),
        ("Prospecting", 4),
        ("Won", 11),
    ]
    assert found.time_in("Prospecting") == timedelta(days=7)
    assert found.time_in("Lost") == timedelta()
    assert (found.age, found.cycle, found.closed_at) == (
        timedelta(days=20),
        timedelta(days=9),
        day(9),
    )
    assert found.skipped == ("Qualification", "Qualification", "Proposal", "Negotiation")
    assert found.returns == ("Prospecting",)
    assert "standard/Proposal" in str(found)
    assert "2026-01-04T00:00Z" in str(found)
    assert "<h3>Path of d</h3>" in found._repr_html_()


def test_a_change_of_the_amount_ends_no_stay() -> None:
    rows = history(("Proposal", 0))
    richer = deal_state(evolve(DEAL, stage="Proposal", amount=Money(5, "EUR")))
    rows.append(evolve(rows[0], id="x", before=rows[0].after, after=richer, at=day(4)))  # type: ignore[arg-type]  # any text
    (stay,) = deal_path(rows, model=STANDARD_MODEL, now=day(9)).stays
    assert stay.duration == timedelta(days=9)
    assert stay.left_at is None


def test_what_was_known_at_a_moment_is_what_had_happened() -> None:
    found = path(("Prospecting", 0), ("Proposal", 3), now=2)
    assert [one.stage for one in found.stays] == ["Prospecting"]
    assert (found.closed_at, found.cycle, found.ended_at) == (None, None, None)
    nothing = path(("Prospecting", 5), now=2)
    assert (nothing.stays, nothing.age, nothing.started_at) == ((), None, None)


def test_going_to_lost_or_back_or_to_a_stage_unknown_skips_nothing() -> None:
    assert path(("Prospecting", 0), ("Lost", 3)).skipped == ()
    assert path(("Negotiation", 0), ("Prospecting", 3)).skipped == ()
    assert path(("Prospecting", 0), ("Old", 3), ("Negotiation", 4)).skipped == ()
    assert path(("Old", 3)).closed_at is None
    rows = history(("Prospecting", 0))
    moved = deal_state(evolve(DEAL, pipeline="other", stage="Won"))
    rows.append(evolve(rows[0], id="x", before=rows[0].after, after=moved, at=day(4)))  # type: ignore[arg-type]  # any text
    assert deal_path(rows, model=STANDARD_MODEL, now=day(9)).skipped == ()


def test_history_that_begins_later_has_no_age() -> None:
    rows = history(("Prospecting", 0), ("Won", 3))[1:]
    found = deal_path(rows, model=STANDARD_MODEL, now=day(9))
    assert (found.started_at, found.age, found.cycle, found.closed_at) == (None, None, None, day(3))


def test_a_deleted_deal_has_an_end_and_one_made_again_counts_from_then() -> None:
    rows = history(("Prospecting", 0))
    gone = evolve(rows[0], id="x", before=rows[0].after, after=None, at=day(4))  # type: ignore[arg-type]  # any text
    found = deal_path([*rows, gone], model=STANDARD_MODEL, now=day(9))
    assert (found.ended_at, found.age) == (day(4), timedelta(days=4))
    again = evolve(rows[0], id="y", at=day(6), version=1)  # type: ignore[arg-type]  # any text
    found = deal_path([*rows, gone, again], model=STANDARD_MODEL, now=day(9))
    assert (found.ended_at, found.age) == (None, timedelta(days=3))


def won(id_: str, stage: str, amount: int | None, currency: str = "EUR") -> Opportunity:
    money = None if amount is None else Money(amount, currency)
    return evolve(DEAL, id=id_, stage=stage, amount=money)  # type: ignore[arg-type]  # any text


def test_velocity_is_deals_times_rate_times_size_over_cycle() -> None:
    deals = [
        won("a", "Won", 100),
        won("b", "Won", 300),
        won("c", "Won", None),
        won("d", "Lost", 50),
        won("e", "Prospecting", 70),
        won("f", "Proposal", None),
        won("g", "Won", 100, "USD"),
        won("h", "Old", 100),
    ]
    paths = [
        deal_path(
            history(("Prospecting", 0), ("Won", days), deal=deal), model=STANDARD_MODEL, now=day(90)
        )
        for deal, days in zip(deals[:2], (10, 30), strict=True)
    ]
    found = velocity(deals, paths, model=STANDARD_MODEL)
    assert (found.open, found.won, found.lost, found.left_out) == (2, 3, 1, 1)
    assert found.win_rate == Decimal("0.75")
    assert found.average == Money(200, "EUR")
    assert found.cycle == timedelta(days=20)
    assert found.per_day == Money(15, "EUR")  # 2 x 0.75 x 200 / 20
    assert "75.0 % (n=4)" in str(found)
    assert "velocity per day" in found._repr_html_()


def test_what_is_not_defined_is_none() -> None:
    found = velocity([won("e", "Prospecting", 70)], [], model=STANDARD_MODEL)
    assert (found.win_rate, found.average, found.cycle, found.per_day) == (None, None, None, None)
    assert "– (n=0)" in str(found)
