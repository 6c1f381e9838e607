"""Buckets, counted once."""

from typing import Any

from crmcore.entities.ledger import Fate, Transfer
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.conversion.accounting import fates, present_values, remaining
from crmcore.values import Ref
from tests.unit.rules.conversion.cases import lead, request


def transfer(field: str, fate: Fate) -> Transfer:
    return Transfer(field=field, value=1, fate=fate, source=Ref[Any]("lead", "lead"))


def test_the_best_fate_of_a_value_counts() -> None:
    told = [
        transfer("phone", Fate.KEPT),
        transfer("phone", Fate.COPIED),
        transfer("title", Fate.DROPPED),
        transfer("title", Fate.KEPT),
        transfer("rating", Fate.UNMAPPED),
    ]
    expected = {"phone": Fate.COPIED, "title": Fate.KEPT, "rating": Fate.UNMAPPED}
    assert fates(told) == fates(reversed(told)) == expected


def test_present_values_are_those_that_people_entered() -> None:
    one = lead(
        employees=0, title="", labels={"a"}, custom={"tier": None, "old": False}, website=None
    )
    found = dict(present_values(one, STANDARD_MODEL))
    assert found["employees"] == 0
    assert found["title"] == ""
    assert found["custom.old"] is False
    assert not {"custom.tier", "website", "id", "version", "external_ids"} & found.keys()


def test_custom_values_that_are_no_mapping_are_told_whole() -> None:
    bad: Any = 5
    assert dict(present_values(lead(custom=bad), STANDARD_MODEL))["custom"] == 5


def test_what_remains_is_told_with_the_reason() -> None:
    one = request(lead=lead(external_ids={"s": "1"}, custom={"tier": "gold"}))
    told = [transfer(path, Fate.COPIED) for path in ("name", "company", "email")]
    found = {t.field: t for t in remaining(one, told)}
    assert not {"name", "company", "email"} & found.keys()
    assert found["status"].fate is Fate.DROPPED
    assert found["status"].over == "Converted"
    assert found["external_ids"].why == one.field_map.left["external_ids"]
    assert found["custom.tier"].fate is Fate.UNMAPPED
    assert found["custom.tier"].why == "the map does not carry it"


def test_a_converted_status_that_stays_is_not_dropped() -> None:
    one = request(lead=lead(status="Converted"))
    (found,) = [t for t in remaining(one, ()) if t.field == "status"]
    assert found.fate is Fate.UNMAPPED
