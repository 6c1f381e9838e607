"""Limits: no record is compared too often, and every way to search finds the same."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from crmcore.entities import Contact, Lead, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    CONTACT_LINKAGE,
    CONTACTS,
    LEAD_CONTACT_LINKAGE,
    LEAD_LINKAGE,
    STANDARD_MATCH_RULES,
    WEIGHTED_MATCH_RULES,
    DuplicateSets,
    find_duplicates,
)
from crmcore.rules.matching.find import PARTNER_LIMIT, AnyRule
from crmcore.rules.matching.linkage import fast
from crmcore.rules.matching.shares import share
from crmcore.values import PersonName
from crmcore.values.ids import LeadId
from tests.properties.matching.asked import Asked
from tests.properties.matching.records import EMPLOYERS, accounts, changed, contacts, leads

WORLDS = st.lists(
    contacts() | leads() | accounts(), max_size=12, unique_by=lambda one: (one.ref.kind, one.id)
)
RULES = st.sampled_from((*STANDARD_MATCH_RULES, *WEIGHTED_MATCH_RULES))


def searched(
    records: Sequence[Record],
    *rules: AnyRule,
    block: int = 50,
    partners: int = PARTNER_LIMIT,
    threshold: float = 0.05,
) -> DuplicateSets:
    """The search by these rules, of nearly any score."""
    return find_duplicates(
        records,
        rules=rules,
        model=STANDARD_MODEL,
        related=EMPLOYERS,
        threshold=threshold,
        block_limit=block,
        partner_limit=partners,
    )


@given(WORLDS, RULES, st.integers(1, 4))
def test_no_record_is_compared_more_often_than_the_limit(
    records: list[Record], rule: AnyRule, limit: int
) -> None:
    """D6: and what is left out is counted."""
    free, bound = searched(records, rule, partners=1_000), searched(records, rule, partners=limit)
    event(f"some left out: {bound.left_out > 0}")
    assert bound.most_compared <= limit
    assert bound.compared + bound.left_out == free.compared
    assert (bound.left_out > 0) == (free.most_compared > limit)
    assert {one.refs for one in bound.pairs} <= {one.refs for one in free.pairs}


@given(WORLDS, st.sets(RULES, min_size=2), st.integers(1, 6))
def test_all_rules_together_keep_to_the_limit(
    records: list[Record], chosen: set[AnyRule], limit: int
) -> None:
    """D6: counted where they are made, a pair that two rules compare being compared twice."""
    rules = sorted(chosen, key=lambda one: one.name)
    free = searched(records, *rules, partners=1_000)
    bound = searched(records, *rules, partners=limit)
    event(f"some left out: {bound.left_out > 0}")
    assert bound.most_compared <= limit
    assert 2 * bound.compared <= limit * len(records)
    assert bound.compared + bound.left_out == free.compared
    assert (bound.left_out > 0) == (free.most_compared > limit)
    assert {one.refs for one in bound.pairs} <= {one.refs for one in free.pairs}


PAIRS = st.dictionaries(st.sampled_from(list(combinations(range(6), 2))), st.integers(1, 7))


@given(st.lists(PAIRS, min_size=2, max_size=3), st.integers(1, 5))
def test_the_best_candidates_are_kept_whichever_rule_found_them(
    given_pairs: list[dict[tuple[int, int], int]], limit: int
) -> None:
    """D6: for each record the best of all rules, against a list of all of them."""
    rules = [Asked(pairs) for pairs in given_pairs]
    share(rules, size=6, most=limit)
    every = [
        (-keys.bit_count(), keys & -keys, b - a, which, (a, b))
        for which, pairs in enumerate(given_pairs)
        for (a, b), keys in pairs.items()
    ]
    best = [set(sorted(one for one in every if row in one[4])[:limit]) for row in range(6)]
    kept = {one for one in every if all(one in best[row] for row in one[4])}
    event(f"some left out: {len(kept) < len(every)}")
    assert {(which, both) for *_, which, both in kept} == {
        (which, both) for which, rule in enumerate(rules) for both in rule.pairs
    }


@pytest.mark.skipif(fast.numpy() is None, reason="arrays need the extra fast")
@given(
    WORLDS,
    st.sets(st.sampled_from(STANDARD_MATCH_RULES), min_size=1, max_size=3),
    st.integers(2, 6),
    st.integers(1, 6),
)
def test_arrays_find_what_plain_python_finds(
    records: list[Record], chosen: set[AnyRule], block: int, partners: int
) -> None:
    """D6: pairs, scores, counts and what was skipped are the same with and without numpy."""
    rules = sorted(chosen, key=lambda one: one.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "MANY", 10**9)
        plain = searched(records, *rules, block=block, partners=partners)
        patch.setattr(fast, "MANY", 1)
        event(f"some skipped: {bool(plain.skipped)}")
        assert searched(records, *rules, block=block, partners=partners) == plain


def crowds(size: int) -> Iterator[Contact]:
    """People who share each of six mailboxes with 39 others, never the same ones twice."""
    for at in range(size):
        boxes = [f"team{box}x{at * (2 * box + 1) % size // 40}@x.org" for box in range(6)]
        name = PersonName(family=f"Fam{at % 97}", given=f"Gi{at % 89}")
        contact = Contact(name=name, email=boxes[0], other_emails=tuple(boxes[1:]))
        yield changed(contact, id=f"c{at:05}")


@pytest.mark.parametrize("rule", [CONTACT_LINKAGE, CONTACTS], ids=["linkage", "weighted"])
@pytest.mark.parametrize("many", [1, 10**9], ids=["arrays", "plain"])
def test_many_blocks_that_overlap_keep_to_the_limit(
    rule: AnyRule, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D6: each block is small enough, and all of them together are not."""
    monkeypatch.setattr(fast, "MANY", many)
    sets = searched(list(crowds(200)), rule, threshold=1)
    assert sets.most_compared == 50
    assert sets.left_out > 2_500
    assert f"{sets.left_out:,} pairs not compared" in str(sets)


def test_a_crowd_that_several_rules_look_at_keeps_to_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """D6: contacts with one another, leads likewise, and each of one with those of the other."""
    people = list(crowds(60))
    others = [
        Lead(id=LeadId(f"l{at:03}"), name=one.name, email=one.email, company="Acme")
        for at, one in enumerate(people)
    ]
    rules = [CONTACT_LINKAGE, LEAD_LINKAGE, LEAD_CONTACT_LINKAGE]
    found = []
    for many in (1, 10**9):
        monkeypatch.setattr(fast, "MANY", many)
        found.append(searched([*people, *others], *rules, partners=20))
    assert found[0] == found[1]
    assert found[0].most_compared == 20
    compared = {one.rule for one in found[0].counts if one.pairs}
    assert compared == {one.name for one in rules}  # none of them is left without
    alone = searched(people, CONTACT_LINKAGE, partners=20)
    assert found[0].left_out > alone.left_out


@pytest.mark.parametrize("rule", [CONTACT_LINKAGE, CONTACTS], ids=["linkage", "weighted"])
def test_equal_records_are_never_compared_pair_by_pair(rule: AnyRule) -> None:
    """D6: however many are equal, in all their keys, and each block of them is told."""
    size = 1_000_000 if settings.get_current_profile_name() == "long" else 20_000
    one = Contact(name=PersonName(family="Lovelace", given="Ada"), email="ada@x.org")
    sets = searched([changed(one, id=f"c{at:07}") for at in range(size)], rule)
    assert sets.compared <= size * PARTNER_LIMIT // 2
    assert sets.most_compared <= PARTNER_LIMIT
    assert {block.size for block in sets.skipped} == {size}
