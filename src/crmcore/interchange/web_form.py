"""Submission: what a web form posted, read as the values of a lead and of the touch that it is.

The names of Salesforce's web-to-lead form, the UTM parameters and the click ids of advertisers are
known as they are; so is every field of a lead by its path. What has no field of its own is kept
with the touch, so that nothing a person entered is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from crmcore.errors import InvalidValueError
from crmcore.findings import Finding, Findings, warning
from crmcore.interchange.cells import CellError, cell_value
from crmcore.interchange.columns import Columns, paths_of
from crmcore.model.model import Model
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.money import Money

WEB_TO_LEAD: Mapping[str, str] = {
    "salutation": "name.salutation",
    "first_name": "name.given",
    "last_name": "name.family",
    "email": "email",
    "company": "company",
    "title": "title",
    "url": "website",
    "phone": "phone",
    "mobile": "mobile",
    "fax": "fax",
    "street": "address.street",
    "city": "address.city",
    "state": "address.state",
    "zip": "address.postal_code",
    "country": "address.country",
    "description": "description",
    "lead_source": "source",
    "industry": "industry",
    "rating": "rating",
    "revenue": "annual_revenue",
    "employees": "employees",
    "emailOptOut": "is_email_opt_out",
    "doNotCall": "is_phone_opt_out",
}
"""The names of a web-to-lead form, and the lead fields that they fill."""

LIMITS: Mapping[str, int] = {
    "first_name": 40,
    "last_name": 80,
    "email": 80,
    "company": 40,
    "city": 40,
    "state": 20,
    "title": 40,
    "url": 80,
    "phone": 40,
    "mobile": 40,
    "fax": 40,
    "zip": 20,
    "country": 40,
}
"""How many characters such a form takes; longer values are kept whole, and reported."""

TRANSPORT = frozenset({"oid", "retURL", "debug", "debugEmail", "submit", "encoding"})
"""What the form says to the server that takes it, and not about the person."""

SOURCE, MEDIUM = "utm_source", "utm_medium"
CAPTURED_AT, CAMPAIGN, MEMBER_STATUS = "captured_at", "Campaign_ID", "member_status"


@frozen(kw_only=True)
class Submission:
    """A form as it was posted.

    ``values`` are those of the lead, by field path. ``at`` is the moment that the form itself
    names (``None``: it names none). ``detail`` is everything that no lead field holds.
    """

    values: FrozenMap[Any] = FrozenMap()
    source: str | None = None
    medium: str | None = None
    at: datetime | None = None
    campaign_id: str | None = None
    member_status: str | None = None
    detail: FrozenMap[str] = FrozenMap()
    findings: Findings = Findings()


def read_form(
    posted: Mapping[str, str],
    *,
    model: Model,
    source: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Submission:
    """Read what a form posted.

    ``source`` is where the lead comes from if the form does not say ``lead_source``; the touch's
    own source is ``utm_source``, else the same. ``columns`` map further names of the form, such as
    the ``00N...`` of custom fields, to lead fields. A value that does not fit its field, and a name
    that nothing knows, is kept in the detail of the touch and reported.

    Raises ``UnknownNameError`` for a field in ``columns`` that a lead has not.
    """
    said = {name: str(text).strip() for name, text in posted.items() if name not in TRANSPORT}
    said = {name: text for name, text in said.items() if text}
    names = _names(said, model, columns or {})
    filled = Columns.named(model, "lead", names).read(said, "the form")
    values = dict(filled.values)
    bad = {one.path for one in filled.findings}
    if isinstance(values.get("annual_revenue"), Money) and "currency" in said:
        values["annual_revenue"] = _in_currency(said, values["annual_revenue"])
    at, moment = _moment(said, model)
    if source is not None:
        values.setdefault("source", source)
    used = {name for name, path in names.items() if path not in bad}
    used |= {SOURCE, MEDIUM, CAMPAIGN, MEMBER_STATUS} | ({CAPTURED_AT} if at is not None else set())
    detail = {name: text for name, text in said.items() if name not in used}
    return Submission(
        values=FrozenMap(values),
        source=said.get(SOURCE) or values.get("source"),
        medium=said.get(MEDIUM),
        at=at,
        campaign_id=said.get(CAMPAIGN),
        member_status=said.get(MEMBER_STATUS),
        detail=FrozenMap(detail),
        findings=Findings([*_kept(filled.findings), *moment, *_notes(said, detail)]),
    )


def _names(said: Mapping[str, str], model: Model, columns: Mapping[str, str]) -> dict[str, str]:
    """Which of the names posted fill which field; of two for one field, the first posted."""
    known = {path: path for path in paths_of(model.schema("lead")) if path != "id"}
    known |= {one.name: one.path for one in model.schema("lead").custom}
    known.update(WEB_TO_LEAD)
    known.update(columns)
    found: dict[str, str] = {}
    for name in said:
        path = known.get(name)
        if path is not None and path not in found.values():
            found[name] = path
    # a composite and one of its parts cannot both be filled
    heads = {path for path in found.values() if "." not in path}
    return {
        name: path
        for name, path in found.items()
        if path.startswith("custom.") or path.partition(".")[0] not in heads or path in heads
    }


def _in_currency(said: Mapping[str, str], amount: Money) -> Money:
    try:
        return Money(amount.amount, said["currency"].upper())
    except InvalidValueError:  # no currency: the form's word stays in the detail
        return amount


def _moment(said: Mapping[str, str], model: Model) -> tuple[datetime | None, list[Finding]]:
    text = said.get(CAPTURED_AT)
    if text is None:
        return None, []
    try:
        found = cell_value(model.schema("touch").field("at"), text, currency=model.currency)
    except CellError as problem:
        return None, [_warning(CAPTURED_AT, text, f"write {problem.wanted}")]
    return (found.astimezone(UTC) if isinstance(found, datetime) else None), []


def _kept(found: tuple[Finding, ...]) -> Iterator[Finding]:
    for one in found:
        yield _warning(one.path, one.value, one.suggestion)


def _warning(path: str, value: object, suggestion: str) -> Finding:
    return warning(
        "capture.value",
        "this does not fit the field; it is kept with the touch",
        path=path,
        value=value,
        suggestion=suggestion,
    )


def _notes(said: Mapping[str, str], detail: Mapping[str, str]) -> Iterator[Finding]:
    for name, limit in LIMITS.items():
        if len(said.get(name, "")) > limit:
            yield warning(
                "capture.long",
                f"longer than the {limit} characters that a web-to-lead form takes; kept whole",
                path=name,
                value=said[name],
            )
    for name in detail:
        if name.startswith("00N"):
            yield warning(
                "capture.unknown_field",
                "no field is known for this; it is kept with the touch",
                path=name,
                value=said[name],
                suggestion=f"columns={{{name!r}: 'custom.<field>'}}",
            )
