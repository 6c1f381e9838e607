"""What a search found, shown."""

from crmcore.entities import Contact, Judgement, Lead
from crmcore.entities.ledger import Verdict
from crmcore.model.model import STANDARD_MODEL
from crmcore.render import text_width
from crmcore.rules.matching import (
    CONTACTS,
    WEIGHTED_MATCH_RULES,
    DuplicateSets,
    find_duplicates,
)
from crmcore.values import PersonName

ADA = PersonName(family="Lovelace", given="Ada")


def contacts(prefix: str, count: int) -> list[Contact]:
    return [
        Contact(id=f"{prefix}{at}", name=ADA, email=f"{prefix}@x.org")  # type: ignore[arg-type]  # an id
        for at in range(count)
    ]


def found(*records: Contact | Lead, block_limit: int = 50) -> DuplicateSets:
    return find_duplicates(
        records, rules=WEIGHTED_MATCH_RULES, model=STANDARD_MODEL, block_limit=block_limit
    )


def test_the_text_has_every_set_with_its_evidence() -> None:
    text = str(found(*contacts("anna", 2), Lead(id="l", name=ADA, email="ANNA@x.org")))  # type: ignore[arg-type]  # an id
    assert text.startswith(
        "1 set of duplicates (3 pairs) in 3 records, 3 comparisons\n\n1. contact:"
    )
    assert "contact:anna0 and lead:l: 1.000 sure (lead-contact-standard-1)" in text
    assert "anna@x.org" in text
    assert "blocking key" in text


def test_the_text_fits_80_columns() -> None:
    text = str(found(*contacts("王" * 60, 2), *contacts("b" * 100, 3)))
    assert max(map(text_width, text.splitlines())) <= 80


def test_long_results_say_what_is_not_shown() -> None:
    many = [one for letter in "abcdefghijkl" for one in contacts(letter * 5, 2)]
    text = str(found(*many, *contacts("zzzzz", 5)))
    assert "... 7 more pairs" in text
    assert "... 3 more sets" in text


def test_the_text_names_what_was_skipped() -> None:
    sets = found(*contacts("anna", 5), block_limit=4)
    assert "2 blocks too large (see .skipped), the largest: 5 records of one mailbox" in str(sets)
    assert [(one.key, one.value, one.size) for one in sets.skipped] == [
        ("mailbox", "anna@x.org", 5),
        ("full name", "ada lovelace", 5),
    ]


def test_judged_pairs_are_mentioned() -> None:
    one, two, three = contacts("anna", 3)
    sets = find_duplicates(
        [one, two, three],
        rules=[CONTACTS],
        model=STANDARD_MODEL,
        judgements=[
            Judgement(first=one.ref, second=two.ref, verdict=Verdict.NOT_DUPLICATE),
            Judgement(first=two.ref, second=three.ref, verdict=Verdict.DUPLICATE),
        ],
    )
    assert "1 pair kept apart by a judgement" in str(sets)
    assert "1 pair put together by a judgement" in str(sets)


def test_rows_are_plain_values_with_the_number_of_the_set() -> None:
    one, two, three = contacts("anna", 3)
    sets = find_duplicates(
        [one, two, three],
        rules=[CONTACTS],
        model=STANDARD_MODEL,
        judgements=[Judgement(first=one.ref, second=two.ref, verdict=Verdict.NOT_DUPLICATE)],
    )
    first, second = sets.to_rows()
    assert first == {
        "set": 1,
        "left_kind": "contact",
        "left_id": "anna0",
        "right_kind": "contact",
        "right_id": "anna2",
        "score": 1.0,
        "level": "sure",
        "rule": "contact-standard-1",
        "evidence": "name 1.00; e-mail 1.00",
    }
    assert (second["left_id"], second["set"]) == ("anna1", None)


def test_the_pairs_of_a_record_and_of_a_set_are_told() -> None:
    sets = found(*contacts("anna", 3))
    (cluster,) = sets.clusters
    assert sets.within(cluster) == sets.pairs
    assert len(sets.of(cluster.members[0])) == 2
    assert len(sets) == 1


def test_html_is_escaped() -> None:
    nasty = [
        Contact(id=key, name=PersonName(family="<b>", given="Ada"), email="ada@x.org")  # type: ignore[arg-type]  # an id
        for key in ("<i>", "<u>")
    ]
    page = found(*nasty)._repr_html_()
    assert "&lt;b&gt;" in page
    assert not {"<b>", "<i>", "<u>"} & {page[at : at + 3] for at in range(len(page))}


def test_long_html_says_what_is_not_shown() -> None:
    page = found(*contacts("anna", 25))._repr_html_()
    assert "... 100 more pairs" in page
