"""Evidence and scores."""

import pytest
from attrs import evolve

from crmcore.rules.matching import CONTACTS, Evidence, Level, Match, MatchRule, score_of
from crmcore.rules.matching.evidence import evidence_table, weighed
from crmcore.values import Ref


def evidence(field: str, similarity: float, *, rule: MatchRule = CONTACTS) -> Evidence:
    one = next(one for one in rule.comparisons if one.name == field)
    return Evidence(
        field=field,
        comparison=one.how,
        left="l",
        right="r",
        similarity=similarity,
        weight=one.weight,
        against=one.against,
    )


def test_points_say_what_counts_for_and_against() -> None:
    assert evidence("name", 0.5).points == 2
    assert evidence("name", 0).points == -4


def test_a_score_is_what_counts_for_over_what_counts_at_all() -> None:
    found = [evidence("name", 1), evidence("e-mail", 1), evidence("telephone", 0)]
    assert score_of(found, CONTACTS) == pytest.approx(9 / 10)


def test_little_evidence_gives_a_low_score() -> None:
    assert score_of([evidence("name", 1)], CONTACTS) == pytest.approx(4 / 6)


def test_without_evidence_there_is_no_score() -> None:
    assert score_of([], CONTACTS) is None


def test_a_comparison_without_weight_alone_gives_no_score() -> None:
    first, *rest = CONTACTS.comparisons
    light = evolve(CONTACTS, comparisons=[evolve(first, weight=0, against=0), *rest])
    assert weighed(light, (1.0, *[None] * len(rest))) is None
    assert weighed(light, (1.0, 1.0, *[None] * (len(rest) - 1))) == pytest.approx(5 / 6)


def test_gates_cap_a_score() -> None:
    rest = [evidence("e-mail", 1), evidence("telephone", 1), evidence("company", 1)]
    assert score_of([evidence("name", 0), *rest], CONTACTS) == 0.7
    assert score_of([evidence("name", 0.5), *rest], CONTACTS) == 0.9
    assert score_of([evidence("name", 0.7), *rest], CONTACTS) == 1.0
    assert score_of(rest, CONTACTS) == 0.9  # nothing to compare is never sure either


def test_a_match_shows_its_evidence_in_80_columns() -> None:
    match = Match(
        left=Ref("contact", "a" * 90),
        right=Ref("contact", "b"),
        score=0.9,
        level=Level.LIKELY,
        rule=CONTACTS.name,
        evidence=[evidence("name", 1), evidence("telephone", 0)],
    )
    assert match.refs == (match.left, match.right)
    assert max(map(len, str(match).splitlines())) <= 80
    assert "+4.00" in str(match)
    assert "-1.00" in evidence_table(match.evidence)


def test_a_match_in_html_is_escaped() -> None:
    nasty = evolve(evidence("name", 1), left="<script>")
    match = Match(
        left=Ref("contact", "<a>"),
        right=Ref("contact", "b"),
        score=0.9,
        level=Level.LIKELY,
        rule=CONTACTS.name,
        evidence=[nasty],
    )
    assert "&lt;script&gt;" in match._repr_html_()
    assert "<script>" not in match._repr_html_()
    assert "<a>" not in match._repr_html_()
