"""Policies: every choice is an enum with a stated default."""

from enum import Enum

import attrs

from crmcore.model.policies import ContactAccount, NoCompany, Policies


def test_every_policy_is_one_of_an_enum_and_has_a_default() -> None:
    policies = Policies()
    for one in attrs.fields(Policies):
        assert isinstance(getattr(policies, one.name), Enum)
        assert isinstance(one.default, Enum)
        assert len(type(one.default)) > 1


def test_the_defaults_refuse_nothing() -> None:
    assert Policies().contact_account is ContactAccount.OPTIONAL
    assert Policies().no_company is NoCompany.CONTACT_ONLY
    assert Policies() == Policies()
    assert hash(Policies()) == hash(Policies())
