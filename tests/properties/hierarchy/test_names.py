"""Names: what an object is called, and whether it is shown, changes nothing that is stored."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crmcore import Account, Contact, Crm, Lead, MemoryRepository, Model, Opportunity
from crmcore.entities import Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import Query
from tests.properties.rollup.follow import MODEL, deals, trees

KINDS = st.sampled_from([Account, Contact, Lead, Opportunity])
WORDS = st.text("Deal Company", min_size=1, max_size=8).filter(lambda one: bool(one.strip()))


def stored(store: MemoryRepository) -> list[Record]:
    with store.snapshot() as snapshot:
        return [one for kind in MODEL.kinds for one in snapshot.find(Query[Record](kind))]


def figures(store: MemoryRepository, model: Model) -> dict[str, Any]:
    crm = Crm(store, model=model)
    return {one.name: dict(crm.rollups(one.name)) for one in crm.rules.rollups}


@given(trees(), st.lists(deals(), max_size=6), KINDS, WORDS, WORDS)
def test_a_renamed_object_has_the_same_keys_ids_and_figures(
    accounts: tuple[Account, ...],
    known: list[Opportunity],
    entity: type[Record],
    one: str,
    many: str,
) -> None:
    """X6: renaming changes what people read, and no stored key, id or figure."""
    store = MemoryRepository()
    Crm(store, model=MODEL).add_all([*accounts, *known])
    before, shown = stored(store), figures(store, MODEL)
    renamed = MODEL.renamed(entity, one, many)
    assert figures(store, renamed) == shown
    assert stored(store) == before
    assert renamed.schema(entity).kind == STANDARD_MODEL.schema(entity).kind
    crm = Crm(store, model=renamed)
    added = crm.add(Account(name="after"))
    assert crm.get(Account, added.id).ref.kind == "account"
    assert [each.ref for each in stored(store) if each.id != added.id] == [
        each.ref for each in before
    ]


@given(trees(), st.lists(deals(), max_size=6), st.sets(KINDS))
def test_a_disabled_object_comes_back_as_it_was(
    accounts: tuple[Account, ...], known: list[Opportunity], entities: set[type[Record]]
) -> None:
    """X6: disabling hides, whatever else is disabled; enabling again restores it exactly."""
    store = MemoryRepository()
    Crm(store, model=MODEL).add_all([*accounts, *known])
    before, shown = stored(store), figures(store, MODEL)
    hidden = MODEL.with_disabled(*entities, "case")
    crm = Crm(store, model=hidden)
    for entity in entities:
        assert not hidden.is_enabled(entity)
    if Opportunity in entities:
        assert not any(crm.rollups("open_deals").values())
    again = hidden.with_enabled(*entities)
    assert again == MODEL.with_disabled("case")
    assert figures(store, again) == shown
    assert stored(store) == before
