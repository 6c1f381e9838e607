from collections.abc import Sequence
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.entities import Account, Contact, Record
from crmcore.entities.ledger import Fate, Transfer
from crmcore.model.describe import FieldSchema
from crmcore.rules.merge import Merge, merge
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP, Policy, Survivorship
from crmcore.values import FrozenMap, PersonName, Ref
from crmcore.values.email import normal_email
from crmcore.values.phone import normal_phone
from tests.properties.merge.worlds import MODEL, contacts, context, made

CONTACT = MODEL.schema(Contact)

SPILLED = {"email": "other_emails", "phone": "other_phones", "mobile": "other_phones"}


def merged(people: Sequence[Record], **rest: Any) -> Merge:
    return merge(people[0], people[1:], context=context(), **rest)


def elements(value: Any) -> list[Any]:
    """The present parts of a value: ``None`` and an empty collection have none."""
    if isinstance(value, FrozenMap):
        return list(value.values())
    if isinstance(value, tuple | frozenset):
        return list(value)
    return [] if value is None else [value]


def holds(record: Record, one: FieldSchema, value: Any) -> bool:
    """Whether the very value stands in a field, not just one that is equal to it."""
    return any(type(item) is type(value) and item == value for item in elements(one.value(record)))


def valued(record: Record) -> list[tuple[FieldSchema, Any]]:
    """Every present value of a record that people entered, custom ones included."""
    fields = [one for one in CONTACT if not one.is_system and one.path != "custom"]
    return [(one, value) for one in fields for value in elements(one.value(record))]


def told(decision: Merge, source: Ref[Any], one: FieldSchema, value: Any) -> list[Transfer]:
    return [
        transfer
        for transfer in decision.receipt.transfers
        if transfer.source == source
        and transfer.field.split(".")[: one.path.count(".") + 1] == one.path.split(".")
        and type(transfer.value) is type(value)
        and transfer.value == value
    ]


@given(contacts())
def test_every_value_of_a_loser_is_in_the_survivor_or_in_the_receipt(
    people: tuple[Contact, ...],
) -> None:
    """M6 custom fields, labels and external ids included; copied means that it is there."""
    decision = merged(people)
    for loser in people[1:]:
        for one, value in valued(loser):
            fates = told(decision, loser.ref, one, value)
            assert fates, f"nobody says what became of {loser.ref}.{one.path}"
            for fate in fates:
                if fate.fate is Fate.COPIED:
                    place = CONTACT.field(str(fate.target_field).partition(".")[0])
                    custom = str(fate.target_field).startswith("custom.")
                    place = CONTACT.field(str(fate.target_field)) if custom else place
                    assert holds(decision.survivor, place, value)
                else:
                    assert fate.target is None


@given(contacts())
def test_every_value_that_the_survivor_lost_is_in_the_receipt(people: tuple[Contact, ...]) -> None:
    """M6 for the values of the survivor that another one replaced."""
    rules = STANDARD_SURVIVORSHIP.with_default(Policy.LONGEST)
    decision = merged(people, survivorship=rules)
    for one, value in valued(people[0]):
        if not holds(decision.survivor, one, value):
            assert told(decision, people[0].ref, one, value)


@given(contacts())
def test_no_email_address_and_no_number_gets_lost(people: tuple[Contact, ...]) -> None:
    """M6 the differing e-mail and phone of a loser are appended to the survivor's further ones."""
    survivor = merged(people).survivor
    assert isinstance(survivor, Contact)
    emails = [survivor.email, *survivor.other_emails]
    phones = [survivor.phone, survivor.mobile, *survivor.other_phones]
    for one in people:
        for email in (one.email, *one.other_emails):
            assert email is None or mail_key(email) in map(mail_key, emails)
        for phone in (one.phone, one.mobile, *one.other_phones):
            assert phone is None or call_key(phone) in map(call_key, phones)
    assert len(set(map(mail_key, survivor.other_emails))) == len(survivor.other_emails)
    assert survivor.email not in survivor.other_emails


