from typing import Any

import pytest

from crmcore.codec.errors import Misfit
from crmcore.codec.text import read_text_of, write_text_of


def test_text_is_compact_in_the_order_given_and_not_escaped() -> None:
    value = {"b": [1, None, True], "a": 'é\n"\u2028'}
    text = write_text_of(value)
    assert text == '{"b":[1,null,true],"a":"é\\n\\"\u2028"}'
    assert read_text_of(text) == value


def test_an_indented_text_says_the_same() -> None:
    assert write_text_of({"a": [1]}, indent=2) == '{\n  "a": [\n    1\n  ]\n}'


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\ud800", {"\udfff": 1}, 10**5000, deep(100_000)],
    ids=["nan", "infinity", "surrogate", "surrogate in a key", "long number", "deep"],
)
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(Misfit):
        write_text_of(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nul",
        "[1] 2",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1.5",
        "1e3",
        '{"a":1,"a":2}',
        '[{"a":{"b":1,"c":2,"b":1}}]',
        "9" * 5000,
        "[" * 100_000,
        "'a'",
        '"\n"',
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_is_not_plain_json_is_refused(text: str) -> None:
    with pytest.raises(Misfit):
        read_text_of(text)
