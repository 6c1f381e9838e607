import attrs
import pytest

from crmcore.adapters.jsonfile.head import (
    FORMAT,
    ROWS,
    Head,
    format_of,
    read_head,
    read_whole,
    whole_line,
)
from crmcore.adapters.jsonfile.lines import sealed
from crmcore.errors import DamagedStoreError, UnsupportedFormatError

HEAD = Head(
    seq=10**12, count=10**9, rows_end=10**12, crc=2**32 - 1, index_end=10**13, tail=10**14,
    after=3, is_plain=True,
)  # fmt: skip
CONTENT = HEAD.line() + whole_line(10**14, 10**12)


def test_it_is_read_as_it_was_written() -> None:
    assert len(CONTENT) == ROWS
    assert CONTENT.count(b"\n") == 2
    assert format_of(CONTENT, "x") == FORMAT
    assert read_head(CONTENT, "x") == HEAD
    assert read_whole(CONTENT) == (10**14, 10**12)


def test_every_flipped_bit_is_noticed() -> None:
    for place in range(ROWS):
        for bit in range(8):
            flipped = bytearray(CONTENT)
            flipped[place] ^= 1 << bit
            if place >= ROWS - 128:
                assert read_whole(bytes(flipped)) is None
                continue
            with pytest.raises((DamagedStoreError, UnsupportedFormatError)):
                format_of(bytes(flipped), "x")
                read_head(bytes(flipped), "x")


@pytest.mark.parametrize("changed", [{"tail": 0}, {"seq": -1}, {"after": 10**13}, {"is_plain": 1}])
def test_what_cannot_be_is_refused(changed: dict[str, int]) -> None:
    with pytest.raises((ValueError, TypeError)):
        attrs.evolve(HEAD, **changed)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("said", [b'{"format":2}', b"[]", b"3", b'{"format":"2"}'])
def test_a_sound_checksum_does_not_make_a_head(said: bytes) -> None:
    line = sealed((b'["crmcore",%b' % said).ljust(384 - 13))
    with pytest.raises(DamagedStoreError):
        format_of(line, "x")
        read_head(line.ljust(ROWS), "x")


def test_a_newer_format_is_named() -> None:
    with pytest.raises(UnsupportedFormatError, match="only formats up to 2 are known here"):
        format_of(b'["crmcore",{"format":3,"x":[]}]\nmore', "x")


@pytest.mark.parametrize(
    "said", [b'["whole",3', b'["whole",{"end":1}', b'["whole",{"end":1,"seq":"2"}']
)
def test_a_mark_that_is_not_sound_says_nothing(said: bytes) -> None:
    assert read_whole(HEAD.line() + sealed(said.ljust(128 - 13))) is None
