"""Companies of which little is known, and companies of one group."""

from __future__ import annotations

from itertools import combinations, product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.entities import Account
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching import ACCOUNT_LINKAGE, Learnt, find_duplicates
from crmcore.rules.matching.linkage.companies import COMPANIES, PLACE
from crmcore.rules.matching.linkage.weights import Weigher
from crmcore.rules.similarity import normal_company
from crmcore.rules.similarity.company_relation import Relation, company_relation
from crmcore.values import Address
from crmcore.values.ids import AccountId

WORDS = [
    "".join(parts) for parts in product(("bar", "dol", "fen", "gim", "lur"), ("mak", "nov", "tis"))
]
FORMS = ("", " GmbH", " Ltd.", " S.A.")
TOWNS = ("Bonn", "Kiel", "Ulm", "Trier")


def accounts(seed: int, *, companies: int, copies: int, **known: Any) -> list[Account]:
    """Companies of different names, the first of which are there twice or more often."""
    luck = Random(seed)
    names = luck.sample([" ".join(both) for both in product(WORDS, WORDS)], companies)
    made = []
    for at in range(companies + copies):
        name = names[at % companies]
        fields = {key: value(name) for key, value in known.items()}
        id_ = AccountId(f"{name.replace(' ', '-')}-{at // companies}")
        made.append(Account(id=id_, name=name.title() + luck.choice(FORMS), **fields))
    return made


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"billing_address": lambda name: Address(city=TOWNS[len(name) % 4])},
        {"website": lambda name: f"https://{name.replace(' ', '')}.example"},
    ],
    ids=["names", "names and towns", "names and sites"],
)
@given(seed=st.integers(0, 1_000))
@settings(max_examples=3)
def test_names_are_enough_where_hardly_more_is_known(known: Any, seed: int) -> None:
    """D12: what is learnt from names alone does not take every name for one of many companies."""
    records = accounts(seed, companies=180, copies=140, **known)
    assert_found(records)


@given(seed=st.integers(0, 1_000))
@settings(max_examples=2)
def test_names_that_several_records_share_may_be_of_one_company(seed: int) -> None:
    """D12: copies of a record teach that its name is not that of many companies."""
    town = {"billing_address": lambda name: Address(city=f"{TOWNS[len(name) % 4]}{name[0]}")}
    assert_found(accounts(seed, companies=80, copies=280, **town))


def assert_found(records: list[Account]) -> None:
    """Every pair of one name is found, and hardly any other."""
    sets = find_duplicates(records, rules=[ACCOUNT_LINKAGE], model=STANDARD_MODEL)
    found = {frozenset(one.refs) for one in sets.pairs}
    true = {
        frozenset((one.ref, other.ref))
        for one, other in combinations(records, 2)
        if one.id.rpartition("-")[0] == other.id.rpartition("-")[0]
    }
    assert true <= found
    assert len(found - true) <= len(true) / 20


@given(data=st.data())
def test_another_street_never_speaks_for_a_place(data: st.DataObject) -> None:
    """D4: whatever was learnt, a street that differs counts no more than one that is missing."""
    rates = st.floats(1e-9, 1.0, allow_nan=False)
    learnt = Learnt(
        records=data.draw(st.integers(2, 1_000_000)),
        expected=1.0,
        m={one.name: [data.draw(rates) for _ in one.levels] for one in COMPANIES.groups},
        u={one.name: [data.draw(rates) for _ in one.levels] for one in COMPANIES.groups},
        common={},
    )
    weigher, bucket = Weigher(COMPANIES.groups, learnt), data.draw(st.integers(2, 20))
    for town in (1, 2, 3):
        missing, other = (
            COMPANIES.classify((0, 0, 0, bucket * 16 + town, street, 0))[PLACE]
            for street in (0, bucket * 16 + 3)
        )
        assert missing is not None
        assert other is not None
        assert weigher.bits(PLACE, *other) <= weigher.bits(PLACE, *missing)


@given(
    st.sampled_from(("I", "V", "X", "II", "III")),
    st.sampled_from(("GmbH", "S.A.", "GmbH & Co. KG")),
)
def test_a_figure_before_a_legal_form_is_no_and(figure: str, form: str) -> None:
    """D2: blind to the legal form, not to what stands before it."""
    assert normal_company(f"Fund {figure} {form}") == normal_company(f"Fund {figure}") != "fund"


WORD = st.text("abcdefghijklmnop", min_size=1, max_size=8)
NAME = st.lists(st.one_of(WORD, st.sampled_from(("2", "acme", "leasing", "france"))), min_size=1)


@given(NAME, NAME)
def test_two_names_go_together_whichever_comes_first(one: list[str], other: list[str]) -> None:
    """D1."""
    first, second = " ".join(one), " ".join(other)
    assert company_relation(first, second) is company_relation(second, first)
    assert company_relation(first, first) is Relation.SAME
