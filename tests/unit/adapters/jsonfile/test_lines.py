from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.jsonfile.lines import (
    CommitLine,
    Past,
    data_of,
    is_sealed,
    key_of,
    linked,
    read_commit,
    row_key,
    row_line,
    row_parts,
    sealed,
    values_of,
)
from crmcore.codec.errors import Misfit
from crmcore.codec.row_text import RowText
from crmcore.errors import UsageError
from crmcore.values import FrozenMap

TEXTS = st.text(st.characters(codec="utf-8"), max_size=5)


@given(TEXTS, TEXTS, st.integers(1, 10**12), st.dictionaries(TEXTS, TEXTS | st.none()))
def test_a_row_is_read_from_its_line(kind: str, id_: str, version: int, data: Any) -> None:
    given_data = {**data, "id": id_}
    text = data_of(given_data, id_, "").encode()
    key = row_key(kind, id_)
    line = row_line(key, version, text, b"0123abcd")
    assert is_sealed(line)
    assert line.count(b"\n") == 1
    assert linked(line) == b"0123abcd"
    assert key_of(line) == (kind, id_, key)
    assert row_parts(line, key) == (version, text)
    assert RowText(text, id_) == given_data


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_no_key_begins_with_another(a: str, b: str, c: str, d: str) -> None:
    assert (a, b) == (c, d) or not row_key(a, b).startswith(row_key(c, d))


@pytest.mark.parametrize("data", [{}, {"id": "other"}, {"id": 1}, {"x": {"id": "a"}}])
def test_data_with_another_id_is_kept_as_it_is(data: Any) -> None:
    assert RowText(data_of(data, "a", ""), "a") == data


def test_keys_are_sorted_at_every_depth() -> None:
    data = {"b": FrozenMap({"z": 1}), "a": [{"d": 1, "c": 2}], "é": None, "id": "x"}
    assert data_of(data, "x", "") == '{"a":[{"c":2,"d":1}],"b":{"z":1},"é":null}'


@pytest.mark.parametrize("value", [1.5, {1: 2}, (1,), {"a": object()}, [[b""]]])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="data that JSON cannot hold"):
        data_of({"x": value}, "a", "case:'a'")


COMMIT = CommitLine(
    7,
    {"by": "é"},
    (
        Past("a", "1", '{"x":[1,"]"]}'),
        Past("a", "2", None),
        Past("a", "3", None, is_current=True),
        Past("a", '4"', "{}", (3, '{"x":null}')),
        Past("b", "5", None, (3, "[{}]")),
        Past("b", "6", None, (3, "{}"), is_current=True),
    ),
)


def test_a_commit_is_read_from_its_line() -> None:
    assert read_commit(COMMIT.line()) == COMMIT
    assert read_commit(CommitLine(1, {}, ()).line()) == CommitLine(1, {}, ())


@pytest.mark.parametrize(
    "start",
    [
        b'["other",1,{},[]',
        b'["commit","1",{},[]',
        b'["commit",1,[],[]',
        b'["commit",1,{},{}',
        b'["commit",1,{},[],1',
        b'["commit",1,{},[[1,"a",{}]]',
        b'["commit",1,{},[["a","a",1]]',
        b'["commit",1,{},[["a","a",{},"1",{}]]',
        b'["commit",1,{},[["a","a",{},1,1]]',
        b'["commit",1,{},[["a","a",{},1,{},2]]',
        b'["commit",1,{},[["a","a",{"x":1.5}]]',
        b'["commit",1,{},[["a","a",\xff]]',
        b'["commit",1,{},[["a"',
    ],
)
def test_a_sound_checksum_does_not_make_a_commit(start: bytes) -> None:
    with pytest.raises((Misfit, IndexError)):
        read_commit(sealed(start))


@pytest.mark.parametrize("line", [b"{}\n", b"[", b'["\xff"]'])
def test_what_is_no_list_is_refused(line: bytes) -> None:
    with pytest.raises(Misfit):
        values_of(line)


def test_what_is_no_row_has_no_key() -> None:
    with pytest.raises(Misfit):
        key_of(b'[1,"a",2,{},"","00000000"]\n')
