import pytest

from crmcore.entities import Account, Contact, Opportunity
from crmcore.errors import QueryError, UnknownNameError
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.pipeline import Pipeline, Stage, StageCategory
from crmcore.query import ALL, F, Filter, Or, Path, Query, check_path, paths, read, read_filter
from tests.adapters import MODEL

TWO = STANDARD_MODEL.with_pipelines(
    Pipeline(
        "new", (Stage("A"), Stage("B", StageCategory.WON, 100), Stage("C", StageCategory.LOST))
    )
)


def test_the_paths_of_a_filter() -> None:
    where = (F.a == 1) & ~(F.b.c.is_none() | F.a.in_([2])) & ALL
    assert paths(where) == {F.a, F.b.c}


@pytest.mark.parametrize(
    ("where", "entity", "wanted"),
    [
        (ALL, Account, ALL),
        (~(F.name == "x"), Account, ~(F.name == "x")),
        (
            F.status_category == "converted",
            "lead",
            F.status.in_(["Converted"]),
        ),
        (
            F.stage_category == "won",
            Opportunity,
            (F.pipeline == "standard") & F.stage.in_(["Won"]),
        ),
    ],
    ids=str,
)
def test_derived_fields_are_replaced(where: Filter, entity: type | str, wanted: Filter) -> None:
    is_derived = "category" in str(where)
    found = read_filter(where, entity, STANDARD_MODEL)
    assert found == (Or((wanted,)) if is_derived else wanted)


def test_a_derived_field_looks_into_every_pipeline() -> None:
    query = read(Query.of(Opportunity, F.stage_category.in_(["won", "lost"]) | ALL), TWO)
    assert "F.stage.in_(['B'])" in str(query)
    assert "F.stage.in_(['C'])" in str(query)
    assert "F.stage.in_(['Lost'])" in str(query)


def test_a_derived_field_is_asked_for_its_value_only() -> None:
    with pytest.raises(QueryError, match="asked with == or in_"):
        read_filter(F.stage_category > "open", Opportunity, STANDARD_MODEL)


@pytest.mark.parametrize(
    ("path", "entity", "name"),
    [
        (F.name, Account, "name"),
        (F.billing_address.city, Account, "billing_address"),
        (F.external_ids["any system"], Account, "external_ids"),
        (F.custom["my_text"], Account, "my_text"),
        (F.custom, Account, "custom"),
        (F.name.family, Contact, "name"),
    ],
    ids=str,
)
def test_paths_that_exist(path: Path, entity: type, name: str) -> None:
    assert check_path(path, entity, MODEL).name == name


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (F.nme, "did you mean 'name'"),
        (F.billing_address.ctiy, "did you mean 'city'"),
        (F.custom["my_txt"], "did you mean 'custom.my_text'"),
        (F.name.family, "unknown field 'family' in account.name"),
        (F.my_text, "unknown field 'my_text'"),
    ],
    ids=str,
)
def test_paths_that_do_not_exist_are_refused(path: Path, hint: str) -> None:
    for query in (Query.of(Account, path == "x"), Query.of(Account, order=path)):
        with pytest.raises(UnknownNameError) as caught:
            read(query, MODEL)
        assert hint in str(caught.value)


def test_a_filter_needs_a_field() -> None:
    with pytest.raises(QueryError, match="a filter needs a field"):
        check_path(F, Account, MODEL)
