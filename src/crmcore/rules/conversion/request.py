"""Request: what a conversion is asked to do, with everything checked that can be beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from typing import Final

from attrs import frozen

from crmcore.entities.account import Account
from crmcore.entities.contact import Contact
from crmcore.entities.lead import Lead
from crmcore.entities.opportunity import Opportunity
from crmcore.entities.record import text_tuple
from crmcore.errors import UnknownNameError, UsageError
from crmcore.model.describe import FieldSchema
from crmcore.model.model import Model
from crmcore.model.pipeline import LeadCategory, LeadStatus
from crmcore.rules.field_map import FieldMap
from crmcore.rules.rule import Context
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.person import PersonName


class OpportunityChoice(Enum):
    """Whether a conversion makes a deal, where it is not given an existing one."""

    CREATE = "create"
    SKIP = "skip"


CREATE: Final = OpportunityChoice.CREATE
SKIP: Final = OpportunityChoice.SKIP


@frozen(kw_only=True)
class Request:
    """A conversion as it was asked for, after ``checked_request``.

    ``overwrite`` holds targets in full, such as ``contact.phone``; ``found`` says by kind why a
    record was chosen that the caller did not give. The other names are those of ``convert_lead``.
    """

    lead: Lead
    context: Context
    account: Account | None
    contact: Contact | None
    opportunity: Opportunity | OpportunityChoice
    opportunity_name: str | None
    owner_id: str | None
    status: LeadStatus
    close_on: date | None
    pipeline: str | None
    stage: str | None
    overwrite: frozenset[str]
    field_map: FieldMap
    found: FrozenMap[str] = FrozenMap()

    @property
    def model(self) -> Model:
        """The model of the context."""
        return self.context.model

    @property
    def owner(self) -> str | None:
        """The owner of what is created: the one given, else the lead's."""
        return self.lead.owner_id if self.owner_id is None else self.owner_id

    @property
    def person(self) -> str:
        """The name of the lead's person, or else of the contact given; empty where neither has."""
        names = (self.lead.name, None if self.contact is None else self.contact.name)
        return next((str(one) for one in names if not is_blank(one)), "")

    def why(self, kind: str) -> str:
        """Why the existing record of this kind was chosen."""
        return self.found.get(kind, "the one given")


def is_blank(value: object) -> bool:
    """Whether a name is missing, or has nothing to read in it."""
    if isinstance(value, PersonName):
        return value.is_empty
    return value is None or (isinstance(value, str) and not value.strip())


def is_present(value: object) -> bool:
    """Whether there is a value: ``None`` is missing, and so is an empty set, tuple or map.

    ``0``, ``False`` and ``""`` are values.
    """
    return value is not None and value not in (frozenset(), (), {})


def value_of(one: FieldSchema, record: Lead | Account | Contact | Opportunity) -> object:
    """The value of a field, ``None`` where custom values are no mapping at all."""
    if one.is_custom and not isinstance(record.custom, Mapping):
        return None
    value: object = one.value(record)
    return value


def is_converted(lead: Lead) -> bool:
    """Whether a lead was converted: it knows when, or what it became."""
    links = (lead.converted_account_id, lead.converted_contact_id, lead.converted_opportunity_id)
    return lead.converted_at is not None or any(one is not None for one in links)


def converted_status(key: str | None, lead: Lead, model: Model) -> LeadStatus:
    """The status that the lead gets: the one asked for, else the model's first converted one.

    A lead that has a converted status already, say by import, keeps it. Raises
    ``UnknownNameError``, and ``UsageError`` for a status that does not mean *converted* (law C3).
    """
    known = tuple(one for one in model.lead_statuses if one.category is LeadCategory.CONVERTED)
    if key is None:
        own = (one for one in known if one.key == lead.status)
        return next(own, model.converted_status())
    status = model.lead_status(key)
    if status not in known:
        ways = ", ".join(repr(one.key) for one in known)
        raise UsageError("a converted lead needs a status that means so", key, f"use {ways}")
    return status


def overwritten(names: str | Iterable[str], field_map: FieldMap) -> frozenset[str]:
    """The targets that ``overwrite=`` names, each in full or by its field in all kinds.

    Raises ``UnknownNameError`` for a name of no target of the map.
    """
    found: set[str] = set()
    for name in text_tuple(names):
        named = {one.target for one in field_map if name in (one.target, one.path)}
        if not named:
            known = (*field_map.targets, *(one.path for one in field_map))
            raise UnknownNameError("field to overwrite", name, known, "the field map")
        found |= named
    return frozenset(found)


def check_request(request: Request) -> None:
    """Raise ``UsageError`` where the arguments do not go together, with the way out."""
    _enabled(request)
    _of_one_account(request)
    new_deal = {
        "opportunity_name": request.opportunity_name,
        "close_on": request.close_on,
        "pipeline": request.pipeline,
        "stage": request.stage,
    }
    given = [name for name, value in new_deal.items() if value is not None]
    if given and request.opportunity is not CREATE:
        raise UsageError(
            f"{', '.join(given)} would describe a new deal, and none is to be made",
            request.opportunity,
            "leave them out, or opportunity=CREATE",
        )


def _enabled(request: Request) -> None:
    model = request.model
    if not model.is_enabled(Lead):
        raise UsageError(
            "leads are disabled in this model", request.lead.ref, "model.with_enabled(Lead)"
        )
    for target in (request.account, request.contact, request.opportunity):
        if target is None or isinstance(target, OpportunityChoice):
            continue
        if not model.is_enabled(type(target)):
            raise UsageError(
                f"{type(target).__name__} is disabled in this model, so nothing can go there",
                target.ref,
                f"leave it out, or model.with_enabled({type(target).__name__})",
            )


def _of_one_account(request: Request) -> None:
    """A contact or deal that has an account is not joined with a new account beside it."""
    if not request.model.is_enabled(Account):
        return
    for target in (request.contact, request.opportunity):
        if not isinstance(target, Contact | Opportunity) or target.account_id is None:
            continue
        if request.account is None:
            raise UsageError(
                f"this {target.ref.kind} has an account, which must be given too",
                target.account_id,
                "pass it as account=, or another account that exists",
            )
    deal = request.opportunity
    if (
        isinstance(deal, Opportunity)
        and request.account is not None
        and deal.account_id not in (None, request.account.id)
    ):
        raise UsageError(
            "the deal belongs to another account than the one given",
            deal.account_id,
            "pass the deal's own account as account=, or another deal",
        )
