"""Membership: how far somebody got in a campaign, where two rows tell of it."""

from __future__ import annotations

from collections.abc import Sequence

from crmcore.entities.campaign import CampaignMember


def further_status(
    kept: CampaignMember, other: CampaignMember, statuses: Sequence[str]
) -> str | None:
    """The status that is further along, by the ``statuses`` of the campaign, the furthest last.

    Any status is further than none, and one that the campaign knows further than one it does not;
    of two unknown ones it is that of the row with a response, else the one kept.
    """
    ranks: dict[str | None, int] = {status: rank for rank, status in enumerate(statuses)}
    ranks[None] = -2
    left, right = ranks.get(kept.status, -1), ranks.get(other.status, -1)
    if left == right:
        answered = kept.first_responded_at is None and other.first_responded_at is not None
        return other.status if answered else kept.status
    return kept.status if left > right else other.status
