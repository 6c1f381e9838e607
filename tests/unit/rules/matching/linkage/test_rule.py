from typing import Any

import pytest
from attrs import evolve

from crmcore.findings import ModelError
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    ACCOUNT_LINKAGE,
    CONTACT_LINKAGE,
    STANDARD_MATCH_RULES,
    Learnt,
    Level,
    LinkageRule,
    check,
)


def test_the_standard_rules_fit_the_standard_model() -> None:
    for rule in STANDARD_MATCH_RULES:
        assert not check(rule, STANDARD_MODEL)
        assert rule.name.rpartition("-")[2].isdigit()
        assert all(key.about for key in rule.keys)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": ""}, "rule.name"),
        ({"kinds": ("contact", "contact")}, "rule.kinds"),
        ({"kinds": ("lead",)}, "rule.unknown"),
        ({"subject": "persn"}, "rule.unknown"),
        ({"fields": {"emial": {"contact": "email"}}}, "rule.unknown"),
        ({"fields": {}}, "rule.fields"),
        ({"possible": 0.0}, "rule.thresholds"),
        ({"likely": 0.99}, "rule.thresholds"),
        ({"within": {"lead": "status"}}, "rule.unknown"),
    ],
)
def test_a_rule_that_cannot_work_says_why(fields: dict[str, Any], code: str) -> None:
    sound: dict[str, Any] = {
        "name": "mine-1",
        "kinds": "contact",
        "subject": "person",
        "fields": {"name": {"contact": "name"}},
    }
    with pytest.raises(ModelError) as caught:
        LinkageRule(**(sound | fields))
    assert code in {one.code for one in caught.value.findings}


def test_fields_that_the_model_lacks_are_findings() -> None:
    rule = CONTACT_LINKAGE.with_field("identifier", {"contact": "custom.passport"})
    (found,) = check(rule, STANDARD_MODEL)
    assert (found.code, found.path, found.value) == (
        "rule.unknown",
        "fields.identifier",
        "custom.passport",
    )
    (found,) = check(CONTACT_LINKAGE.with_across({"contact": "sorce"}), STANDARD_MODEL)
    assert found.path == "across"
    other = LinkageRule(
        name="mine-1", kinds="robot", subject="person", fields={"name": {"robot": "name"}}
    )
    (found,) = check(other, STANDARD_MODEL)
    assert (found.path, found.value) == ("kinds", "robot")


def test_a_score_has_a_level() -> None:
    levels = [CONTACT_LINKAGE.level(score) for score in (0.99, 0.7, 0.4, 0.1)]
    assert levels == [Level.SURE, Level.LIKELY, Level.POSSIBLE, Level.UNLIKELY]


STANDARD = CONTACT_LINKAGE.about.standard


@pytest.mark.parametrize(
    "learnt",
    [
        ACCOUNT_LINKAGE.about.standard,
        evolve(STANDARD, m={}),
        evolve(STANDARD, u={**STANDARD.u, "e-mail": (0.5,)}),
        evolve(STANDARD, m={name: [7.0] * len(rates) for name, rates in STANDARD.m.items()}),
        evolve(STANDARD, records=0),
        evolve(STANDARD, expected=0.0),
        evolve(STANDARD, expected=float("nan")),
    ],
)
def test_weights_that_do_not_fit_are_refused(learnt: Learnt) -> None:
    with pytest.raises(ModelError) as caught:
        CONTACT_LINKAGE.with_learnt(learnt)
    assert {one.code for one in caught.value.findings} == {"rule.learnt"}
