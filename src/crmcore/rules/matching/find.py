"""Find: the records that may be one, compared in blocks, each pair with its evidence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias

from crmcore.entities.ledger import Judgement, Verdict
from crmcore.errors import UsageError
from crmcore.rules.matching.clusters import Pair, by_score, clusters_of
from crmcore.rules.matching.duplicate_sets import DuplicateSets
from crmcore.rules.matching.given import Given
from crmcore.rules.matching.hits import Hits, ranked
from crmcore.rules.matching.judge import verdicts
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.weights import Learnt
from crmcore.rules.matching.linkage_search import LinkageSearch
from crmcore.rules.matching.links import Both, units_of_doubt
from crmcore.rules.matching.match_rule import MatchRule
from crmcore.rules.matching.progress import Progress
from crmcore.rules.matching.reading import Forms
from crmcore.rules.matching.search import Search
from crmcore.rules.matching.shares import share
from crmcore.values.frozenmap import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from crmcore.entities.record import Record
    from crmcore.model.model import Model
    from crmcore.rules.matching.evidence import Match

AnyRule: TypeAlias = MatchRule | LinkageRule
"""A rule of any kind: with weights, with clauses, or with weights that are learnt."""

BLOCK_LIMIT: Final = 50
"""Blocks of more records than this are skipped and reported, unless another limit is given.

