"""Worlds in which a lead is converted: a repository, what is chosen, and what hangs on the lead."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from attrs import evolve, field, frozen
from hypothesis import strategies as st

from crmcore import STANDARD_RULES, Crm, RuleBook
from crmcore.adapters.memory import MemoryRepository
from crmcore.changes import ChangeSet, Insert
from crmcore.crm.choices import Choices
from crmcore.entities import (
    LEDGER,
    Account,
    AccountContactRelation,
    Activity,
    Attachment,
    Campaign,
    CampaignMember,
    Case,
    Contact,
    Lead,
    Opportunity,
    OpportunityContactRole,
    Record,
    Touch,
)
from crmcore.fields import Checkbox, CustomField, Lookup, Picklist
from crmcore.model.describe import FieldSchema, Holds
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.model.pipeline import Pipeline, Stage, StageCategory
from crmcore.ports import Repository
from crmcore.query import Query
from crmcore.rules.conversion import CREATE, SKIP, LeadConversion, OpportunityChoice, convert_lead
from crmcore.rules.field_map import STANDARD_FIELD_MAP, FieldMap
from crmcore.rules.rule import Context
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref

NOW = datetime(2026, 8, 3, 9, 30, tzinfo=UTC)

R = TypeVar("R", bound=Record)


def made(entity: type[R], **values: Any) -> R:
    """A record whose ids are plain texts, as users write them."""
    return entity(**values)


MODEL = (
    STANDARD_MODEL.with_custom_fields(
        Lead,
        CustomField(name="tier"),
        CustomField(name="is_vip", type=Checkbox()),
        CustomField(name="notes"),
    )
    .with_custom_fields(
        Contact, CustomField(name="tier"), CustomField(name="is_vip", type=Checkbox())
    )
    .with_custom_fields(
        Opportunity, CustomField(name="tier", type=Picklist("gold", open_ended=True))
    )
    .with_custom_fields(Case, CustomField(name="reporter", type=Lookup("lead", "account")))
    .with_custom_fields(Activity, CustomField(name="first_lead", type=Lookup("lead")))
)
"""``first_lead`` can refer to leads only: such a reference stays on the lead."""

MAP = STANDARD_FIELD_MAP.with_same_names(MODEL)


def asking() -> RuleBook:
    """The standard rules with the map of these worlds."""
    return STANDARD_RULES.with_field_map(MAP)


def stored(repository: Repository, model: Model = MODEL) -> dict[Ref[Any], Record]:
    """Everything in a repository."""
    with repository.snapshot() as moment:
        return {one.ref: one for entity in model.entities for one in moment.find(Query.of(entity))}


def content(state: Mapping[Ref[Any], Record]) -> dict[Ref[Any], Record]:
    """A state apart from versions, ``updated_at`` and ledger rows, as the laws compare it.

    The records of these worlds were made without a moment, which a row that comes back gets.
    """
    return {
        ref: evolve(one, version=0, created_at=None, updated_at=None)
        for ref, one in state.items()
        if ref.kind not in LEDGER
    }


WORDS = st.sampled_from(["Ada", "engine", "Grüße", "0", ""])
NAMES = st.builds(PersonName, family=st.sampled_from(["Lovelace", "Łuk"]), given=WORDS | st.none())
MOMENTS = st.integers(0, 400).map(lambda days: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days))

BY_CLASS: Mapping[type, st.SearchStrategy[Any]] = {
    str: WORDS,
    bool: st.booleans(),
    int: st.integers(0, 3),
    Money: st.builds(Money, st.integers(0, 3), st.sampled_from(["EUR", "GBP"])),
    Address: st.builds(Address, city=WORDS, street=WORDS | st.none()),
    PersonName: NAMES,
    date: st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    datetime: MOMENTS,
}
NOT_DRAWN = {
    "converted_at",
    "custom",
    "status",
    "forecast_category",
    "probability",
    "pipeline",
    "stage",
}


def value_of_field(one: FieldSchema) -> st.SearchStrategy[Any] | None:
    """Valid values of a field; ``None`` where its default will do."""
    if one.is_system or one.name in NOT_DRAWN or one.python not in BY_CLASS:
        return None
    if one.lookup is not None:
        return st.sampled_from([None, "user-1", "user-2"]) if one.name == "owner_id" else None
    base = BY_CLASS[one.python]
    if one.holds is Holds.SET:
        return st.frozensets(WORDS, max_size=2)
    if one.holds is Holds.TUPLE:
        return st.lists(WORDS, max_size=2, unique=True).map(tuple)
    if one.holds is Holds.MAP:
        return st.dictionaries(WORDS, WORDS, max_size=2).map(FrozenMap)
    return base | st.none() if one.is_optional else base


@st.composite
def records(draw: st.DrawFn, /, entity: type[Record], **fixed: Any) -> Any:
    """A record with a value drawn for each field that has a simple type, custom ones included."""
    values: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for one in MODEL.schema(entity):
        strategy = value_of_field(one)
        if strategy is None or one.name in fixed:
            continue
        value = draw(strategy)
        if one.is_custom and value is not None:
            custom[one.name] = value
        elif not one.is_custom:
            values[one.name] = value
    return entity(**{"custom": custom, **values, **fixed})


@frozen(kw_only=True)
class World:
    """A repository with a lead in it, what is chosen for it, and everything that refers to it."""

    repository: MemoryRepository = field(repr=False)
    lead: Lead
    account: Account | None
    contact: Contact | None
    opportunity: Opportunity | OpportunityChoice
    children: tuple[Record, ...]
    links: tuple[Record, ...]
    overwrite: frozenset[str]
    model: Model = field(default=MODEL, repr=False)
    field_map: FieldMap = field(default=MAP, repr=False)
    ids: Any = field(factory=count, repr=False)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Hypothesis shows a failing world without its model and map, which are always the same."""
        printer.text(repr(self))

    @property
    def context(self) -> Context:
        return Context(
            model=self.model, now=NOW, new_id=lambda: f"new-{next(self.ids)}", by="user-9"
        )

    @property
    def targets(self) -> dict[str, Record]:
        """The chosen records by kind, as they are."""
        chosen = (self.account, self.contact, self.opportunity)
        return {one.ref.kind: one for one in chosen if isinstance(one, Record)}

    @property
    def choices(self) -> Choices:
        """What is chosen, as ``Crm.convert_lead`` takes it."""
        return Choices(
            account=self.account,
            contact=self.contact,
            opportunity=self.opportunity,
            overwrite=self.overwrite,
            allow_duplicates=True,
        )

    def crm(self, model: Model | None = None, **settings: Any) -> Crm:
        """A ``Crm`` on the world, with its map."""
        return Crm(
            self.repository,
            model=self.model if model is None else model,
            rules=asking(),
            clock=lambda: NOW,
            ids=lambda: f"new-{next(self.ids)}",
            by="user-9",
            **settings,
        )

    def convert(self, **other: Any) -> LeadConversion:
        asked: dict[str, Any] = {
            "context": self.context,
            "account": self.account,
            "contact": self.contact,
            "opportunity": self.opportunity,
            "children": self.children,
            "links": self.links,
            "overwrite": self.overwrite,
            "field_map": self.field_map,
            **other,
        }
        return convert_lead(asked.pop("lead", self.lead), **asked)

    def state(self) -> dict[Ref[Any], Record]:
        """Everything stored."""
        return stored(self.repository, self.model)

    def commit(self, plan: LeadConversion) -> dict[Ref[Any], Record]:
        """Store a plan without errors, and give everything stored then."""
        assert not plan.findings.errors, plan.findings
        self.repository.commit(plan.changes)
        return self.state()


