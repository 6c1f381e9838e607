from pathlib import Path

import pytest

from crmcore.rules.similarity.public_suffix import registrable_domain

CASES = [
    line.split()
    for line in (Path(__file__).parent / "public_suffix_cases.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def ascii_of(host: str) -> str:
    """A host as an address has it: international labels in ASCII."""
    return ".".join(
        label if label.isascii() else label.encode("idna").decode("ascii")
        for label in host.split(".")
    )


@pytest.mark.parametrize(("host", "registered"), CASES)
def test_the_vectors_of_the_list_hold(host: str, registered: str) -> None:
    expected = None if registered == "-" else ascii_of(registered)
    assert registrable_domain(ascii_of(host)) == expected


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("shop.acme.co.uk", "acme.co.uk"),
        ("acme.github.io", "acme.github.io"),  # a private rule: a page at a provider
        ("www.acme.github.io", "acme.github.io"),
        ("github.io", None),
        ("acme.example", "acme.example"),  # a top-level domain that nobody listed
        ("example", None),
        ("", None),
        ("a..com", None),
    ],
)
def test_private_rules_count_and_a_suffix_is_nobodys_own(host: str, registered: str | None) -> None:
    assert registrable_domain(host) == registered
