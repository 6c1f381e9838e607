from itertools import permutations
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import Contact, MergeReceipt, Record
from crmcore.entities.ledger import Fate
from crmcore.rules.merge import merge
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP, BySource, Survivorship
from tests.properties.merge.worlds import MODEL, contacts, context

CONTACT = MODEL.schema(Contact)
SOURCES = ("erp", "fair", "web")

rankings = st.permutations(SOURCES).flatmap(
    lambda order: st.integers(1, len(order)).map(lambda size: tuple(order[:size]))
)
fields = st.sampled_from(["source", "external_ids"])


@st.composite
def people(draw: st.DrawFn) -> tuple[Contact, ...]:
    """Contacts from several sources, several of which may know one of them."""
    found = draw(contacts())
    source = st.none() | st.sampled_from((*SOURCES, "elsewhere"))
    systems = st.frozensets(st.sampled_from((*SOURCES, "elsewhere")), max_size=3)
    return tuple(
        evolve(one, source=draw(source), external_ids=dict.fromkeys(draw(systems), one.id))
        for one in found
    )


def sources_of(record: Contact, field: str) -> set[Any]:
    return {record.source} if field == "source" else set(record.external_ids)


def rules(policy: BySource) -> Survivorship:
    return STANDARD_SURVIVORSHIP.with_policy(Contact, "title", policy)


def plan(given_: tuple[Contact, ...], policy: BySource) -> tuple[Any, MergeReceipt]:
    decision = merge(given_[0], given_[1:], context=context(), survivorship=rules(policy))
    survivor = decision.survivor
    assert isinstance(survivor, Contact)
    return survivor.title, decision.receipt


@given(people(), rankings, fields)
def test_the_value_of_the_best_source_wins(
    given_: tuple[Contact, ...], ranking: tuple[str, ...], field: str
) -> None:
    """M11 of the records that have a value, one whose source no other's goes before."""
    title, _ = plan(given_, BySource(ranking=ranking, field=field))
    titled = [one for one in given_ if one.title is not None]
    for source in ranking:
        best = {one.title for one in titled if source in sources_of(one, field)}
        if best:
            assert title in best
            return
    assert title in {one.title for one in titled} | ({None} if not titled else set())


@given(people(), rankings, fields)
def test_a_ranking_decides_the_same_in_every_order(
    given_: tuple[Contact, ...], ranking: tuple[str, ...], field: str
) -> None:
    """M11 M10 equally good sources are decided by the value, not by who comes first."""
    policy = BySource(ranking=ranking, field=field)
    every = {plan(order, policy)[0] for order in permutations(given_[:3])}
    assert len(every) == 1


@given(people(), rankings)
def test_the_receipt_says_which_source_decided(
    given_: tuple[Contact, ...], ranking: tuple[str, ...]
) -> None:
    """M6 M11 every losing title is in the receipt, with the ranking and the record it lost to."""
    policy = BySource(ranking=ranking)
    title, receipt = plan(given_, policy)
    told = {one.source: one for one in receipt.transfers if one.field == "title"}
    record: Record
    for record in given_:
        if record.title is not None and record.title != title:
            assert told[record.ref].fate is not Fate.COPIED
            assert told[record.ref].over == title
            assert told[record.ref].why == policy.value
    decision = merge(given_[0], given_[1:], context=context(), survivorship=rules(policy))
    choice = next(one for one in decision.choices if one.field.path == "title")
    assert choice.why == policy.value
    if title is not None:
        origin = next(one for one in given_ if one.ref == choice.origin)
        assert origin.title == title
