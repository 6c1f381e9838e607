from __future__ import annotations

import attrs
import pytest

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Account,
    ChangeSet,
    CustomField,
    F,
    FieldMap,
    Opportunity,
    Record,
    Rollup,
    RuleBook,
    Survivorship,
)
from crmcore.errors import UnknownNameError
from crmcore.findings import ModelError
from crmcore.rules.automation import AddLabel, AutomationRule, Call, Created
from crmcore.rules.matching import CONTACT_LINKAGE, STANDARD_MATCH_RULES
from crmcore.rules.rollup import OPEN_DEALS, STANDARD_ROLLUPS
from crmcore.rules.rule import Context
from crmcore.rules.stages import EntryCondition

LARGE = Rollup(
    name="large", child=Opportunity, by=F.account_id, where=F.amount.amount > 9, aggregate="count"
)


def test_the_standard_book_has_the_standard_rules() -> None:
    assert [one.name for one in STANDARD_RULES.rollups] == [
        "open_pipeline",
        "won_amount",
        "open_deals",
        "contacts",
    ]
    assert STANDARD_RULES.match_rules == STANDARD_MATCH_RULES
    assert not STANDARD_RULES.check(STANDARD_MODEL)


@pytest.mark.parametrize("kind", STANDARD_MODEL.kinds)
def test_the_standard_book_fits_every_model_with_a_disabled_object(kind: str) -> None:
    assert not STANDARD_RULES.check(STANDARD_MODEL.with_disabled(kind)).errors


def test_rules_are_found_by_name_and_by_kind() -> None:
    assert STANDARD_RULES.rollup("open_deals") == OPEN_DEALS
    assert STANDARD_RULES.match_rule(CONTACT_LINKAGE.name) == CONTACT_LINKAGE
    assert STANDARD_RULES.match_rules_for("contact") == (CONTACT_LINKAGE,)
    assert [one.kinds for one in STANDARD_RULES.match_rules_for("contact", "lead")] == [
        ("contact", "lead")
    ]
    assert STANDARD_RULES.match_rules_for("case") == ()
    with pytest.raises(UnknownNameError, match="did you mean 'open_deals'"):
        STANDARD_RULES.rollup("open_deal")
    with pytest.raises(UnknownNameError, match="unknown match rule"):
        STANDARD_RULES.match_rule("nothing")


def test_a_successor_has_new_rules_and_replaces_those_of_the_same_name() -> None:
    book = STANDARD_RULES.with_rollups(LARGE)
    assert book.rollups == (*STANDARD_ROLLUPS, LARGE)
    other = attrs.evolve(LARGE, where=F.amount.amount > 99)
    assert book.with_rollups(other).rollups == (*STANDARD_ROLLUPS, other)
    looser = attrs.evolve(CONTACT_LINKAGE, likely=CONTACT_LINKAGE.possible)
    replaced = STANDARD_RULES.with_match_rules(looser)
    assert replaced.match_rule(CONTACT_LINKAGE.name) == looser
    assert len(replaced.match_rules) == len(STANDARD_MATCH_RULES)
    assert STANDARD_RULES.with_field_map(FieldMap()).field_map == FieldMap()
    assert STANDARD_RULES.with_survivorship(Survivorship()).survivorship == Survivorship()


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ModelError, match="same name"):
        RuleBook(rollups=[LARGE, LARGE])


def test_what_does_not_fit_a_model_is_found() -> None:
    tier = Rollup(
        name="gold",
        child=Account,
        by=F.parent_id,
        where=F.custom["tier"] == "gold",
        aggregate="count",
    )
    book = STANDARD_RULES.with_rollups(tier)
    assert book.check(STANDARD_MODEL).errors
    model = STANDARD_MODEL.with_custom_fields(Account, CustomField(name="tier"))
    assert not book.check(model)


def test_automation_rules_are_kept_in_order_and_replaced_by_name() -> None:
    one, two = (
        AutomationRule(name=name, on=Account, when=Created(), then=AddLabel(name)) for name in "ab"
    )
    newer = attrs.evolve(one, then=Call("f"))
    book = STANDARD_RULES.with_automation(one, two)
    assert book.automation == (one, two)

    def nothing(_: Record, __: Context) -> ChangeSet:
        return ChangeSet()

    later = book.with_automation(newer, functions={"f": nothing})
    assert later.automation == (newer, two)
    assert [one.name for one in later.functions] == ["f"]
    assert not later.check(STANDARD_MODEL)
    with pytest.raises(ModelError, match="the same name"):
        RuleBook(automation=[one, one])


def test_conditions_of_stages_are_added() -> None:
    condition = EntryCondition(stage="Won", where=F.amount.amount > 0, say="needs an amount")
    book = STANDARD_RULES.with_entry_conditions(condition).with_entry_conditions(condition)
    assert book.entry_conditions == (condition, condition)
    assert not book.check(STANDARD_MODEL)
