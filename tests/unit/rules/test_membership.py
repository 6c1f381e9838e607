"""Which of two statuses in a campaign is further along."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crmcore.entities import Campaign, CampaignMember
from crmcore.rules.membership import further_status
from crmcore.values import Ref

LEAD, PERSON = Ref[Any]("lead", "lead"), Ref[Any]("contact", "contact")
FAIR = Campaign(name="Fair", member_statuses=("Sent", "Opened", "Responded"))
FIRST, SECOND = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def row(id_: str, member: Ref[Any] = LEAD, **values: Any) -> CampaignMember:
    given = {"campaign_id": FAIR.id, **values}
    return CampaignMember(**{"id": id_, "member": member, **given})


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        (None, None, None),
        (None, "Sent", "Sent"),
        ("Sent", None, "Sent"),
        ("Responded", "Sent", "Responded"),
        ("Sent", "Responded", "Responded"),
        ("Unheard", "Sent", "Sent"),
        ("Opened", "Unheard", "Opened"),
        ("Unheard", "Unseen", "Unheard"),
    ],
)
def test_the_further_status_counts(
    first: str | None, second: str | None, result: str | None
) -> None:
    assert (
        further_status(row("a", status=first), row("b", status=second), FAIR.member_statuses)
        == result
    )


def test_without_the_campaigns_statuses_the_row_with_a_response_counts() -> None:
    kept, other = row("a", status="X"), row("b", status="Y", first_responded_at=FIRST)
    assert further_status(kept, other, ()) == "Y"
    assert further_status(other, kept, ()) == "Y"
