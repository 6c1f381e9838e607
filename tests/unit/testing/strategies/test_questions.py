import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import STANDARD_ENTITIES, Account, Contact, Record, kind_of
from crmcore.query import Compare, F, In, Operator, StartsWith, matches, paths, read, run
from crmcore.query.filters import Contains, Missing, Not, Or
from crmcore.testing import strategies
from crmcore.values.ids import AccountId
from tests.adapters import MODEL, Subscription
from tests.unit.testing.strategies import any_of


@pytest.mark.parametrize("entity", [*STANDARD_ENTITIES, Subscription], ids=kind_of)
@given(data=st.data())
def test_queries_are_about_fields_that_exist(entity: type[Record], data: st.DataObject) -> None:
    query = data.draw(strategies.queries(entity, MODEL))
    assert read(query, MODEL).kind == kind_of(entity)
    assert query.after is None


@pytest.mark.parametrize("kind", [Compare, In, Missing, StartsWith, Contains, Not, Or])
def test_every_filter_is_drawn(kind: type) -> None:
    any_of(strategies.filters(Account), lambda one: isinstance(one, kind))


@pytest.mark.parametrize("operator", Operator)
def test_every_operator_is_drawn(operator: Operator) -> None:
    any_of(
        strategies.filters(Account, among=["name"]),
        lambda one: isinstance(one, Compare) and one.operator is operator,
    )


def test_filters_ask_for_values_that_records_have() -> None:
    account = Account(
        id=AccountId("a"), name="none draws this by chance", labels=frozenset({"likewise"})
    )
    found = any_of(
        strategies.filters(Account, records=[account], among=["name"]),
        lambda one: (
            F.name in paths(one) and matches(one, account) and not isinstance(one, Or | Not)
        ),
    )
    assert matches(found, account)
    any_of(
        strategies.filters(Account, records=[account], among=["labels"]),
        lambda one: isinstance(one, Contains) and one.value == "likewise",
    )


def test_a_query_goes_on_behind_a_record() -> None:
    accounts = [Account(id=AccountId(one), name="x") for one in ("a", "b")]
    found = any_of(
        strategies.queries(Account, records=accounts),
        lambda one: list(run(one, accounts)) == accounts[1:],
    )
    assert found.after is not None


@given(data=st.data())
def test_only_the_fields_named_are_asked_for(data: st.DataObject) -> None:
    where = data.draw(strategies.filters(Contact, among=["email"]))
    assert {path.steps for path in paths(where)} <= {("id",), ("email",)}


@given(data=st.data())
def test_values_of_other_types_are_those_given(data: st.DataObject) -> None:
    where = data.draw(strategies.filters(Account, among=["name"], others=st.just(7)))
    if isinstance(where, Compare):
        assert isinstance(where.value, str) or where.value == 7
