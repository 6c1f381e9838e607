"""A conversion is stored whole or not at all, whatever fails on the way."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from crmcore import ChangeSet, Crm, JsonFileRepository, MemoryRepository, Record, Repository
from crmcore.changes import Insert
from crmcore.crm.batch import ONE_FOR_ALL, ONE_PER_LEAD
from crmcore.errors import StorageError
from crmcore.ports import Snapshot
from crmcore.query import Query
from tests.properties.conversion.worlds import World, asking, stored, worlds

R = TypeVar("R", bound=Record)

MOST = 50 if settings.default is None else settings.default.max_examples
FEWER = settings(max_examples=max(5, MOST // 6))
"""Each example is a conversion for every step that it has."""


class Failing:
    """A repository whose call number ``at`` (from 1) fails, reads and writes counted together."""

    def __init__(self, repository: Repository, at: int) -> None:
        self._repository = repository
        self._left = at

    @property
    def has_failed(self) -> bool:
        return self._left <= 0

    def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise StorageError("the disk is gone", "test")

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        self.step()
        with self._repository.snapshot() as moment:
            yield FailingSnapshot(moment, self.step)

    def commit(self, changes: ChangeSet, /) -> int:
        self.step()
        return self._repository.commit(changes)

    def close(self) -> None:
        self._repository.close()


class FailingSnapshot:
    def __init__(self, moment: Snapshot, step: Callable[[], None]) -> None:
        self._moment = moment
        self._step = step

    @property
    def seq(self) -> int:
        return self._moment.seq

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        self._step()
        return self._moment.get(entity, ids)

    def find(self, query: Query[R], /) -> Iterator[R]:
        self._step()
        for one in self._moment.find(query):
            self._step()
            yield one


def fails_everywhere(repository: Repository, command: Callable[[Crm], object], model: Any) -> int:
    """Run ``command`` with each of its calls failing in turn; how many calls there are."""
    before = stored(repository, model)
    at = 0
    while True:
        at += 1
        failing = Failing(repository, at)
        crm = Crm(failing, model=model, rules=asking())
        try:
            command(crm)
        except StorageError:
            assert stored(repository, model) == before
            continue
        assert not failing.has_failed
        return at


@FEWER
@given(worlds())
def test_a_conversion_that_fails_at_any_step_leaves_no_trace_in_memory(world: World) -> None:
    """C2 with a failure at every read and write of it, nothing is stored."""
    steps = fails_everywhere(
        world.repository,
        lambda crm: crm.convert_lead(world.lead.id, **world.choices),
        world.model,
    )
    assert steps > 10
    event(f"{steps // 20 * 20} steps or more")


@FEWER
@given(worlds())
def test_a_conversion_that_fails_at_any_step_leaves_no_trace_in_a_file(world: World) -> None:
    """C2 likewise on the JSON-file store."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.crm.json"
        with Crm.open(path, model=world.model) as crm:
            crm._repository.commit(ChangeSet([Insert(one) for one in world.state().values()]))
        repository = JsonFileRepository(path, model=world.model)
        fails_everywhere(
            repository, lambda crm: crm.convert_lead(world.lead.id, **world.choices), world.model
        )
        repository.close()


@given(worlds(), st.integers(1, 60))
def test_a_batch_that_fails_leaves_whole_conversions_only(world: World, at: int) -> None:
    """C2 with one commit for all nothing is stored; with a commit each, whole conversions only."""
    before = world.state()
    for commits in (ONE_FOR_ALL, ONE_PER_LEAD):
        crm = Crm(Failing(world.repository, at), model=world.model, rules=asking())
        try:
            crm.convert_leads([world.lead.id, "nobody"], commits=commits, **world.choices)
        except StorageError:
            after = world.state()
            receipts = [one for one in after.values() if one.ref.kind == "conversion_receipt"]
            assert after == before or (commits is ONE_PER_LEAD and len(receipts) == 1)
        if world.state() != before:
            return


def test_the_failure_is_the_repositorys_own() -> None:
    """C2 what is injected reaches the caller as it is."""
    with pytest.raises(StorageError, match="the disk is gone"):
        Crm(Failing(MemoryRepository(), 1)).convert_lead("nobody")