So one record is compared with at most ``limit - 1`` others for each of its keys.
"""

PARTNER_LIMIT: Final = 50
"""All rules together compare no record more often than this, unless another limit is given."""


def find_duplicates(
    records: Iterable[Record],
    *,
    rules: Sequence[AnyRule],
    model: Model,
    threshold: float | None = None,
    judgements: Iterable[Judgement] = (),
    related: Iterable[Record] = (),
    block_limit: int = BLOCK_LIMIT,
    partner_limit: int = PARTNER_LIMIT,
    workers: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> DuplicateSets:
    """The pairs of ``records`` that may be one, and the sets that they make.

    Each rule looks at the records of its kinds; records of other kinds, and ``related`` ones, only
    serve to follow references (the account of a contact). A pair that several rules find has the
    match of the highest score, of equal ones that of the first rule. ``threshold`` is the least
    score of a pair, in (0, 1] (``None``: the ``likely`` of each rule). ``judgements`` must name
    the ids that answer today: those of merged records resolved. The order of ``records`` does not
    matter.

    A block of more than ``block_limit`` records is split where its key says how, or skipped and
    reported. All rules together compare no record more than ``partner_limit`` times: where more
    others share keys with it, those come first that share the most, and ``left_out`` counts the
    rest.

    ``workers`` is the number of processes that a linkage rule may use for many thousand records or
    pairs: 1, unless asked for, so that nobody is surprised by processes. They are forked, so a
    program that runs threads must know that this is safe for it; a system that cannot fork does
    with one. The result is the same for any number. ``progress`` is called as the search goes on.

    Raises ``ModelError`` for a rule that names what the model lacks, and ``UsageError`` for a
    threshold or limit that makes no sense, two rules of one name, and two records of one id.
    """
    _check(rules, threshold, block_limit)
    if partner_limit < 1 or workers < 1:
        given_limits = f"partner_limit={partner_limit}, workers={workers}"
        raise UsageError("a limit and a number of processes are 1 at least", given_limits)
    given = Given(records)
    forms = Forms(model.phone_region, given.beside(related))
    searches = [
        _search(rule, model, forms, threshold, workers=workers, progress=progress) for rule in rules
    ]
    for search in searches:
        search.pair(given, block_limit=block_limit, partner_limit=partner_limit)
    share(searches, size=len(given), most=partner_limit)
    hits = [search.weigh() for search in searches]
    return _sets(hits, given, searches, verdicts(judgements))


def _sets(
    hits: Sequence[Hits],
    given: Given,
    searches: Sequence[Search | LinkageSearch],
    judged: Mapping[Pair, Verdict],
) -> DuplicateSets:
    """What was found, as far as nobody judged otherwise."""
    kinds = {kind for one in searches for kind in one.rule.kinds}
    here = {both for both in judged if all(ref in given for ref in both)}
    apart = {both for both in here if judged[both] is Verdict.NOT_DUPLICATE}
    joined = {both for both in here - apart if all(ref.kind in kinds for ref in both)}
    refs = given.refs
    number = dict(zip(given, range(len(refs)), strict=True)) if here else {}
    kept_out = [(number[one], number[other]) for one, other in apart]
    found = ranked(hits, apart=kept_out)
    return DuplicateSets(
        pairs=found.matches,
        clusters=clusters_of(
            refs,
            found.pairs,
            scores=found.scores,
            levels=found.levels,
            joined=[(number[one], number[other]) for one, other in joined],
            apart=kept_out,
            doubts=_doubts(searches),
        ),
        learnt=_learnt(searches),
        apart=tuple((refs[one], refs[other]) for one, other in found.apart),
        joined=tuple(sorted(joined)),
        thresholds=FrozenMap({one.rule.name: one.threshold for one in searches}),
        counts=tuple(count for one in searches for count in one.counts),
        skipped=tuple(block for one in searches for block in one.skipped),
        records=len(given.of(kinds)),
        compared=sum(one.compared for one in searches),
        most_compared=_most_compared(searches),
        left_out=sum(one.left_out for one in searches),
    )


def _doubts(
    searches: Sequence[Search | LinkageSearch],
) -> Callable[[Mapping[int, int]], dict[Both, int]] | None:
    """What was compared in vain, as ``linked`` asks for it; ``None``: nothing was."""
    linked = [one for one in searches if isinstance(one, LinkageSearch) and one.has_doubts]

    def doubts(set_of: Mapping[int, int]) -> dict[Both, int]:
        told = (one.doubts(set_of) for one in linked)
        return {both: units_of_doubt(bits) for each in told for both, bits in each.items()}

    return doubts if linked else None


def _most_compared(searches: Sequence[Search | LinkageSearch]) -> int:
    """How often the record was compared that was compared most often, by all rules together."""
    if len(searches) == 1 and isinstance(searches[0], LinkageSearch):
        return searches[0].most_compared  # without a count for each record
    partners = [one.partners for one in searches]
    every = sum(partners[1:], partners[0]) if partners else Counter[int]()
    return max(every.values(), default=0)


def _learnt(searches: Iterable[Search | LinkageSearch]) -> FrozenMap[Learnt]:
    """What was learnt, by rule."""
    linked = (one for one in searches if isinstance(one, LinkageSearch))
    return FrozenMap({one.rule.name: one.learnt for one in linked if one.learnt_here})


def matches_of(
    candidate: Record,
    records: Iterable[Record],
    *,
    rules: Sequence[AnyRule],
    model: Model,
    threshold: float | None = None,
    judgements: Iterable[Judgement] = (),
    related: Iterable[Record] = (),
) -> tuple[Match, ...]:
    """The matches of one record, stored or not, with ``records``: best first.

    Pairs, scores, arguments and errors are those of ``find_duplicates``, but for the limit: a
    block is never too large to look for one record in it. ``records`` may have the candidate
    itself, as it was, which is left out.
    """
    _check(rules, threshold, BLOCK_LIMIT)
    others = Given(one for one in Given(records).values() if one.ref != candidate.ref)
    known = Given([*others.values(), candidate]).beside(related)
    forms = Forms(model.phone_region, known)
    searches = [_search(rule, model, forms, threshold) for rule in rules]
    found = _best_of_each(
        match for search in searches for match in search.run_for(candidate, others)
    )
    judged = verdicts(judgements)
    return _best_first(
        match for both, match in found.items() if judged.get(both) is not Verdict.NOT_DUPLICATE
    )


def compare(
    one: Record,
    other: Record,
    *,
    rule: AnyRule,
    model: Model,
    related: Iterable[Record] = (),
) -> Match | None:
    """The match of two records by a rule, however low its score, whether or not they share a key.

    ``None`` where there is nothing to compare. Says why two records were not found to be one.
    Raises ``UsageError`` for one record given twice, or of kinds that the rule does not compare.
    """
    if one.ref == other.ref or sorted({one.ref.kind, other.ref.kind}) != sorted(rule.kinds):
        raise UsageError(f"the rule {rule.name} does not compare these two", (one.ref, other.ref))
    forms = Forms(model.phone_region, Given([one, other]).beside(related))
    return _search(rule, model, forms, 0.0).match(one, other)


def _search(
    rule: AnyRule,
    model: Model,
    forms: Forms,
    threshold: float | None,
    *,
    workers: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Search | LinkageSearch:
    if isinstance(rule, LinkageRule):
        return LinkageSearch(
            rule,
            model=model,
            related=forms.related,
            threshold=threshold,
            workers=workers,
            progress=progress,
        )
    return Search(rule, model=model, forms=forms, threshold=threshold)


def learn(
    records: Iterable[Record],
    *,
    rule: LinkageRule,
    model: Model,
    related: Iterable[Record] = (),
    block_limit: int = BLOCK_LIMIT,
) -> LinkageRule:
    """The rule with the weights that these records teach, however few they are.

    The arguments are those of ``find_duplicates``, and so are the errors.
    """
    search = taught(
        Given(records), rule=rule, model=model, related=related, block_limit=block_limit
    )
    return rule.with_learnt(search.learnt)


def taught(
    given: Given,
    *,
    rule: LinkageRule,
    model: Model,
    related: Iterable[Record],
    block_limit: int,
) -> LinkageSearch:
    """The search that has learnt the weights of ``rule`` from these records, however few."""
    search = LinkageSearch(
        rule.with_learnt(None),
        model=model,
        related=given.beside(related),
        threshold=None,
        enough=2,
    )
    search.pair(given, block_limit=block_limit, partner_limit=PARTNER_LIMIT)
    search.weigh()
    return search


def _best_of_each(matches: Iterable[Match]) -> Mapping[Pair, Match]:
    """For each pair the match of the highest score, of equal ones the first."""
    found: dict[Pair, Match] = {}
    for match in matches:
        known = found.get(match.refs)
        if known is None or match.score > known.score:
            found[match.refs] = match
    return found


def _best_first(matches: Iterable[Match]) -> tuple[Match, ...]:
    return tuple(sorted(matches, key=by_score))


def _check(rules: Sequence[AnyRule], threshold: float | None, block_limit: int) -> None:
    if threshold is not None and not 0 < threshold <= 1:
        raise UsageError("a threshold is above 0 and at most 1", threshold)
    if block_limit < 2:
        raise UsageError("a block of fewer than two records has no pair", block_limit)
    for name, times in Counter(rule.name for rule in rules).items():
        if times > 1:
            raise UsageError("two rules have one name", name, "a rule's name has its version in it")
