"""What must hold between records, and what the absence of problems relies on."""

from datetime import date
from typing import Any

import pytest

from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, CheckExists, CheckNone, CheckVersion, ConflictError, Insert
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Activity,
    Contact,
    ConversionReceipt,
    Lead,
    Opportunity,
    OpportunityContactRole,
    Record,
    User,
)
from crmcore.errors import UnknownNameError
from crmcore.model.model import STANDARD_MODEL as MODEL
from crmcore.rules.integrity import (
    Integrity,
    check_between,
    missing_relations,
    must_exist,
    require_kind,
)
from crmcore.values import PersonName, Ref
from tests.examples import changed, example


def account(id: str, parent: str | None = None, version: int = 0) -> Account:  # the word
    names: Any = {"id": id, "parent_id": parent, "name": id, "version": version}
    return Account(**names)


def contact(id: str, at: str | None = None, version: int = 0) -> Contact:  # likewise
    names: Any = {"id": id, "account_id": at, "version": version}
    return Contact(name=PersonName(family=id), **names)


def relation(id: str, **given: Any) -> AccountContactRelation:  # likewise
    return example(
        AccountContactRelation, **{"id": id, "account_id": "a", "contact_id": "c"} | given
    )


def role(id: str, **given: Any) -> OpportunityContactRole:  # likewise
    names = {"id": id, "opportunity_id": "o", "contact_id": "c", "is_primary": True}
    return example(OpportunityContactRole, **names | given)


def between(
    *written: Record,
    before: tuple[Record, ...] = (),
    known: tuple[Record, ...] = (),
    rivals: tuple[Record, ...] = (),
) -> Integrity:
    return check_between(
        written,
        before={one.ref: one for one in before},
        known={one.ref: one for one in known},
        rivals=rivals,
        model=MODEL,
    )


def codes(found: Integrity) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in found.findings]


ENDS = (account("a"), contact("c", "a"), Opportunity(name="o", id="o"))  # type: ignore[arg-type]  # any text


def test_references_that_must_be_stored_are_neither_historic_nor_outside() -> None:
    lead: Any = Lead(owner_id="u", referred_by_id="c", converted_account_id="a")  # type: ignore[arg-type]  # any text
    assert [(one.name, ref.id) for one, ref in must_exist(lead, MODEL)] == [("referred_by_id", "c")]
    assert list(must_exist(example(ConversionReceipt), MODEL)) == []


def test_a_missing_target_is_a_finding_with_the_way_out() -> None:
    found = between(contact("c", "a"))
    assert codes(found) == [("reference.missing", "account_id")]
    assert found.findings[0].value == "a"
    assert found.findings[0].suggestion == "add the account first, or in the same transaction"
    assert codes(between(Activity(subject="Call", who=contact("c").ref))) == [
        ("reference.missing", "who")
    ]


def test_a_target_that_is_stored_is_relied_on() -> None:
    found = between(contact("c", "a"), known=(account("a"),))
    assert codes(found) == []
    assert found.checks == (CheckExists(Ref("account", "a")),)


def test_a_target_in_the_same_commit_needs_no_check() -> None:
    found = between(contact("c", "a"), account("a"), known=(account("a"),))
    assert (codes(found), found.checks) == ([], ())


def test_a_reference_that_stays_is_not_looked_at_again() -> None:
    old = contact("c", "gone")
    assert between(changed(old, title="CTO"), before=(old,)) == Integrity()


def test_owners_may_live_elsewhere() -> None:
    assert between(changed(account("a"), owner_id="somebody")) == Integrity()


def test_entities_that_the_model_lacks_are_left_to_the_check_of_records() -> None:
    other: Any = type("Other", (Record,), {})
    assert between(other()) == Integrity()


