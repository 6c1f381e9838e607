from decimal import getcontext, localcontext
from typing import Any

import pytest
from attrs import evolve

from crmcore.changes import Delete, Insert, Update
from crmcore.entities import AccountContactRelation, Contact
from crmcore.errors import NotFoundError
from crmcore.query import F
from crmcore.rules.rollup import CONTACTS, OPEN_DEALS, Rollup, Scope, Totals
from crmcore.values import Money
from tests.properties.rollup.records import account, contact, deal, link
from tests.unit.rules.rollup.test_compute import AMOUNT, CONTEXT, DEALS, GROUP


def totals(*rollups: Rollup) -> Totals:
    made = Totals(rollups, CONTEXT)
    made.build(accounts=GROUP, children=DEALS)
    return made


def test_an_account_that_is_not_there_has_no_figure() -> None:
    with pytest.raises(NotFoundError):
        totals(AMOUNT).value(AMOUNT, "gone")


def test_a_record_that_was_not_known_is_refused_so_that_they_are_built_afresh() -> None:
    with pytest.raises(KeyError):
        totals(AMOUNT).apply([Delete(deal("stranger", "top"))])


def test_what_is_said_of_a_record_before_a_change_does_not_matter() -> None:
    made = totals(AMOUNT)
    lie = evolve(DEALS[1], amount=Money(999, "EUR"))
    made.apply([Update(lie, evolve(lie, amount=Money(21, "EUR")))])
    assert made.value(AMOUNT, "left") == Money(50_021, "EUR")


def test_the_decimal_context_of_the_caller_neither_matters_nor_changes() -> None:
    made = totals(AMOUNT)
    with localcontext() as context:
        context.prec = 2
        made.apply([Insert(deal("new", "left", amount=Money("0.001", "EUR")))])
        assert made.value(AMOUNT, "top") == Money("50321.001", "EUR")
        assert getcontext().prec == 2


def test_a_shared_contact_follows_its_links_and_its_accounts() -> None:
    made = Totals((CONTACTS,), CONTEXT)
    person: Any = contact("c", "left")
    row: Any = link("right", "c")
    made.build(accounts=GROUP, children=[person], links=[row])

    def found() -> list[Any]:
        return [made.value(CONTACTS, one) for one in ("top", "left", "right")]

    assert found() == [1, 1, 1]
    moved: Any = evolve(person, account_id=None)
    made.apply([Update(person, moved)])
    assert found() == [1, 0, 1]
    made.apply([Delete(row)])
    assert found() == [0, 0, 0]
    assert made.result(CONTACTS).unassigned == 1
    made.apply([Insert(link("gone", "c")), Insert(account("gone", "left"))])
    assert found() == [1, 1, 0]
    made.apply([Delete(account("gone", "left"))])
    assert found() == [0, 0, 0]
    made.apply([Delete(moved)])
    assert made.result(CONTACTS).everything == 0
    bad: Any = AccountContactRelation(account_id=None, contact_id=3)  # type: ignore[arg-type]  # bad data
    made.apply([Insert(bad), Insert(Contact(id="d", name=person.name, account_id="left"))])  # type: ignore[arg-type]  # plain ids
    assert found() == [1, 1, 0]


def test_a_scope_of_its_own_stays_its_own_through_moves() -> None:
    own = evolve(OPEN_DEALS, name="own", scope=Scope.OWN)
    made = totals(own)
    made.apply([Update(account("left", "top"), account("left", "right"))])
    assert dict(made.result(own)) == {"top": 0, "left": 1, "right": 0}
    assert made.result(own).everything == 1


def test_foreign_money_leaves_as_it_came() -> None:
    made = totals(AMOUNT)
    assert not made.is_flawed(AMOUNT)
    dollars = deal("usd", "left", amount=Money(5, "USD"))
    made.apply([Insert(dollars)])
    assert [one.code for one in made.findings(AMOUNT)] == ["rollup.no_rate"]
    made.apply([Update(account("left", "top"), account("left", "right"))])
    made.apply([Delete(dollars)])
    assert not made.findings(AMOUNT)
    worst = evolve(AMOUNT, name="worst", aggregate="min")
    least = totals(worst)
    least.apply([Insert(dollars), Delete(dollars)])
    assert least.value(worst, "left") == Money(20, "EUR")
    broken = deal("bad", "left", amount=3)
    made.apply([Insert(broken)])
    assert made.is_flawed(AMOUNT)
    made.apply([Delete(broken)])
    assert not made.is_flawed(AMOUNT)


def test_a_reference_of_several_kinds_counts_for_accounts_alone() -> None:
    from_owner = Rollup(name="mine", child=Contact, by=F.account_id, aggregate="count")
    made = Totals((from_owner,), CONTEXT)
    made.build(accounts=GROUP, children=[contact("x", 7), contact("y", "top")])
    assert made.value(from_owner, "top") == 1
    assert made.result(from_owner).unassigned == 1


def test_what_money_cannot_hold_is_no_figure_until_it_goes() -> None:
    made = totals(AMOUNT)
    huge = [deal(one, "left", amount=Money(9 * 10**29, "EUR")) for one in ("x", "y")]
    made.apply([Insert(one) for one in huge])
    assert made.value(AMOUNT, "top") is None
    assert made.result(AMOUNT)["left"] is None
    assert made.value(AMOUNT, "right") == Money(300, "EUR")
    made.apply([Delete(huge[0])])
    assert made.value(AMOUNT, "left") == Money(9 * 10**29 + 50_020, "EUR")


def test_an_account_out_of_a_loop_is_where_it_says() -> None:
    made = Totals((AMOUNT,), CONTEXT)
    ring = [account("a", "b"), account("b", "a"), account("c", "a")]
    made.build(accounts=ring, children=[deal("d", "c", amount=Money(1, "EUR"))])
    assert [made.value(AMOUNT, one) for one in "ab"] == [Money(1, "EUR"), Money(0, "EUR")]
    made.apply([Update(ring[0], account("a", "top"))])
    assert [made.value(AMOUNT, one) for one in "ab"] == [Money(1, "EUR"), Money(0, "EUR")]
    made.apply([Delete(account("a", "top"))])
    assert [one.code for one in made.findings(AMOUNT)] == ["hierarchy.parent_missing"] * 2
    made.apply([Insert(account("a", "c"))])
    assert [one.code for one in made.findings(AMOUNT)] == ["hierarchy.loop"]
    assert made.value(AMOUNT, "a") == Money(0, "EUR")
    made.apply([Delete(account("c", "a"))])
    assert made.result(AMOUNT).unassigned == Money(1, "EUR")
    assert made.result(AMOUNT).everything == Money(1, "EUR")