@st.composite
def any_targets(draw: st.DrawFn) -> Any:
    """An account, a contact and a deal that go together; each may be absent."""
    account = draw(st.none() | records(Account, id="account", is_person=False, name="Acme"))
    homes = [None] if account is None else [None, "account", "other"]
    contact = draw(
        st.none()
        | st.sampled_from(homes).flatmap(
            lambda home: records(Contact, id="contact", account_id=home)
        )
    )
    own = [None] if account is None else [None, "account"]
    deal = draw(
        st.sampled_from([CREATE, CREATE, SKIP])
        | st.sampled_from(own).flatmap(
            lambda home: records(Opportunity, id="deal", name="Engine", account_id=home)
        )
    )
    return account, contact, deal


@st.composite
def contact_and_account(draw: st.DrawFn) -> Any:
    """A chosen account and contact, of that account, of another, or of none."""
    home = draw(st.sampled_from([None, "account", "other"]))
    account = draw(records(Account, id="account", is_person=False, name="Acme"))
    contact = draw(records(Contact, id="contact", account_id=home))
    return account, contact, draw(st.sampled_from([CREATE, SKIP]))


@st.composite
def with_deal(draw: st.DrawFn) -> Any:
    """A chosen deal, and a contact chosen or not."""
    contact = draw(st.none() | records(Contact, id="contact", account_id=None))
    return None, contact, draw(records(Opportunity, id="deal", name="Engine", account_id=None))


@st.composite
def models(draw: st.DrawFn) -> Model:
    """The model of these worlds: objects renamed or not, pipelines and custom fields added or not.

    Law C22 disables objects; here all are in use.
    """
    model = MODEL
    for entity, one, many in ((Lead, "Prospect", "Prospects"), (Account, "Client", "Clients")):
        if draw(st.booleans()):
            model = model.renamed(entity, one, many)
    stages = draw(st.lists(st.sampled_from("ABC"), min_size=1, unique=True))
    if draw(st.booleans()):
        ends = (Stage("In", StageCategory.WON, 100), Stage("Out", StageCategory.LOST, 0))
        model = model.with_pipelines(Pipeline("own", (*map(Stage, stages), *ends)))
    for kind in ("lead", "contact", "opportunity"):
        if draw(st.booleans()):
            model = model.with_custom_fields(kind, CustomField(name="extra"))
    return model


