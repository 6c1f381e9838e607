"""Ids: unique, time-ordered, and UUIDs of version 7."""

import time
from uuid import RFC_4122, UUID

import pytest

from crmcore.values.ids import AccountId, new_id


def test_a_new_id_is_a_uuid_of_version_7() -> None:
    made = new_id()
    uuid = UUID(made)
    assert str(uuid) == made
    assert uuid.version == 7
    assert uuid.variant == RFC_4122


def test_a_new_id_says_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    made = UUID(new_id()).int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


def test_new_ids_are_unique() -> None:
    assert len({new_id() for _ in range(5_000)}) == 5_000


def test_ids_sort_by_the_moment_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(1_700_000_000_000_000_000, 1_700_000_001_000_000_000, 1_000_000))
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    made = [new_id() for _ in range(1_000)]
    assert made == sorted(made)


def test_any_text_is_as_good() -> None:
    assert AccountId("0015g00000XyZ") == "0015g00000XyZ"
