import attrs
import pytest

from crmcore.errors import NotFoundError
from crmcore.query import F
from crmcore.rules.rollup import (
    CONTACTS,
    Contribution,
    Exclusion,
    Explanation,
    Out,
    Rollup,
    Scope,
    explain,
)
from crmcore.values import Money
from tests.properties.rollup.records import contact, link
from tests.unit.rules.rollup.test_compute import AMOUNT, CONTEXT, DEALS, GROUP, worth

WON = Rollup(
    name="won",
    child=AMOUNT.child,
    by=F.account_id,
    where=(F.stage_category == "won") & ~F.name.is_none(),
    value=F.amount,
    aggregate="sum",
)


def explained(account_id: str, rollup: Rollup = WON) -> Explanation:
    return explain(rollup, account_id, accounts=GROUP, children=[*DEALS, *GROUP], context=CONTEXT)


def test_a_figure_lists_its_records_and_says_why_others_are_out() -> None:
    found = explained("left")
    assert found.value == Money(20, "EUR")
    assert found.account_ids == ("left",)
    assert found.contributions == (Contribution(DEALS[1], "left", Money(20, "EUR")),)
    assert found.why_not("2") is None
    assert found.why_not("6") == Exclusion(
        DEALS[5], Out.FILTER, ("left",), (F.stage_category == "won",)
    )
    assert {one.record.id: one.because for one in found.exclusions} == {
        "6": "the filter is not true of it: (F.stage_category == 'won')",
        "1": "it belongs to top",
        "3": "it belongs to right",
        "4": "it belongs to right",
        "5": "it belongs to no account that is known",
    }


def test_a_missing_value_is_a_reason() -> None:
    found = explained("top")
    assert [one.record.id for one in found.contributions] == ["1", "2", "3"]
    missing = found.why_not("4")
    assert missing is not None
    assert (missing.reason, missing.because) == (Out.NO_VALUE, "its value is missing")


def test_the_group_explains_the_figure_of_each_of_its_accounts() -> None:
    whole = Rollup(
        name="deals",
        child=AMOUNT.child,
        by=F.account_id,
        aggregate="count",
        scope=Scope.ULTIMATE_PARENT,
    )
    found = explained("right", whole)
    assert found.account_ids == ("top", "left", "right")
    assert found.value == 5
    assert [one.value for one in found.contributions] == ["1", "2", "6", "3", "4"]


def test_a_shared_contact_contributes_in_each_account_and_counts_once() -> None:
    found = explain(
        CONTACTS,
        "top",
        accounts=GROUP,
        children=[contact("c")],
        links=[link("right", "c"), link("left", "c")],
        context=CONTEXT,
    )
    assert [one.account_id for one in found.contributions] == ["left", "right"]
    assert found.value == 1


def test_an_own_figure_has_the_records_of_the_account_alone() -> None:
    own = attrs.evolve(WON, scope=Scope.OWN)
    found = explained("top", own)
    assert (found.account_ids, found.value) == (("top",), Money(1, "EUR"))
    assert {one.reason for one in found.exclusions} == {Out.ELSEWHERE, Out.UNASSIGNED}


def test_a_figure_beyond_all_bounds_is_none() -> None:
    huge = [worth(one, "left", 9 * 10**29) for one in ("x", "y")]
    found = explain(WON, "left", accounts=GROUP, children=huge, context=CONTEXT)
    assert (found.value, len(found.contributions)) == (None, 2)


def test_an_account_that_is_not_there_cannot_be_explained() -> None:
    with pytest.raises(NotFoundError, match="there is no account 'gone'"):
        explained("gone")


def test_an_explanation_prints_itself() -> None:
    assert str(explained("left")).splitlines() == [
        "won of left: EUR 20.00",
        f"{WON}",
        "",
        "account  record      value",
        "───────  ──────  ─────────",
        "left     2       EUR 20.00",
        "",
        "Left out:",
        "record  why not",
        "──────  ─────────────────────────────────────────────────────────",
        "6       the filter is not true of it: (F.stage_category == 'won')",
        "",
        "Elsewhere: 3 in other accounts, 1 in no known account.",
    ]
    page = explained("left")._repr_html_()
    assert "<h3>won of left: EUR 20.00</h3>" in page
    assert "Left out" in page


def test_an_explanation_of_nothing_is_short() -> None:
    nothing = explain(WON, "left", accounts=GROUP, children=(), context=CONTEXT)
    assert str(nothing) == f"won of left: EUR 0.00\n{WON}"
    assert "Left out" not in nothing._repr_html_()


def test_a_long_explanation_is_cut() -> None:
    many = [worth(f"{number:03}", "left", 1) for number in range(60)]
    found = explain(WON, "left", accounts=GROUP, children=many, context=CONTEXT)
    assert "... 10 more" in str(found)
    assert found.value == Money(60, "EUR")


def test_accounts_of_another_kind_are_not_taken_for_accounts() -> None:
    with pytest.raises(NotFoundError):
        explain(
            WON,
            "stranger",
            accounts=[*GROUP, contact("stranger")],
            children=(),
            context=CONTEXT,
        )
