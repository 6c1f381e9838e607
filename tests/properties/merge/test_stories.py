"""Stories that went wrong once, found by long runs and made as small as they go."""

from datetime import date

import pytest

from crmcore import Crm
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Activity,
    Attachment,
    Campaign,
    CampaignMember,
    Contact,
    Lead,
    Opportunity,
)
from crmcore.model.policies import ContactAccount
from crmcore.values import PersonName, Ref
from tests.properties.merge.ground import Add, Change, Convert, Join, TakeBack
from tests.properties.merge.story import Story
from tests.properties.merge.worlds import MODEL, made

ROLES = frozenset({"Consultant", "Evaluator"})


def contact(id_: str, account_id: str) -> Contact:
    return made(Contact, id=id_, name=PersonName(family="N"), account_id=account_id)


def direct(id_: str, account_id: str, contact_id: str) -> AccountContactRelation:
    return made(
        AccountContactRelation,
        id=id_,
        account_id=account_id,
        contact_id=contact_id,
        is_direct=True,
    )


def contacts(*ids: str) -> tuple[Ref[Contact], ...]:
    return tuple(Ref("contact", id_) for id_ in ids)


ROLES_OF_A_ROW_APART = Story(
    records=(
        made(Account, id="a1", name="Acme"),
        made(Account, id="a2", name="Acme"),
        contact("c0", "a1"),
        contact("c1", "a2"),
        contact("c3", "a2"),
        direct("dc0", "a1", "c0"),
        direct("dc1", "a2", "c1"),
        direct("dc3", "a2", "c3"),
        made(AccountContactRelation, id="r0", account_id="a2", contact_id="c0", roles=ROLES),
    ),
    acts={
        1: Join("accounts", (Ref("account", "a1"), Ref("account", "a2"))),
        2: Join("people", contacts("c3", "c1", "c0")),
        3: Add(contact("c4", "a1")),
        4: Join("again", contacts("c4", "c3")),
        5: TakeBack("accounts"),
        6: TakeBack("people"),
    },
)

ATTACHED_TO_A_ROW_APART = Story(
    records=(
        *(made(Contact, id=id_, name=PersonName(family="N")) for id_ in ("c0", "c1")),
        *(made(Campaign, id=id_, name="Fair") for id_ in ("k0", "k1")),
        made(CampaignMember, id="m0", campaign_id="k1", member=Ref("contact", "c1")),
        made(CampaignMember, id="m1", campaign_id="k0", member=Ref("contact", "c0")),
        made(Attachment, id="f1", about=Ref("campaign_member", "m0"), uri="file"),
    ),
    acts={
        1: Join("people", contacts("c0", "c1")),
        2: Join("campaigns", (Ref("campaign", "k0"), Ref("campaign", "k1"))),
        3: TakeBack("people"),
    },
)

A_DERIVED_DIRECT_RELATION = Story(
    records=(
        *(made(Account, id=id_, name="Acme") for id_ in ("a0", "a1", "a2")),
        contact("c1", "a0"),
        contact("c2", "a1"),
        contact("c3", "a2"),
        contact("c4", "a0"),
        direct("dc1", "a0", "c1"),
        direct("x2", "a1", "c2"),
        direct("x3", "a2", "c3"),
        direct("dc4", "a0", "c4"),
    ),
    acts={
        1: Join("first", contacts("c3", "c1")),
        2: Join("second", contacts("c2", "c4")),
        3: Join("both", contacts("c3", "c2")),
        4: Join("accounts", (Ref("account", "a0"), Ref("account", "a1"))),
        5: TakeBack("both"),
        6: Join("again", contacts("c2", "c3")),
        7: TakeBack("first"),
    },
)

