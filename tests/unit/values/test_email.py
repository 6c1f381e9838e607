"""Normal e-mail addresses."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.values.email import email_domain, is_email, normal_email

LONGEST_DOMAIN = ".".join(["d" * 63, "d" * 63, "d" * 57, "org"])
ADDRESSES = st.one_of(
    st.emails(),
    st.text(),
    st.text(st.sampled_from("aAß.@<>:;+-_ \t。ü☃\ud800\u200bͅxn1")),
    st.builds("{}@{}.{}".format, st.text(min_size=1), st.text(min_size=1), st.text(min_size=1)),
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ada@x.org", "ada@x.org"),
        (" Ada@X.ORG\n", "ada@x.org"),
        ("Ada Lovelace <Ada@x.org>", "ada@x.org"),
        ('"Lovelace, Ada <countess>" < ada@x.org >', "ada@x.org"),
        ("<ada@x.org>", "ada@x.org"),
        ("mailto:ada@x.org", "ada@x.org"),
        ("MAILTO:ada@x.org?subject=Hello", "ada@x.org"),
        ("Ada <mailto:ada@x.org>", "ada@x.org"),
        ("ada@x.org.", "ada@x.org"),
        ("ada+crm@x.org", "ada+crm@x.org"),
        ("a.d.a@x.org", "a.d.a@x.org"),
        ("o'brien_1{x}@sub.x-y.org", "o'brien_1{x}@sub.x-y.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada＠x．org", "ada@x.org"),
        ("ada@x。org", "ada@x.org"),
        ("ada@\U0001fae0.example", "ada@xn--129h.example"),
        ("Jürgen@x.org", "jürgen@x.org"),
        ("a" * 64 + "@x.org", "a" * 64 + "@x.org"),
        ("a" * 64 + "@" + LONGEST_DOMAIN, "a" * 64 + "@" + LONGEST_DOMAIN),
    ],
)
def test_notations_of_the_same_mailbox_have_one_form(text: str, normal: str) -> None:
    assert normal_email(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ada",
        "@x.org",
        "ada@",
        "ada@localhost",
        "ada@x..org",
        "ada@x.org..",
        "ada@-x.org",
        "ada@x-.org",
        "ada@x_y.org",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "ada@bob@x.org",
        ".ada@x.org",
        "ada.@x.org",
        "a..b@x.org",
        "ada lovelace@x.org",
        '"ada lovelace"@x.org',
        "ada@x.org, bob@x.org",
        "ada@x.org;",
        "Ada <ada@x.org> (home)",
        "ada\x00@x.org",
        "ada\ud800@x.org",
        "ada@x\ud800.org",
        "ada@x\u200b.org",
        "ada@" + "ü" * 60 + ".org",
        "a" * 65 + "@x.org",
        "ü" * 33 + "@x.org",
        "a" * 64 + "@d" + LONGEST_DOMAIN,
        "ü" * 32 + "@" + "dd." * 60 + "üü.org",
        pytest.param("a@x.org" * 1_000_000, id="7 MB"),
    ],
)
def test_what_is_no_address_has_no_normal_form(text: str) -> None:
    assert normal_email(text) is None
    assert not is_email(text)
    assert email_domain(text) is None


@given(ADDRESSES)
@example("ada@ß.org")
@example("mailto:mailto:ada@x.org")
@example("<<ada@x.org>>")
def test_the_normal_form_of_an_address_is_a_fixed_point(text: str) -> None:
    once = normal_email(text)
    if once is not None:
        assert normal_email(once) == once
        assert is_email(once)
        assert email_domain(text) == once.rpartition("@")[2]
        assert len(once.encode()) <= 254


@given(st.emails(domains=st.just("x.org")))
def test_every_address_of_the_usual_syntax_is_accepted(address: str) -> None:
    assert normal_email(address) == address.casefold()


@pytest.mark.parametrize("text", ["ada@x.org", " Ada@X.org ", "ada@bücher.example"])
def test_a_bare_address_is_an_email(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize("text", ["Ada <ada@x.org>", "mailto:ada@x.org", "<ada@x.org>"])
def test_an_address_with_something_around_it_is_not_one_as_it_stands(text: str) -> None:
    assert not is_email(text)


def test_the_domain_is_that_of_the_normal_form() -> None:
    assert email_domain("Ada <ada@Bücher.example>") == "xn--bcher-kva.example"
