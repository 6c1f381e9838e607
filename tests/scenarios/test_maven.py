"""A company's real sales: 85 accounts in groups, 35 agents under managers, 8,800 deals.

Every figure is also computed by SQLite from the files themselves (``oracle_maven``).
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from crmcore import (
    STANDARD_RULES,
    Account,
    Crm,
    F,
    Money,
    Opportunity,
    Rollup,
    ValidationError,
)
from crmcore.findings import Severity
from crmcore.rules.rollup import WON_AMOUNT, Scope, roll_up
from crmcore.rules.rule import Context
from crmcore.values.ids import new_id
from tests.scenarios import maven, oracle_maven
from tests.scenarios.maven import Maven
from tests.scenarios.oracle_maven import Figures

WON_DEALS = Rollup(
    name="won_deals",
    child=Opportunity,
    by=F.account_id,
    where=F.stage_category == "won",
    aggregate="count",
)
NOW = datetime(2018, 1, 1, tzinfo=UTC)
RULES = STANDARD_RULES.with_rollups(
    maven.WON_BY_SELLER,
    WON_DEALS,
    attrs.evolve(WON_DEALS, name="own_deals", scope=Scope.OWN),
    attrs.evolve(WON_AMOUNT, name="own_amount", scope=Scope.OWN),
)


def dollars(amount: int) -> Money:
    return Money(amount, "USD")


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    found = shared_data / "maven"
    if not found.is_dir():
        pytest.skip("no real data here: shared/data has no folder maven")
    return found


@pytest.fixture(scope="module")
def figures(folder: Path) -> Figures:
    return oracle_maven.figures(folder)


@pytest.fixture(scope="module")
def data(folder: Path) -> Maven:
    return maven.load(folder)


@pytest.fixture(scope="module")
def crm(data: Maven) -> Crm:
    crm = Crm(model=data.model, rules=RULES)
    crm.add_all(data.records)
    return crm


def test_all_of_it_is_there(crm: Crm, figures: Figures) -> None:
    assert crm.count(Account) == len(figures.family) == 85
    assert crm.count(Opportunity) == sum(figures.by_stage.values()) == 8_800


def test_it_has_no_errors_and_its_flaws_are_remarked(crm: Crm) -> None:
    found = crm.check()
    assert not found.errors
    misspelt = [one for one in found if one.value == "technolgy"]
    assert {one.severity for one in misspelt} == {Severity.INFO}
    assert {one.suggestion for one in misspelt} == {"did you mean 'Technology'?"}
    assert len(misspelt) == 12


def test_a_misspelt_product_is_refused_with_the_right_one(
    folder: Path, data: Maven, figures: Figures
) -> None:
    crm = Crm(model=data.model)
    crm.add_all([*data.users, *data.accounts])
    with pytest.raises(ValidationError) as refused:
        crm.add_all(maven.load(folder, spelling={}).deals)
    wrong = refused.value.findings.errors
    assert len(wrong) == figures.misspelt_products == 1_480
    assert {(one.code, one.path, one.value, one.suggestion) for one in wrong} == {
        ("picklist.unknown", "custom.product", "GTXPro", "did you mean 'GTX Pro'?")
    }
    assert crm.count(Opportunity) == 0


def test_deals_are_in_the_stages_of_the_file(crm: Crm, figures: Figures) -> None:
    for stage, count in figures.by_stage.items():
        assert crm.count(Opportunity, F.stage == maven.STAGES[stage]) == count
    nowhere = crm.find(Opportunity, F.account_id.is_none())
    assert Counter(one.stage for one in nowhere) == {
        maven.STAGES[stage]: count for stage, count in figures.without_account.items()
    }


def test_accounts_know_their_parents(crm: Crm, figures: Figures) -> None:
    names = {one.id: one.name for one in crm.find(Account)}
    parents = {
        one.name: names[one.parent_id]
        for one in crm.find(Account, ~F.parent_id.is_none())
        if one.parent_id
    }
    assert parents == figures.subsidiaries
    for child, parent in parents.items():
        assert crm.ultimate_parent(maven.account_id(child) or "").name == parent


def test_every_account_has_won_what_the_file_says_with_its_subsidiaries(
    crm: Crm, figures: Figures
) -> None:
    names = {one.id: one.name for one in crm.find(Account)}
    amounts, counts = crm.rollups("won_amount"), crm.rollups("won_deals")
    assert {names[one]: (amounts[one], counts[one]) for one in names} == {
        name: (dollars(amount), count) for name, (amount, count) in figures.family.items()
    }


def test_every_account_has_won_what_the_file_says_by_itself(crm: Crm, figures: Figures) -> None:
    amounts, counts = crm.rollups("own_amount"), crm.rollups("own_deals")
    for account in crm.find(Account):
        amount, count = figures.own.get(account.name, (0, 0))
        assert (amounts[account.id], counts[account.id]) == (dollars(amount), count)
    some = maven.account_id(min(figures.subsidiaries.values())) or ""
    assert crm.rollup("won_amount", some, scope=Scope.OWN) == amounts[some]


def test_managers_have_won_what_their_agents_have(crm: Crm, figures: Figures) -> None:
    won = crm.rollups("won_by_seller")
    people = {**figures.by_agent, **figures.by_manager}
    for name, (amount, _) in people.items():
        assert won[maven.user_id(name)] == dollars(amount)
    assert len(figures.by_manager) == 6
    idle = set(won) - {maven.user_id(name) for name in people}
    assert {won[one] for one in idle} == {dollars(0)}


def test_groups_and_deals_without_account_add_up_to_everything(
    data: Maven, figures: Figures, crm: Crm
) -> None:
    found = roll_up(
        WON_AMOUNT,
        accounts=data.accounts,
        children=data.deals,
        context=Context(model=data.model, now=NOW, new_id=new_id),
    )
    assert not found.findings
    assert found.everything == dollars(figures.total[0])
    tops = Money.total((found[one] for one in found.roots), "USD")  # type: ignore[misc]  # all are money
    assert tops + (found.unassigned or dollars(0)) == found.everything  # type: ignore[operator]  # as above
    assert found == crm.rollups("won_amount")


def test_a_figure_explains_itself(crm: Crm, figures: Figures) -> None:
    parent = min(figures.subsidiaries.values())
    found = crm.explain("won_amount", maven.account_id(parent) or "")
    amount, count = figures.family[parent]
    assert found.value == dollars(amount)
    assert len(found.contributions) == count
    assert Money.total((one.value for one in found.contributions), "USD") == found.value
    assert len(found.contributions) + len(found.exclusions) == 8_800


def test_products_have_sold_what_the_file_says(crm: Crm, figures: Figures) -> None:
    sold: dict[str, list[Money]] = {}
    for deal in crm.find(Opportunity, F.stage_category == "won"):
        sold.setdefault(deal.custom["product"], []).extend([deal.amount] if deal.amount else [])
    assert {name: (Money.total(parts, "USD"), len(parts)) for name, parts in sold.items()} == {
        name: (dollars(amount), count) for name, (amount, count) in figures.by_product.items()
    }
