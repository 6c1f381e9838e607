import pytest

from crmcore.rules.matching.linkage import mailboxes
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.subject import LEVELS

MAIL = next(trait for trait in PEOPLE.traits if trait.name == "mail")


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("ada@x.org", "ada@x.org", mailboxes.M_SAME),
        ("ada.king@x.org", "ada.kinng@x.org", mailboxes.M_SLIP),
        ("ada.king@engine.org", "ada.king@enigne.org", mailboxes.M_SLIP),
        ("ada.king@engine.org", "adaking@enigne.org", mailboxes.M_SLIP),
        ("ada.king@engine.org", "ada.king@loom.net", mailboxes.M_ELSEWHERE),
        ("ada.king@analytical.org", "ada.kingsley@analytics.com", mailboxes.M_ALIKE),
        ("ada.king@x.org", "charles@x.org", mailboxes.M_COLLEAGUE),
        ("ada1@x.org", "ada2@x.org", mailboxes.M_NUMBERED),
        ("ada1@gmail.com", "ada2@gmail.com", mailboxes.M_NUMBERED_ANYWHERE),
        ("ada@gmail.com", "charles@gmail.com", mailboxes.M_OTHER),
        ("ada@x.org", "charles@loom.net", mailboxes.M_OTHER_DOMAIN),
        ("ada@x.org", "charles@gmail.com", mailboxes.M_OTHER),
    ],
)
def test_two_mailboxes_have_a_level(one: str, other: str, level: int) -> None:
    buckets = PEOPLE.standard.buckets()
    assert MAIL.compare((one,), (other,), buckets) % LEVELS == level
    assert MAIL.compare((other,), (one,), buckets) % LEVELS == level
