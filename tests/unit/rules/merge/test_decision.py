from crmcore import render
from crmcore.entities import AccountRelation, Activity, CampaignMember
from crmcore.rules.merge import Merge
from tests.unit.rules.merge.examples import account, contact, made, merged, who


def example() -> Merge:
    first = contact("a", email="ada@one.example", title="CEO", external_ids={"crm": "1"})
    second = contact("b", phone="+41 31 1234567", title="Chief <Executive> Officer")
    rows = [
        made(Activity, id="t", subject="Call", who=who("b")),
        made(CampaignMember, id="m", campaign_id="k", member=who("a")),
        made(CampaignMember, id="n", campaign_id="k", member=who("b")),
    ]
    return merged([first, second], rows)


def test_a_merge_is_shown_side_by_side() -> None:
    lines = str(example()).splitlines()
    assert lines[0] == "merge of 1 record into contact:a"
    assert lines[2].split() == ["field", "survivor", "loser", "1", "becomes", "why"]
    phone = next(line for line in lines if line.startswith("Phone "))
    assert phone.endswith("gap filled")
    assert next(line for line in lines if line.startswith("Title ")).endswith("survivor wins")
    assert next(line for line in lines if line.startswith("Active ")).endswith("any yes")
    assert phone.count("+41 31 1234567") == 2
    assert any("crm: 1" in line for line in lines)
    assert "references that move  1 activity.who" in lines
    assert "link rows that clash  campaign_member:m stays, campaign_member:n goes" in lines
    assert any(line.startswith("finding") for line in lines)


def test_it_fits_into_eighty_columns_however_long_the_values() -> None:
    records = [contact(f"c{index}", description="long words " * 40) for index in range(5)]
    for decision in (example(), merged(records)):
        assert max(map(render.text_width, str(decision).splitlines())) <= 80


def test_many_losers_are_counted() -> None:
    records = [account(f"a{index}", type=f"type {index}") for index in range(5)]
    text = str(merged(records))
    assert text.startswith("merge of 4 records into account:a0")
    assert "2 more" in text
    line = next(line for line in text.splitlines() if line.startswith("Type"))
    assert "2 values" in line
    assert next(line for line in text.splitlines() if line.startswith("Name")).count("Acme") == 5


def test_a_merge_without_references_says_so() -> None:
    assert "references that move  none" in str(merged([contact("a"), contact("b")]))


def test_a_link_that_goes_without_another_is_shown() -> None:

    row = made(AccountRelation, id="r", from_id="a", to_id="b", kind="partner")
    text = str(merged([account("a"), account("b")], [row]))
    assert "nothing stays, account_relation:r goes" in text


def test_it_has_the_id_of_its_receipt() -> None:
    assert example().id == example().receipt.id == "new-1"


def test_in_a_notebook_it_is_escaped_html() -> None:
    html = example()._repr_html_()
    assert "Chief &lt;Executive&gt; Officer" in html
    assert "merge of 1 record" in html
    assert "1 activity.who" in html