def test_a_loop_is_found_and_its_way_shown() -> None:
    """X2."""
    a, b, c = account("a", "b"), account("b", "c"), account("c")
    closing = changed(c, parent_id="a")
    found = between(closing, before=(c,), known=(a, b, c))
    assert codes(found) == [("hierarchy.loop", "parent_id")]
    assert "a -> b -> c -> a" in found.findings[0].message
    assert found.findings[0].ref == Ref("account", "a")


def test_a_record_is_not_its_own_parent() -> None:
    """X2."""
    own = account("a", "a")
    assert codes(between(own, known=(own,))) == [("hierarchy.loop", "parent_id")]


def test_two_moves_in_one_commit_can_make_a_loop() -> None:
    """X2."""
    a, b = account("a"), account("b")
    moved = (changed(a, parent_id="b"), changed(b, parent_id="a"))
    assert codes(between(*moved, before=(a, b), known=moved)) == [("hierarchy.loop", "parent_id")]


def test_a_long_loop_is_shown_short() -> None:
    chain = [account(f"a{i}", f"a{(i + 1) % 30}") for i in range(30)]
    (found,) = between(*chain, known=tuple(chain)).findings
    assert found.message.count("->") == 7
    assert "..." in found.message


def test_an_old_loop_elsewhere_is_not_the_fault_of_this_write() -> None:
    a = account("a", "b")
    old = (a, account("b", "a"))
    assert codes(between(changed(a, name="A"), before=(a,), known=old)) == []


def test_a_move_relies_on_every_ancestor() -> None:
    """X2."""
    old = account("d", None, version=4)
    new = changed(old, parent_id="c")
    above = (account("c", "b", 3), account("b", "a", 2), account("a", None, 1))
    checks = between(new, before=(old,), known=above).checks
    assert checks == (
        CheckExists(Ref("account", "c")),
        *(CheckVersion(one.ref, one.version) for one in above),
    )
    assert between(changed(old, name="D"), before=(old,), known=above).checks == ()


def test_ancestors_of_the_same_commit_need_no_version() -> None:
    old, c = account("d"), account("c", "b", 3)
    moved = (changed(old, parent_id="c"), changed(c, name="C"))
    checks = between(*moved, before=(old, c), known=(c, account("b", None, 2))).checks
    assert checks == (CheckVersion(Ref("account", "b"), 2),)


def test_ancestors_in_a_loop_are_walked_once() -> None:
    old = account("d")
    loop = (account("c", "b", 3), account("b", "c", 2))
    found = between(changed(old, parent_id="c"), before=(old,), known=loop)
    assert [type(one) for one in found.checks] == [CheckExists, CheckVersion, CheckVersion]


def test_every_tree_is_watched() -> None:
    user: Any = User(name="U", id="u", manager_id="u")  # type: ignore[arg-type]  # any text
    boss = changed(contact("c"), reports_to_id="c")
    assert codes(between(user, known=(user,))) == [("hierarchy.loop", "manager_id")]
    assert codes(between(boss, known=(boss,))) == [("hierarchy.loop", "reports_to_id")]


def test_a_second_relation_for_the_same_time_is_refused() -> None:
    """X1."""
    first = relation("r", start_on=date(2026, 1, 1))
    assert codes(between(changed(first, id="s"), known=ENDS, rivals=(first,))) == [
        ("relation.twice", "account_id")
    ]
    later = relation("s", start_on=date(2026, 1, 2))
    assert codes(between(later, known=ENDS, rivals=(first,))) == []
    elsewhere = changed(first, id="s", account_id="b")
    assert codes(between(elsewhere, known=(*ENDS, account("b")), rivals=(first,))) == []


def test_a_contact_has_one_direct_relation_to_its_account() -> None:
    """X1."""
    direct = relation("r", is_direct=True)
    assert codes(between(direct, known=ENDS)) == []
    second = relation("s", is_direct=True, start_on=date(2026, 1, 1))
    assert codes(between(second, known=ENDS, rivals=(direct,))) == [
        ("relation.second_direct", "is_direct")
    ]
    elsewhere = (account("a"), contact("c", "b"))
    assert codes(between(direct, known=elsewhere)) == [("relation.not_direct", "is_direct")]


