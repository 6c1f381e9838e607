import pytest

from crmcore.rules.similarity.whole_names import name_agreement, same_name


@pytest.mark.parametrize(
    ("one", "other", "kind", "expected"),
    [
        ("Vladimir Putin", "PUTIN, Vladimir", "person", True),
        ("Vladimir Vladimirovich Putin", "Vladimir Putin", "person", True),
        ("Dr. Robert Smith", "Bob Smith", "person", True),
        ("Ada Lovelace", "Charles Babbage", "person", False),
        ("Ada", "Ada Lovelace", "person", False),
        ("Stripe LLC", "Stripe Limited Liability Company", "company", True),
        ("Brigade Forty-Four", "Brigade 44", "company", True),
        ("International Business Machines", "IBM", "company", True),
        ("Nantahala Fund I 2", "Nantahala Fund I 3", "company", False),
        ("Acme Deutschland", "Acme France", "company", False),
        ("Faberlic Europe", "Faberlic", "company", True),
        ("Bros Trading Services", "Mills Trading Services", "company", False),
        ("Youssef Mansour", "Yousef Mansur", "person", True),
        ("Daniel Hill", "Daniela Hill", "person", False),
        ("Kamila Duda", "Kamil Duda", "person", False),
        (
            "Wolfeschlegelsteinhausen Bergerdorff",
            "Wolfeschlegelstein Hausenbergerdorf",
            "person",
            True,
        ),
        ("Al Qaeda", "Al-Qaeda", "company", True),
        ("", "", "company", False),
        ("...", "Ada", "person", False),
    ],
)
def test_two_whole_names_are_one_or_not(one: str, other: str, kind: str, expected: bool) -> None:
    assert same_name(one, other, kind=kind) is expected  # type: ignore[arg-type]  # as listed
    there = name_agreement(one, other, kind=kind)  # type: ignore[arg-type]  # likewise
    assert there == name_agreement(other, one, kind=kind)  # type: ignore[arg-type]  # likewise
    assert 0 <= there <= 1