RESTORED_WHILE_ITS_TARGET_WAS_MERGED = Story(
    records=(
        *(made(Contact, id=id_, name=PersonName(family="N")) for id_ in ("c0", "c1", "c2")),
        made(Lead, id="l0", company="Acme"),
        made(Lead, id="l1", company="Acme", referred_by_id="c0"),
    ),
    acts={
        1: Join("leads", (Ref("lead", "l0"), Ref("lead", "l1"))),
        2: Join("first", contacts("c1", "c0")),
        3: TakeBack("leads"),
        4: Join("second", contacts("c2", "c1")),
        5: TakeBack("first"),
        6: Join("third", contacts("c2", "c0")),
        7: TakeBack("third"),
    },
)
MERGED_AFTER_ITS_TARGET_WAS = Story(
    records=(
        *(made(Account, id=id_, name="Acme") for id_ in ("a0", "a1", "a2")),
        made(Activity, id="t0", subject="Call"),
        made(Activity, id="t1", subject="Call", about=Ref("account", "a1")),
    ),
    acts={
        1: Join("accounts", (Ref("account", "a0"), Ref("account", "a1"))),
        2: Join("calls", (Ref("activity", "t0"), Ref("activity", "t1"))),
        3: Join("above", (Ref("account", "a2"), Ref("account", "a0"))),
        4: TakeBack("accounts"),
        5: TakeBack("calls"),
    },
)
EDITED_AFTER_IT_WAS_RESTORED = Story(
    records=(
        *(made(Contact, id=id_, name=PersonName(family="N")) for id_ in ("c1", "c2")),
        made(Activity, id="t0", subject="Call"),
        made(Activity, id="t1", subject="Call", who=Ref("contact", "c1")),
    ),
    acts={
        1: Join("calls", (Ref("activity", "t0"), Ref("activity", "t1"))),
        2: Join("people", contacts("c2", "c1")),
        3: TakeBack("calls"),
        4: Change(Ref("activity", "t1"), "who", None),
        5: Change(Ref("activity", "t1"), "who", Ref("contact", "c2")),
        6: TakeBack("people"),
    },
)
LED_ON_BY_A_MERGE_TAKEN_BACK = Story(
    records=(
        *(made(Account, id=id_, name="Acme") for id_ in ("a0", "a1")),
        *(made(Campaign, id=id_, name="Fair") for id_ in ("k0", "k1")),
        contact("c0", "a0"),
        *(made(Contact, id=id_, name=PersonName(family="N")) for id_ in ("c1", "c2")),
        contact("c3", "a1"),
        direct("dc0", "a0", "c0"),
        direct("dc3", "a1", "c3"),
        made(CampaignMember, id="m1", campaign_id="k1", member=Ref("contact", "c0")),
        made(CampaignMember, id="m4", campaign_id="k0", member=Ref("contact", "c1")),
        made(Opportunity, id="o1", name="Engine", account_id="a1"),
        made(Opportunity, id="o2", name="Engine", account_id="a0"),
    ),
    acts={
        1: Join("campaigns", (Ref("campaign", "k1"), Ref("campaign", "k0"))),
        2: Join("accounts", (Ref("account", "a0"), Ref("account", "a1"))),
        3: Join("people", contacts("c3", "c0", "c1")),
        4: TakeBack("accounts"),
        5: TakeBack("people"),
        6: TakeBack("campaigns"),
        7: Join("deals", (Ref("opportunity", "o2"), Ref("opportunity", "o1"))),
        8: TakeBack("deals"),
    },
)
STARTS_IN_THE_FUTURE = Story(
    records=(
        made(Account, id="a1", name="Acme"),
        contact("c0", "a1"),
        made(Contact, id="c1", name=PersonName(family="N")),
        direct("dc0", "a1", "c0"),
        made(
            AccountContactRelation,
            id="r1",
            account_id="a1",
            contact_id="c1",
            roles=ROLES,
            start_on=date(2027, 1, 1),
        ),
    ),
    acts={
        1: Join("people", contacts("c1", "c0")),
        2: Change(Ref("contact", "c1"), "account_id", None),
    },
)
RESTORED_WITH_AN_EDITED_END = Story(
    records=(
        *STARTS_IN_THE_FUTURE.records,
        made(Contact, id="c2", name=PersonName(family="N")),
        made(AccountContactRelation, id="r2", account_id="a1", contact_id="c2"),
    ),
    acts={
        **STARTS_IN_THE_FUTURE.acts,
        3: Join("second", contacts("c2", "c1")),
        4: TakeBack("people"),
        5: TakeBack("second"),
    },
)
TWO_THAT_BECAME_ONE_LINK = Story(
    records=(
        *(made(Account, id=id_, name="Acme") for id_ in ("a0", "a1")),
        contact("c0", "a1"),
        made(Contact, id="c1", name=PersonName(family="N")),
        contact("c2", "a0"),
        made(Contact, id="c3", name=PersonName(family="N")),
        direct("dc0", "a1", "c0"),
        direct("dc2", "a0", "c2"),
        *(
            made(
                AccountContactRelation,
                id=id_,
                account_id=account_id,
                contact_id="c1",
                start_on=date(2026, 1, 5),
            )
            for id_, account_id in (("r3", "a1"), ("r4", "a0"))
        ),
        made(Lead, id="w2", company="Acme"),
    ),
    acts={
        15: Convert(lead_id="w2", contact_id="c3"),
        41: Add(
            made(
                Contact,
                id="c36",
                name=PersonName(family="N"),
                account_id="a1",
                reports_to_id="c3",
                custom={"mentor": "c3"},
            )
        ),
        47: Join("leads", contacts("c2", "c3")),
        51: Join("first", contacts("c1", "c0", "c36")),
        67: Join("second", contacts("c2", "c1")),
        78: Join("accounts", tuple(Ref("account", id_) for id_ in ("n015x1", "a0", "a1"))),
        82: TakeBack("second"),
    },
)

