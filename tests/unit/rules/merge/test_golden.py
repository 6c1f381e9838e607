from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crmcore.entities import Activity, Contact, Touch
from crmcore.errors import UnknownNameError, UsageError
from crmcore.fields import CustomField, MultiPicklist, Number
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.merge.golden import golden, is_present, order_of
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP, ByFunction, Policy, Survivorship
from crmcore.values import Address, FrozenMap, Money, Ref
from tests.unit.rules.merge.examples import NOW, account, contact, made, who

MODEL = STANDARD_MODEL.with_custom_fields(
    Contact,
    CustomField(name="score", type=Number()),
    CustomField(name="tags", type=MultiPicklist("a", "b")),
)


def become(*records: Any, **rest: Any) -> Any:
    rest = {"survivorship": STANDARD_SURVIVORSHIP, **rest}
    return golden(records, model=MODEL, **rest).record


def accounts(**values: tuple[Any, ...]) -> list[Any]:
    rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    return [account(f"a{index}", **row) for index, row in enumerate(rows)]


def by(policy: Policy, *fields: str) -> Survivorship:
    return Survivorship().with_policy("account", fields, policy)


@pytest.mark.parametrize("value", [0, False, "", Decimal(0), Address()])
def test_falsy_values_are_present(value: object) -> None:
    assert is_present(value)


@pytest.mark.parametrize("value", [None, (), frozenset(), FrozenMap()])
def test_none_and_empty_collections_are_missing(value: object) -> None:
    assert not is_present(value)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy.SURVIVOR_WINS, "bb"),
        (Policy.LONGEST, "aaa"),
        (Policy.LARGEST, "c"),
        (Policy.SMALLEST, "aaa"),
        (Policy.MOST_FREQUENT, "c"),
        (Policy.MOST_COMPLETE, "aaa"),
    ],
)
def test_policies_on_texts(policy: Policy, expected: str) -> None:
    rows = accounts(type=(None, "bb", "c", "aaa", "c"))
    assert become(*rows, survivorship=by(policy, "type")).type == expected


def test_equal_claims_go_to_the_value_that_sorts_first() -> None:
    rows = accounts(type=("d", "b", "c"))
    for policy in (Policy.LONGEST, Policy.MOST_FREQUENT, Policy.MOST_RECENT, Policy.OLDEST):
        assert become(*rows, survivorship=by(policy, "type")).type == "b"


