import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest

from crmcore.entities import Contact, Lead, Opportunity, User
from crmcore.errors import UsageError
from crmcore.findings import ModelError
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import F
from crmcore.rules.rollup import STANDARD_ROLLUPS, Rollup, Scope, roll_up
from crmcore.rules.rule import Context
from crmcore.values import Money
from crmcore.values.ids import LeadId
from tests.properties.rollup.records import account, contact, deal, link, user

CONTEXT = Context(
    model=STANDARD_MODEL,
    now=datetime(2025, 3, 31, 12, tzinfo=UTC),
    new_id=map(str, itertools.count()).__next__,
)
GROUP = (account("top"), account("left", "top"), account("right", "top"))
AMOUNT = Rollup(name="amount", child=Opportunity, by=F.account_id, value=F.amount, aggregate="sum")


def worth(id_: str, at: str | None, amount: int | None, stage: str = "Won") -> Opportunity:
    money = None if amount is None else Money(amount, "EUR")
    return deal(id_, at, amount=money, stage=stage)


DEALS = (
    worth("1", "top", 1),
    worth("2", "left", 20),
    worth("3", "right", 300),
    worth("4", "right", None),
    worth("5", None, 4000),
    worth("6", "left", 50_000, "Prospecting"),
)


def euros(values: Mapping[str, object]) -> dict[str, object]:
    return {
        one: value.amount if isinstance(value, Money) else value for one, value in values.items()
    }


@pytest.mark.parametrize(
    ("scope", "figures"),
    [
        (Scope.OWN, {"top": 1, "left": 50_020, "right": 300}),
        (Scope.SUBTREE, {"top": 50_321, "left": 50_020, "right": 300}),
        (Scope.ULTIMATE_PARENT, {"top": 50_321, "left": 50_321, "right": 50_321}),
    ],
)
def test_a_scope_says_of_which_accounts_a_figure_is_made(
    scope: Scope, figures: dict[str, int]
) -> None:
    found = roll_up(
        attrs.evolve(AMOUNT, scope=scope), accounts=GROUP, children=DEALS, context=CONTEXT
    )
    assert euros(found) == figures
    assert (found.unassigned, found.everything) == (Money(4000, "EUR"), Money(54_321, "EUR"))
    assert (found.roots, len(found), list(found)) == (("top",), 3, ["top", "left", "right"])


def test_the_standard_rollups_in_one_pass() -> None:
    people = [contact("boss", "top"), contact("consultant", "left")]
    links = [link("left", "consultant"), link("right", "consultant")]
    found = roll_up(
        STANDARD_ROLLUPS,
        accounts=GROUP,
        children=[*DEALS, *people],
        links=links,
        context=CONTEXT,
    )
    assert {name: euros(one) for name, one in found.items()} == {
        "open_pipeline": {"top": 50_000, "left": 50_000, "right": 0},
        "won_amount": {"top": 321, "left": 20, "right": 300},
        "open_deals": {"top": 1, "left": 1, "right": 0},
        "contacts": {"top": 2, "left": 1, "right": 1},
    }


def test_a_figure_can_be_over_another_entity() -> None:
    boss, seller = user("boss"), user("seller", "boss")
    by_seller = Rollup(name="deals", child=Opportunity, by=F.owner_id, over=User, aggregate="count")
    owned = [deal(one, owner_id="seller") for one in ("x", "y")]
    found = roll_up(by_seller, accounts=[*GROUP, boss, seller], children=owned, context=CONTEXT)
    assert dict(found) == {"boss": 2, "seller": 2}


def test_an_entity_without_a_tree_has_figures_of_its_own() -> None:
    lonely = Rollup(
        name="calls", child=Contact, by=F.custom["x"], over=Opportunity, aggregate="count"
    )
    with pytest.raises(ModelError, match=r"unknown field 'custom\.x'"):
        roll_up(lonely, accounts=DEALS, children=(), context=CONTEXT)
    found = roll_up(
        Rollup(name="deals", child=Opportunity, by=F.lead_id, over=Lead, aggregate="count"),
        accounts=[Lead(id=LeadId("lead"))],
        children=[deal(lead_id="lead")],
        context=CONTEXT,
    )
    assert dict(found) == {"lead": 1}


