"""Accounts and their relations."""

from crmcore.entities import Account, AccountContactRelation, AccountRelation
from crmcore.model.describe import describe
from tests.unit.entities.shape import check_shape


def test_an_account_needs_a_name() -> None:
    names = (
        "parent_id type industry ownership rating employees annual_revenue website phone fax "
        "billing_address shipping_address account_number tax_id source description"
    )
    defaults = dict.fromkeys(names.split(), None) | {"roles": frozenset(), "is_person": False}
    check_shape(Account, "account", {"name"}, defaults)


def test_an_account_relation_needs_two_accounts_and_a_kind() -> None:
    defaults = {"start_on": None, "end_on": None, "description": None}
    check_shape(AccountRelation, "account_relation", {"from_id", "to_id", "kind"}, defaults)


def test_a_relation_of_an_account_needs_both_ends() -> None:
    defaults = {
        "roles": frozenset(),
        "is_direct": False,
        "is_active": True,
        "start_on": None,
        "end_on": None,
    }
    check_shape(
        AccountContactRelation,
        "account_contact_relation",
        {"account_id", "contact_id"},
        defaults,
    )


def test_a_lone_role_is_one_role() -> None:
    assert Account(name="Acme", roles="partner").roles == {"partner"}
    assert Account(name="Acme", roles=["partner", "customer"]).roles == {"customer", "partner"}


def test_accounts_make_a_tree() -> None:
    lookup = describe(Account).field("parent_id").lookup
    assert lookup is not None
    assert (lookup.kind, lookup.shape.name) == ("account", "TREE")
