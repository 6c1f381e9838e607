"""What the same patterns teach is the same, however it is added up."""

import pytest
from attrs import evolve
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.rules.matching.linkage.companies import COMPANIES
from crmcore.rules.matching.linkage.learn import ROUNDS, Scorer, maximise, totals
from crmcore.rules.matching.linkage.levels import as_levels
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.subject import Found, Subject
from crmcore.rules.matching.linkage.weights import RARE, Group, Learnt, Level

Counted = dict[tuple[Found, ...], int]


@st.composite
def patterns(draw: st.DrawFn, subject: Subject) -> Counted:
    """Some patterns of a subject, and how many pairs have each."""
    found = st.tuples(
        *(
            st.none() | st.tuples(st.integers(0, len(group.levels) - 1), st.integers(RARE, 6))
            for group in subject.groups
        )
    )
    return draw(st.dictionaries(found, st.integers(1, 500), min_size=1, max_size=12))


WORLDS = st.sampled_from((PEOPLE, COMPANIES)).flatmap(
    lambda subject: st.tuples(st.just(subject), patterns(subject))
)


def tallied(
    learnt: Learnt, subject: Subject, counted: Counted
) -> tuple[dict[tuple[int, int], float], float]:
    """The pairs of one entity by group and level, and all of them: pattern by pattern."""
    scorer = Scorer(subject, learnt)
    ones: dict[tuple[int, int], float] = {}
    expected = 0.0
    for found, times in counted.items():
        bits = max(min(scorer.total(found), 60.0), -60.0)
        cap = subject.cap(found)
        one = 0.0 if cap < 0.5 else 1 / (1 + 2.0**-bits) * times
        expected += one
        for at, here in enumerate(found):
            if here is not None:
                ones[at, here[0]] = ones.get((at, here[0]), 0.0) + one
    return ones, expected


def whole_of(seen: list[float], group: Group, level: Level) -> float:
    """The pairs of which a level's are a share: all, or so many as its case stands for."""
    whole = sum(seen)
    if not group.is_by_case or level.case is None:
        return whole
    cases = [one.case for one in group.levels]
    own = sum(n for n, case in zip(seen, cases, strict=True) if case == level.case)
    some = sum(n for n, case in zip(seen, cases, strict=True) if case is not None)
    return own * whole / some if some else whole


@given(WORLDS)
def test_m_is_the_share_of_the_expected_pairs_that_show_a_level(
    world: tuple[Subject, Counted],
) -> None:
    """D12: by the weights of the last round but one, against a count of pattern by pattern."""
    subject, counted = world
    rare = {group.table: 100 for group in subject.groups if group.table}
    learnt = evolve(subject.standard, records=500, expected=100.0)
    levels = as_levels(subject, counted)
    before = after = learnt
    for rounds in range(1, ROUNDS + 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("crmcore.rules.matching.linkage.learn.ROUNDS", rounds)
            before, after = after, maximise(learnt, subject, levels, rare)
        if after == before:
            break
        ones, expected = tallied(before, subject, counted)
        assert after.expected == min(max(expected, 5.0), 10_000.0)
        for at, group in enumerate(subject.groups):
            seen = [ones.get((at, level), 0.0) for level in range(len(group.levels))]
            told = [
                (n + 15 * one.m) / (whole_of(seen, group, one) + 15)
                for n, one in zip(seen, group.levels, strict=True)
            ]
            assert after.m[group.name] == pytest.approx(told, abs=1e-12)
    event(f"rounds: {rounds}")


@given(WORLDS)
def test_the_total_of_a_pattern_is_the_prior_and_its_bits(world: tuple[Subject, Counted]) -> None:
    """D7: whether one pattern is looked at or all of them."""
    subject, counted = world
    scorer = Scorer(subject, subject.standard)
    found = totals(as_levels(subject, counted), subject, subject.standard)
    assert found == [scorer.total(one) for one in counted]
