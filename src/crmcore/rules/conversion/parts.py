"""Parts: the account, the contact and the deal of one conversion: made, attached or skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from crmcore.entities.account import Account
from crmcore.entities.contact import Contact
from crmcore.entities.ledger import Fate, Transfer
from crmcore.entities.opportunity import Opportunity
from crmcore.errors import UnknownNameError
from crmcore.findings import Finding, error, remark, warning
from crmcore.model.pipeline import Pipeline, StageCategory
from crmcore.model.policies import CloseDate, NoCompany
from crmcore.rules.conversion.request import SKIP, Request, is_blank, is_present
from crmcore.rules.conversion.targets import Offer, Part, T, filled, offers, skipped

OWNER_GIVEN = "owner_id was given"
LONGEST_INTEREST = 60


def account_part(request: Request) -> Part[Account]:
    """The account: the one given, a new one named after the company, or what policy says (C14)."""
    if not request.model.is_enabled(Account):
        return _disabled(Account, request)
    owner = {"owner_id": (request.owner_id, OWNER_GIVEN)}
    wanted = offers(request.field_map.entries_of("account"), owner, request)
    if request.account is not None:
        part = filled(request.account, Account, wanted, request)
        return _told(part, request, request.why("account"))
    if all(is_blank(one.value) for one in wanted if one.path == "name"):
        return _without_company(request)
    part = filled(None, Account, wanted, request)
    return _told(part, request, "named after the lead's company")


def _without_company(request: Request) -> Part[Account]:
    label = request.model.schema(Account).label
    entries = request.field_map.entries_of("account")
    match request.model.policies.no_company:
        case NoCompany.PERSON_ACCOUNT:
            why = "the lead has no company: a person account, named after the person"
            given = {
                "name": (request.person or None, why),
                "is_person": (True, why),
                "owner_id": (request.owner_id, OWNER_GIVEN),
            }
            wanted = offers(entries, given, request)
            return _told(filled(None, Account, wanted, request), request, why)
        case NoCompany.CONTACT_ONLY:
            why = "the lead has no company: a contact only"
            return Part(
                transfers=skipped(request, entries, why), decisions=(f"{label}: none; {why}",)
            )
        case NoCompany.REFUSE:
            finding = error(
                "conversion.no_company",
                "the lead has no company, and this model wants one",
                ref=request.lead.ref,
                path="company",
                suggestion="enter the company on the lead, or pass account=",
            )
            why = "the lead has no company"
            return Part(transfers=skipped(request, entries, why), findings=(finding,))


def contact_part(request: Request, account: Account | None) -> Part[Contact]:
    """The contact: the one given, or a new one in the account."""
    if not request.model.is_enabled(Contact):
        return _disabled(Contact, request)
    given = {
        "account_id": (None if account is None else account.id, ""),
        "owner_id": (request.owner_id, OWNER_GIVEN),
    }
    wanted = offers(request.field_map.entries_of("contact"), given, request)
    part = filled(request.contact, Contact, wanted, request)
    findings = (
        *part.findings,
        *_second_person(request, account),
        *_opt_outs(part.transfers),
    )
    why = "the lead's person" if request.contact is None else request.why("contact")
    return _told(attrs.evolve(part, findings=findings), request, why)


def _second_person(request: Request, account: Account | None) -> Iterator[Finding]:
    """A person account has one person (law X4)."""
    if account is None or not account.is_person or request.account is None:
        return
    if request.contact is None or request.contact.account_id != account.id:
        yield error(
            "conversion.second_person",
            "a person account has one person, and this would be another",
            ref=account.ref,
            value=account.name,
            suggestion="pass that person as contact=, or another account",
        )


def _opt_outs(transfers: Iterable[Transfer]) -> Iterator[Finding]:
    """A wish not to be reached must not get lost unseen because the contact says otherwise."""
    for one in transfers:
        is_wish = one.field.endswith("_opt_out") and one.value is True
        if is_wish and one.fate is Fate.KEPT and one.over is False:
            yield warning(
                "conversion.opt_out",
                "the lead opted out and the contact did not; the contact stays as it is",
                ref=one.target,
                path=one.target_field or "",
                value=False,
                suggestion=f"overwrite=('contact.{one.target_field}',)",
            )


def opportunity_part(request: Request, account: Account | None) -> Part[Opportunity]:
    """The deal: a new one with its defaults, the one given, or none."""
    if not request.model.is_enabled(Opportunity):
        return _disabled(Opportunity, request)
    entries = request.field_map.entries_of("opportunity")
    if request.opportunity is SKIP:
        label = request.model.schema(Opportunity).label
        return Part(
            transfers=skipped(request, entries, "no deal was asked for"),
            decisions=(f"{label}: none was asked for",),
        )
    given: dict[str, tuple[Any, str]] = {
        "name": (request.opportunity_name, "opportunity_name was given"),
        "close_on": (request.close_on, "close_on was given"),
        "pipeline": (request.pipeline, "pipeline was given"),
        "stage": (request.stage, "stage was given"),
        "owner_id": (request.owner_id, OWNER_GIVEN),
        "account_id": (None if account is None else account.id, ""),
        "lead_id": (request.lead.id, ""),
    }
    wanted = offers(entries, given, request)
    if isinstance(request.opportunity, Opportunity):
        part = filled(request.opportunity, Opportunity, wanted, request)
        return _told(part, request, request.why("opportunity"))
    who = request.person if account is None else account.name
    defaults = tuple(_defaults(wanted, who, request))
    part = filled(None, Opportunity, (*wanted, *defaults), request)
    told = _told(part, request, "no other was given")
    told = attrs.evolve(told, findings=(*told.findings, *_no_close_date(part.after, request)))
    reasons = tuple(one.given_why for one in defaults if one.given_why)
    return attrs.evolve(told, decisions=told.decisions + reasons)


def _defaults(wanted: Iterable[Offer], who: str, request: Request) -> Iterator[Offer]:
    """What a new deal has where neither the caller nor the map says otherwise (law C24)."""
    context = request.context
    said = {one.path: one.given or one.value for one in wanted}
    if is_blank(said.get("name")):
        topic = " ".join(str(request.lead.interest or "").split())[:LONGEST_INTEREST]
        name = f"{who} - {topic or format(context.today, '%Y-%m')}"
        yield Offer(path="name", given=name)
    is_asked = context.model.policies.conversion_close_date is CloseDate.ASKED
    if not is_present(said.get("close_on")) and not is_asked:
        last = context.model.calendar.quarter(context.today)[1]
        why = f"Close date: {last}; the last day of the fiscal quarter"
        yield Offer(path="close_on", given=last, given_why=why)
    pipeline = _pipeline(request, said.get("pipeline"))
    if not is_present(said.get("pipeline")) and pipeline is not None:
        why = f"Pipeline: {pipeline.key!r}; the model's first"
        yield Offer(path="pipeline", given=pipeline.key, given_why=why)
    if request.stage is not None and pipeline is not None:
        pipeline.stage(request.stage)
    elif not is_present(said.get("stage")) and pipeline is not None:
        first = pipeline.first(StageCategory.OPEN).key
        why = f"Stage: {first!r}; the first open one of the pipeline"
        yield Offer(path="stage", given=first, given_why=why)


def _no_close_date(deal: Opportunity | None, request: Request) -> Iterator[Finding]:
    policy = request.model.policies.conversion_close_date
    if deal is not None and deal.close_on is None and policy is CloseDate.ASKED:
        yield error(
            "conversion.no_close_date",
            "this model wants to be told when a new deal is expected to close",
            ref=request.lead.ref,
            path="close_on",
            suggestion="pass close_on=, map it, or opportunity=SKIP",
        )


def _pipeline(request: Request, said: Any) -> Pipeline | None:
    """The pipeline asked for or mapped; ``None`` for one that the map got wrong: bad data."""
    try:
        return request.model.pipeline(said if is_present(said) else None)
    except UnknownNameError:
        if request.pipeline is not None:
            raise
        return None


def _disabled(entity: type[T], request: Request) -> Part[T]:
    """What is disabled in the model is skipped and reported (law C22)."""
    schema = request.model.schema(entity)
    label, why = schema.label, f"{schema.plural} are disabled in this model"
    return Part(
        transfers=skipped(request, request.field_map.entries_of(schema.kind), why),
        decisions=(f"{label}: none; {why}",),
        findings=(
            remark("conversion.disabled", f"{why}: that part is skipped", ref=request.lead.ref),
        ),
    )


def _told(part: Part[T], request: Request, why: str) -> Part[T]:
    """The part with the sentence that says what was decided about it."""
    record = part.after
    if record is None:
        return part
    what = "created" if part.is_new else "attached to"
    label = request.model.schema_of(record).label
    return attrs.evolve(part, decisions=(f"{label}: {what} {str(record.name)!r}; {why}",))