GIVEN_BACK_THROUGH_A_MERGE_IN_FORCE = Story(
    records=(
        *(
            made(Contact, id=f"c{n}", name=PersonName(family=family), reports_to_id=above)
            for n, (family, above) in enumerate(
                [("Lovelace", None), ("Lovelace", "c0"), ("Byron", "c1"), ("Byron", "c2")]
            )
        ),
        made(Lead, id="w1", name=PersonName(family="W1"), company="Acme"),
    ),
    acts={
        12: Convert(lead_id="w1"),
        70: Join(
            name="m18new",
            refs=(Ref("contact", "c3"), Ref("contact", "n012x2"), Ref("contact", "c0")),
        ),
        87: Join(name="m20new", refs=(Ref("contact", "c1"), Ref("contact", "c2"))),
        93: TakeBack(name="m18new"),
    },
)
STORIES = (
    ROLES_OF_A_ROW_APART,
    ATTACHED_TO_A_ROW_APART,
    A_DERIVED_DIRECT_RELATION,
    RESTORED_WHILE_ITS_TARGET_WAS_MERGED,
    MERGED_AFTER_ITS_TARGET_WAS,
    EDITED_AFTER_IT_WAS_RESTORED,
    LED_ON_BY_A_MERGE_TAKEN_BACK,
    STARTS_IN_THE_FUTURE,
    RESTORED_WITH_AN_EDITED_END,
    TWO_THAT_BECAME_ONE_LINK,
    GIVEN_BACK_THROUGH_A_MERGE_IN_FORCE,
)


@pytest.mark.parametrize("story", STORIES)
def test_stories_that_once_went_wrong_end_well(story: Story) -> None:
    """M18 M19 M20 X1 each with a look at everything after every step; all taken back at the end."""
    story.play()


def test_a_restored_contact_has_an_account_where_every_contact_must() -> None:
    """M20 its own was deleted: it gets that of the survivor, and that is told."""
    crm = Crm(model=MODEL.with_policies(contact_account=ContactAccount.REQUIRED))
    crm.add_all([made(Account, id="a1", name="Acme"), made(Account, id="a2", name="Ajax")])
    crm.add_all([contact("c1", "a1"), contact("c2", "a2")])
    merge = crm.merge(Ref("contact", "c1"), [Ref("contact", "c2")])
    crm.delete(Account, "a2")
    stayed = crm.unmerge(merge).receipt.stayed
    assert crm.get(Contact, "c2").account_id == "a1"
    assert [(one.ref.id, one.field, one.own) for one in stayed] == [("c2", "account_id", "a2")]
    assert not crm.check()
