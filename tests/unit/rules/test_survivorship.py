import pytest

from crmcore.entities import Account, Contact, Lead, Opportunity
from crmcore.errors import UsageError
from crmcore.fields import CustomField, Number, Picklist
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.survivorship import (
    STANDARD_SURVIVORSHIP,
    ByFunction,
    BySource,
    FieldPolicy,
    How,
    Overflow,
    Policy,
    Survivorship,
)
from crmcore.values import PersonName

MODEL = STANDARD_MODEL.with_custom_fields(
    Contact,
    CustomField(name="score", type=Number()),
    CustomField(name="kind", type=Picklist("owner", "tenant")),
)
CONTACT = MODEL.schema(Contact)


def policies(one: Survivorship) -> dict[str, How]:
    """The policy of each contact field, by the paths of those decided together."""
    settled = one.settled(CONTACT)
    return {"+".join(each.path for each in group.fields): group.policy for group in settled}


def test_the_standard_policies_fit_the_standard_model() -> None:
    assert not STANDARD_SURVIVORSHIP.check(STANDARD_MODEL)


def test_plain_fields_have_the_default_and_collections_are_united() -> None:
    found = policies(Survivorship(default=Policy.LONGEST))
    assert found["title"] is Policy.LONGEST
    assert found["custom.score"] is Policy.LONGEST
    assert found["labels"] is found["external_ids"] is found["other_emails"] is Policy.UNION


def test_what_the_library_writes_is_no_matter_of_policy() -> None:
    assert (
        policies(Survivorship())
        .keys()
        .isdisjoint({"id", "version", "created_at", "updated_at", "custom"})
    )


def test_each_field_is_decided_exactly_once() -> None:
    rules = STANDARD_SURVIVORSHIP.with_policy(Contact, ("title", "department"), Policy.OLDEST)
    settled = rules.settled(CONTACT)
    paths = [one.path for group in settled for one in group.fields]
    assert sorted(paths) == sorted(set(paths))
    assert set(paths) == {one.path for one in CONTACT if not one.is_system and one.path != "custom"}


def test_a_later_policy_replaces_an_earlier_one() -> None:
    rules = (
        Survivorship()
        .with_policy(Contact, "title", Policy.OLDEST)
        .with_policy(Contact, "title", Policy.LONGEST)
    )
    assert policies(rules)["title"] is Policy.LONGEST


def test_a_policy_for_an_entity_goes_before_one_for_all() -> None:
    rules = (
        Survivorship()
        .with_policy("contact", "title", Policy.OLDEST)
        .with_policy(None, "title", Policy.LONGEST)
    )
    assert policies(rules)["title"] is Policy.OLDEST
    lead = {one.fields[0].path: one.policy for one in rules.settled(MODEL.schema(Lead))}
    assert lead["title"] is Policy.LONGEST


def test_a_group_is_decided_as_a_whole_or_not_at_all() -> None:
    rules = Survivorship().with_policy(Contact, ("title", "department"), Policy.OLDEST)
    assert policies(rules)["title+department"] is Policy.OLDEST
    taken = policies(rules.with_policy(Contact, "title", Policy.LONGEST))
    assert taken["title"] is Policy.LONGEST
    assert taken["department"] is Policy.SURVIVOR_WINS


def test_a_custom_field_may_be_named_with_and_without_its_prefix() -> None:
    for name in ("score", "custom.score"):
        rules = Survivorship().with_policy(Contact, name, Policy.SUM)
        assert policies(rules)["custom.score"] is Policy.SUM
        assert not rules.check(MODEL)


def test_a_person_who_opted_out_once_has_opted_out() -> None:
    found = policies(STANDARD_SURVIVORSHIP)
    assert found["is_email_opt_out"] is found["is_post_opt_out"] is Policy.ANY


def test_the_stage_of_a_deal_is_taken_whole() -> None:
    settled = STANDARD_SURVIVORSHIP.settled(STANDARD_MODEL.schema(Opportunity))
    groups = [[each.path for each in one.fields] for one in settled if len(one.fields) > 1]
    assert groups == [["pipeline", "stage", "probability", "forecast_category", "lost_reason"]]


def test_successors_leave_what_they_come_from_alone() -> None:
    changed = STANDARD_SURVIVORSHIP.with_default(Policy.OLDEST)
    assert changed.policies == STANDARD_SURVIVORSHIP.policies
    assert STANDARD_SURVIVORSHIP.default is Policy.SURVIVOR_WINS


