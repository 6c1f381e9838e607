"""A plan is there to be read."""

from datetime import UTC, datetime
from typing import Any

from crmcore.entities import Activity, Campaign, CampaignMember, ConversionReceipt
from crmcore.entities.ledger import Fate
from crmcore.render import text_width
from crmcore.rules.conversion.plan import AlreadyConvertedError
from crmcore.values import Ref
from tests.unit.rules.conversion.cases import account, contact, converted, lead, made

FAIR = made(Campaign, id="fair", name="Fair")
PLAN = converted(
    lead(phone="+44 20 7946 0000", is_email_opt_out=True, custom={"tier": "<gold>"}),
    account=account(phone="123"),
    contact=contact(account_id="account", email="old@engines.example"),
    overwrite="contact.email",
    children=[
        made(Activity, id="task", subject="Call", who=lead().ref),
        made(CampaignMember, id="ours", campaign_id="fair", member=lead().ref),
    ],
    links=[made(CampaignMember, id="theirs", campaign_id="fair", member=contact().ref), FAIR],
)

TEXT = """\
Ada Lovelace of Engines is converted

Account           attached to 'Acme'; the one given
Contact           attached to 'Ada Lovelace'; the one given
Opportunity       created 'Acme - Difference engine'; no other was given
Close date        2026-09-30; the last day of the fiscal quarter
Pipeline          'standard'; the model's first
Stage             'Prospecting'; the first open one of the pipeline
Opportunity role  the primary contact
Status            'Converted'

lead field        value                becomes
────────────────  ───────────────────  ─────────────────────────────────────────
company           Engines              kept: account.name is Acme
phone             +44 20 7946 0000     kept: account.phone is 123
                                       contact.phone
name              Ada Lovelace         kept: contact.name is the same
email             ada@engines.example  contact.email, overwritten as asked: it …
is_email_opt_out  yes                  kept: contact.is_email_opt_out is no
is_phone_opt_out  no                   kept: contact.is_phone_opt_out is the sa…
is_post_opt_out   no                   kept: contact.is_post_opt_out is the same
budget            GBP 1,200.00         opportunity.amount
interest          Difference engine    opportunity.description
status            New                  dropped: the converted status replaces i…
custom.tier       <gold>               unmapped: the map does not carry it

11 values: 4 copied, 5 kept, 1 dropped, 1 unmapped

record         field  now refers to
─────────────  ─────  ───────────────
activity:task  who    contact:contact

campaign_member:ours joined campaign_member:theirs

warning  the lead opted out and the contact did not; the contact stays as it is
         (is_email_opt_out); overwrite=('contact.is_email_opt_out',)"""


def test_a_plan_is_a_page_to_read() -> None:
    assert str(PLAN) == TEXT
    assert all(text_width(line) <= 80 for line in str(PLAN).splitlines())


def test_a_plan_without_children_and_findings_is_short() -> None:
    text = str(converted())
    assert "now refers to" not in text
    assert text.splitlines()[-1].endswith("0 kept, 1 dropped, 0 unmapped")


def test_a_plan_that_cannot_be_stored_says_so_first() -> None:
    text = str(converted(lead(name=None, company="x" * 200)))
    assert text.splitlines()[0].startswith("xxx")
    assert all(text_width(line) <= 80 for line in text.splitlines())
    nobody = converted(lead(name=None, company=None))
    assert str(nobody).startswith("lead:lead cannot be converted")
    assert "error" in str(nobody)


def test_html_is_escaped_and_has_every_part() -> None:
    html = PLAN._repr_html_()
    assert "&lt;gold&gt;" in html
    assert "<gold>" not in html
    for part in ("is converted", "+ email", "activity:task", "theirs", "opted out"):
        assert part in html
    short = converted()._repr_html_()
    assert "now refers to" not in short
    assert "findings" not in short


def test_every_value_counts_once() -> None:
    assert PLAN.fates["phone"] is Fate.COPIED
    assert len(PLAN.fates) == 11


def test_the_error_says_when_and_what_it_became() -> None:
    became = (Ref[Any]("account", "a"), Ref[Any]("contact", "c"))
    assert "into account:a, contact:c" in str(AlreadyConvertedError("lead", became))
    when = datetime(2026, 8, 3, tzinfo=UTC)
    receipt = ConversionReceipt(lead_id=lead().id, converted_at=when)
    assert "was converted on 2026-08-03" in str(AlreadyConvertedError("lead", became, receipt))
    assert "nothing that it still names" in str(AlreadyConvertedError("lead"))


def test_a_receipt_without_its_lead_is_named_by_id() -> None:
    from_receipt = converted()
    bare = type(from_receipt)(
        changes=from_receipt.changes,
        findings=from_receipt.findings,
        receipt=ConversionReceipt(lead_id=lead().id),
    )
    assert str(bare).startswith("lead is converted")
