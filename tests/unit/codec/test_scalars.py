from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any

import pytest

from crmcore.codec.errors import Misfit
from crmcore.codec.scalars import SCALARS, enum_form


class Size(StrEnum):
    SMALL = "small"


class Level(IntEnum):
    LOW = 1


class Odd(Enum):
    PAIR = (1, 2)
    YES = True


PARIS = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("python", "value", "stored"),
    [
        (str, "a\u2028b", "a\u2028b"),
        (str, Size.SMALL, "small"),
        (bool, False, False),
        (int, -(2**70), -(2**70)),
        (int, Level.LOW, 1),
        (Decimal, Decimal("1.50"), "1.5"),
        (Decimal, Decimal("1E+3"), "1000"),
        (Decimal, Decimal("-0.00"), "0"),
        (Decimal, Decimal("-0.10"), "-0.1"),
        (Decimal, Decimal("1E-3"), "0.001"),
        (Decimal, Decimal(100), "100"),
        (Decimal, Decimal("12345678901234567890123456789.123456789012"), None),
        (date, date(1, 2, 3), "0001-02-03"),
        (
            datetime,
            datetime(2026, 2, 28, 12, 30, tzinfo=UTC),
            "2026-02-28T12:30:00.000000Z",
        ),
        (
            datetime,
            datetime(2026, 3, 1, 0, 30, 0, 5, tzinfo=PARIS),
            "2026-02-28T23:30:00.000005Z",
        ),
    ],
)
def test_a_scalar_has_one_stored_form(python: type, value: Any, stored: Any) -> None:
    written = SCALARS[python].write(value)
    assert written == (stored if stored is not None else str(value))
    assert type(written) in (str, int, bool)
    assert SCALARS[python].read(written) == value


@pytest.mark.parametrize(
    ("python", "value"),
    [
        (str, 3),
        (str, None),
        (bool, 1),
        (bool, "true"),
        (int, True),
        (int, "3"),
        (int, 3.0),
        (int, 2**3001),
        (Decimal, 3),
        (Decimal, Decimal("NaN")),
        (Decimal, Decimal("-Infinity")),
        (Decimal, Decimal("1E+1001")),
        (date, "2026-01-01"),
        (date, datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime, date(2026, 1, 1)),
        (datetime, datetime(2026, 1, 1)),  # noqa: DTZ001  # naive on purpose
        (datetime, datetime(1, 1, 1, tzinfo=PARIS)),
    ],
)
def test_nothing_is_coerced_when_written(python: type, value: Any) -> None:
    with pytest.raises(Misfit):
        SCALARS[python].write(value)


@pytest.mark.parametrize(
    ("python", "stored"),
    [
        (str, 3),
        (str, Size.SMALL),
        (bool, 0),
        (int, True),
        (int, "3"),
        (Decimal, 3),
        (Decimal, "NaN"),
        (Decimal, "1E3"),
        (Decimal, " 1"),
        (Decimal, "1_000"),
        (Decimal, "١"),
        (Decimal, "1."),
        (Decimal, "9" * 2000),
        (date, "20260101"),
        (date, "2026-W05-3"),
        (date, "2026-02-30"),
        (date, None),
        (datetime, "2026-02-28T12:30:00Z"),
        (datetime, "2026-02-28T12:30:00.000000+00:00"),
        (datetime, "2026-02-28 12:30:00.000000Z"),
        (datetime, "2026-02-28T25:30:00.000000Z"),
        (datetime, 3),
    ],
)
def test_nothing_is_coerced_when_read(python: type, stored: Any) -> None:
    with pytest.raises(Misfit):
        SCALARS[python].read(stored)


def test_the_text_order_of_moments_is_their_order() -> None:
    moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=n) for n in (0, 1, 10**6)]
    written = [SCALARS[datetime].write(one) for one in moments]
    assert written == sorted(written)


def test_a_member_of_an_enum_is_stored_as_its_value() -> None:
    form = enum_form(Size)
    assert form.write(Size.SMALL) == "small"
    assert form.read("small") is Size.SMALL


@pytest.mark.parametrize("stored", ["large", 1, None, ["small"]])
def test_an_unknown_value_of_an_enum_is_refused(stored: Any) -> None:
    with pytest.raises(Misfit, match="Size"):
        enum_form(Size).read(stored)


def test_a_whole_number_is_not_taken_for_a_flag() -> None:
    assert enum_form(Level).read(1) is Level.LOW
    with pytest.raises(Misfit):
        enum_form(Level).read(True)


@pytest.mark.parametrize("value", ["small", Size.SMALL, Odd.PAIR])
def test_what_is_no_member_with_a_plain_value_cannot_be_written(value: Any) -> None:
    with pytest.raises(Misfit):
        enum_form(Odd).write(value)
