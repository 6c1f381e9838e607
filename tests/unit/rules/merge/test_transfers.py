from typing import Any

from crmcore.entities import Contact, Touch
from crmcore.entities.ledger import Fate, Transfer
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP, Policy
from crmcore.values import Money
from tests.unit.rules.merge.examples import NOW, account, contact, made, merged, who


def fates(*records: Any, **rest: Any) -> list[Transfer]:
    return list(merged(records, **rest).receipt.transfers)


def fate(path: str, *records: Any, **rest: Any) -> list[tuple[Any, Fate, str | None, Any]]:
    return [
        (one.value, one.fate, one.target_field, one.over)
        for one in fates(*records, **rest)
        if one.field == path
    ]


def test_a_value_that_fills_a_gap_is_copied() -> None:
    found = fate("title", contact("a"), contact("b", title=""))
    assert found == [("", Fate.COPIED, "title", None)]


def test_an_equal_value_is_copied_too() -> None:
    found = fate("title", contact("a", title="CEO"), contact("b", title="CEO"))
    assert found == [("CEO", Fate.COPIED, "title", None)]


def test_one_and_true_are_not_equal() -> None:
    found = fate("custom.x", contact("a", custom={"x": 1}), contact("b", custom={"x": True}))
    assert found == [(True, Fate.KEPT, None, 1)]


def test_a_value_that_the_survivors_keeps_out_is_kept_in_the_receipt() -> None:
    found = fate("title", contact("a", title="CEO"), contact("b", title="CTO"))
    assert found == [("CTO", Fate.KEPT, None, "CEO")]


def test_a_value_that_loses_to_another_loser_is_dropped() -> None:
    found = fate("title", contact("a"), contact("b", title="CEO"), contact("c", title="CTO"))
    assert found == [("CEO", Fate.COPIED, "title", None), ("CTO", Fate.DROPPED, None, "CEO")]


def test_what_the_survivor_loses_comes_first() -> None:
    rules = STANDARD_SURVIVORSHIP.with_default(Policy.LONGEST)
    records = contact("a", title="CEO"), contact("b", title="Chief Executive")
    found = fates(*records, survivorship=rules)
    assert (found[0].source, found[0].value, found[0].fate) == (who("a"), "CEO", Fate.DROPPED)
    assert (found[0].over, found[0].why) == ("Chief Executive", "longest")


def test_elements_and_keys_are_told_one_by_one() -> None:
    first = contact("a", labels={"x"}, external_ids={"p": "1"})
    second = contact("b", labels={"y", "x"}, external_ids={"p": "2", "q": "3"})
    assert fate("labels", first, second) == [
        ("x", Fate.COPIED, "labels", None),
        ("y", Fate.COPIED, "labels", None),
    ]
    assert fate("external_ids.p", first, second) == [("2", Fate.KEPT, None, "1")]
    assert fate("external_ids.q", first, second) == [("3", Fate.COPIED, "external_ids.q", None)]


def test_an_empty_value_under_a_key_is_no_value() -> None:
    touches = [made(Touch, id=id_, who=who("a"), at=NOW, detail={"utm": None}) for id_ in "st"]
    assert not [one for one in fates(*touches) if one.field.startswith("detail")]


def test_a_collection_that_loses_whole_is_kept_element_by_element() -> None:
    rules = STANDARD_SURVIVORSHIP.with_policy(Contact, "labels", Policy.SURVIVOR_WINS)
    records = contact("a", labels={"x"}), contact("b", labels={"y"})
    assert fate("labels", *records, survivorship=rules) == [("y", Fate.DROPPED, None, None)]


def test_a_second_address_is_copied_to_the_further_ones() -> None:
    first, second = contact("a", email="a@x.example"), contact("b", email="b@x.example")
    assert fate("email", first, second) == [("b@x.example", Fate.COPIED, "other_emails", None)]


def test_a_second_spelling_of_an_address_stays_in_the_receipt() -> None:
    first, second = contact("a", email="a@x.example"), contact("b", email="A@x.example")
    assert fate("email", first, second) == [("A@x.example", Fate.KEPT, None, "a@x.example")]


def test_a_number_that_stands_in_another_field_is_copied_there() -> None:
    first = contact("a", phone="+49 30 1234567")
    second = contact("b", mobile="+49 30 7654321", other_phones=("+49 30 1234567",))
    assert fate("other_phones", first, second) == [("+49 30 1234567", Fate.COPIED, "phone", None)]


def test_the_parts_of_a_sum_are_copied() -> None:
    rules = STANDARD_SURVIVORSHIP.with_policy("account", "employees", Policy.SUM)
    records = account("a", employees=2), account("b", employees=3)
    assert fate("employees", *records, survivorship=rules) == [(3, Fate.COPIED, "employees", None)]


def test_values_that_cannot_be_added_are_not_said_to_be_part_of_a_sum() -> None:
    rules = STANDARD_SURVIVORSHIP.with_policy("account", "annual_revenue", Policy.SUM)
    dollar, euro = Money(1, "USD"), Money(9, "EUR")
    records = account("a", annual_revenue=dollar), account("b", annual_revenue=euro)
    assert fate("annual_revenue", *records, survivorship=rules) == [(euro, Fate.KEPT, None, dollar)]


def test_a_reference_that_is_contracted_is_dropped_with_the_reason() -> None:
    records = contact("a"), contact("b", reports_to_id="a")
    found = [one for one in fates(*records) if one.field == "reports_to_id"]
    assert [(one.value, one.fate) for one in found] == [("a", Fate.DROPPED)]
    assert "merged with" in found[0].why


def test_moments_of_creation_are_accounted_for() -> None:
    later = NOW.replace(year=2027)
    records = contact("a", created_at=later), contact("b", created_at=NOW)
    assert fate("created_at", *records) == [
        (later, Fate.DROPPED, None, NOW),
        (NOW, Fate.COPIED, "created_at", None),
    ]


def test_a_chosen_value_is_named_as_the_reason() -> None:
    records = contact("a", title="CEO"), contact("b", title="CTO")
    found = fates(*records, choose={"title": "Boss"})
    titles = [(one.source.id, one.fate, one.over, one.why) for one in found if one.field == "title"]
    assert titles == [
        ("a", Fate.DROPPED, "Boss", "chosen"),
        ("b", Fate.DROPPED, "Boss", "chosen"),
    ]


def test_a_value_that_the_caller_cleared_stays_in_the_receipt() -> None:
    records = contact("a", title="CEO"), contact("b")
    assert fate("title", *records, choose={"title": None}) == [("CEO", Fate.DROPPED, None, None)]
