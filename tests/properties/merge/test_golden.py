from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import Contact, Record
from crmcore.rules.merge import merge
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP, ByFunction, Policy, Survivorship
from tests.properties.merge.worlds import MODEL, NOW, contacts, context

CONTACT = MODEL.schema(Contact)
SINGLE = [one for one in Policy if one not in (Policy.UNION, Policy.SUM, Policy.ANY, Policy.ALL)]
FLAGS = ("is_active", "is_email_opt_out", "is_phone_opt_out", "is_post_opt_out")


def rules(default: Policy, flags: Policy = Policy.ANY, score: Policy = Policy.SUM) -> Survivorship:
    """Policies in which every field but the maps is decided without regard to the survivor."""
    found = STANDARD_SURVIVORSHIP.with_default(default)
    for name in FLAGS:
        found = found.with_policy(Contact, name, flags)
    return (
        found.with_policy(Contact, "custom.score", score)
        .with_policy(Contact, "external_ids", Policy.SMALLEST)
        .with_policy(Contact, ("title", "birth_on"), default)
    )


def merged(people: Sequence[Record], policies: Survivorship) -> Record:
    return merge(people[0], people[1:], context=context(), survivorship=policies).survivor


def golden(record: Record) -> dict[str, Any]:
    """What laws compare: every value but the identity; a tuple as the set of its elements."""
    found = {}
    for one in CONTACT:
        if one.path not in ("id", "version", "updated_at", "custom"):
            value = one.value(record)
            found[one.path] = frozenset(value) if isinstance(value, tuple) else value
    return found


def distinct(people: tuple[Contact, ...]) -> tuple[Contact, ...]:
    """The people without second spellings, of which a union keeps whichever comes first."""
    return tuple(
        evolve(
            one,
            email=one.email and one.email.lower(),
            other_emails=tuple({email.lower(): None for email in one.other_emails}),
            phone=one.phone and "+49 30 123456",
            mobile=one.mobile and "030/123456",
        )
        for one in people
    )


STEPWISE = [one for one in SINGLE if one.is_order_free and one.is_stepwise]
FREE = [one for one in SINGLE if one.is_order_free]


@given(
    contacts(least=3).map(distinct),
    st.sampled_from(STEPWISE),
    st.sampled_from([Policy.ANY, Policy.ALL, Policy.LARGEST]),
    st.sampled_from([Policy.SUM, Policy.LARGEST, Policy.SMALLEST]),
    st.data(),
)
def test_merging_step_by_step_gives_the_same_golden_values_as_all_at_once(
    people: tuple[Contact, ...], default: Policy, flags: Policy, score: Policy, data: st.DataObject
) -> None:
    """M9 for policies that are order-free and look at nothing but the values."""
    policies = rules(default, flags, score)
    at_once = golden(merged(people, policies))
    cut = data.draw(st.integers(1, len(people) - 2))
    first = merged(people[: cut + 1], policies)
    assert golden(merged((first, *people[cut + 1 :]), policies)) == at_once
    rest = merged(people[cut:], policies)
    assert golden(merged((*people[:cut], rest), policies)) == at_once


@given(contacts(least=3).map(distinct), st.sampled_from(FREE), st.data())
def test_the_order_of_the_losers_does_not_matter(
    people: tuple[Contact, ...], default: Policy, data: st.DataObject
) -> None:
    """M9 for every order-free policy."""
    policies = rules(default)
    losers = data.draw(st.permutations(people[1:]))
    assert golden(merged((people[0], *losers), policies)) == golden(merged(people, policies))


@given(contacts().map(distinct), st.sampled_from(FREE), st.data())
def test_another_survivor_changes_the_id_and_not_the_golden_values(
    people: tuple[Contact, ...], default: Policy, data: st.DataObject
) -> None:
    """M10 unless the policy is *survivor wins*."""
    policies = rules(default)
    order = data.draw(st.permutations(people))
    result = merged(order, policies)
    assert golden(result) == golden(merged(people, policies))
    assert result.id == order[0].id


