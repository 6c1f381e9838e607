"""Blocks: what shares a key is compared, and nothing else."""

from itertools import combinations

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Contact, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    CONTACTS,
    STANDARD_MATCH_RULES,
    WEIGHTED_MATCH_RULES,
    MatchRule,
    find_duplicates,
    matches_of,
)
from crmcore.rules.matching.reading import Forms, reader
from crmcore.values import PersonName
from tests.properties.matching.records import (
    EMPLOYERS,
    accounts,
    changed,
    contacts,
    leads,
    match_of,
)

WORLDS = st.lists(
    contacts() | leads() | accounts(), max_size=12, unique_by=lambda one: (one.ref.kind, one.id)
)


def share_a_key(rule: MatchRule, one: Record, other: Record) -> bool:
    forms = Forms(None, {account.ref: account for account in EMPLOYERS})
    made = [
        forms.keys(record, reader(rule, record.ref.kind, STANDARD_MODEL)) for record in (one, other)
    ]
    return any(set(mine) & set(theirs) for mine, theirs in zip(*made, strict=True))


def by_brute_force(records: list[Record], threshold: float) -> dict[object, float]:
    """The best score of each pair that some rule compares and that shares a key of that rule."""
    found: dict[object, float] = {}
    for rule in WEIGHTED_MATCH_RULES:
        for one, other in combinations(sorted(records, key=lambda record: record.ref), 2):
            if {one.ref.kind, other.ref.kind} != set(rule.kinds):
                continue
            match = match_of(rule, one, other)
            if match is not None and match.score >= threshold and share_a_key(rule, one, other):
                found[match.refs] = max(match.score, found.get(match.refs, 0))
    return found


@given(WORLDS, st.sampled_from((0.1, 0.5, 0.8)))
def test_blocking_loses_nothing_inside_its_blocks(records: list[Record], threshold: float) -> None:
    """D6."""
    sets = find_duplicates(
        records,
        rules=WEIGHTED_MATCH_RULES,
        model=STANDARD_MODEL,
        related=EMPLOYERS,
        threshold=threshold,
    )
    event(f"some pairs: {bool(sets.pairs)}")
    assert {match.refs: match.score for match in sets.pairs} == by_brute_force(records, threshold)
    assert sets.skipped == ()


@given(WORLDS)
def test_asking_for_one_record_finds_its_pairs(records: list[Record]) -> None:
    """D6, D9: whether a record is there already is answered with the pairs of the whole search."""
    options = {"rules": STANDARD_MATCH_RULES, "model": STANDARD_MODEL, "related": EMPLOYERS}
    sets = find_duplicates(records, threshold=0.4, **options)  # type: ignore[arg-type]  # as named
    for record in records:
        found = matches_of(record, records, threshold=0.4, **options)  # type: ignore[arg-type]  # likewise
        assert found == sets.of(record.ref)


@given(st.integers(2, 12), st.integers(2, 12))
def test_what_a_size_guard_skips_is_reported(size: int, limit: int) -> None:
    """D6: there is no cap on hits, and a block is compared whole or reported."""
    name = PersonName(family="Lovelace", given="Ada")
    same: list[Record] = [
        changed(Contact(name=name, email="ada@x.org"), id=f"c{at}") for at in range(size)
    ]
    sets = find_duplicates(same, rules=[CONTACTS], model=STANDARD_MODEL, block_limit=limit)
    if size <= limit:
        assert len(sets.pairs) == size * (size - 1) // 2
        assert sets.skipped == ()
    else:
        assert sets.pairs == ()
        assert {(one.key, one.size) for one in sets.skipped} == {
            ("mailbox", size),
            ("full name", size),
        }


@given(WORLDS, st.integers(2, 5))
def test_comparisons_are_bounded_by_the_limit(records: list[Record], limit: int) -> None:
    """D6: one record meets at most limit - 1 others for each of its keys."""
    sets = find_duplicates(
        records, rules=[CONTACTS], model=STANDARD_MODEL, block_limit=limit, threshold=0.1
    )
    forms = Forms(None, {one.ref: one for one in records})
    read = reader(CONTACTS, "contact", STANDARD_MODEL)
    most = max(
        (sum(map(len, forms.keys(one, read))) for one in records if one.ref.kind == "contact"),
        default=0,
    )
    assert sets.most_compared <= most * (limit - 1)
    assert sets.compared * 2 <= len(records) * sets.most_compared
