"""Small worlds to merge in: records with clashes, trees, custom lookups; and how to ask about them.

``around`` finds what a merge needs by looking at every reference of every record, so that what is
tested is not also what finds it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Annotated, Any, TypeVar

import attrs
from attrs import frozen
from hypothesis import strategies as st

from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, Insert
from crmcore.entities import (
    LEDGER,
    Account,
    AccountContactRelation,
    AccountRelation,
    Activity,
    Attachment,
    Campaign,
    CampaignMember,
    Contact,
    Lead,
    Opportunity,
    OpportunityContactRole,
    Record,
)
from crmcore.fields import KEEP, Checkbox, CustomField, Lookup, MultiPicklist, Number, Text
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.references import references
from crmcore.query import Query
from crmcore.rules.merge import Merge, merge
from crmcore.rules.rule import Context
from crmcore.values import Address, Money, PersonName, Ref

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

World = Mapping[Ref[Any], Record]


R = TypeVar("R", bound=Record)


def made(entity: type[R], **fields: Any) -> R:
    """A record of any entity with plain texts as ids."""
    return entity(**fields)


@frozen(kw_only=True)
class Subscription(Record):
    """An entity that only the tests know, with a reference of every form."""

    name: str
    contact_id: Annotated[str | None, Lookup("contact")] = None
    billed: Annotated[Ref[Any] | None, Lookup("contact", "account")] = None
    watchers: Annotated[tuple[str, ...], Lookup("contact")] = ()
    signed_by_id: Annotated[str | None, Lookup("contact", on_merge=KEEP)] = None


MODEL = (
    STANDARD_MODEL.with_entity(Subscription)
    .with_custom_fields(Opportunity, CustomField(name="champion", type=Lookup("contact")))
    .with_custom_fields(
        Contact,
        CustomField(name="mentor", type=Lookup("contact")),
        CustomField(name="score", type=Number()),
        CustomField(name="note", type=Text()),
        CustomField(name="is_member", type=Checkbox()),
        CustomField(name="tags", type=MultiPicklist("a", "b", "c")),
    )
)


def context(first: int = 1) -> Context:
    """The same moment each time, and ids counted from ``first`` on."""
    numbers = count(first)
    return Context(model=MODEL, now=NOW, new_id=lambda: f"new-{next(numbers)}", by="user-1")


def moments() -> st.SearchStrategy[datetime | None]:
    return st.none() | st.integers(0, 5).map(lambda days: NOW - timedelta(days=days))


def maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from((None, None, *values))


def contact_fields() -> st.SearchStrategy[dict[str, Any]]:
    """Fields of a contact but for its references, falsy values among them."""
    emails = ("ada@one.example", "ADA@one.example", "ada@two.example", "")
    phones = ("+49 30 123456", "030/123456", "")
    custom = st.fixed_dictionaries(
        {},
        optional={
            "score": st.sampled_from([0, 1, 7]),
            "note": st.sampled_from(["", "x", "long note"]),
            "is_member": st.booleans(),
            "tags": st.frozensets(st.sampled_from("abc"), min_size=1),
        },
    )
    places = (
        Address(city="Bern"),
        Address(city="Bern", street="Gasse 1"),
        Address(postal_code="3000", country="CH"),
    )
    return st.fixed_dictionaries(
        {
            "name": st.builds(PersonName, family=st.sampled_from(["Lovelace", "Byron"])),
            "email": maybe(*emails),
            "other_emails": st.lists(st.sampled_from(emails), unique=True, max_size=2).map(tuple),
            "phone": maybe(*phones),
            "mobile": maybe(*phones),
            "title": maybe("", "CEO", "Chief Executive"),
            "mailing_address": maybe(*places),
            "is_active": st.booleans(),
            "is_email_opt_out": st.booleans(),
            "labels": st.frozensets(st.sampled_from(["vip", "old", "new"])),
            "external_ids": st.dictionaries(st.sampled_from("pq"), st.sampled_from("123")),
            "custom": custom,
            "created_at": moments(),
            "updated_at": moments(),
        }
    )


@st.composite
def contacts(draw: st.DrawFn, least: int = 2, most: int = 5) -> tuple[Contact, ...]:
    """Contacts without references, in no order."""
    size = draw(st.integers(least, most))
    return tuple(made(Contact, id=f"c{index}", **draw(contact_fields())) for index in range(size))


def _days() -> st.SearchStrategy[date | None]:
    return st.none() | st.integers(1, 28).map(lambda day: date(2026, 1, day))


def _period(draw: st.DrawFn) -> dict[str, date | None]:
    start, end = draw(_days()), draw(_days())
    if start is None and end is None:
        start = date(2027, 1, 1)
    if start is not None and end is not None and end < start:
        start, end = end, start
    return {"start_on": start, "end_on": end}


class _Builder:
    """Records as they are drawn, with an id for each."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.records: list[Record] = []

    def pick(self, ids: Iterable[str], *, may_lack: bool = False) -> Any:
        choices = [*ids, *([None] if may_lack else [])]
        return self.draw(st.sampled_from(choices)) if choices else None

    def some(self, least: int = 0, most: int = 4) -> range:
        return range(self.draw(st.integers(least, most)))


