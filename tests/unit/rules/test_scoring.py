import pytest

from crmcore import STANDARD_MODEL, F, Lead, Money
from crmcore.errors import UnknownNameError, UsageError
from crmcore.rules.scoring import STANDARD_SCORING, Condition, Grade, Scoring, score

RULE = Scoring(
    name="ours",
    conditions=[
        Condition(name="boss", where=F.title == "CTO", points=40, about="can decide"),
        Condition(name="open", where=F.status_category == "open", points=10),
        Condition(name="no mail", where=F.email.is_none(), points=-20),
    ],
    grades=[Grade("warm", 10), Grade("hot", 40)],
    enough=30,
    needed=["budget", "source"],
)


def test_a_score_is_the_sum_of_the_conditions_met_each_explained() -> None:
    found = score(Lead(title="CTO", source="Web"), RULE, STANDARD_MODEL)
    assert (found.points, found.grade) == (30, "warm")
    assert [one.is_met for one in found.why] == [True, True, True]
    assert found.missing == ("budget is not known",)
    assert not found.is_enough
    assert "can decide" in str(found)
    assert "budget is not known" in str(found)
    assert "can decide" in found._repr_html_()


def test_a_lead_passes_with_enough_points_and_answers() -> None:
    lead = Lead(title="CTO", source="Web", budget=Money(1, "EUR"), email="a@x.org")
    found = score(lead, RULE, STANDARD_MODEL)
    assert (found.points, found.grade, found.is_enough) == (50, "hot", True)
    assert "missing" not in found._repr_html_()
    low = score(Lead(), RULE, STANDARD_MODEL)
    assert (low.points, low.grade) == (-10, None)
    assert "-10 of 30" in " ".join(low.missing)


def test_wrong_rules_are_refused_and_reported() -> None:
    one = RULE.conditions[0]
    with pytest.raises(UsageError, match="one name"):
        Scoring(name="x", conditions=[one, one])
    wrong = Scoring(
        name="x",
        conditions=[Condition(name="a", where=F.shoe == 1, points=1)],
        needed=["hat"],
    )
    assert [one.code for one in wrong.check(STANDARD_MODEL)] == [
        "scoring.condition",
        "scoring.needed",
    ]
    assert list(RULE.check(STANDARD_MODEL)) == []
    assert list(STANDARD_SCORING.check(STANDARD_MODEL)) == []
    with pytest.raises(UnknownNameError):
        score(Lead(), wrong, STANDARD_MODEL)
