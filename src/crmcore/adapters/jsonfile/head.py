"""Head: the two lines of fixed width at the beginning of a file, which say where its parts are.

The first is written once, with the file; the second in place whenever a writer closes, and a
crash in the middle of that does no harm: a second line that is not sound says nothing.
"""

from __future__ import annotations

from typing import Final

from attrs import field, frozen, validators

from crmcore.adapters.jsonfile.lines import SEAL, is_sealed, sealed, text_of, values_of
from crmcore.codec.errors import Misfit
from crmcore.errors import DamagedStoreError, UnsupportedFormatError

FORMAT: Final = 2
"""The newest format that is known here."""

OLD_FORMAT: Final = 1
"""The format of whole files, which is still read."""

_HEAD: Final = 384
_WHOLE: Final = 128
ROWS: Final = _HEAD + _WHOLE
"""Where the rows begin."""

_START: Final = b'["crmcore",'
_WHOLE_START: Final = b'["whole",'


def damaged(why: str, where: str, line: int | str) -> DamagedStoreError:
    """The error for a line that is not as it should be."""
    hint = "put back a copy, or see what crmcore.adapters.jsonfile.salvage can save"
    return DamagedStoreError(why, f"{where}, line {line}", hint)


_NUMBER = field(validator=[validators.instance_of(int), validators.ge(0)])


@frozen(kw_only=True)
class Head:
    """Where the parts of a file are, in bytes, and what the sorted rows are.

    The rows end at ``rows_end``, the index lines at ``index_end``, and ``tail`` is where the
    commits after ``seq`` begin. Between the two are the commits after number ``after`` up to
    ``seq``. ``count`` and ``crc`` are of the rows; ``is_plain`` says that they are in the order of
    their ids.
    """

    seq: int = _NUMBER
    count: int = _NUMBER
    rows_end: int = _NUMBER
    crc: int = _NUMBER
    index_end: int = _NUMBER
    tail: int = _NUMBER
    after: int = _NUMBER
    is_plain: bool = field(validator=validators.instance_of(bool))

    def __attrs_post_init__(self) -> None:
        if not (ROWS <= self.rows_end < self.index_end < self.tail and self.after <= self.seq):
            raise ValueError("the parts are not in order")

    def line(self) -> bytes:
        """The line that says it."""
        names = ("seq", "count", "rows_end", "crc", "index_end", "tail", "after", "is_plain")
        said = {"format": FORMAT, **{name: getattr(self, name) for name in names}}
        return _padded(_START + text_of(said).encode(), _HEAD)


def _padded(start: bytes, width: int) -> bytes:
    return sealed(start.ljust(width - SEAL))


def whole_line(end: int, seq: int) -> bytes:
    """The line that says that everything up to ``end``, with commit ``seq``, was there."""
    return _padded(_WHOLE_START + text_of({"end": end, "seq": seq}).encode(), _WHOLE)


WHOLE_AT: Final = _HEAD
"""Where that line is."""


def format_of(beginning: bytes, where: str) -> int:
    """The format of a file that begins so.

    Raises ``UnsupportedFormatError`` for a file that is newer or none of ours, and
    ``DamagedStoreError`` for a head that cannot be read.
    """
    if not beginning:
        raise DamagedStoreError("the file is empty", where, "remove it, or put back a copy")
    if not beginning.startswith(_START):
        raise UnsupportedFormatError("this is not a file of crmcore", where, "it was left as it is")
    line = beginning.split(b"\n", 1)[0]
    try:
        values = values_of(line)
    except Misfit:
        raise damaged("the head cannot be read", where, 1) from None
    said = values[1] if len(values) > 1 and type(values[1]) is dict else {}
    number = said.get("format")
    if type(number) is int and number > FORMAT:
        why = f"this is format {number}, and only formats up to {FORMAT} are known here"
        raise UnsupportedFormatError(why, where, "install a newer crmcore")
    if type(number) is not int or not is_sealed(line + b"\n"):
        raise damaged("the checksum does not fit the head", where, 1)
    return number


def read_head(beginning: bytes, where: str) -> Head:
    """The head of a file of the present format, which begins so."""
    line = beginning[:_HEAD]
    if len(beginning) < ROWS or not is_sealed(line):
        raise damaged("the head is cut off or damaged", where, 1)
    try:
        said = values_of(line)[1]
        number = said.pop("format")
        head = Head(**said)
    except (Misfit, TypeError, ValueError, KeyError, AttributeError, IndexError):
        raise damaged("the head is not as it should be", where, 1) from None
    if number != FORMAT:
        raise damaged("the head is not as it should be", where, 1)
    return head


def read_whole(beginning: bytes) -> tuple[int, int] | None:
    """Up to which byte and commit nothing may be missing; ``None`` where that is not said."""
    line = beginning[_HEAD:ROWS]
    if not line.startswith(_WHOLE_START) or not is_sealed(line):
        return None
    try:
        said = values_of(line)[1]
        end, seq = said["end"], said["seq"]
    except (Misfit, TypeError, KeyError):
        return None
    return (end, seq) if type(end) is int and type(seq) is int else None
