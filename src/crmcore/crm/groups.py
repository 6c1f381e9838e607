"""Groups: the questions of the facade about hierarchies and their figures."""

from __future__ import annotations

from crmcore.crm import gather, reading
from crmcore.crm.desk import Desk
from crmcore.crm.figures import Figures, everything
from crmcore.crm.views import AccountTree, Neighbour
from crmcore.entities import Account, AccountRelation, ExchangeRate, Record
from crmcore.errors import UsageError
from crmcore.model.describe import FieldSchema
from crmcore.model.model import Model
from crmcore.ports import Snapshot
from crmcore.query import F, Query
from crmcore.rules import rollup as rolling
from crmcore.rules.rollup import Explanation, Rollup
from crmcore.rules.tree import tree_field


def ancestors(snapshot: Snapshot, model: Model, account_id: str) -> tuple[Account, ...]:
    """See ``Crm.ancestors``."""
    account = reading.get(snapshot, model, Account, account_id)
    above = gather.ancestors(snapshot, account, model.schema(Account).field("parent_id"))
    return tuple(one for one in above if isinstance(one, Account))


def descendants(snapshot: Snapshot, model: Model, account_id: str) -> tuple[Account, ...]:
    """See ``Crm.descendants``."""
    account = reading.get(snapshot, model, Account, account_id)
    seen = {account.id}
    found: list[Account] = []
    level = [account.id]
    while level:
        below = snapshot.find(Query.of(Account, F.parent_id.in_(level)))
        fresh = [one for one in below if one.id not in seen]
        seen.update(one.id for one in fresh)
        found += fresh
        level = [one.id for one in fresh]
    return tuple(found)


def children(snapshot: Snapshot, model: Model, account_id: str) -> tuple[Account, ...]:
    """See ``Crm.children``."""
    account = reading.get(snapshot, model, Account, account_id)
    return tuple(snapshot.find(Query.of(Account, F.parent_id == account.id)))


def superiors(snapshot: Snapshot, model: Model, record: Record) -> tuple[Record, ...]:
    """See ``Crm.superiors``."""
    field = _tree(model, record)
    stored = reading.get(snapshot, model, type(record), record.id)
    return tuple(gather.ancestors(snapshot, stored, field))


def reports(snapshot: Snapshot, model: Model, record: Record) -> tuple[Record, ...]:
    """See ``Crm.reports``."""
    field, entity = _tree(model, record), type(record)
    found: dict[str, Record] = {}
    level = [record.id]
    while level:
        below = snapshot.find(Query.of(entity, F[field.name].in_(level)))
        fresh = {one.id: one for one in below if one.id not in found and one.id != record.id}
        found.update(fresh)
        level = list(fresh)
    return tuple(found.values())


def _tree(model: Model, record: Record) -> FieldSchema:
    field = tree_field(model.schema_of(record))
    if field is None:
        raise UsageError("records of this entity make no tree", record.ref.kind)
    return field


def network(
    snapshot: Snapshot, model: Model, account_id: str, kind: str | None
) -> tuple[Neighbour, ...]:
    """See ``Crm.network``."""
    account = reading.get(snapshot, model, Account, account_id)
    there = snapshot.find(Query.of(AccountRelation, F.from_id == account.id))
    back = snapshot.find(Query.of(AccountRelation, F.to_id == account.id))
    ends = [(one, one.to_id, model.relation_kinds.get(one.kind, one.kind)) for one in there]
    ends += [(one, one.from_id, one.kind) for one in back]
    known = snapshot.get(Account, [end for _, end, _ in ends])
    found = [
        Neighbour(name, known[end], relation)
        for relation, end, name in ends
        if end in known and kind in (None, name)
    ]
    return tuple(sorted(found, key=lambda one: (one.kind, one.account.id, one.relation.id)))


def explain(snapshot: Snapshot, desk: Desk, name: str, account_id: str) -> Explanation:
    """See ``Crm.explain``."""
    definition = desk.rules.rollup(name)
    if not isinstance(definition, Rollup) or rolling.needs(definition):
        parts = ", ".join(rolling.needs(definition))
        raise UsageError("this is made of other figures", name, f"explain {parts}")
    record = reading.get(snapshot, desk.model, definition.over, account_id)
    linking = [] if definition.via is None else [definition.via]
    linking += [] if definition.shares is None else [AccountRelation]
    return rolling.explain(
        definition,
        record.id,
        accounts=everything(snapshot, desk, [definition.over]),
        children=everything(snapshot, desk, [definition.child]),
        links=everything(snapshot, desk, linking),
        context=desk.context(),
        rates=snapshot.find(Query.of(ExchangeRate)),
    )


def tree(
    snapshot: Snapshot, desk: Desk, figures: Figures, account_id: str, names: tuple[str, ...]
) -> AccountTree:
    """See ``Crm.tree``."""
    root = reading.get(snapshot, desk.model, Account, account_id)
    children: dict[str, list[Account]] = {}
    for one in descendants(snapshot, desk.model, root.id):
        children.setdefault(one.parent_id or "", []).append(one)
    below = {
        parent: tuple(sorted(group, key=lambda one: (one.name, one.id)))
        for parent, group in children.items()
    }
    values = {name: figures.result(desk.rules.rollup(name)) for name in names}
    return AccountTree(root, below, values)
