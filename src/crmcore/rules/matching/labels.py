"""Labels: the weights of a linkage rule learnt from pairs of which somebody said what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, TypeAlias

from crmcore.entities.record import Record
from crmcore.errors import UsageError
from crmcore.model.model import Model
from crmcore.rules.matching.clusters import pair
from crmcore.rules.matching.find import BLOCK_LIMIT, taught
from crmcore.rules.matching.given import Given
from crmcore.rules.matching.linkage.engine import Comparing
from crmcore.rules.matching.linkage.learn import from_labelled
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.subject import Found
from crmcore.rules.matching.linkage.table import Table
from crmcore.values.ref import Ref

Labelled: TypeAlias = tuple[Ref[Any], Ref[Any], bool]
"""Two records, and whether they are one."""


def learn_labelled(
    records: Iterable[Record],
    labelled: Iterable[Labelled],
    *,
    rule: LinkageRule,
    model: Model,
    related: Iterable[Record] = (),
    block_limit: int = BLOCK_LIMIT,
) -> LinkageRule:
    """The rule with the weights that these labelled pairs of ``records`` teach.

    m, the share of pairs of one entity at each level of agreement, is that of the pairs labelled as
    one, smoothed by fifteen pairs of the standard weights: a few labels move them a little, some
    hundred decide. Pairs labelled as two are near misses as a rule, no sample of all pairs: they
    only teach how often a value goes with one name. Everything else (u, how common values are, the
    number of duplicates) is learnt from all records, as ``learn`` does.

    Which way round a pair is, its order and a pair given twice do not matter. Arguments and errors
    are those of ``find_duplicates``; ``UsageError``, too, for a pair of one record, of records that
    are not there or that the rule does not compare, and one labelled both ways.
    """
    given = Given(records)
    labels = _labels(labelled, rule, given)
    search = taught(given, rule=rule, model=model, related=related, block_limit=block_limit)
    chosen = sorted({ref for both in labels for ref in both})
    rows = {ref: row for row, ref in enumerate(chosen)}
    subject = rule.about.in_region(model.phone_region)
    table = Table(subject)
    table.fill([given[ref] for ref in chosen], search.readers)
    comparing = Comparing(table, search.learnt)
    said: dict[bool, Counter[tuple[Found, ...]]] = {True: Counter(), False: Counter()}
    for (one, other), is_one in labels.items():
        said[is_one][subject.classify(comparing.pattern(rows[one], rows[other]))] += 1
    return rule.with_learnt(
        from_labelled(search.learnt, subject, ones=said[True], twos=said[False])
    )


def _labels(
    labelled: Iterable[Labelled], rule: LinkageRule, given: Given
) -> dict[tuple[Ref[Any], Ref[Any]], bool]:
    labels: dict[tuple[Ref[Any], Ref[Any]], bool] = {}
    for one, other, is_one in labelled:
        if one == other:
            raise UsageError("a pair has two records", one)
        for ref in (one, other):
            if ref not in given:
                raise UsageError("a labelled record is not among the records", ref)
        if sorted({one.kind, other.kind}) != sorted(rule.kinds):
            raise UsageError(f"the rule {rule.name} does not compare these two", (one, other))
        if labels.setdefault(pair(one, other), is_one) is not is_one:
            raise UsageError("a pair is labelled both ways", (one, other))
    return labels