def test_losing_values_of_contacts_have_a_place_to_go() -> None:
    overflows = STANDARD_SURVIVORSHIP.overflow_of(CONTACT)
    assert [one.into for one in overflows] == ["other_emails", "other_phones"]
    assert STANDARD_SURVIVORSHIP.overflow_of(MODEL.schema(Account)) == ()


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (Survivorship().with_policy("contatc", "title", Policy.OLDEST), "survivorship.unknown"),
        (Survivorship().with_policy(Contact, "titel", Policy.OLDEST), "survivorship.unknown"),
        (Survivorship().with_policy(None, "titel", Policy.OLDEST), "survivorship.unknown"),
        (Survivorship().with_policy(Contact, "created_at", Policy.OLDEST), "survivorship.system"),
        (Survivorship().with_policy(Contact, "custom", Policy.UNION), "survivorship.system"),
        (Survivorship().with_policy(Contact, "title", Policy.SUM), "survivorship.policy"),
        (Survivorship().with_policy(Contact, "title", Policy.UNION), "survivorship.policy"),
        (Survivorship().with_policy(Contact, "labels", Policy.ANY), "survivorship.policy"),
        (
            Survivorship().with_policy(Account, ("employees", "annual_revenue"), Policy.SUM),
            "survivorship.policy",
        ),
        (Survivorship(default=Policy.UNION), "survivorship.default"),
        (Survivorship().with_overflow("contatc", "email", "other_emails"), "survivorship.unknown"),
        (Survivorship().with_overflow(Contact, "emial", "other_emails"), "survivorship.unknown"),
        (Survivorship().with_overflow(Contact, "email", "phone"), "survivorship.overflow"),
        (
            Survivorship().with_overflow(Contact, "other_emails", "other_phones"),
            "survivorship.overflow",
        ),
        (
            Survivorship().with_policy(Contact, "title", BySource(ranking="erp", field="sorce")),
            "survivorship.unknown",
        ),
        (
            Survivorship(default=BySource(ranking="erp", field="custom.origin")),
            "survivorship.unknown",
        ),
        (
            Survivorship().with_policy(
                Contact, "title", BySource(ranking=("pilot", "owner"), field="custom.kind")
            ),
            "survivorship.source",
        ),
    ],
)
def test_policies_that_cannot_work_are_found(rules: Survivorship, code: str) -> None:
    found = rules.check(MODEL)
    assert found.with_code(code)
    assert found.errors == found


def test_an_unknown_field_comes_with_the_nearest_name() -> None:
    found = Survivorship().with_policy(Contact, "titel", Policy.OLDEST).check(MODEL)
    assert "did you mean 'title'" in found[0].suggestion


def test_a_function_fits_every_field() -> None:
    first = ByFunction("first", lambda candidates: candidates[0].value)
    rules = Survivorship(default=first).with_policy(Contact, "labels", first)
    assert not rules.check(MODEL)
    assert first.value == "first"


def test_a_ranking_of_sources_names_each_once() -> None:
    for ranking in ((), ("erp", ""), ("erp", "web", "erp")):
        with pytest.raises(UsageError) as caught:
            BySource(ranking=ranking)
        assert caught.value.hint


def test_a_ranking_fits_wherever_there_are_sources() -> None:
    by_source = BySource(ranking=("erp", "web"))
    rules = Survivorship(default=by_source).with_policy(Contact, ("title", "phone"), by_source)
    known = BySource(ranking=("owner",), field="custom.kind")
    rules = rules.with_policy(Contact, "email", known)
    rules = rules.with_policy(None, "owner_id", BySource(ranking="erp", field="external_ids"))
    assert not rules.check(MODEL)
    assert by_source.value == "source rank: erp > web"


def test_the_place_of_a_record_is_that_of_its_best_source() -> None:
    who = Contact(
        name=PersonName(family="Lovelace"),
        source="web",
        labels={"fair", "web"},
        custom={"kind": "owner"},
    )
    ranking = ("erp", "fair", "web", "owner")
    assert BySource(ranking=ranking).place(who) == 2
    assert BySource(ranking=ranking, field="labels").place(who) == 1
    assert BySource(ranking=ranking, field="custom.kind").place(who) == 3
    assert BySource(ranking=ranking, field="external_ids").place(who) == len(ranking)


def test_policies_say_what_they_depend_on() -> None:
    assert [one for one in Policy if not one.is_order_free] == [Policy.SURVIVOR_WINS]
    assert {one for one in Policy if not one.is_stepwise} == {
        Policy.MOST_RECENT,
        Policy.OLDEST,
        Policy.MOST_FREQUENT,
    }


def test_policies_are_values() -> None:
    one = FieldPolicy(kind=None, fields="title", policy=Policy.OLDEST)
    assert one.fields == ("title",)
    assert not one.is_group
    assert Overflow(kind="contact", fields=("email",), into="other_emails") in (
        STANDARD_SURVIVORSHIP.overflows
    )
    again = Survivorship().with_policy(None, "title", Policy.OLDEST)
    assert again == Survivorship(policies=[one])