def _base(make: _Builder) -> tuple[list[str], list[str], list[str]]:
    """Accounts in groups, contacts with superiors, deals; their ids."""
    accounts = [f"a{index}" for index in make.some(2, 4)]
    for index, id_ in enumerate(accounts):
        make.records.append(
            made(
                Account,
                id=id_,
                name=f"Acme {index % 2}",
                parent_id=make.pick(accounts[:index], may_lack=True),
                employees=make.draw(maybe(0, 5)),
                annual_revenue=make.draw(maybe(Money(0, "EUR"), Money(9, "EUR"))),
            )
        )
    people = make.draw(contacts())
    ids: list[str] = [one.id for one in people]
    for index, one in enumerate(people):
        fields = {
            "account_id": make.pick(accounts, may_lack=True),
            "reports_to_id": make.pick(ids[:index], may_lack=True),
        }
        mentor = make.pick(ids, may_lack=True)
        custom = one.custom.with_items(mentor=mentor) if mentor else one.custom
        make.records.append(attrs.evolve(one, custom=custom, **fields))
    deals = [f"o{index}" for index in make.some(1, 3)]
    for id_ in deals:
        champion = make.pick(ids, may_lack=True)
        make.records.append(
            made(
                Opportunity,
                id=id_,
                name="Engine",
                account_id=make.pick(accounts, may_lack=True),
                custom={"champion": champion} if champion else {},
            )
        )
    return accounts, ids, deals


def _links(make: _Builder, accounts: list[str], people: list[str], deals: list[str]) -> None:
    """Link rows of every kind, each set sound: one direct account, one primary contact."""
    numbers = count()
    for one in [record for record in make.records if isinstance(record, Contact)]:
        if one.account_id is not None:
            make.records.append(
                made(
                    AccountContactRelation,
                    id=f"d{one.id}",
                    account_id=one.account_id,
                    contact_id=one.id,
                    is_direct=True,
                )
            )
    taken: set[Any] = set()
    for _ in make.some(0, 6):
        account, contact = make.pick(accounts), make.pick(people)
        period = _period(make.draw)
        key = (account, contact, *period.values())
        if key not in taken:
            taken.add(key)
            make.records.append(
                made(
                    AccountContactRelation,
                    id=f"r{next(numbers)}",
                    account_id=account,
                    contact_id=contact,
                    roles=make.draw(st.frozensets(st.sampled_from(["Evaluator", "Consultant"]))),
                    **period,
                )
            )
    primary: set[str] = set()
    for deal, contact in make.draw(
        st.lists(
            st.tuples(st.sampled_from(deals), st.sampled_from(people)), unique=True, max_size=5
        )
    ):
        is_primary = deal not in primary and make.draw(st.booleans())
        primary |= {deal} if is_primary else set()
        make.records.append(
            made(
                OpportunityContactRole,
                id=f"p{next(numbers)}",
                opportunity_id=deal,
                contact_id=contact,
                role=make.draw(maybe("Other", "Evaluator")),
                is_primary=is_primary,
            )
        )
    for index in make.some(0, 3):
        make.records.append(
            made(
                AccountRelation,
                id=f"s{index}",
                from_id=make.pick(accounts[:-1]),
                to_id=make.pick(accounts[-1:]),
                kind=make.draw(st.sampled_from(["supplier", "partner"])),
            )
        )


def _campaigns(make: _Builder, people: list[str]) -> None:
    ids = [f"k{index}" for index in make.some(1, 2)]
    statuses = ("Sent", "Opened", "Responded")
    make.records += [made(Campaign, id=id_, name="Fair", member_statuses=statuses) for id_ in ids]
    pairs = st.lists(
        st.tuples(st.sampled_from(ids), st.sampled_from(people)), unique=True, max_size=5
    )
    for index, (campaign, person) in enumerate(make.draw(pairs)):
        make.records.append(
            made(
                CampaignMember,
                id=f"m{index}",
                campaign_id=campaign,
                member=Ref("contact", person),
                status=make.draw(maybe(*statuses)),
                first_responded_at=make.draw(moments()),
            )
        )