def test_rivals_are_seen_as_they_will_be() -> None:
    """X1."""
    old = relation("r", is_direct=True)
    former = changed(old, is_direct=False, end_on=date(2026, 1, 1))
    new = relation("s", is_direct=True)
    assert codes(between(former, new, before=(old,), known=ENDS, rivals=(old,))) == []


def test_a_relation_relies_on_being_the_only_one() -> None:
    """X1."""
    direct = relation("r", is_direct=True, start_on=date(2026, 1, 1))
    checks = between(direct, known=(account("a"), contact("c", "a", version=5))).checks
    assert CheckVersion(Ref("contact", "c"), 5) in checks
    nobody = [str(one) for one in checks if isinstance(one, CheckNone)]
    assert len(nobody) == 2
    assert "start_on == datetime.date(2026, 1, 1)" in nobody[0]
    assert "is_direct == True" in nobody[1]
    assert not any(
        isinstance(one, CheckVersion) for one in between(relation("r"), known=ENDS).checks
    )


@pytest.mark.parametrize("account_id", ["a", None])
def test_a_move_relies_on_no_other_direct_relation(account_id: str | None) -> None:
    """X1."""
    old = contact("c", "b")
    found = between(changed(old, account_id=account_id), before=(old,), known=ENDS)
    (check,) = [one for one in found.checks if isinstance(one, CheckNone)]
    repository = MemoryRepository()
    repository.commit(ChangeSet([Insert(relation("r", is_direct=True, account_id="z"))]))
    with pytest.raises(ConflictError):
        repository.commit(ChangeSet([], [check]))
    repository = MemoryRepository()
    repository.commit(ChangeSet([Insert(relation("r", account_id="z"))]))
    repository.commit(ChangeSet([], [check]))
    assert between(changed(old, title="CTO"), before=(old,)).checks == ()


def test_a_contact_whose_account_no_direct_relation_mirrors_is_found() -> None:
    """X1."""
    rows = [contact("c", "a"), contact("d", "a"), contact("e"), relation("r", is_direct=True)]
    assert [(one.code, one.ref) for one in missing_relations(rows)] == [
        ("relation.missing", Ref("contact", "d"))
    ]


def test_a_deal_has_one_primary_role() -> None:
    """X5."""
    first = role("r")
    assert codes(between(first, known=ENDS)) == []
    assert codes(between(role("s"), known=ENDS, rivals=(first,))) == [
        ("role.second_primary", "is_primary")
    ]
    assert codes(between(role("s", is_primary=False), known=ENDS, rivals=(first,))) == []
    other = (*ENDS, Opportunity(name="p", id="p"))  # type: ignore[arg-type]  # any text
    assert codes(between(role("s", opportunity_id="p"), known=other, rivals=(first,))) == []
    demoted = changed(first, is_primary=False)
    assert codes(between(demoted, role("s"), before=(first,), known=ENDS, rivals=(first,))) == []


def test_a_primary_role_relies_on_being_the_only_one() -> None:
    """X5."""
    checks = between(role("r"), known=ENDS).checks
    assert [type(one) for one in checks] == [CheckExists, CheckExists, CheckNone]
    plain = between(role("r", is_primary=False), known=ENDS).checks
    assert [type(one) for one in plain] == [CheckExists, CheckExists]


def test_an_entity_in_use_is_named_either_way() -> None:
    assert require_kind(Account, MODEL) == require_kind("account", MODEL) == "account"
    with pytest.raises(UnknownNameError, match="did you mean 'account'"):
        require_kind("acount", MODEL)
    with pytest.raises(UnknownNameError, match="where it is disabled"):
        require_kind(Lead, MODEL.with_disabled(Lead))
