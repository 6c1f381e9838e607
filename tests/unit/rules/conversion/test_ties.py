"""Roles and relations of the contact."""

from datetime import date
from typing import Any

import pytest

from crmcore.changes import Insert
from crmcore.entities import AccountContactRelation, OpportunityContactRole, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.policies import ContactAccount
from crmcore.rules.conversion.ties import links_of, relation_of, role_of, stray_contact
from tests.unit.rules.conversion.cases import NOW, account, contact, deal, made, request

ENDS: dict[str, Any] = {"account_id": "account", "contact_id": "contact"}
STRANGER = contact(account_id="other")


def role(contact_id: str, *, is_primary: bool) -> Any:
    return made(
        OpportunityContactRole,
        opportunity_id=deal().id,
        contact_id=contact_id,
        is_primary=is_primary,
    )


def relation(**values: Any) -> AccountContactRelation:
    return AccountContactRelation(**{"id": "r", **ENDS, **values})


def rows(ties: Any) -> list[Any]:
    return [one.after for one in ties.changes if isinstance(one, Insert)]


def test_the_contact_is_primary_where_nobody_is() -> None:
    for links in ([], [role("else", is_primary=False)]):
        (new,) = rows(role_of(request(), deal(), contact(), links))
        assert (new.opportunity_id, new.contact_id, new.is_primary) == ("deal", "contact", True)


def test_a_primary_contact_is_never_demoted() -> None:
    ties = role_of(request(), deal(), contact(), [role("else", is_primary=True)])
    (new,) = rows(ties)
    assert not new.is_primary
    assert len(ties.checks) == 1


def test_a_contact_with_a_role_gets_no_second_one() -> None:
    old = role("contact", is_primary=False)
    ties = role_of(request(), deal(), contact(), [old])
    assert not ties.changes
    assert ties.read == (old,)


def test_disabled_link_rows_are_skipped_and_told() -> None:
    model = STANDARD_MODEL.with_disabled(OpportunityContactRole, AccountContactRelation)
    one = request(model)
    for ties in (
        role_of(one, deal(), contact(), []),
        relation_of(one, account(), STRANGER, []),
    ):
        assert not ties.changes
        assert [found.code for found in ties.findings] == ["conversion.disabled"]


def test_a_contact_of_another_account_gets_a_relation() -> None:
    ties = relation_of(request(), account(), STRANGER, [])
    (new,) = rows(ties)
    assert (new.account_id, new.contact_id, new.is_direct) == ("account", "contact", False)
    assert new.start_on is None
    assert len(ties.checks) == 1


@pytest.mark.parametrize("home", [None, "account"])
def test_a_contact_of_this_account_or_of_none_gets_none_here(home: str | None) -> None:
    assert not relation_of(request(), account(), contact(account_id=home), []).changes


@pytest.mark.parametrize("end", [None, NOW.date(), date(2030, 1, 1)])
def test_an_active_relation_is_enough(end: date | None) -> None:
    old = relation(end_on=end)
    ties = relation_of(request(), account(), STRANGER, [old])
    assert not ties.changes
    assert ties.read == (old,)


@pytest.mark.parametrize("values", [{"is_active": False}, {"end_on": date(2026, 8, 2)}])
def test_after_a_former_relation_a_new_one_starts_today(values: dict[str, Any]) -> None:
    ties = relation_of(request(), account(), STRANGER, [relation(**values)])
    (new,) = rows(ties)
    assert new.start_on == NOW.date()


def test_a_stray_contact_is_found_where_accounts_are_required() -> None:
    model = STANDARD_MODEL.with_policies(contact_account=ContactAccount.REQUIRED)

    def codes(links: list[Record], **asked: Any) -> list[str]:
        found = stray_contact(request(model, **asked), asked.get("account"), links)
        return [one.code for one in found]

    assert codes([]) == []
    assert codes([], contact=contact()) == ["conversion.contact_without_account"]
    assert codes([], contact=contact(account_id="account"), account=account()) == []
    other: dict[str, Any] = {"contact": STRANGER, "account": account()}
    assert codes([], **other) == ["conversion.contact_of_other_account"]
    assert codes([relation()], **other) == []
    assert not [*stray_contact(request(**other), account(), [])]


def test_rows_are_chosen_by_kind_and_ends() -> None:
    links = [relation(), relation(id="s", contact_id="else"), account()]
    assert links_of(links, AccountContactRelation, contact_id="contact") == (links[0],)
