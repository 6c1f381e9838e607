"""Memberships: a lead's places in campaigns as its person's; of two in one campaign one remains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
from attrs import frozen

from crmcore.changes import Change, CheckNone, Delete, Update
from crmcore.entities.campaign import Campaign, CampaignMember
from crmcore.entities.ledger import Clash
from crmcore.entities.record import Record
from crmcore.query import F, Query
from crmcore.rules.membership import further_status
from crmcore.values.ref import Ref


@frozen(kw_only=True)
class Joined:
    """The memberships of one person after the lead's joined them, and what that relies on."""

    changes: tuple[Change, ...] = ()
    checks: tuple[CheckNone, ...] = ()
    read: tuple[Record, ...] = ()
    clashes: tuple[Clash, ...] = ()


def joined(
    rows: Sequence[tuple[CampaignMember, CampaignMember]],
    *,
    person: Ref[Any],
    links: Iterable[Record],
) -> Joined:
    """What becomes of the memberships of a lead that is now ``person`` (law C11).

    ``rows`` are the lead's, each as it is and as it is with its references moved; ``links`` has
    those that the person has already, and the campaigns. A row whose campaign the person is not
    in moves; otherwise the person's own row stays and takes over what is better or missing, and
    the lead's row goes.
    """
    known = tuple(links)
    campaigns = {one.id: one for one in known if isinstance(one, Campaign)}
    changes: list[Change] = []
    checks: list[CheckNone] = []
    read: list[Record] = []
    clashes: list[Clash] = []
    for campaign_id in dict.fromkeys(row.campaign_id for row, _ in rows):
        theirs = sorted(_of(known, person, campaign_id), key=lambda row: row.id)
        own = [pair for pair in rows if pair[0].campaign_id == campaign_id]
        (kept, after), *others = [*((row, row) for row in theirs[:1]), *own]
        campaign = campaigns.get(campaign_id)
        for other, moved in others:
            after = united(after, moved, () if campaign is None else campaign.member_statuses)
            clashes.append(Clash(kept=kept, removed=other))
        changes += [Update(kept, after)] if after != kept else []
        changes += [Delete(other) for other, _ in others]
        read += [*theirs, *(() if campaign is None or not others else (campaign,))]
        checks.append(_no_other(person, campaign_id, theirs))
    return Joined(
        changes=tuple(changes), checks=tuple(checks), read=tuple(read), clashes=tuple(clashes)
    )


def _of(links: Iterable[Record], person: Ref[Any], campaign_id: str) -> list[CampaignMember]:
    return [
        one
        for one in links
        if isinstance(one, CampaignMember)
        and one.member == person
        and one.campaign_id == campaign_id
    ]


def _no_other(person: Ref[Any], campaign_id: str, theirs: Sequence[CampaignMember]) -> CheckNone:
    """That nobody adds the person to the campaign between planning and storing."""
    where = (F.campaign_id == campaign_id) & (F.member == person)
    known = [row.id for row in theirs]
    return CheckNone(Query.of(CampaignMember, where & ~F.id.in_(known) if known else where))


def united(kept: CampaignMember, other: CampaignMember, statuses: Sequence[str]) -> CampaignMember:
    """``kept`` with the earlier first response, the further status, and its gaps filled.

    ``statuses`` are the campaign's, from the first to the furthest (empty: not known).
    """
    responses = (kept.first_responded_at, other.first_responded_at)
    return attrs.evolve(
        kept,
        first_responded_at=min((one for one in responses if one is not None), default=None),
        status=further_status(kept, other, statuses),
        owner_id=other.owner_id if kept.owner_id is None else kept.owner_id,
        labels=kept.labels | other.labels,
        custom=other.custom.with_items(kept.custom),
        external_ids=other.external_ids.with_items(kept.external_ids),
    )
