"""Records are written as text at once as the plain way writes them, and the same is refused."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from itertools import cycle
from pathlib import Path
from typing import Any
from unittest.mock import patch

import attrs
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from crmcore.adapters import JsonFileRepository, RowRepository
from crmcore.adapters.jsonfile import History, JsonFileStore
from crmcore.adapters.jsonfile.lines import data_of
from crmcore.adapters.jsonfile.places import places_of
from crmcore.changes import ChangeSet, Delete, Insert
from crmcore.codec import Codec
from crmcore.entities import Record, kind_of
from crmcore.errors import CrmError
from crmcore.testing import strategies
from crmcore.testing.verdict import everything, form
from crmcore.values import FrozenMap, Money
from tests.adapters import MODEL

CODEC = Codec(MODEL)


class Size(StrEnum):
    SMALL = "small"


class Level(IntEnum):
    ONE = 1


ODD: Sequence[Any] = (
    *(None, True, 1, 0, "", "\ud800", 'a"\\\x00\x7f\u2028é😀', Size.SMALL, Level.ONE),
    *(10**300, 2**4000, 0.5, float("nan"), float("inf"), b"x", object, [], {}, (), frozenset()),
    *(Decimal(text) for text in ("1E+3", "1E-9", "-0.00", "1E+2000", "NaN", "-Infinity", "0.10")),
    *(Decimal("sNaN123"), Decimal("1." + "0" * 120), Decimal("9" * 150), Money("1.50", "EUR")),
    *(
        date(1, 1, 1),
        datetime.min,  # noqa: DTZ901  # without a time zone, which is refused
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=9))),
    ),
    *(
        ("b", "a"),
        frozenset({"b", "a"}),
        frozenset({1, "a"}),
        FrozenMap(b=1, a="x"),
        {"k": {"n": 1}},
    ),
    *({"\ud800": 1}, {Size.SMALL: "x"}, ("a", ("b", (Level.ONE, Decimal("2.50"), None)))),
)


def plain_text(record: Record) -> str:
    return data_of(CODEC.row(record).data, record.id, "")


@pytest.mark.parametrize("entity", MODEL.entities, ids=kind_of)
@given(data=st.data())
def test_the_text_of_every_record_is_that_of_its_row(
    entity: type[Record], data: st.DataObject
) -> None:
    """S1 Of every entity, a user's own included, with every value that its fields may have."""
    record = data.draw(strategies.records(entity, MODEL))
    rows = CODEC.new_rows([record])
    assert rows is not None
    assert list(rows.texts) == [plain_text(record)]
    (change,) = rows
    assert (change.kind, change.id, change.expect) == (kind_of(entity), record.id, 0)
    assert change.data == CODEC.row(record).data
    for one in attrs.fields(entity):
        stored = CODEC.row(record).data.get(one.name)
        if one.name != "version":
            assert (rows.part(record, one.name) or None) == (stored or None)


def odd_records() -> st.SearchStrategy[Record]:
    """Records in one or two of whose fields, or custom values, is something unusual."""

    def changed(record: Record, name: str, value: Any) -> Record:
        try:
            if name == "custom.odd":
                return attrs.evolve(record, custom={**record.custom, "odd": value})
            return attrs.evolve(record, **{name: value})
        except Exception:  # noqa: BLE001  # some classes refuse some values
            return record

    def names(entity: type[Record]) -> list[str]:
        return ["custom.odd", *(one.name for one in attrs.fields(entity) if one.name != "version")]

    return st.sampled_from(MODEL.entities).flatmap(
        lambda entity: st.builds(
            changed,
            strategies.records(entity, MODEL),
            st.sampled_from(names(entity)),
            st.sampled_from(ODD),
        )
    )


@given(odd_records())
def test_odd_values_are_written_as_ever_or_left_to_the_plain_way(record: Record) -> None:
    """S1 Where there is a text at once, the plain way refuses nothing, and gives the same one."""
    rows = CODEC.new_rows([record])
    event("at once" if rows is not None else "left to the plain way")
    if rows is not None:
        assert list(rows.texts) == [plain_text(record)]
        (change,) = rows
        assert change.data == CODEC.row(record).data


class Plain(JsonFileStore):
    """The same store, which is never given texts."""

    keeps_text = False


def repositories(path: Path) -> tuple[Callable[[], Any], Callable[[], Any]]:
    def plain() -> RowRepository:
        store = Plain(path, history=History.KEEP, indexed=places_of(MODEL))
        return RowRepository(store, MODEL)

    return lambda: JsonFileRepository(path, MODEL), plain


def outcome(
    made: Callable[[], Any],
    path: Path,
    loads: Sequence[Sequence[Record]],
    rewritten: Sequence[bool],
) -> object:
    """What the file says at the end, and each refusal on the way.

    A third of the records is removed after each load; ``rewritten`` says which of these commits
    rewrite the file, rather than add a line to it.
    """
    path.unlink(missing_ok=True)
    repository = made()
    told: list[object] = []
    expected: set[object] = set()
    with patch.object(JsonFileStore, "_is_large", side_effect=cycle(rewritten)):
        for records in loads:
            try:
                told.append(repository.commit(ChangeSet([Insert(one) for one in records], by="u")))
                expected |= {one.ref for one in records}
            except (CrmError, ValueError, TypeError) as refused:
                told.append((type(refused), str(refused)))
            there = everything(repository, MODEL.entities)
            assert {one.ref for one in there} == expected
            repository.commit(ChangeSet([Delete(one) for one in there[::3]]))
            expected -= {one.ref for one in there[::3]}
    told += [form(one) for one in everything(repository, MODEL.entities)]
    repository.close()
    return told, path.read_bytes() if path.exists() else b""


@given(st.data())
def test_a_load_gives_the_file_that_rows_give(data: st.DataObject) -> None:
    """S1 Byte for byte, onto an empty file and behind, between and beside the rows of another."""
    entities = data.draw(st.lists(st.sampled_from(MODEL.entities), min_size=1, max_size=3))
    some = [one for entity in entities for one in data.draw(lists(entity))]
    odd = data.draw(st.lists(odd_records(), max_size=2))
    loads = [some[::2], odd, some[1::2], some[:3]]
    rewritten = data.draw(st.lists(st.booleans(), min_size=1, max_size=8))
    assume(all(isinstance(one.id, str) for one in odd))
    assume(all(len({one.ref for one in load}) == len(load) for load in loads))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.crm.json")
        at_once, plain = repositories(path)
        assert outcome(at_once, path, loads, rewritten) == outcome(plain, path, loads, rewritten)


def lists(entity: type[Record]) -> st.SearchStrategy[list[Record]]:
    return st.lists(strategies.records(entity, MODEL), max_size=4, unique_by=lambda one: one.id)
