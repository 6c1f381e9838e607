"""Held: what is in memory is what is in the file, whoever wrote it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from crmcore.adapters import JsonFileRepository, JsonFileStore
from crmcore.adapters.jsonfile import Reading
from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.codec import Codec, DecodeError
from crmcore.entities import Account, Contact, Record
from crmcore.errors import UnknownNameError
from crmcore.ports import Repository
from crmcore.ports.rows import RowChange, RowCommit
from crmcore.query import F, Query
from crmcore.values import PersonName
from tests.adapters import MODEL, Subscription

ACME = Account(id="acme", name="Acme")  # type: ignore[arg-type]  # a plain id
ANA = Contact(id="ana", name=PersonName(family="Ana"), email="ana@x.org", account_id=ACME.id)  # type: ignore[arg-type]  # likewise


def held(path: Path) -> JsonFileRepository:
    return JsonFileRepository(path / "x.json", reading=Reading.HELD)


def lazy(path: Path) -> JsonFileRepository:
    return JsonFileRepository(path / "x.json")


def names(repository: Repository) -> list[str]:
    with repository.snapshot() as now:
        return [one.name for one in now.find(Query.of(Account))]


def changed(repository: Repository, record: Account, name: str) -> Account:
    after = evolve(record, name=name)
    return evolve(after, version=repository.commit(ChangeSet([Update(record, after)])))


def stored(repository: Repository, record: Account) -> Account:
    return evolve(record, version=repository.commit(ChangeSet([Insert(record)])))


def test_an_empty_file_is_held_too(tmp_path: Path) -> None:
    repository = held(tmp_path)
    assert names(repository) == names(repository) == []
    stored(repository, ACME)
    assert names(repository) == ["Acme"]


def test_a_record_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(lazy(tmp_path), ACME)
    decoded: list[str] = []
    plain = Codec.record

    def counted(self: Codec, row: object) -> Record:
        decoded.append("one")
        return plain(self, row)  # type: ignore[no-any-return, arg-type]  # as it is declared

    monkeypatch.setattr(Codec, "record", counted)
    repository = held(tmp_path)
    for _ in range(3):
        assert names(repository) == ["Acme"]
        with repository.snapshot() as now:
            assert now.get(Account, ["acme", "other"]).keys() == {"acme"}
            assert list(now.find(Query.of(Account, F.name == "Acme")))
    assert decoded == ["one"]


def test_commits_of_others_are_seen_and_moments_stay(tmp_path: Path) -> None:
    repository, other = held(tmp_path), lazy(tmp_path)
    first = stored(other, ACME)
    with repository.snapshot() as before:
        assert [one.name for one in before.find(Query.of(Account))] == ["Acme"]
        second = changed(other, first, "Acme 2")
        assert names(repository) == ["Acme 2"]
        other.commit(ChangeSet([Delete(second)]))
        assert names(repository) == []
        assert before.seq == 1
        assert before.get(Account, ["acme"])["acme"].name == "Acme"
        other.compact()
        assert names(repository) == []
        assert [one.name for one in before.find(Query.of(Account))] == ["Acme"]


def test_a_kind_first_read_later_is_not_told_of_before(tmp_path: Path) -> None:
    repository = held(tmp_path)
    with repository.snapshot() as before:
        first = stored(repository, ACME)
        assert names(repository) == ["Acme"]
        assert list(before.find(Query.of(Account))) == []
        with repository.snapshot() as middle:
            changed(repository, first, "Acme 2")
            repository.commit(ChangeSet([Insert(ANA)]))
            with repository.snapshot() as after:
                assert len(list(after.find(Query.of(Contact, F.email == "ana@x.org")))) == 1
            assert list(middle.find(Query.of(Contact))) == []
            assert middle.get(Account, ["acme"])["acme"].name == "Acme"


def test_the_first_one_to_read_a_kind_may_look_at_the_past(tmp_path: Path) -> None:
    repository = held(tmp_path)
    first = stored(repository, ACME)
    with repository.snapshot() as before:
        changed(repository, first, "Acme 2")
        with repository.snapshot() as after:
            assert before.get(Account, ["acme"])["acme"].name == "Acme"
            assert after.get(Account, ["acme"])["acme"].name == "Acme 2"


def test_another_file_in_its_place_is_seen(tmp_path: Path) -> None:
    repository = held(tmp_path)
    first = stored(repository, ACME)
    copy = (tmp_path / "x.json").read_bytes()
    changed(repository, first, "Acme 2")
    assert names(repository) == ["Acme 2"]
    (tmp_path / "y.json").write_bytes(copy)
    (tmp_path / "y.json").replace(tmp_path / "x.json")
    assert names(repository) == ["Acme"]
    changed(repository, first, "Acme 3")  # the number of the commit that is gone
    assert names(repository) == ["Acme 3"]


def bad_row(path: Path) -> None:
    with_rows = JsonFileStore(path / "x.json")
    with_rows.commit(RowCommit([RowChange("account", "bad", 0, {"id": "bad", "name": 5})]))
    with_rows.close()


@pytest.mark.parametrize("is_before", [True, False])
def test_a_row_that_does_not_fit_spoils_no_other(tmp_path: Path, is_before: bool) -> None:
    repository = held(tmp_path)
    if is_before:
        bad_row(tmp_path)
    stored(repository, ACME)
    repository.commit(ChangeSet([Insert(ANA)]))
    if not is_before:
        assert names(repository) == ["Acme"]
        bad_row(tmp_path)
    for _ in range(2):
        with repository.snapshot() as now:
            assert now.get(Account, ["acme"])["acme"].name == "Acme"
            assert now.get(Contact, ["ana"])["ana"].email == "ana@x.org"
            with pytest.raises(DecodeError):
                now.get(Account, ["bad"])
        changed(repository, now.get(Account, ["acme"])["acme"], "Acme")


def test_an_entity_that_the_model_lacks_is_none_here_either(tmp_path: Path) -> None:
    own = JsonFileRepository(tmp_path / "x.json", MODEL)
    own.commit(ChangeSet([Insert(Subscription(id="s", name="x", account_id=ACME.id))]))
    answers: list[type[Exception]] = []
    for repository in (lazy(tmp_path), held(tmp_path)):
        with repository.snapshot() as now, pytest.raises(UnknownNameError) as told:
            now.get(Subscription, ["s"])
        answers.append(told.type)
    assert answers == [UnknownNameError] * 2


@pytest.mark.parametrize(
    "write",
    [lambda one: one.compact(), lambda one: one.erase([ACME.ref])],
    ids=["compact", "erase"],
)
def test_a_file_written_anew_is_held_anew(
    tmp_path: Path, write: Callable[[JsonFileRepository], object]
) -> None:
    repository = held(tmp_path)
    stored(repository, ACME)
    assert names(repository) == ["Acme"]
    write(repository)
    assert names(repository) == ["Acme"]
