"""Grouping: into which group of a report a record falls: by owner, team, source, account ..."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

from attrs import field, frozen

from crmcore import render
from crmcore.entities import Account, Campaign, User
from crmcore.entities.record import Record
from crmcore.errors import UnknownNameError, UsageError
from crmcore.query import Path, check_path, sort_key, value_at
from crmcore.reports.material import Material
from crmcore.rules.rule import Context
from crmcore.rules.tree import forest, parents_of, tree_field

R = TypeVar("R", bound=Record)

By: TypeAlias = str | Path | None
"""How a report is grouped: a field (``F.custom["product"]`` or its name), one of the derived names
``owner``, ``manager``, ``team``, ``account``, ``ultimate_parent``, ``campaign``, or not at all."""

KeyOf: TypeAlias = Callable[[Any], Any]

DERIVED = ("owner", "manager", "team", "account", "ultimate_parent", "campaign")
"""The names of groupings that are not fields."""

_PRESENT_ONLY = {"manager": User, "team": User, "ultimate_parent": Account}
"""Groupings that depend on other records, whose history is not kept."""


@frozen
class Group:
    """Records with one ``key`` (``None``: without any); ``label`` is what people read for it."""

    key: Any
    label: str = field(eq=False)

    def __str__(self) -> str:
        return self.label


def _label(key: Any) -> str:
    return render.plain(key)


@frozen(kw_only=True)
class Grouping:
    """A way to group: the key of a record, what people read for a key, the fields it rests on."""

    name: str
    key_of: KeyOf
    label_of: Callable[[Any], str] = _label
    rests_on: tuple[str, ...] = ()

    def split(self, records: Iterable[R]) -> list[tuple[Group, tuple[R, ...]]]:
        """The records by group, sorted by key, those without key last."""
        found: dict[Any, list[R]] = {}
        key_of = self.key_of
        for one in records:
            found.setdefault(key_of(one), []).append(one)
        keys = sorted(found, key=lambda key: (key is None, sort_key(key)))
        return [(self.group(key), tuple(found[key])) for key in keys]

    def group(self, key: Any) -> Group:
        """The group of a key."""
        return Group(key, render.ABSENT if key is None else self.label_of(key))


def grouping(
    by: By, entity: type[Record], *, material: Material, context: Context
) -> Grouping | None:
    """The grouping of the records of an entity that ``by`` asks for; ``None`` for none.

    Raises ``UnknownNameError`` for a field that the entity does not have.
    """
    if by is None:
        return None
    if isinstance(by, str):
        if by in DERIVED:
            return _derived(by, material, context)
        by = Path(*by.split("."))
    if not isinstance(by, Path):
        raise UsageError("a report is not grouped by this", by, "use F.source, or a name")
    try:
        check_path(by, entity, context.model)
    except UnknownNameError as unknown:
        raise UnknownNameError(
            "grouping", unknown.name, (*DERIVED, *unknown.known), unknown.where
        ) from None
    path = by
    return Grouping(
        name=".".join(path.steps),
        key_of=_at(path),
        rests_on=(path.steps[0],),
    )


def _at(path: Path) -> KeyOf:
    if len(path.steps) == 1:
        return attrgetter(path.steps[0])  # the same, and faster
    return lambda record: value_at(record, path)


def _derived(name: str, material: Material, context: Context) -> Grouping:
    users = {one.id: one for one in material.all(User)}
    accounts = {one.id: one for one in material.all(Account)}
    campaigns = {one.id: one for one in material.all(Campaign)}

    def user_name(key: Any) -> str:
        return users[key].name if key in users else str(key)

    def account_name(key: Any) -> str:
        return accounts[key].name if key in accounts else str(key)

    def campaign_name(key: Any) -> str:
        return campaigns[key].name if key in campaigns else str(key)

    def of_user(name: str) -> KeyOf:
        return lambda record: getattr(users.get(record.owner_id), name, None)

    ways: dict[str, tuple[KeyOf, Callable[[Any], str], str]] = {
        "owner": (lambda one: one.owner_id, user_name, "owner_id"),
        "manager": (of_user("manager_id"), user_name, "owner_id"),
        "team": (of_user("team"), _label, "owner_id"),
        "account": (_account_of, account_name, "account_id"),
        "campaign": (lambda one: one.campaign_id, campaign_name, "campaign_id"),
    }
    if name == "ultimate_parent":
        ways[name] = (_top_of(material, context), account_name, "account_id")
    key_of, label_of, field_name = ways[name]
    return Grouping(name=name, key_of=key_of, label_of=label_of, rests_on=(field_name, name))


def _account_of(record: Any) -> str | None:
    found: str | None = getattr(record, "account_id", None)
    return found or getattr(record, "converted_account_id", None)


def _top_of(material: Material, context: Context) -> KeyOf:
    accounts = material.all(Account)
    trees = forest(parents_of(accounts, tree_field(context.model.schema(Account))))
    tops: dict[str, str] = {}
    for one in reversed(trees.bottom_up):
        parent = trees.parents[one]
        tops[one] = one if parent is None else tops[parent]

    def top_of(record: Any) -> str | None:
        account_id = _account_of(record)
        return None if account_id is None else tops.get(account_id, account_id)

    return top_of


def group_cells(by: str | None, group: Group | None) -> dict[str, Any]:
    """The key of a group under the name of the grouping, as the first cell of a row."""
    return {} if by is None or group is None else {by: group.key}


def present_only(one: Grouping, fields_kept: Iterable[str]) -> bool:
    """Whether a grouping rests on what is known of the present only."""
    return one.name in _PRESENT_ONLY or one.rests_on[0] not in set(fields_kept)
