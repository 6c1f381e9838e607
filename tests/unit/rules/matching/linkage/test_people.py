import pytest

from crmcore.rules.matching.linkage import people
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.subject import LEVELS

MAIL = next(trait for trait in PEOPLE.traits if trait.name == "mail")


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("ada@x.org", "ada@x.org", people.M_SAME),
        ("ada.king@x.org", "ada.kinng@x.org", people.M_SLIP),
        ("ada.king@engine.org", "ada.king@enigne.org", people.M_SLIP),
        ("ada.king@engine.org", "adaking@enigne.org", people.M_SLIP),
        ("ada.king@engine.org", "ada.king@loom.net", people.M_ELSEWHERE),
        ("ada.king@analytical.org", "ada.kingsley@analytics.com", people.M_ALIKE),
        ("ada.king@x.org", "charles@x.org", people.M_COLLEAGUE),
        ("ada1@x.org", "ada2@x.org", people.M_NUMBERED),
        ("ada1@gmail.com", "ada2@gmail.com", people.M_NUMBERED_ANYWHERE),
        ("ada@gmail.com", "charles@gmail.com", people.M_OTHER),
        ("ada@x.org", "charles@loom.net", people.M_OTHER_DOMAIN),
        ("ada@x.org", "charles@gmail.com", people.M_OTHER),
    ],
)
def test_two_mailboxes_have_a_level(one: str, other: str, level: int) -> None:
    buckets = PEOPLE.standard.buckets()
    assert MAIL.compare((one,), (other,), buckets) % LEVELS == level
    assert MAIL.compare((other,), (one,), buckets) % LEVELS == level
