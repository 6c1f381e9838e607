"""Suite: a class of laws that an adapter proves by subclassing it with a fixture.

Which laws apply follows from the abilities that the subclass declares. A law cannot be overridden;
one that does not hold yet is waived by name, with a reason, and the waiver fails the run on the
day on which the law holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from crmcore.errors import UnknownNameError, UsageError
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.testing import strategies
from crmcore.testing.back_door import BackDoor
from crmcore.testing.told import untold

if TYPE_CHECKING:
    from crmcore.changes import ChangeSet
    from crmcore.entities import Record
    from crmcore.ports import Repository
    from crmcore.query import Query

T = TypeVar("T", bound=Callable[..., Any])

KIT = "crmcore.testing"


class Ability(Enum):
    """What an adapter can do beyond the contract that all of them keep."""

    PERSISTENT = "persistent"
    """What was committed is there after closing and opening again; needs the fixture ``reopen``."""
    JOURNAL = "journal"
    """It keeps its commits, as ``crmcore.ports.Journal`` asks."""
    SHARED = "shared"
    """Several handles, also of several processes, may be open on one store; needs ``back_door``."""
    DURABLE = "durable"
    """A commit that has returned survives the loss of power; needs ``back_door``."""
    CHECKSUMS = "checksums"
    """Damage to what is stored is found and refused; needs ``back_door``."""


BEHIND = frozenset({Ability.SHARED, Ability.DURABLE, Ability.CHECKSUMS})
"""The abilities that only show from behind the store: they need the fixture ``back_door``."""


def needs(*abilities: Ability) -> Callable[[T], T]:
    """Mark a law that applies only to adapters with all of these abilities."""

    def marked(law: T) -> T:
        law.__dict__["needed_abilities"] = frozenset(abilities)
        return law

    return marked


def random_law(law: T) -> T:
    """Mark a law that is tried on generated examples: the time it takes does not count."""
    checks = (
        HealthCheck.function_scoped_fixture,  # a fixture gives a factory, which is asked each time
        HealthCheck.differing_executors,  # a law is inherited by the suites of several adapters
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    )
    return settings(deadline=None, suppress_health_check=checks)(law)


class LawSuite:
    """What all suites have: abilities, waivers, and the model and entities that laws are tried on.

    ``entities`` are those that examples are made of (empty: all of the model).
    """

    abilities: ClassVar[frozenset[Ability]] = frozenset()
    waivers: ClassVar[Mapping[str, str]] = {}
    model: ClassVar[Model] = STANDARD_MODEL
    entities: ClassVar[tuple[type[Record], ...]] = ()

    def __init_subclass__(cls, **rest: Any) -> None:  # as every __init_subclass__
        super().__init_subclass__(**rest)
        if cls.__module__.startswith(f"{KIT}."):
            return
        laws = _laws(cls)
        _refuse_overriding(cls, laws)
        _refuse_idle_waivers(cls, laws)
        _refuse_lone_fixtures(cls)
        for name, law in laws.items():
            needed = law.__dict__.get("needed_abilities")
            if needed is not None:
                setattr(cls, name, law if needed <= cls.abilities else None)

    @pytest.fixture(autouse=True)
    def _expect_failure_where_waived(self, request: pytest.FixtureRequest) -> None:
        reason = self.waivers.get(getattr(request.node, "originalname", ""))
        if reason is not None:
            said = f"waived: {reason} (a waiver whose law holds is no longer needed)"
            request.node.add_marker(pytest.mark.xfail(reason=said, strict=True))

    @pytest.fixture
    def reopened(self, request: pytest.FixtureRequest) -> Callable[[Repository], Repository]:
        """What the fixture ``reopen`` gives, for the laws to use."""
        reopen: Callable[[Repository], Repository] = request.getfixturevalue("reopen")
        return lambda store: reopen(untold(store))

    @pytest.fixture
    def behind(self, request: pytest.FixtureRequest) -> BackDoor[Repository]:
        """What the fixture ``back_door`` gives, for the laws to use."""
        door: BackDoor[Repository] = request.getfixturevalue("back_door")
        return _Untold(door)

    @property
    def classes(self) -> tuple[type[Record], ...]:
        """The entities that examples are made of."""
        return self.entities or tuple(schema.entity for schema in self.model.schemas)

    def changes(self, stored: Iterable[Record]) -> st.SearchStrategy[ChangeSet]:
        """Change sets that fit what is stored."""
        return strategies.change_sets(tuple(stored), entities=self.classes, model=self.model)

    def queries(
        self, entity: type[Record], stored: Sequence[Record]
    ) -> st.SearchStrategy[Query[Any]]:
        """Queries for records of an entity."""
        return strategies.queries(entity, self.model, records=stored)


class _Untold:
    """A back door that takes repositories as the laws have them."""

    def __init__(self, door: BackDoor[Repository]) -> None:
        self._door = door

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._door, name)
        return lambda store, *rest: call(untold(store), *rest)


def _laws(cls: type[LawSuite]) -> dict[str, Callable[..., Any]]:
    """The laws of the kit that this class inherits, by name."""
    return {
        name: law
        for base in reversed(cls.__mro__)
        if base.__module__.startswith(f"{KIT}.")
        for name, law in vars(base).items()
        if name.startswith("test_")
    }


def _refuse_overriding(cls: type[LawSuite], laws: Collection[str]) -> None:
    overridden = sorted(laws & vars(cls).keys())
    if overridden:
        raise UsageError(
            f"{cls.__name__} overrides laws of the kit",
            ", ".join(overridden),
            'a law that does not hold yet is waived: waivers = {"test_name": "reason"}',
        )


def _refuse_idle_waivers(cls: type[LawSuite], laws: Collection[str]) -> None:
    for name, reason in cls.waivers.items():
        if name not in laws:
            raise UnknownNameError("law", name, tuple(laws), f"{cls.__name__}.waivers")
        if not reason.strip():
            raise UsageError("a waiver needs a reason", name)


def _refuse_lone_fixtures(cls: type[LawSuite]) -> None:
    for fixture, wanting in (("reopen", frozenset({Ability.PERSISTENT})), ("back_door", BEHIND)):
        declared = wanting & cls.abilities
        if _gives(cls, fixture) is not bool(declared):
            named = ", ".join(sorted(f"Ability.{one.name}" for one in declared or wanting))
            raise UsageError(
                f"{named} and the fixture `{fixture}` go together",
                cls.__name__,
                "declare the ability and give the fixture, or neither",
            )


def _gives(cls: type[LawSuite], fixture: str) -> bool:
    """Whether a class that is no part of the kit has this fixture."""
    return any(
        fixture in vars(base) for base in cls.__mro__ if not base.__module__.startswith(f"{KIT}.")
    )