@st.composite
def worlds(draw: st.DrawFn, chosen: st.SearchStrategy[Any] | None = None) -> World:
    """Any world in which the conversion goes through; ``chosen`` draws the three targets."""
    account, contact, deal = draw(any_targets() if chosen is None else chosen)
    lead = draw(records(Lead, id="lead", name=draw(NAMES), status="New"))
    others = [
        made(Account, id="other", name="Other"),
        made(Campaign, id="fair", name="Fair", member_statuses=("Sent", "Opened", "Responded")),
        made(Campaign, id="mail", name="Mail"),
        made(Contact, id="bystander", name=PersonName(family="Hopper")),
    ]
    children = draw(_children(lead))
    links = draw(_links(account, contact, deal))
    existing = [one for one in (account, contact, deal) if isinstance(one, Record)]
    repository = MemoryRepository()
    stored = [*others, *existing, lead, *children, *links]
    repository.commit(ChangeSet(map(Insert, stored)))

    def read(one: Any) -> Any:
        return evolve(one, version=1) if isinstance(one, Record) else one

    kinds = {one.ref.kind for one in existing}
    targets = sorted(one for one in MAP.targets if one.partition(".")[0] in kinds)
    overwrite = draw(st.sets(st.sampled_from(targets), max_size=5)) if targets else set[str]()
    return World(
        repository=repository,
        lead=read(lead),
        account=read(account),
        contact=read(contact),
        opportunity=read(deal),
        children=tuple(map(read, children)),
        links=tuple(map(read, (*links, *others[1:3]))),
        overwrite=frozenset(overwrite),
        model=draw(models()),
    )


@st.composite
def _children(draw: st.DrawFn, lead: Lead) -> list[Record]:
    """Records of every kind that may refer to a lead, open and closed."""
    moments = draw(st.lists(st.none() | MOMENTS, max_size=3))
    found: list[Record] = [
        made(
            Activity,
            id=f"task-{i}",
            subject="Call",
            who=lead.ref,
            done_at=at,
            owner_id=lead.owner_id,
        )
        for i, at in enumerate(moments)
    ]
    if draw(st.booleans()) and found:
        found[0] = evolve(found[0], custom={"first_lead": lead.id})
    if draw(st.booleans()):
        found.append(made(Touch, id="touch", who=lead.ref, at=draw(MOMENTS), source="Web"))
    if draw(st.booleans()):
        found.append(made(Attachment, id="file", about=lead.ref, uri="a.pdf"))
    if draw(st.booleans()):
        custom = draw(st.sampled_from([{}, {"reporter": lead.ref}]))
        found.append(made(Case, id="case", subject="Help", who=lead.ref, custom=custom))
    campaigns = draw(st.sets(st.sampled_from(["fair", "mail"])))
    found += [draw(_membership(f"ours-{one}", one, lead.ref)) for one in campaigns]
    return found


@st.composite
def _membership(draw: st.DrawFn, id_: str, campaign: str, member: Ref[Any]) -> Record:
    return made(
        CampaignMember,
        id=id_,
        campaign_id=campaign,
        member=member,
        status=draw(st.sampled_from([None, "Sent", "Opened", "Responded"])),
        first_responded_at=draw(st.none() | MOMENTS),
    )


@st.composite
def _links(draw: st.DrawFn, account: Any, contact: Any, deal: Any) -> list[Record]:
    """Memberships and relations of the chosen contact, roles of the chosen deal."""
    found: list[Record] = []
    if contact is not None:
        campaigns = draw(st.sets(st.sampled_from(["fair", "mail"])))
        found += [draw(_membership(f"theirs-{one}", one, contact.ref)) for one in campaigns]
    if contact is not None and account is not None and draw(st.booleans()):
        is_direct = contact.account_id == account.id
        found.append(
            made(
                AccountContactRelation,
                id="relation",
                account_id=account.id,
                contact_id=contact.id,
                is_direct=is_direct,
                is_active=is_direct or draw(st.booleans()),
            )
        )
    if isinstance(deal, Opportunity):
        found += draw(_roles(contact))
    return found


@st.composite
def _roles(draw: st.DrawFn, contact: Contact | None) -> list[Record]:
    people = ["bystander"] if contact is None else ["bystander", "contact"]
    chosen = sorted(draw(st.sets(st.sampled_from(people))))
    primary = draw(st.sampled_from([None, *chosen]))
    return [
        made(
            OpportunityContactRole,
            id=f"role-{who}",
            opportunity_id="deal",
            contact_id=who,
            is_primary=who == primary,
        )
        for who in chosen
    ]


def present(value: object) -> bool:
    """Whether there is a value: ``None`` and an empty collection are none; 0, False and "" are."""
    return value is not None and not (
        isinstance(value, frozenset | tuple | FrozenMap) and len(value) == 0
    )


def fields_of(record: Record) -> dict[str, Any]:
    """Every field that people enter by its path, custom values one by one."""
    schema = MODEL.schema_of(record)
    return {
        one.path: one.value(record) for one in schema if not one.is_system and one.path != "custom"
    }