def mail_key(text: str | None) -> Any:
    return text if text is None else normal_email(text) or text


def call_key(text: str | None) -> Any:
    return text if text is None else normal_phone(text) or text


@given(st.sampled_from([0, False, ""]), st.booleans())
@example(0, True)
def test_zero_false_and_empty_text_survive(value: Any, is_survivors: bool) -> None:
    """M7 they are values: they fill a gap, and nothing fills them."""
    name = {int: "score", bool: "is_member", str: "note"}[type(value)]
    other = {"score": 9, "is_member": True, "note": "x"}[name]
    first = made(
        Contact, id="a", name=PersonName(family="L"), custom={name: value} if is_survivors else {}
    )
    second = made(Contact, id="b", name=PersonName(family="L"), custom={name: value})
    third = made(Contact, id="c", name=PersonName(family="L"), custom={name: other})
    survivor = merged((first, second, third)).survivor
    assert survivor.custom[name] == value
    assert type(survivor.custom[name]) is type(value)


@given(st.permutations([0, None, 7]), st.permutations(["", None, "x"]))
def test_zero_and_empty_text_survive_in_standard_fields(
    counts: list[int | None], texts: list[str | None]
) -> None:
    """M7 the first value that is present wins, be it 0 or empty."""
    accounts = [
        made(Account, id=f"a{index}", name="Acme", employees=number, type=text)
        for index, (number, text) in enumerate(zip(counts, texts, strict=True))
    ]
    survivor = merged(accounts).survivor
    assert isinstance(survivor, Account)
    assert survivor.employees == next(one for one in counts if one is not None)
    assert survivor.type == next(one for one in texts if one is not None)


POLICIES = [one for one in Policy if one not in (Policy.UNION, Policy.SUM, Policy.ANY, Policy.ALL)]


@given(contacts(), st.sampled_from(POLICIES))
def test_an_address_is_taken_whole(people: tuple[Contact, ...], policy: Policy) -> None:
    """M8 whatever the policy, the survivor's address is one that a record had."""
    decision = merged(people, survivorship=STANDARD_SURVIVORSHIP.with_default(policy))
    survivor = decision.survivor
    assert isinstance(survivor, Contact)
    addresses = [one.mailing_address for one in people]
    assert survivor.mailing_address in addresses
    assert (survivor.mailing_address is None) is (set(addresses) == {None})


GROUP = ("title", "mailing_address", "custom.score")


@given(contacts(), st.sampled_from(POLICIES), st.integers(0, 4) | st.none())
def test_a_declared_group_is_taken_whole_from_one_record(
    people: tuple[Contact, ...], policy: Policy, chosen: int | None
) -> None:
    """M8 missing values of the winner included; also where the caller names a record for one."""
    rules = Survivorship().with_policy(Contact, GROUP, policy)
    who = None if chosen is None or chosen >= len(people) else people[chosen]
    decision = merged(people, survivorship=rules, choose=None if who is None else {"title": who})

    def values(record: Record) -> tuple[Any, ...]:
        return tuple(CONTACT.field(name).value(record) for name in GROUP)

    rows = [values(one) for one in people if any(value is not None for value in values(one))]
    if who is not None:
        rows = [values(who)]
    assert values(decision.survivor) in (rows or [(None, None, None)])


@given(contacts())
def test_created_at_is_the_earliest_and_the_receipt_lists_every_record_whole(
    people: tuple[Contact, ...],
) -> None:
    """M15 the survivor as it was as well."""
    decision = merged(people)
    moments = [one.created_at for one in people if one.created_at is not None]
    assert decision.survivor.created_at == min(moments, default=None)
    assert decision.receipt.before == people[0]
    assert decision.receipt.merged == people[1:]
    assert decision.receipt.losers == tuple(one.ref for one in people[1:])
    assert decision.receipt.survivor == people[0].ref
    assert decision.survivor.ref == people[0].ref