def test_flaws_of_the_tree_are_findings_and_every_account_has_a_figure() -> None:
    accounts = [
        account("a", "b"),
        account("b", "a"),
        account("c", "gone"),
        account("d", "a"),
    ]
    deals = [worth(str(number), one, number) for number, one in enumerate("abcd")]
    found = roll_up(AMOUNT, accounts=accounts, children=deals, context=CONTEXT)
    assert euros(found) == {"a": 3, "b": 1, "c": 2, "d": 3}
    assert [one.code for one in found.findings] == ["hierarchy.loop", "hierarchy.parent_missing"]
    assert {one.path for one in found.findings} == {"parent_id"}


def test_bad_values_are_left_out_and_reported() -> None:
    bad = [worth("x", "top", 1), deal("y", "top", amount=Decimal(5))]
    found = roll_up(AMOUNT, accounts=GROUP, children=bad, context=CONTEXT)
    assert found["top"] == Money(1, "EUR")
    assert [(one.code, one.ref) for one in found.findings] == [("rollup.bad_value", bad[1].ref)]


def test_a_sum_that_money_cannot_hold_is_reported_where_it_is_asked_for() -> None:
    huge = [worth(one, "left", 9 * 10**29) for one in ("x", "y")]
    found = roll_up(AMOUNT, accounts=GROUP, children=huge, context=CONTEXT)
    assert dict(found) == {"top": None, "left": None, "right": Money(0, "EUR")}
    assert [one.value for one in found.findings] == ["top", "left"]
    assert found.everything is None


def test_records_of_other_entities_are_passed_over() -> None:
    found = roll_up(AMOUNT, accounts=[*GROUP, *DEALS], children=GROUP, context=CONTEXT)
    assert set(found.values()) == {Money(0, "EUR")}
    assert roll_up((), accounts=GROUP, children=DEALS, context=CONTEXT) == {}


def test_what_cannot_work_is_refused() -> None:
    with pytest.raises(UsageError, match="two rollups have one name"):
        roll_up([AMOUNT, AMOUNT], accounts=GROUP, children=DEALS, context=CONTEXT)
    wrong = attrs.evolve(AMOUNT, where=F.stagge == "Won")
    with pytest.raises(ModelError, match="did you mean 'stage'"):
        roll_up(wrong, accounts=GROUP, children=DEALS, context=CONTEXT)


def test_a_result_is_a_mapping_that_cannot_change() -> None:
    found = roll_up(AMOUNT, accounts=GROUP, children=DEALS, context=CONTEXT)
    assert found == dict(found)
    assert found != {**found, "top": None}
    assert found != 7
    with pytest.raises(KeyError):
        found["gone"]
    with pytest.raises(TypeError):
        hash(found)
    with pytest.raises(TypeError, match="does not support item assignment"):
        found["top"] = None  # type: ignore[index]  # on purpose


def test_a_result_prints_as_a_table() -> None:
    found = roll_up(AMOUNT, accounts=GROUP, children=DEALS, context=CONTEXT)
    assert str(found).splitlines() == [
        "account              amount",
        "────────────  ─────────────",
        "top           EUR 50,321.00",
        "left          EUR 50,020.00",
        "right            EUR 300.00",
        "(unassigned)   EUR 4,000.00",
        "(everything)  EUR 54,321.00",
    ]
    assert ">(unassigned)</td>" in found._repr_html_()


def test_a_long_result_is_cut() -> None:
    many = [account(f"a{number:03}") for number in range(250)]
    found = roll_up(AMOUNT, accounts=many, children=(), context=CONTEXT)
    assert "... 210 more" in str(found)
    assert "... 50 more" in found._repr_html_()
