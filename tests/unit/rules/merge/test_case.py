from crmcore.entities import Activity
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.merge.case import Case
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP
from tests.unit.rules.merge.examples import contact, context, made, who


def test_each_record_is_looked_at_once_and_the_merged_ones_are_no_rows() -> None:
    first, second, boss = contact("a"), contact("b", title="now"), contact("z")
    calls = [made(Activity, id=id_, subject="Call", who=who("b")) for id_ in "ut"]
    case = Case.of(
        (first, second),
        [*calls, calls[0], contact("b", title="stale")],
        [boss, contact("b", title="stale")],
        context=context(),
        survivorship=STANDARD_SURVIVORSHIP,
    )
    assert [row.id for row in case.rows] == ["t", "u"]
    assert case.known[who("b")] == second
    assert case.known[who("z")] == boss
    assert case.target == {who("b"): who("a")}
    assert case.model is STANDARD_MODEL