def moment(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


def test_most_recent_and_oldest_look_at_the_records_moments() -> None:
    naive = datetime(2030, 1, 1)  # noqa: DTZ001 - bad data
    rows = accounts(
        type=("a", "b", "c", "d"),
        created_at=(moment(3), moment(1), moment(2), naive),
        updated_at=(None, moment(4), moment(9), naive),
    )
    assert become(*rows, survivorship=by(Policy.MOST_RECENT, "type")).type == "c"
    assert become(*rows, survivorship=by(Policy.OLDEST, "type")).type == "b"
    assert become(*rows[:1], *rows[3:]).created_at == moment(3)


def test_the_most_complete_address_has_the_most_parts() -> None:
    rows = accounts(billing_address=(Address(city="Bern"), Address(city="Ulm", country="DE")))
    most = become(*rows, survivorship=by(Policy.MOST_COMPLETE, "billing_address"))
    assert most.billing_address == Address(city="Ulm", country="DE")


def test_the_most_complete_collection_has_the_most_elements() -> None:
    rules = by(Policy.MOST_COMPLETE, "labels").with_policy(
        "account", "external_ids", Policy.MOST_COMPLETE
    )
    rows = accounts(labels=({"z"}, {"a", "b"}), external_ids=({"p": "1", "q": "2"}, {"p": "3"}))
    found = become(*rows, survivorship=rules)
    assert found.labels == {"a", "b"}
    assert found.external_ids == {"p": "1", "q": "2"}


def test_the_longest_collection_and_group_count_all_their_text() -> None:
    rules = by(Policy.LONGEST, "labels").with_policy("account", ("type", "website"), Policy.LONGEST)
    rows = accounts(labels=({"aaa"}, {"b", "c"}), type=("x", None), website=("y", "longer"))
    found = become(*rows, survivorship=rules)
    assert found.labels == {"aaa"}
    assert (found.type, found.website) == (None, "longer")


def test_numbers_are_added_exactly() -> None:
    tiny = Decimal("0.0000000000000000000000000000001")
    people = [contact("a", custom={"score": 10**30}), contact("b", custom={"score": tiny})]
    rules = Survivorship().with_policy(Contact, "score", Policy.SUM)
    assert become(*people, survivorship=rules).custom["score"] == Decimal(
        f"1{'0' * 30}.{'0' * 30}1"
    )


def test_amounts_and_counts_are_added() -> None:
    rules = by(Policy.SUM, "employees").with_policy("account", "annual_revenue", Policy.SUM)
    rows = accounts(employees=(2, None, 0, 3), annual_revenue=(None, *map(euros, (5, 0, 7))))
    found = become(*rows, survivorship=rules)
    assert (found.employees, found.annual_revenue) == (5, euros(12))


def euros(amount: int) -> Money:
    return Money(amount, "EUR")


@pytest.mark.parametrize(
    ("name", "values", "largest"),
    [
        ("annual_revenue", (euros(9), Money(1, "USD")), Money(1, "USD")),
        ("employees", (3, "many"), "many"),
        ("employees", (3, True), 3),
    ],
)
def test_what_cannot_be_added_is_found_and_the_largest_is_taken(
    name: str, values: tuple[Any, ...], largest: Any
) -> None:
    result = golden(accounts(**{name: values}), model=MODEL, survivorship=by(Policy.SUM, name))
    assert getattr(result.record, name) == largest
    assert [one.code for one in result.findings] == ["merge.not_added"]


def test_amounts_of_two_currencies_are_compared_by_currency_and_found() -> None:
    rows = accounts(annual_revenue=(euros(9), Money(1, "USD")))
    result = golden(rows, model=MODEL, survivorship=by(Policy.LARGEST, "annual_revenue"))
    assert result.record.annual_revenue == Money(1, "USD")  # type: ignore[attr-defined]  # an account
    assert [one.code for one in result.findings] == ["merge.currencies"]


@pytest.mark.parametrize(
    ("policy", "flags", "expected"),
    [
        (Policy.ANY, (False, True), True),
        (Policy.ANY, (False, False), False),
        (Policy.ALL, (False, True), False),
        (Policy.ALL, (True, True), True),
    ],
)
def test_flags(policy: Policy, flags: tuple[bool, bool], expected: bool) -> None:
    people = [contact(f"c{flag}{index}", is_active=flag) for index, flag in enumerate(flags)]
    rules = Survivorship().with_policy(Contact, "is_active", policy)
    assert become(*people, survivorship=rules).is_active is expected


def test_a_union_keeps_the_survivors_order_and_its_value_under_a_key() -> None:
    first = contact("a", other_emails=("z@x.example", "b@x.example"), external_ids={"p": "1"})
    second = contact(
        "b", other_emails=("a@x.example", "Z@X.example"), external_ids={"p": "2", "q": "3"}
    )
    found = become(first, second)
    assert found.other_emails == ("z@x.example", "b@x.example", "a@x.example")
    assert found.external_ids == {"p": "1", "q": "3"}


def test_a_custom_collection_is_united_and_stays_away_where_nobody_has_it() -> None:
    found = become(
        contact("a"), contact("b", custom={"tags": {"a"}}), contact("c", custom={"tags": {"b"}})
    )
    assert found.custom["tags"] == {"a", "b"}
    assert "tags" not in become(contact("a"), contact("b")).custom


def test_custom_values_that_the_model_does_not_know_are_kept() -> None:
    found = become(contact("a", custom={"old": "x"}), contact("b", custom={"older": ["y"]}))
    assert found.custom == {"old": "x", "older": ("y",)}


def test_a_map_of_any_values_is_united() -> None:
    touches = [
        made(Touch, id=id_, who=who("a"), at=NOW, detail=detail)
        for id_, detail in (("s", {"utm": 1}), ("t", {"utm": 2, "page": "p"}))
    ]
    assert become(*touches).detail == {"utm": 1, "page": "p"}


def test_other_addresses_and_numbers_go_to_the_further_ones() -> None:
    first = contact("a", email="a@x.example", phone="+49 30 1234567", other_phones=("110-220",))
    second = contact("b", email="B@x.example", mobile="+49 (30) 1234567", phone="+49 30 7654321")
    third = contact("c", email="A@X.example", other_emails=("b@x.example",))
    found = become(first, second, third)
    # The second spelling of a's address and of b's is not a further address.
    assert (found.email, found.other_emails) == ("a@x.example", ("b@x.example",))
    assert (found.phone, found.mobile) == ("+49 30 1234567", "+49 (30) 1234567")
    assert found.other_phones == ("110-220", "+49 30 7654321")


def test_a_choice_of_the_further_ones_is_final() -> None:
    people = [contact("a", email="a@x.example"), contact("b", email="b@x.example")]
    assert become(*people, choose={"other_emails": ()}).other_emails == ()


@pytest.mark.parametrize("pick", [lambda one: one, lambda one: one.ref])
def test_a_value_can_be_chosen_by_its_record(pick: Callable[[Any], Any]) -> None:
    first, second = contact("a", title="CEO"), contact("b", title="CTO", custom={"score": 0})
    result = golden(
        [first, second],
        model=MODEL,
        survivorship=STANDARD_SURVIVORSHIP,
        choose={"title": pick(second), "score": pick(second), "phone": None},
    )
    assert result.record == become(first, second, choose={"title": "CTO"})
    why = {one.field.path: (one.why, one.origin) for one in result.choices}
    assert why["title"] == why["custom.score"] == ("chosen", second.ref)
    assert why["phone"] == ("chosen", None)


def test_a_reference_can_be_chosen_as_a_value() -> None:
    people = [contact("a", account_id="x"), contact("b")]
    chosen = Ref[Any]("account", "y")
    assert become(*people, choose={"account_id": chosen}).account_id == "y"
    tasks = [made(Activity, id="s", subject="Call"), made(Activity, id="t", subject="Call")]
    assert become(*tasks, choose={"about": chosen}).about == chosen


@pytest.mark.parametrize("name", ["id", "version", "created_at", "updated_at", "custom"])
def test_what_the_library_decides_cannot_be_chosen(name: str) -> None:
    with pytest.raises(UsageError):
        become(contact("a"), contact("b"), choose={name: None})


def test_a_choice_from_a_stranger_is_refused() -> None:
    for pick in (contact("z"), who("z")):
        with pytest.raises(UsageError):
            become(contact("a"), contact("b"), choose={"title": pick})


def test_a_choice_of_an_unknown_field_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="title"):
        become(contact("a"), contact("b"), choose={"titel": "CEO"})


def test_a_function_gets_the_candidates_in_order() -> None:
    joined = ByFunction("joined", lambda all_: "+".join(one.value for one in all_))
    rules = Survivorship().with_policy(Contact, "description", joined)
    people = [contact("a", description="x"), contact("b"), contact("c", description="y")]
    result = golden(people, model=MODEL, survivorship=rules)
    choice = next(one for one in result.choices if one.field.path == "description")
    assert (choice.value, choice.origin, choice.why) == ("x+y", None, "joined")


def test_any_values_sort() -> None:
    values: list[Any] = [
        FrozenMap(a=frozenset({2, 1})),
        (1, "x"),
        frozenset({"b", "a"}),
        Address(city="Bern"),
        "text",
        3,
        None,
    ]
    assert sorted(values, key=order_of) == [None, 3, "text", *values[3:4], *values[2::-1]]
    assert order_of(frozenset("abc")) == order_of(frozenset("cba"))


def test_two_texts_that_are_no_address_are_told_apart_as_they_are() -> None:
    people = [contact("a", other_emails=("nobody", 7)), contact("b", other_emails=("NOBODY",))]
    assert become(*people).other_emails == ("nobody", 7, "NOBODY")
