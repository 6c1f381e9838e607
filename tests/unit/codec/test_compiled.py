from typing import Any

import pytest
from attrs import field, frozen

from crmcore.codec.compiled import NEVER, TextField, compiled_blank, compiled_text
from crmcore.codec.text import quoted
from crmcore.model.describe import slots


@frozen(kw_only=True)
class Point:
    """A value with a field of every kind that a line is written for."""

    name: str
    id: str = "p"
    is_open: bool = True
    tags: frozenset[str] = frozenset()
    note: str | None = None
    tier: str | None = "gold"


def flag(value: Any) -> str:
    raise TypeError(value)


def tags(value: Any) -> str:
    return f"[{','.join(map(quoted, sorted(value)))}]"


FIELDS = (
    TextField(name="name", text=quoted),
    TextField(name="is_open", text=flag, is_flag=True),
    TextField(name="tags", text=tags, default=frozenset(), blank="[]"),
    TextField(name="note", text=quoted, default=None, is_optional=True),
    TextField(name="tier", text=quoted, is_optional=True),
)


def text_of(value: Any, without: str = "") -> str:
    made = compiled_text(Point, FIELDS, without)
    assert made is not None
    return made(value)


@pytest.mark.parametrize(
    ("point", "text"),
    [
        (Point(name="x"), '{"is_open":true,"name":"x","tier":"gold"}'),
        (Point(name='"', is_open=False), '{"is_open":false,"name":"\\"","tier":"gold"}'),
        (Point(name="x", tier=None), '{"is_open":true,"name":"x","tier":null}'),
        (Point(name="x", note=""), '{"is_open":true,"name":"x","note":"","tier":"gold"}'),
        (
            Point(name="x", tags=frozenset("ba")),
            '{"is_open":true,"name":"x","tags":["a","b"],"tier":"gold"}',
        ),
        (Point(name="x", tags=frozenset([])), '{"is_open":true,"name":"x","tier":"gold"}'),
    ],
)
def test_keys_are_sorted_and_what_is_blank_is_left_out(point: Point, text: str) -> None:
    assert text_of(point) == text


@frozen(kw_only=True)
class Other(Point):
    """Another class."""


@pytest.mark.parametrize(
    "unusual",
    [
        Other(name="x"),
        Point(name=3),  # type: ignore[arg-type]  # bad data
        Point(name="x", is_open=1),  # type: ignore[arg-type]  # likewise
        Point(name="x", tags=0),  # type: ignore[arg-type]  # nothing, but not of the right class
    ],
)
def test_what_is_unusual_is_left_to_the_plain_way(unusual: Point) -> None:
    with pytest.raises(TypeError):
        text_of(unusual)


def test_a_field_that_is_left_out_must_hold_text() -> None:
    assert text_of(Point(name="x"), "id") == '{"is_open":true,"name":"x","tier":"gold"}'
    with pytest.raises(TypeError):
        text_of(Point(name="x", id=1), "id")  # type: ignore[arg-type]  # bad data


def test_a_name_that_python_cannot_say_has_no_short_way() -> None:
    assert compiled_text(Point, [TextField(name="class", text=quoted, default=NEVER)]) is None
    assert compiled_text(Point, [TextField(name="a b", text=quoted)]) is None


def test_a_value_begins_with_its_defaults() -> None:
    found = slots(Point)
    assert found is not None
    blank = compiled_blank(Point, [(one.put, one.default) for one in found[1:]])
    made = blank()
    found[0].put(made, "x")
    assert made == Point(name="x")
    assert blank() is not made


@frozen
class Empty:
    """A class without fields, which has nothing to put anywhere."""

    nothing: None = field(default=None, init=False)


def test_a_value_without_fields_begins_too() -> None:
    assert type(compiled_blank(Empty, [])()) is Empty
