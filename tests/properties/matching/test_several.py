"""Several rules find together what each of them finds alone."""

import pickle

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import (
    STANDARD_MATCH_RULES,
    WEIGHTED_MATCH_RULES,
    DuplicateSets,
    LinkageRule,
    Match,
    by_score,
    compare,
    find_duplicates,
)
from crmcore.rules.matching.find import AnyRule
from tests.properties.matching.records import EMPLOYERS, accounts, contacts, leads

WORLDS = st.lists(
    contacts() | leads() | accounts(), max_size=10, unique_by=lambda one: (one.ref.kind, one.id)
)
RULES = st.lists(
    st.sampled_from((*STANDARD_MATCH_RULES, *WEIGHTED_MATCH_RULES)), min_size=1, unique=True
)


def found(records: list[Record], rules: list[AnyRule]) -> DuplicateSets:
    return find_duplicates(
        records,
        rules=rules,
        model=STANDARD_MODEL,
        related=EMPLOYERS,
        threshold=0.05,
        partner_limit=1_000,
    )


@given(WORLDS, RULES)
def test_of_a_pair_that_several_rules_find_the_best_match_counts(
    records: list[Record], rules: list[AnyRule]
) -> None:
    """D7: of equal ones that of the first rule; and it is the match of that rule alone."""
    best: dict[object, Match] = {}
    for rule in rules:
        for match in found(records, [rule]).pairs:
            if match.refs not in best or match.score > best[match.refs].score:
                best[match.refs] = match
    sets = found(records, rules)
    event(f"several rules found some: {len({one.rule for one in sets.pairs}) > 1}")
    assert sets.pairs == tuple(sorted(best.values(), key=by_score))


@given(WORLDS, RULES)
def test_a_match_is_the_same_whenever_it_is_asked_for(
    records: list[Record], rules: list[AnyRule]
) -> None:
    """D7: and the one that comparing its two records gives, rule, evidence and all."""
    sets = found(records, rules)
    by_name = {rule.name: rule for rule in rules}
    given_records = {record.ref: record for record in records}
    again = pickle.loads(pickle.dumps(sets))  # noqa: S301  # what was written on the same line
    assert again == sets
    for at, match in enumerate(sets.pairs):
        event(f"learns: {isinstance(by_name[match.rule], LinkageRule)}")
        left, right = (given_records[ref] for ref in match.refs)
        alone = compare(
            left, right, rule=by_name[match.rule], model=STANDARD_MODEL, related=EMPLOYERS
        )
        assert sets.pairs[at] == match == again.pairs[at]
        assert alone is not None
        assert [one.field for one in match.evidence] == [one.field for one in alone.evidence]
        assert [(one.left, one.right) for one in match.evidence] == [
            (one.left, one.right) for one in alone.evidence
        ]
