"""A rule as data."""

from typing import Any

import pytest

from crmcore import Account, ChangeSet, F, Lead, User
from crmcore.errors import UsageError
from crmcore.findings import ModelError
from crmcore.rules.automation import AddLabel, AutomationRule, Created, NamedFunction, Set


def test_a_rule_is_a_value_and_says_what_it_does() -> None:
    rule = AutomationRule(
        name="vip", on=Lead, when=Created(), where=F.rating == "Hot", then=AddLabel("vip")
    )
    assert rule.then == (AddLabel("vip"),)
    assert rule == AutomationRule(
        name="vip", on=Lead, when=Created(), where=F.rating == "Hot", then=[AddLabel("vip")]
    )
    assert hash(rule)
    assert str(rule) == "vip: on created of Lead where (F.rating == 'Hot'): add the label vip"


def test_a_rule_that_cannot_work_is_not_built() -> None:
    with pytest.raises(ModelError, match="did you mean 'industry'"):
        AutomationRule(name="r", on=Account, when=Created(), then=Set("indutry", "Metal"))
    wrong: Any = "lead"
    with pytest.raises(UsageError, match="on is an entity"):
        AutomationRule(name="r", on=wrong, when=Created(), then=AddLabel("x"))


def test_a_named_function_is_called_by_its_name() -> None:
    changes = ChangeSet(reason="x")
    function = NamedFunction("f", lambda record, context: changes)
    assert function(User(name="u"), None) is changes
