from datetime import date
from typing import Any

import pytest
from attrs import evolve

from crmcore.changes import Delete, Insert
from crmcore.entities import AccountContactRelation, Activity, Contact
from crmcore.query import ALL, F
from crmcore.rules.rollup import Rollup, RollupResult, Totals, bulk, roll_up, strips
from crmcore.rules.rollup import sweep as sweeping
from crmcore.values import Money, Ref
from tests.properties.rollup.records import account, contact, deal, link
from tests.unit.rules.rollup.test_compute import AMOUNT, CONTEXT, GROUP

COUNT = evolve(AMOUNT, name="count", value=None, aggregate="count", where=ALL)
OWNERS = evolve(COUNT, name="owners", value=F.owner_id, aggregate="count_distinct")


def result(rollup: Rollup, *records: Any) -> RollupResult:
    return roll_up(rollup, accounts=GROUP, children=records, context=CONTEXT)


@pytest.mark.parametrize(
    "value", [None, "", "gone", 5, ["left"], ("left", []), Ref("account", "x")]
)
def test_what_names_no_account_is_nowhere_whatever_it_is(value: Any) -> None:
    found = result(COUNT, deal("a", value), deal("b", value), deal("c", "left"))
    assert (found["top"], found.unassigned, found.everything) == (1, 2, 3)


def test_an_account_that_comes_later_has_what_waits_for_it() -> None:
    made = Totals((COUNT,), CONTEXT)
    made.build(accounts=GROUP, children=[deal("a", "later"), deal("b", "later")])
    assert made.result(COUNT).unassigned == 2
    made.apply([Insert(account("later", "top"))])
    assert made.value(COUNT, "later") == 2
    assert made.value(COUNT, "top") == 2
    assert made.result(COUNT).unassigned == 0


def test_what_one_entity_names_has_a_place_in_the_figures_of_another() -> None:
    sums = evolve(AMOUNT, where=ALL)
    people = Rollup(name="people", child=Contact, by=F.account_id, aggregate="count")
    made = Totals((sums, people), CONTEXT)
    made.build(
        accounts=GROUP,
        children=[
            deal("a", "left", amount=None),  # counted out of those that have an amount
            deal("b", "left", amount=Money(5, "EUR")),
            contact("p", "nobody knows"),
        ],
    )
    assert made.value(sums, "top") == Money(5, "EUR")
    assert made.result(people).unassigned == 1


def test_other_records_among_them_are_passed_over() -> None:
    assert result(COUNT, contact("p", "left"), deal("a", "left")).everything == 1


def test_filters_are_decided_once_for_what_they_have_in_common() -> None:
    won, lost = F.stage == "Won", F.stage == "Lost"
    assert sweeping._terms((won & lost) & ~won) == (won, lost, ~won)
    assert sweeping._shared([(won, lost), (won, ~won), (won,)]) == 1
    assert sweeping._shared([(), (won,)]) == 0
    assert sweeping._shared([(won, lost)]) == 2


def test_steps_end_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    deals = [deal(f"d{at}", "left", amount=Money(at, "EUR"), stage="Won") for at in range(7)]
    for step in (1, 2, 6, 7, 8):
        monkeypatch.setattr(sweeping, "STEP", step)
        assert result(evolve(AMOUNT, where=ALL), *deals)["top"] == Money(21, "EUR")


def test_many_distinct_values_are_sets_that_are_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "MOST_BITS", 2)
    owners: Any = [f"u{at}" for at in range(5)]
    deals = [deal(f"d{at}", ("left", "right")[at % 2], owner_id=owners[at]) for at in range(5)]
    found = result(OWNERS, *deals, deal("x", None, owner_id=owners[0]))
    assert dict(found) == {"top": 5, "left": 3, "right": 2}
    assert (found.unassigned, found.everything) == (1, 5)


class Text(str):
    """A text that is not exactly of the class ``str``."""

    __slots__ = ()


class Day(date):
    """A day that is not exactly of the class ``date``."""


LATEST = evolve(COUNT, name="latest", value=F.close_on, aggregate="max")
TITLES = Rollup(
    name="titles",
    child=Contact,
    by=F.account_id,
    via=AccountContactRelation,
    value=F.title,
    aggregate="count_distinct",
)
PEOPLE = evolve(TITLES, name="people", value=None)
FIRST = evolve(TITLES, name="first", aggregate="first", order_by=F.title)
ODD: list[Any] = [
    deal("a", "left", owner_id=Text("u1"), close_on=Day(2025, 1, 2), amount=Money(2, "USD")),
    deal("b", "left", owner_id="u1", close_on=date(2025, 1, 1), amount=Money(3, "USD")),
    deal("c", Text("right"), owner_id=Text("u2"), close_on=Day(2025, 1, 1)),
    deal("d", "gone", owner_id=Text("u1"), close_on=date(2025, 3, 1)),
    contact("p", "left", title=Text("Dr")),
    contact("q", "left", title="Dr"),
    contact("r", "gone", title=None),
]
LINKS: list[Any] = [link("right", "p"), link("top", "q"), link("gone", "r"), link("left", "q")]
DOCTORS = evolve(PEOPLE, name="doctors", where=F.title == "Dr", aggregate="count")
SEVERAL = (
    *(COUNT, OWNERS, LATEST, TITLES, PEOPLE, FIRST, DOCTORS),
    evolve(AMOUNT, where=ALL),
    evolve(OWNERS, name="own", scope="own"),
    evolve(LATEST, name="least", value=F.amount, aggregate="min"),
)


@pytest.mark.parametrize("bits", [0, 1, 1_000])
def test_values_of_another_class_count_as_what_they_are(
    bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Totals(SEVERAL, CONTEXT)
    plain.build(accounts=(), children=())
    plain.apply([Insert(one) for one in (*GROUP, *ODD, *LINKS)])
    monkeypatch.setattr(strips, "MOST_BITS", bits)
    monkeypatch.setattr(bulk, "MOST_BITS", bits)
    found = roll_up(SEVERAL, accounts=GROUP, children=ODD, links=LINKS, context=CONTEXT)
    built = Totals(SEVERAL, CONTEXT)
    built.build(accounts=GROUP, children=ODD, links=LINKS)
    for turn in range(2):
        for one in SEVERAL:
            there = plain.result(one)
            for other in (built.result(one), *([] if turn else [found[one.name]])):
                assert dict(other) == dict(there), one
                assert (other.unassigned, other.everything) == (there.unassigned, there.everything)
        for made in (plain, built):
            made.apply([Delete(ODD[0]), Delete(ODD[4])] if not turn else [])


def test_a_reference_to_records_of_several_kinds_is_followed_to_accounts() -> None:
    calls = Rollup(name="calls", child=Activity, by=F.about, aggregate="count")
    about: list[Any] = [Ref("account", "left"), Ref("lead", "left"), Ref("account", "gone"), None]
    rows = [Activity(subject="call", about=one) for one in (*about, about[0])]
    found = result(calls, *rows)
    built = Totals((calls,), CONTEXT)
    built.build(accounts=GROUP, children=rows)
    assert (found["top"], found.unassigned) == (2, 3)
    assert (built.value(calls, "top"), built.result(calls).unassigned) == (2, 3)