@given(contacts())
def test_where_the_survivor_wins_its_values_stay_and_gaps_are_filled_in_order(
    people: tuple[Contact, ...],
) -> None:
    """M11 *survivor wins* takes the first value that is present, in the order given."""
    result = golden(merged(people, Survivorship()))
    rows = [golden(one) for one in people]
    for path in ("name", "email", "phone", "title", "mailing_address", "custom.score"):
        present = [row[path] for row in rows if row[path] is not None]
        assert result[path] == (present[0] if present else None)


@given(contacts(), st.sampled_from(SINGLE))
def test_every_policy_always_decides_and_the_same_way(
    people: tuple[Contact, ...], policy: Policy
) -> None:
    """M11 the winner is a value that one of the records has; none only where none has one."""
    policies = Survivorship(default=policy)
    result = merged(people, policies)
    assert result == merged(people, policies)
    for one in CONTACT:
        if one.holds.value == "one" and not one.is_system:
            values = [one.value(record) for record in people]
            assert one.value(result) in values
            assert (one.value(result) is None) is all(value is None for value in values)


CLAIMS: dict[Policy, Callable[[Record], datetime | None]] = {
    Policy.MOST_RECENT: lambda one: one.updated_at or one.created_at,
    Policy.OLDEST: lambda one: one.created_at,
}


@given(contacts(), st.sampled_from(sorted(CLAIMS, key=lambda one: one.value)))
def test_the_most_recent_and_the_oldest_record_are_told_by_their_moments(
    people: tuple[Contact, ...], policy: Policy
) -> None:
    """M11 records without a moment come last."""
    claim = CLAIMS[policy]
    holders = [one for one in people if one.title is not None and claim(one)]
    result = merged(people, Survivorship(default=policy))
    assert isinstance(result, Contact)
    if holders:
        choose = max if policy is Policy.MOST_RECENT else min
        best = choose(claim(one) or NOW for one in holders)
        assert result.title in {one.title for one in holders if claim(one) == best}


@given(contacts())
def test_the_value_policies_choose_by_what_they_are_called(people: tuple[Contact, ...]) -> None:
    """M11 longest, largest, smallest, most frequent, most complete, sum."""
    titles = [one.title for one in people if one.title is not None]
    scores = [one.custom["score"] for one in people if "score" in one.custom]
    places = [one.mailing_address for one in people if one.mailing_address is not None]

    def under(policy: Policy) -> Any:
        return merged(people, Survivorship(default=policy))

    if titles:
        assert len(under(Policy.LONGEST).title) == max(map(len, titles))
        assert under(Policy.LARGEST).title == max(titles)
        assert under(Policy.SMALLEST).title == min(titles)
        most = max(map(titles.count, titles))
        assert titles.count(under(Policy.MOST_FREQUENT).title) == most
    if scores:
        summing = Survivorship().with_policy(Contact, "custom.score", Policy.SUM)
        assert merged(people, summing).custom["score"] == sum(scores)
        assert under(Policy.LARGEST).custom["score"] == max(scores)
    if places:
        most = max(len(place.lines()) for place in places)
        assert len(under(Policy.MOST_COMPLETE).mailing_address.lines()) == most


@given(contacts())
def test_a_function_decides_and_is_named_in_the_receipt(people: tuple[Contact, ...]) -> None:
    """M11 for a policy of one's own, and for what the caller chooses, which wins over it."""
    policy = ByFunction("last given", lambda candidates: candidates[-1].value)
    policies = Survivorship().with_policy(Contact, "title", policy)
    decision = merge(people[0], people[1:], context=context(), survivorship=policies)
    titles = [one.title for one in people if one.title is not None]
    assert golden(decision.survivor)["title"] == (titles[-1] if titles else None)
    why = {one.field.path: one.why for one in decision.choices}
    assert why["title"] == "last given"
    chosen = merge(
        people[0],
        people[1:],
        context=context(),
        survivorship=policies,
        choose={"title": "Chosen", "custom.score": people[-1].ref},
    )
    assert golden(chosen.survivor)["title"] == "Chosen"
    assert golden(chosen.survivor)["custom.score"] == people[-1].custom.get("score")
