"""What somebody said of two records is respected."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import combinations, count

from hypothesis import event, given, settings
from hypothesis import strategies as st

from crmcore import Contact, Crm, PersonName
from crmcore.entities import Judgement, Record
from crmcore.entities.ledger import Verdict
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    STANDARD_MATCH_RULES,
    DuplicateSets,
    Level,
    Match,
    clusters,
    find_duplicates,
    judge,
)
from crmcore.rules.matching.links import Both, units_for, units_of_doubt
from crmcore.rules.rule import Context
from crmcore.values import Ref
from tests.properties.matching.records import EMPLOYERS, changed, people

NOW = datetime(2026, 3, 14, tzinfo=UTC)


def found(records: list[Record], judgements: list[Judgement] | None = None) -> DuplicateSets:
    return find_duplicates(
        records,
        rules=STANDARD_MATCH_RULES,
        model=STANDARD_MODEL,
        related=EMPLOYERS,
        threshold=0.5,
        judgements=judgements or [],
    )


def judged(one: Ref[Record], other: Ref[Record], verdict: Verdict, day: int) -> Judgement:
    ids = count(day * 10)
    context = Context(
        model=STANDARD_MODEL, now=NOW + timedelta(days=day), new_id=lambda: f"j{next(ids)}"
    )
    (record,) = judge(one, other, verdict, context).written
    assert isinstance(record, Judgement)
    return record


@given(people(), st.data())
def test_a_pair_judged_not_a_duplicate_is_never_found_again(
    records: list[Record], data: st.DataObject
) -> None:
    """D8: whichever record is named first, and whatever else is edited."""
    before = found(records)
    if not before.pairs:
        return
    event("some pair judged")
    match = data.draw(st.sampled_from(before.pairs))
    one, other = data.draw(st.permutations(match.refs))
    no = judged(one, other, Verdict.NOT_DUPLICATE, day=1)
    edited = [changed(record, source="edited") for record in records]
    after = found(edited, [no])
    assert match.refs not in {pair.refs for pair in after.pairs}
    assert match.refs in after.apart
    assert not [one for one in after.clusters if set(match.refs) <= set(one.members)]
    assert {pair.refs for pair in after.pairs} == {pair.refs for pair in before.pairs} - {
        match.refs
    }


@given(people(), st.data())
def test_a_judgement_can_be_taken_back(records: list[Record], data: st.DataObject) -> None:
    """D8: by deleting it, or by a later one."""
    before = found(records)
    if not before.pairs:
        return
    match = data.draw(st.sampled_from(before.pairs))
    no = judged(match.left, match.right, Verdict.NOT_DUPLICATE, day=1)
    yes = judged(match.right, match.left, Verdict.DUPLICATE, day=2)
    assert found(records, []) == before
    again = found(records, data.draw(st.permutations([no, yes])))
    assert again.pairs == before.pairs
    assert again.joined == (match.refs,)


REFS = [Ref[object]("contact", letter) for letter in "abcdefg"]
EVERY = list(combinations(REFS, 2))
SCORES = st.sampled_from((0.6, 0.8, 0.9, 1.0))


@given(
    st.dictionaries(st.sampled_from(EVERY), SCORES),
    st.sets(st.sampled_from(EVERY), max_size=5),
    st.randoms(use_true_random=False),
)
def test_a_cluster_never_has_two_that_are_not_one(
    scores: dict[tuple[Ref[object], Ref[object]], float],
    apart: set[tuple[Ref[object], Ref[object]]],
    random: st.random_module,  # type: ignore[valid-type]  # a Random
) -> None:
    """D10: and the clusters do not depend on the order of what is given."""
    matches = [
        Match(left=one, right=other, score=score, level=Level.LIKELY, rule="r", evidence=())
        for (one, other), score in scores.items()
    ]
    made = clusters(matches, apart=apart)
    for cluster in made:
        assert not set(combinations(cluster.members, 2)) & apart
    shuffled = random.sample(matches, len(matches))  # type: ignore[attr-defined]  # a Random
    assert clusters(shuffled, apart=sorted(apart, reverse=True)) == made


@given(st.dictionaries(st.sampled_from(EVERY), SCORES))
def test_clusters_are_the_connected_components(
    scores: dict[tuple[Ref[object], Ref[object]], float],
) -> None:
    """D10: the stated linkage, against a walk along the pairs."""
    matches = [
        Match(left=one, right=other, score=score, level=Level.LIKELY, rule="r", evidence=())
        for (one, other), score in scores.items()
    ]
    reached = {ref: {ref} for ref in REFS}
    for _ in REFS:
        for one, other in scores:
            together = reached[one] | reached[other]
            for ref in together:
                reached[ref] = together
    expected = {tuple(sorted(some)) for some in reached.values() if len(some) > 1}
    assert {cluster.members for cluster in clusters(matches)} == expected


def by_products(
    scores: dict[Both, float], doubts: dict[Both, float], apart: set[Both], joined: set[Both]
) -> set[frozenset[int]]:
    """The sets that the stated linkage makes, every two members looked at for every pair."""
    own = {both: units_of_doubt(bits) for both, bits in doubts.items()}
    own.update({both: units_for(score) for both, score in scores.items()})
    sets = {one: frozenset((one,)) for one in range(len(REFS))}
    best = sorted(scores, key=lambda both: (-scores[both], both))
    for at, (one, other) in enumerate([*sorted(joined), *best]):
        left, right = sets[one], sets[other]
        across = [pair_of(a, b) for a in left for b in right]
        if left == right or apart.intersection(across):
            continue
        is_weighed = at >= len(joined) and bool(doubts) and len(left | right) > 2
        if is_weighed and sum(own.get(both, 0) for both in across) <= 0:
            continue
        sets.update(dict.fromkeys(left | right, left | right))
    return {one for one in sets.values() if len(one) > 1}


def pair_of(one: int, other: int) -> Both:
    return min(one, other), max(one, other)


NUMBERED = list(combinations(range(len(REFS)), 2))
SOME = st.sets(st.sampled_from(NUMBERED), max_size=3)


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(NUMBERED), st.sampled_from((0.3, 0.6, 0.8, 0.95, 1.0))),
    st.dictionaries(st.sampled_from(NUMBERED), st.sampled_from((-30.0, -10.0, -4.5, -1.0, 2.0))),
    SOME,
    SOME,
)
def test_sets_stay_apart_where_the_sum_of_the_evidence_between_them_is_against(
    scores: dict[Both, float], doubts: dict[Both, float], apart: set[Both], joined: set[Both]
) -> None:
    """D10: against a look at every two members of every two sets."""
    joined -= apart

    def refs(pairs: Iterable[Both]) -> list[tuple[Ref[object], Ref[object]]]:
        return [(REFS[one], REFS[other]) for one, other in pairs]

    made = clusters(
        [
            Match(left=REFS[a], right=REFS[b], score=s, level=Level.LIKELY, rule="r", evidence=())
            for (a, b), s in scores.items()
        ],
        joined=refs(joined),
        apart=refs(apart),
        doubts=dict(zip(refs(doubts), doubts.values(), strict=True)),
    )
    expected = by_products(scores, doubts, apart, joined)
    loose = {frozenset(sets) for sets in by_products(scores, {}, apart, joined)}
    event(f"evidence decides: {expected != loose}")
    assert {frozenset(map(REFS.index, one.members)) for one in made} == expected


@given(first_goes=st.booleans(), again=st.booleans())
def test_a_judgement_follows_the_records_through_merges(first_goes: bool, again: bool) -> None:
    """D8: two that were judged not to be one stay apart, also when one of them is merged away."""
    crm = Crm()

    def twin() -> Contact:
        name = PersonName(given="Ada", family="King")
        return crm.add(Contact(name=name, email="ada@x.example", phone="+44 20 7946 0018"))

    gone, other = twin(), twin()
    crm.not_duplicates(*((gone, other) if first_goes else (other, gone)))
    for _ in range(2 if again else 1):
        survivor = twin()
        crm.merge(survivor, gone)
        gone = survivor
    sets = crm.find_duplicates(Contact)
    assert not sets.clusters
    assert sets.apart == (tuple(sorted((gone.ref, other.ref))),)
