import zlib
from typing import Any

import pytest

from crmcore.adapters.jsonfile.document import FORMAT, read_document, write_document
from crmcore.adapters.table import RowTable
from crmcore.codec.text import write_text_of
from crmcore.errors import DamagedStoreError, StorageError, UnsupportedFormatError
from crmcore.ports import Row

HERE = "x.json"


def table(*rows: Row, seq: int = 9) -> RowTable:
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row.kind, {})[row.id] = row
    return RowTable(seq, found)


ROWS = (
    Row("contact", "é", 9, {"id": "é", "name": {"family": "日本\u2028\n"}, "tags": [None, True]}),
    Row("account", "b", 2, {"id": "b", "n": -(2**70)}),
    Row("account", "a", 9, {"id": "a"}),
)
TABLE = table(*ROWS)
CONTENT = write_document(TABLE, HERE)
LINES = CONTENT.splitlines(keepends=True)


def sealed(values: Any) -> bytes:
    start = write_text_of(values).removesuffix("]").encode()
    return b'%b,"%08x"]\n' % (start, zlib.crc32(start))


def head(**changed: Any) -> bytes:
    return sealed(["crmcore", {"format": FORMAT, "seq": 9, "count": 3, **changed}])


def test_a_person_can_read_it() -> None:
    assert LINES[0] == head()
    assert LINES[1] == b'["account","a",9,{"id":"a"},"%08x"]\n' % zlib.crc32(
        b'["account","a",9,{"id":"a"}'
    )
    assert [line[:14] for line in LINES[1:]] == [
        b'["account","a"',
        b'["account","b"',
        b'["contact","\xc3\xa9',
    ]
    assert "日本\u2028\\n".encode() in LINES[3]


def test_it_comes_back() -> None:
    assert read_document(CONTENT, HERE) == TABLE
    assert write_document(read_document(CONTENT, HERE), HERE) == CONTENT
    assert read_document(write_document(RowTable(), HERE), HERE) == RowTable()


def test_equal_tables_give_equal_bytes() -> None:
    assert write_document(table(*reversed(ROWS)), HERE) == CONTENT


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
    ("content", "line"),
    [
        (b"".join([*LINES[:2], LINES[3]]), 3),
        (b"".join([*LINES, LINES[3]]), 5),
        (b"".join([LINES[0], LINES[2], LINES[1], LINES[3]]), 3),
        (CONTENT + b"x", 5),
        (CONTENT[:-1], 4),
        (CONTENT + b"\n", 5),
        (CONTENT.replace(b"\n", b"\r\n"), 1),
        (LINES[0][:-20], 1),
        (b'["crmcore",\n', 1),
        (b'["crmcore",\xff\n', 1),
        (sealed(["crmcore", [1]]), 1),
        (sealed(["crmcore"]).replace(b'e"', b'e",{}'), 1),
        (head(format="1"), 1),
        (head(seq=True), 1),
        (head(more=1), 1),
        (head(count=1) + sealed(["account", "a", 10, {}]), 2),
        (head(count=1) + sealed(["account", "a", 0, {}]), 2),
        (head(count=1) + sealed(["account", "a", "1", {}]), 2),
        (head(count=1) + sealed(["account", 3, 1, {}]), 2),
        (head(count=1) + sealed(["account", "a", 1, []]), 2),
        (head(count=1) + sealed(["account", "a", 1, {}, 2]), 2),
        (head(count=1) + sealed({"kind": "account"}).replace(b"}", b"]"), 2),
    ],
)
def test_damage_is_named_with_its_line(content: bytes, line: int) -> None:
    with pytest.raises(DamagedStoreError) as caught:
        read_document(content, HERE)
    assert caught.value.where == f"x.json, line {line}"


@pytest.mark.parametrize("inner", [b"NaN", b"1.5", b'{"a":1,"a":2}', b"'x'", b'"\xff"'])
def test_a_sound_checksum_does_not_make_sound_json(inner: bytes) -> None:
    start = b'["account","a",1,{"x":' + inner + b"}"
    line = b'%b,"%08x"]\n' % (start, zlib.crc32(start))
    with pytest.raises(DamagedStoreError, match="line 2"):
        read_document(head(count=1) + line, HERE)


def test_an_empty_file_is_damaged() -> None:
    with pytest.raises(DamagedStoreError, match="the file is empty"):
        read_document(b"", HERE)


@pytest.mark.parametrize(
    "content",
    [b"\n", b"{}", b"hello\n", b"\x00\xff\xfe", b'{"accounts": []}', b"PK\x03\x04", b"[" * 9],
)
def test_a_file_of_others_is_left_alone(content: bytes) -> None:
    with pytest.raises(UnsupportedFormatError, match="this is not a file of crmcore"):
        read_document(content, HERE)


@pytest.mark.parametrize("content", [head(format=2), b'["crmcore",{"format":12,"x":[]}]\nmore'])
def test_a_newer_format_is_named(content: bytes) -> None:
    with pytest.raises(UnsupportedFormatError, match="only formats up to 1 are known here"):
        read_document(content, HERE)


@pytest.mark.parametrize("value", ["\ud800", 10**5000], ids=["surrogate", "long number"])
def test_what_cannot_be_written_is_named(value: Any) -> None:
    with pytest.raises(StorageError, match="account:'a'"):
        write_document(table(Row("account", "a", 1, {"x": value})), HERE)
