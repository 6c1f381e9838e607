"""Match rules as data."""

from typing import Any

import pytest

from crmcore.findings import ModelError
from crmcore.rules.matching import (
    WEIGHTED_MATCH_RULES,
    BlockKey,
    Comparison,
    Gate,
    KeyPart,
    Level,
    MatchRule,
)

NAME = Comparison(name="name", how="person_name", fields={"contact": "name"}, weight=4, against=4)
KEY = BlockKey(
    name="name", parts=[KeyPart(how="full_name", fields={"contact": "name"})], about="one name"
)


def rule(**changed: Any) -> MatchRule:
    fields: dict[str, Any] = {
        "name": "test-1",
        "kinds": "contact",
        "keys": [KEY],
        "comparisons": [NAME],
        "enough": 4,
    }
    return MatchRule(**{**fields, **changed})


def test_a_rule_is_plain_data() -> None:
    assert rule() == rule()
    assert hash(rule()) == hash(rule())
    assert rule(kinds=["contact"]).kinds == ("contact",)
    assert NAME.fields == {"contact": ("name",)}
    assert "test-1" in repr(rule())


def test_thresholds_make_levels() -> None:
    levels = [rule().level(score) for score in (1, 0.95, 0.94, 0.8, 0.6, 0.59, 0)]
    assert [level.name for level in levels] == [
        *("SURE", "SURE", "LIKELY", "LIKELY", "POSSIBLE", "UNLIKELY", "UNLIKELY")
    ]
    assert Level.SURE > Level.LIKELY


OTHER = {"contact": ("name",)}
WRONG = [
    ({"name": ""}, "rule.name"),
    ({"kinds": ()}, "rule.kinds"),
    ({"kinds": ("contact", "contact")}, "rule.kinds"),
    ({"keys": []}, "rule.keys"),
    ({"keys": [BlockKey(name="none", parts=[])]}, "rule.keys"),
    ({"keys": [KEY, KEY]}, "rule.repeated"),
    ({"comparisons": [NAME, NAME]}, "rule.repeated"),
    ({"keys": [BlockKey(name="k", parts=[KeyPart(how="full", fields=OTHER)])]}, "rule.unknown"),
    ({"comparisons": [Comparison(name="n", how="names", fields=OTHER, weight=4)]}, "rule.unknown"),
    ({"gates": [Gate(comparison="nam", at_least=1, cap=0)]}, "rule.unknown"),
    ({"gates": [Gate(comparison="name", at_least=1, cap=2)]}, "rule.gate"),
    ({"kinds": ("contact", "lead")}, "rule.fields"),
    ({"kinds": "lead"}, "rule.unknown"),
    (
        {"comparisons": [Comparison(name="n", how="text", fields=OTHER, weight=4, against=-1)]},
        "rule.weight",
    ),
    (
        {"comparisons": [Comparison(name="n", how="text", fields=OTHER, weight=float("nan"))]},
        "rule.weight",
    ),
    ({"sure": 0.7}, "rule.thresholds"),
    ({"possible": 0}, "rule.thresholds"),
    ({"enough": 0}, "rule.enough"),
    ({"enough": 40}, "rule.undecided"),
    ({"comparisons": []}, "rule.undecided"),
]


@pytest.mark.parametrize(("changed", "code"), WRONG)
def test_a_rule_that_cannot_work_is_refused(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(ModelError) as refused:
        rule(**changed)
    assert refused.value.findings.with_code(code)


def test_all_reasons_are_given_at_once_with_a_way_out() -> None:
    with pytest.raises(ModelError) as refused:
        rule(name="", enough=-1, gates=[Gate(comparison="nam", at_least=1, cap=0)])
    assert len(refused.value.findings) == 3
    assert "did you mean 'name'?" in str(refused.value)


def test_standard_rules_have_a_version_in_their_names() -> None:
    assert all(one.name.endswith("-standard-1") for one in WEIGHTED_MATCH_RULES)
