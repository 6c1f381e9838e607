"""Records and a context for the tests of conversion."""

from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

from crmcore.entities import Account, Contact, Lead, Opportunity, Record
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.rules.conversion import LeadConversion, convert_lead
from crmcore.rules.conversion.request import CREATE, Request, converted_status, overwritten
from crmcore.rules.field_map import STANDARD_FIELD_MAP
from crmcore.rules.rule import Context
from crmcore.values import Money, PersonName
from crmcore.values.ids import AccountId, ContactId, LeadId, OpportunityId

NOW = datetime(2026, 8, 3, 9, 30, tzinfo=UTC)
ADA = PersonName(family="Lovelace", given="Ada")


R = TypeVar("R", bound=Record)


def made(entity: type[R], **values: Any) -> R:
    """A record whose ids are plain texts, as users write them."""
    return entity(**values)


def context(model: Model = STANDARD_MODEL) -> Context:
    numbers = count(1)
    return Context(model=model, now=NOW, new_id=lambda: f"new-{next(numbers)}", by="user-9")


def lead(**values: Any) -> Lead:
    given: dict[str, Any] = {
        "name": ADA,
        "company": "Engines",
        "email": "ada@engines.example",
        "budget": Money(1200, "GBP"),
        "interest": "Difference engine",
    }
    return Lead(**{"id": LeadId("lead"), "version": 1, **given, **values})


def account(**values: Any) -> Account:
    return Account(**{"id": AccountId("account"), "version": 1, "name": "Acme", **values})


def contact(**values: Any) -> Contact:
    return Contact(**{"id": ContactId("contact"), "version": 1, "name": ADA, **values})


def deal(**values: Any) -> Opportunity:
    return Opportunity(**{"id": OpportunityId("deal"), "version": 1, "name": "Engine", **values})


def converted(
    one: Lead | None = None, model: Model = STANDARD_MODEL, **asked: Any
) -> LeadConversion:
    return convert_lead(lead() if one is None else one, context=context(model), **asked)


def request(model: Model = STANDARD_MODEL, **asked: Any) -> Request:
    """A request as ``convert_lead`` makes it, before it is checked."""
    one = asked.get("lead", lead())
    names = ("opportunity_name", "owner_id", "close_on", "pipeline", "stage")
    defaults = {
        **dict.fromkeys(("account", "contact", *names)),
        "lead": one,
        "context": context(model),
        "opportunity": CREATE,
        "status": converted_status(None, one, model),
        "field_map": STANDARD_FIELD_MAP,
    }
    given = {**defaults, **asked}
    given["overwrite"] = overwritten(asked.get("overwrite", ()), given["field_map"])
    return Request(**given)
