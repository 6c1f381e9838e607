"""Story: how a company began and what happened in it, to be played again, made smaller, printed.

What a machine with a random start did is a story too long to read; ``reduced`` leaves out whatever
is not needed for it to fail, and ``str`` of it is Python that can be pasted into a test.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
from attrs import frozen

from crmcore.adapters import MemoryRepository
from crmcore.entities import Record
from crmcore.fields import CustomField, Lookup
from crmcore.model.describe import Holds
from crmcore.model.model import Model
from crmcore.model.references import field_references, repointed
from crmcore.ports import Repository
from crmcore.values import Ref
from tests.properties.merge.ground import Act, Ground
from tests.properties.merge.worlds import MODEL

Extra = tuple[type[Record], CustomField]
"""A custom field of an entity, beside those of the worlds."""


@frozen(kw_only=True)
class Story:
    """Records to begin with, in a model with ``extras``, and what happens then, by number."""

    extras: tuple[Extra, ...] = ()
    records: tuple[Record, ...] = ()
    acts: Mapping[int, Act] = {}

    @property
    def model(self) -> Model:
        """The model of the worlds with the further fields."""
        model = MODEL
        for entity, custom in self.extras:
            model = model.with_custom_fields(entity, custom)
        return model

    def ground(self, store: Callable[[Model], Repository] | None = None) -> Ground:
        """The company as it begins."""
        model = self.model
        made = MemoryRepository(model) if store is None else store(model)
        return Ground(model=model, store=made, records=self.records)

    def play(self) -> Ground:
        """Let it all happen, with a look at everything after each; what cannot be is left out."""
        ground = self.ground()
        for at, act in self.acts.items():
            if ground.do(act, at):
                ground.check()
        ground.end()
        return ground

    def __str__(self) -> str:
        lines = ["Story("]
        for name, values in {"extras": self.extras, "records": self.records}.items():
            if values:
                lines += [f"    {name}=(", *(f"        {code(one)}," for one in values), "    ),"]
        acts = (f"        {at}: {code(act)}," for at, act in self.acts.items())
        return "\n".join([*lines, "    acts={", *acts, "    },", ")"])


def code(value: Any) -> str:
    """Python for a value: what is as by default is left out."""
    match value:
        case type():
            return value.__name__
        case Ref():
            return f"Ref({value.kind!r}, {value.id!r})"
        case Lookup():
            kinds = "".join(f"{kind!r}, " for kind in value.kinds)
            return f"Lookup({kinds}on_merge={value.on_merge})"
        case tuple():
            return f"({''.join(f'{code(one)}, ' for one in value).rstrip()})"
        case Mapping():
            return f"{{{', '.join(f'{key!r}: {code(one)}' for key, one in value.items())}}}"
        case _ if attrs.has(type(value)):
            rows = ", ".join(_fields(value))
            is_record = isinstance(value, Record)
            name = type(value).__name__
            return f"made({name}, {rows})" if is_record else f"{name}({rows})"
        case _:
            return repr(value)


def _fields(value: Any) -> Iterator[str]:
    for one in attrs.fields(type(value)):
        has = getattr(value, one.name)
        if one.default is attrs.NOTHING or one.name == "id" or has != _default(one):
            yield f"{one.name}={code(has)}"


def _default(one: Any) -> Any:
    if not isinstance(one.default, attrs.Factory):  # type: ignore[arg-type]  # a class, though typed as a function
        return one.default
    return None if one.default.takes_self else one.default.factory()


def failure(story: Story) -> Exception | None:
    """What goes wrong in a story that begins well, or ``None``."""
    try:
        story.ground().check()
    except AssertionError:
        return None
    try:
        story.play()
    except Exception as wrong:  # noqa: BLE001  # whatever it is, it is what was looked for
        return wrong
    return None


def reduced(story: Story, *, tries: int = 1500) -> Story:
    """The smallest story found that fails in the same way; the same where it does not fail."""
    wrong = failure(story)
    if wrong is None:
        return story
    kind = type(wrong)
    left = tries

    def fails(smaller: Story) -> bool:
        nonlocal left
        left -= 1
        return left > 0 and type(failure(smaller)) is kind

    before = None
    while before != story:
        before = story
        story = _fewer_acts(story, fails)
        for one in story.records[::-1]:
            smaller = _without(story, one)
            story = smaller if fails(smaller) else story
        for one in story.records:
            story = _plainer(story, one, fails)
        if story.extras and fails(attrs.evolve(story, extras=())):
            story = attrs.evolve(story, extras=())
    return story


def _fewer_acts(story: Story, fails: Callable[[Story], bool]) -> Story:
    size = max(1, len(story.acts) // 2)
    while size:
        numbers = list(story.acts)
        for start in reversed(range(0, len(numbers), size)):
            gone = numbers[start : start + size]
            acts = {at: act for at, act in story.acts.items() if at not in gone}
            smaller = attrs.evolve(story, acts=acts)
            story = smaller if fails(smaller) else story
        size //= 2
    return story


def _without(story: Story, gone: Record) -> Story:
    """The story without a record to begin with, nor references to it."""
    model = story.model
    left: list[Record] = []
    for record in story.records:
        if record is not gone:
            freed = _freed(record, gone.ref, model)
            left += [] if freed is None else [freed]
    return attrs.evolve(story, records=tuple(left))


def _freed(record: Record, gone: Ref[Any], model: Model) -> Record | None:
    for one in model.schema_of(record).lookups:
        if gone in field_references(record, one):
            if one.holds is Holds.ONE and not one.is_optional:
                return None
            record = repointed(record, one, lambda ref: None if ref == gone else ref)
    return record


def _plainer(story: Story, record: Record, fails: Callable[[Story], bool]) -> Story:
    """The story with as much of a record as can be as it is by default."""
    for one in attrs.fields(type(record)):
        if one.name == "id" or one.default is attrs.NOTHING:
            continue
        default = _default(one)
        if getattr(record, one.name) != default:
            plain = attrs.evolve(record, **{one.name: default})
            records = tuple(plain if row.ref == plain.ref else row for row in story.records)
            smaller = attrs.evolve(story, records=records)
            if fails(smaller):
                story, record = smaller, plain
    return story