def _children(make: _Builder, accounts: list[str], people: list[str]) -> None:
    """What hangs on contacts and accounts, and on link rows."""
    links = [one.ref for one in make.records if isinstance(one, CampaignMember)]
    people_refs = [Ref[Any]("contact", one) for one in people]
    account_refs = [Ref[Any]("account", one) for one in accounts]
    for index in make.some():
        who = make.draw(st.none() | st.sampled_from(people_refs))
        about = make.draw(st.none() | st.sampled_from(account_refs))
        make.records.append(made(Activity, id=f"t{index}", subject="Call", who=who, about=about))
    for index in make.some(0, 2):
        about = make.draw(st.sampled_from([*people_refs, *account_refs, *links]))
        make.records.append(made(Attachment, id=f"f{index}", about=about, uri="file"))
    for index in make.some():
        make.records.append(
            Subscription(
                id=f"u{index}",
                name="Gold",
                contact_id=make.pick(people, may_lack=True),
                billed=make.draw(st.none() | st.sampled_from([*people_refs, *account_refs])),
                watchers=tuple(
                    make.draw(st.lists(st.sampled_from(people), unique=True, max_size=3))
                ),
                signed_by_id=make.pick(people, may_lack=True),
            )
        )
    for index in make.some(0, 2):
        make.records.append(
            made(
                Lead,
                id=f"l{index}",
                company="Acme",
                referred_by_id=make.pick(people, may_lack=True),
                converted_contact_id=make.pick(people, may_lack=True),
            )
        )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Record, ...]:
    """The records of a small company, sound among themselves."""
    make = _Builder(draw)
    accounts, people, deals = _base(make)
    _links(make, accounts, people, deals)
    _campaigns(make, people)
    _children(make, accounts, people)
    return tuple(make.records)


def stored(records: Iterable[Record]) -> MemoryRepository:
    """A repository with these records."""
    repository = MemoryRepository()
    repository.commit(ChangeSet([Insert(record) for record in records]))
    return repository


def world(repository: MemoryRepository) -> dict[Ref[Any], Record]:
    """Everything stored, by reference."""
    with repository.snapshot() as snapshot:
        return {
            record.ref: record for kind in MODEL.kinds for record in snapshot.find(Query[Any](kind))
        }


def all_references(record: Record, *, historic: bool) -> list[tuple[str, Ref[Any]]]:
    """Path and target of the references of a record, of the historic ones or of the others."""
    return [
        (one.path, ref)
        for one, ref in references(record, MODEL.schema_of(record))
        if one.lookup is not None and (one.lookup.on_merge is KEEP) is historic
    ]


def around(known: World, refs: Iterable[Ref[Any]]) -> list[Record]:
    """Every record that refers to one of ``refs``, and what refers to these."""
    wanted = set(refs)
    near = [one for one in known.values() if wanted & _targets(one)]
    wanted |= {one.ref for one in near}
    return [one for one in known.values() if wanted & _targets(one)]


def _targets(record: Record) -> set[Ref[Any]]:
    return {ref for _, ref in references(record, MODEL.schema_of(record))}


def plan(known: World, survivor: Ref[Any], losers: Iterable[Ref[Any]], **rest: Any) -> Merge:
    """The merge of stored records, with everything around them."""
    refs = tuple(losers)
    return merge(
        known[survivor],
        [known[ref] for ref in refs],
        context=context(len([ref for ref in known if ref.kind in LEDGER])),
        referring=around(known, (survivor, *refs)),
        related=known.values(),
        **rest,
    )


@st.composite
def merges(
    draw: st.DrawFn, kinds: Iterable[str] = ("account", "contact", "opportunity", "campaign")
) -> tuple[MemoryRepository, Merge]:
    """A stored world, and the plan to merge some of its records of one kind."""
    repository = stored(draw(worlds()))
    known = world(repository)
    several = {kind: [ref for ref in known if ref.kind == kind] for kind in kinds}
    kind = draw(
        st.sampled_from([kind for kind, refs in several.items() if len(refs) > 1] or ["contact"])
    )
    refs = draw(st.permutations([ref for ref in known if ref.kind == kind]))
    size = draw(st.integers(2, len(refs)))
    return repository, plan(known, refs[0], refs[1:size])
