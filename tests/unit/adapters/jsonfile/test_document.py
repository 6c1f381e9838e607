from pathlib import Path
from typing import Any

import pytest

from crmcore.adapters.jsonfile.document import read_document
from crmcore.adapters.jsonfile.lines import sealed, text_of
from crmcore.codec.row_text import RowText
from crmcore.errors import DamagedStoreError, StorageError, UnsupportedFormatError

HERE = "x.json"
CONTENT = Path(__file__).with_name("fixtures").joinpath("format1.crm.json").read_bytes()
LINES = CONTENT.splitlines(keepends=True)


def line(values: list[Any]) -> bytes:
    return sealed(text_of(values).removesuffix("]").encode())


def head(**changed: Any) -> bytes:
    return line(["crmcore", {"format": 1, "seq": 9, "count": 1, **changed}])


def test_a_file_of_the_first_format_is_read() -> None:
    seq, rows = read_document(CONTENT, HERE)
    assert seq == 3
    assert [(row.kind, row.id, row.version) for row, _ in rows] == [
        ("account", "acc-1", 2),
        ("account", "acc-2", 3),
        ("contact", "ct-1", 1),
        ("opportunity", "op-1", 1),
        ("starship", "s \u2028/1", 3),
    ]
    for row, text in rows:
        assert RowText(text, row.id) == row.data
    assert rows[1][0].data["billing_address"] == {"city": "Rome", "orbit": 4}


def test_every_flipped_bit_is_noticed() -> None:
    for place in range(len(CONTENT)):
        for bit in range(8):
            flipped = bytearray(CONTENT)
            flipped[place] ^= 1 << bit
            with pytest.raises(StorageError):
                read_document(bytes(flipped), HERE)


def test_every_cut_is_noticed() -> None:
    for end in range(len(CONTENT)):
        with pytest.raises(StorageError):
            read_document(CONTENT[:end], HERE)


@pytest.mark.parametrize(
    ("content", "number"),
    [
        (b"".join([*LINES[:2], *LINES[3:]]), 5),
        (b"".join([*LINES, LINES[5]]), 7),
        (b"".join([LINES[0], LINES[2], LINES[1], *LINES[3:]]), 3),
        (CONTENT + b"x", 7),
        (CONTENT[:-1], 6),
        (CONTENT.replace(b"\n", b"\r\n"), 1),
        (b'["crmcore",\n', 1),
        (head(seq=True), 1),
        (head(more=1), 1),
        (head(count=2) + line(["account", "a", 1, {}]), 2),
        (head() + line(["account", "a", 10, {}]), 2),
        (head() + line(["account", "a", 0, {}]), 2),
        (head() + line(["account", "a", "1", {}]), 2),
        (head() + line(["account", 3, 1, {}]), 2),
        (head() + line(["account", "a", 1, []]), 2),
        (head() + line(["account", "a", 1, {}, 2]), 2),
        (head() + sealed(b'["account","a",1,{"x":NaN}'), 2),
        (head() + sealed(b'["account","a",1,{"a":1,"a":2}'), 2),
        (head() + sealed(b'["account","a",1,{"x":"\xff"}'), 2),
    ],
)
def test_damage_is_named_with_its_line(content: bytes, number: int) -> None:
    with pytest.raises(DamagedStoreError) as caught:
        read_document(content, HERE)
    assert caught.value.where == f"x.json, line {number}"


@pytest.mark.parametrize("content", [b"{}", b"hello\n", b"\x00\xff\xfe", b"[" * 9])
def test_a_file_of_others_is_left_alone(content: bytes) -> None:
    with pytest.raises(UnsupportedFormatError, match="this is not a file of crmcore"):
        read_document(content, HERE)
