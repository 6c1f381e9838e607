"""The shortcut of the index: a pair is compared no further than it can still be a match."""

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.rules.matching.linkage import shortcut as module
from crmcore.rules.matching.linkage.companies import COMPANIES
from crmcore.rules.matching.linkage.learn import Scorer
from crmcore.rules.matching.linkage.names import (
    CROSSWISE,
    FAMILY_BUCKET,
    GIVEN_BUCKET,
    GIVEN_LEVEL,
    MIDDLE_LEVEL,
)
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.shortcut import Shortcut, known_of
from crmcore.rules.matching.linkage.subject import Found, Subject, coded
from crmcore.rules.matching.linkage.weights import RARE, Learnt, probability

BUCKETS = st.integers(RARE, 12)

MOST_LEVELS = {"mail": 9, "company": 7, "birth": 5, "place": 3, "title": 2, "year": 4, "gender": 2}
"""How many levels the code of a trait has; three where it is not named."""


def part_codes(levels: int) -> st.SearchStrategy[int]:
    return st.builds(coded, st.integers(1, levels), BUCKETS)


def name_codes() -> st.SearchStrategy[int]:
    """Codes of two names, of which one part may be missing."""
    return st.builds(
        lambda family, given, one, other, is_crosswise, middle: (
            family
            | given << GIVEN_LEVEL
            | one << FAMILY_BUCKET
            | other << GIVEN_BUCKET
            | is_crosswise << CROSSWISE
            | middle << MIDDLE_LEVEL
        ),
        st.sampled_from((1, 2, 3, 4, 5, 6, 6, 6)),
        st.integers(0, 7),
        BUCKETS,
        BUCKETS,
        st.booleans(),
        st.integers(0, 3),
    )


def codes_of(subject: Subject) -> st.SearchStrategy[tuple[int, ...]]:
    """Codes of all traits of a pair, 0 where nothing is compared."""
    traits = []
    for trait in subject.traits:
        made = name_codes() if trait.name == "name" else part_codes(MOST_LEVELS.get(trait.name, 3))
        traits.append(st.just(0) | made)
    return st.tuples(*traits)


def learnt_of(subject: Subject) -> st.SearchStrategy[Learnt]:
    """Weights that some records may have taught."""

    def rates(least: float) -> st.SearchStrategy[dict[str, tuple[float, ...]]]:
        return st.fixed_dictionaries(
            {
                group.name: st.tuples(*(st.floats(least, 1) for _ in group.levels))
                for group in subject.groups
            }
        )

    tables = [group.name for group in subject.groups if group.table is not None]
    learnt = st.builds(
        Learnt,
        records=st.sampled_from((2, 300, 10_000, 1_000_000)),
        expected=st.sampled_from((0.5, 60.0, 2_000.0)),
        m=rates(0.001),
        u=rates(1e-6),
        common=st.just({}),
        rare=st.dictionaries(st.sampled_from(tables), st.floats(0.5, 3)),
        apart=st.dictionaries(
            st.sampled_from(tables), st.lists(st.floats(0.01, 1), max_size=4).map(tuple)
        ),
    )
    return st.just(subject.standard) | learnt


SUBJECTS = st.sampled_from((PEOPLE, COMPANIES))


def counting(subject: Subject, counted: list[str]) -> Subject:
    """The subject for pairs whose forms are their codes, which notes what is compared."""

    def noted(name: str) -> Any:
        def compare(code: int, _: int, __: object) -> int:
            counted.append(name)
            return code

        return compare

    return attrs.evolve(
        subject, traits=[attrs.evolve(one, compare=noted(one.name)) for one in subject.traits]
    )


def score_of(
    subject: Subject, learnt: Learnt, codes: tuple[int, ...], least: float
) -> tuple[float, tuple[Found, ...]] | None:
    """What comparing everything says."""
    found = subject.classify(codes)
    score = min(probability(Scorer(subject, learnt).total(found)), subject.cap(found))
    return (score, found) if any(found) and score >= least else None


def known(codes: Sequence[int]) -> int:
    return known_of([code or None for code in codes])


@given(st.data(), SUBJECTS, st.sampled_from((0.0, 0.02, 0.3, 0.45, 0.6, 0.9, 0.95, 1.0)))
def test_what_ends_early_is_no_match(data: st.DataObject, subject: Subject, least: float) -> None:
    """D12: the index answers as if it compared every trait, whatever the weights are."""
    learnt = data.draw(learnt_of(subject))
    counted: list[str] = []
    seen = counting(subject, counted)
    shortcut = Shortcut(seen, learnt, Scorer(seen, learnt), least=least)
    for codes in data.draw(st.lists(codes_of(subject), min_size=1, max_size=4)) * 2:
        counted.clear()
        answer = shortcut.score(codes, codes, known(codes))
        assert answer == score_of(subject, learnt, codes, least)
        is_early = len(counted) < sum(map(bool, codes))
        event(f"ends early: {is_early}, finds: {answer is not None}")
        assert len(set(counted)) == len(counted)


def test_what_is_remembered_is_forgotten_when_it_is_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """D12: and changes no answer."""
    monkeypatch.setattr(module, "_MOST_NODES", 3)
    learnt = PEOPLE.standard
    subject = counting(PEOPLE, [])
    shortcut = Shortcut(subject, learnt, Scorer(subject, learnt), least=0.1)
    for level in (1, 2, 6, 1, 2, 6):
        codes = (level | level << GIVEN_LEVEL, coded(level, RARE), *(0,) * 6, coded(1, RARE), 0, 0)
        assert shortcut.score(codes, codes, known(codes)) == score_of(PEOPLE, learnt, codes, 0.1)
        assert sum(len(start.after) for _, start in shortcut._plans.values() if start) <= 3
    nothing = (0,) * len(PEOPLE.traits)
    assert shortcut.score(nothing, nothing, known(nothing)) is None


@given(st.data(), SUBJECTS)
def test_a_cap_never_falls_for_closer_evidence(data: st.DataObject, subject: Subject) -> None:
    """D12: so the cap of what is hoped for is no less than that of what will be found."""
    found = subject.classify(data.draw(codes_of(subject)))
    for at in range(len(found)):
        closest = (*found[:at], (0, RARE), *found[at + 1 :])
        assert subject.cap(closest) >= subject.cap(found)


def test_people_of_other_names_and_mailboxes_are_not_compared_further() -> None:
    """D12: of most pairs that share a key nothing else is looked at."""
    counted: list[str] = []
    subject = counting(PEOPLE, counted)
    learnt = subject.standard
    shortcut = Shortcut(subject, learnt, Scorer(subject, learnt), least=0.6)
    name = 6 | 6 << GIVEN_LEVEL
    codes = (name, coded(8, RARE), *(coded(1, RARE) for _ in range(4)), 0, 0, coded(1, RARE), 0, 0)
    assert shortcut.score(codes, codes, known(codes)) is None
    assert counted == ["name", "mail"]
