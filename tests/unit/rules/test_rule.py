"""What every rule is given, and what it returns."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from crmcore.changes import ChangeSet, Insert
from crmcore.entities import Account
from crmcore.errors import UsageError
from crmcore.findings import Findings, error
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.rule import Context, Decided, Decision
from crmcore.values.ids import new_id


def test_today_is_the_day_in_the_time_zone_of_the_model() -> None:
    night = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    context = Context(model=STANDARD_MODEL, now=night, new_id=new_id)
    assert context.today == date(2026, 3, 31)
    paris = STANDARD_MODEL.with_calendar(time_zone="Europe/Paris")
    assert Context(model=paris, now=night, new_id=new_id).today == date(2026, 4, 1)
    assert context.by is None


def test_a_decision_without_a_receipt_is_changes_and_findings() -> None:
    assert isinstance(Decision(), Decided)
    assert not Decision().changes
    assert not Decision().findings
    changes = ChangeSet([Insert(Account(name="Acme"))])
    findings = Findings([error("x", "wrong")])
    assert str(Decision(changes)) == str(changes)
    assert str(Decision(changes, findings)) == f"{changes}\nerror: wrong"
    assert not isinstance(changes, Decided)


def test_no_set_is_made_of_a_record_whose_id_can_name_nothing() -> None:
    odd: Any = []
    with pytest.raises(UsageError, match="the id of a record is text"):
        ChangeSet([Insert(Account(name="Acme", id=odd))])
