from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.jsonfile.lines import data_of
from crmcore.adapters.jsonfile.needles import needle
from crmcore.query import F, matches

NAMES = ("a", "b", 'é"\\')
VALUES: Any = st.none() | st.booleans() | st.integers(-2, 12) | st.text('ax"\\é\n', max_size=3)
PATHS = st.sampled_from([F[name] for name in NAMES] + [F["m"][name] for name in NAMES])
DATA = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3)


@st.composite
def filters(draw: Any) -> Any:
    path, value = draw(PATHS), draw(VALUES.filter(lambda one: one is not None))
    others = st.lists(VALUES.filter(lambda one: one is not None), max_size=3)
    one = draw(
        st.sampled_from(
            [
                path == value,
                path < value,
                path.in_(draw(others)),
                path.starts_with(str(value)),
                path.is_none(),
                ~(path == value),
                path.contains(str(value)),
            ]
        )
    )
    joint = draw(st.sampled_from("&|-"))
    if joint == "-":
        return one
    return one & draw(filters()) if joint == "&" else one | draw(filters())


@given(DATA, DATA, filters())
def test_every_answer_has_the_needle(
    data: dict[str, Any], inner: dict[str, Any], where: Any
) -> None:
    """S7 What is searched for in the bytes leaves out no answer."""
    row = {**data, "m": inner, "id": "x"}
    pattern = needle(where)
    if matches(where, row) and pattern is not None:
        assert pattern.search(data_of(row, "x", "").encode())


def test_what_cannot_be_searched_for() -> None:
    assert needle(F.id == "x") is None
    assert needle(F.a == "\ud800") is None
    assert needle(F.a.is_none() & F.b.contains("x")) is None
    assert needle((F.a == 1) | F.b.is_none()) is None
    found = needle((F.a == 1) & (F.b == "longer"))
    assert found is not None
    assert found.pattern == rb'"b":"longer"'
