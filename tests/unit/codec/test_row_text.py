import pytest

from crmcore.codec import Codec, DecodeError
from crmcore.codec.errors import Misfit
from crmcore.codec.row_text import RowText, plain_data, scan_json
from crmcore.model.model import STANDARD_MODEL
from crmcore.ports import Row


def test_it_is_the_mapping_that_the_text_says() -> None:
    data = RowText('{"name":"é","n":[1]}'.encode(), "a")
    assert data == {"id": "a", "name": "é", "n": [1]}
    assert data == {"id": "a", "name": "é", "n": [1]}
    assert sorted(data) == ["id", "n", "name"]
    assert len(data) == 3
    assert data["id"] == "a"
    assert data != {"id": "a"}
    assert data != 3
    assert repr(RowText("{}", "a")) == "RowText('{}', 'a')"


def test_texts_are_compared_before_what_they_say() -> None:
    assert RowText("no JSON", "a") == RowText("no JSON", "a")
    assert RowText('{"a":1}', "x") == RowText('{ "a": 1 }', "x")
    assert RowText("{}", "x") != RowText("{}", "y")


def test_each_decoding_is_a_copy() -> None:
    data = RowText("[{}]", "a")
    data.decoded()["x"] = 1
    assert data == {}
    assert plain_data(data) is data.known()
    assert plain_data({"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    "text", ["", "3", "[]", "[1]", "[{},{}]", "{} ", '{"a":1.5}', '{"a":NaN}', "{"]
)
def test_what_is_no_data_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        RowText(text, "a").decoded()
    with pytest.raises(DecodeError):
        Codec(STANDARD_MODEL).record(Row("account", "a", 1, RowText(text, "a")))


def test_values_are_read_one_after_the_other() -> None:
    assert scan_json('[1],"x"', 4) == ("x", 7)
    with pytest.raises(Misfit):
        scan_json("[" * 100_000)
