"""Mailboxes, telephone lines and web sites."""

import pytest

from crmcore.rules.similarity.contact_points import (
    domain_likeness,
    is_own_domain,
    line,
    line_end,
    line_likeness,
    mailbox,
    mailbox_likeness,
    web_domain,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada <ADA@Example.org>", "ada@example.org"),
        ("ada+crm@example.org", "ada@example.org"),
        ("a.+b@example.org", "a@example.org"),
        ("+b@example.org", "+b@example.org"),
        ("a.d.a@googlemail.com", "ada@gmail.com"),
        ("a.d.a@example.org", "a.d.a@example.org"),
        ("info@example.org", None),
        ("Sales+x@example.org", None),
        ("nonsense", None),
        (None, None),
        (5, None),
    ],
)
def test_a_mailbox_is_that_of_a_person(text: object, expected: str | None) -> None:
    assert mailbox(text) == expected


@pytest.mark.parametrize(
    ("left", "right", "likeness"),
    [
        ("ada@x.org", "ada@x.org", 1.0),
        ("ada@gmail.com", "ada@gmial.com", 0.8),
        ("ada@x.org", "ada@company.com", 0.0),
        ("lovelace@x.org", "lovelcae@x.org", 0.8),
        ("lovelace1@x.org", "lovelace2@x.org", 0.0),
        ("ada@x.org", "ida@x.org", 0.0),
        ("lovelace@x.org", "lovelcae@y.org", 0.0),
        ("lovelace@x.org", "babbage@x.org", 0.0),
    ],
)
def test_mailboxes_are_graded(left: str, right: str, likeness: float) -> None:
    assert mailbox_likeness(left, right) == mailbox_likeness(right, left) == likeness


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+49 (30) 1234-567", None, "+49301234567"),
        ("030 1234567", None, "0301234567"),
        ("030 1234567", "DE", "+49301234567"),
        ("030 1234567 ext. 12", "DE", "+49301234567"),
        ("000-0000", None, None),
        ("111 1111", None, None),
        ("nonsense", None, None),
        (None, None, None),
    ],
)
def test_a_line_is_known_by_its_digits(
    text: object, region: str | None, expected: str | None
) -> None:
    assert line(text, region) == expected


@pytest.mark.parametrize(
    ("left", "right", "likeness"),
    [
        ("+49301234567", "+49301234567", 1.0),
        ("+49301234567", "0301234567", 0.95),
        ("19816527437", "9816527437", 0.95),
        ("+49301234567", "+41301234567", 0.0),
        ("1234567", "+998881234567", 0.0),
        ("34567", "+4934567", 0.0),
        ("0301234568", "+49301234567", 0.0),
    ],
)
def test_lines_are_graded(left: str, right: str, likeness: float) -> None:
    assert line_likeness(left, right) == line_likeness(right, left) == likeness


def test_notations_of_a_line_have_one_end() -> None:
    assert line_end("+49301234567") == line_end("0301234567") == "1234567"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://www.Acme.example/de?x=1", "acme.example"),
        ("acme.example/", "acme.example"),
        ("http://ada:secret@acme.example:8080", "acme.example"),
        ("//www.www.acme.example", "acme.example"),
        ("www.org", "www.org"),
        ("https://facebook.com/acme", None),
        ("acme", None),
        ("", None),
        (None, None),
    ],
)
def test_a_web_site_is_known_by_its_domain(text: object, expected: str | None) -> None:
    assert web_domain(text) == expected


@pytest.mark.parametrize(
    ("left", "right", "likeness"),
    [("acme.com", "acme.com", 1.0), ("shop.acme.com", "acme.com", 0.9), ("a.com", "aa.com", 0.0)],
)
def test_domains_are_graded(left: str, right: str, likeness: float) -> None:
    assert domain_likeness(left, right) == domain_likeness(right, left) == likeness


def test_a_free_provider_is_nobodys_own() -> None:
    assert is_own_domain("acme.example")
    assert not is_own_domain("gmail.com")
