"""What somebody said of two records is respected."""

from datetime import UTC, datetime, timedelta
from itertools import combinations, count

from hypothesis import event, given
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
