"""Normal text, and characters that no text should hold."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore.values.text import bad_characters, normal_text

MARKS = "\u0301\u0306\u0308\u0345\u0323\u200d\u3099\u00ad\ufe20\u093f"
LETTERS = "aIİıßẞſøŁжйЙўиуёЁάςᾳΐǰŉかハﾞﬁＡ①हक़각ᄀﷺʻ'-_ \t\ud800"
TEXTS = st.text() | st.text(st.sampled_from(MARKS + LETTERS))


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Łódź, S.A.", "lodz s a"),
        ("Müller & Söhne GmbH", "muller sohne gmbh"),
        ("Straße STRASSE", "strasse strasse"),
        ("Ærø Þór Đà Œuvre", "aero thor da oeuvre"),
        ("İstanbul Isparta Diyarbakır", "istanbul isparta diyarbakir"),
        ("ΆΛΦΑ Σίσυφος", "αλφα σισυφοσ"),
        ("Ёлка Йод Ўзбек", "елка йод ўзбек"),
        ("हिन्दी", "हिन्दी"),
        ("ｶﾞ が", "ガ が"),
        ("ＡＣＭＥ　Ｃｏ．", "acme co"),
        ("O'Brien O’Brien", "o brien o brien"),
        ("Hawaiʻi", "hawai i"),
        ("ﬁn\u00adance", "finance"),
        ("a_b\x00c\x1fd\ud800e", "a b c d e"),
        ("  many\n\tspaces  ", "many spaces"),
        ("한국", "한국"),
        ("№ 5 ½", "no 5 1 2"),
        ("—!?", ""),
        ("", ""),
    ],
)
def test_spellings_of_the_same_words_have_one_form(text: str, normal: str) -> None:
    assert normal_text(text) == normal


@given(TEXTS)
@example("и\u200d\u0306")
@example("か\u00ad\u3099")
@example("Й\u00ad\u3099")
@example("\u0345α")
def test_normal_text_is_a_fixed_point(text: str) -> None:
    once = normal_text(text)
    assert normal_text(once) == once


def test_every_single_character_has_a_normal_form_that_stays() -> None:
    once = normal_text(" ".join(map(chr, range(0x110000))))
    assert normal_text(once) == once


@given(TEXTS)
def test_the_unicode_form_of_a_text_does_not_matter(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert normal_text(unicodedata.normalize(form, text)) == normal_text(text)


@given(st.text(st.characters(codec="latin-1", categories=["L", "N", "Zs"])))
def test_case_does_not_matter(text: str) -> None:
    assert normal_text(text.upper()) == normal_text(text) == normal_text(text.lower())


@given(TEXTS)
def test_words_stand_between_single_spaces(text: str) -> None:
    normal = normal_text(text)
    assert normal == " ".join(normal.split())


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("sound\ttext\r\nwith lines and ünïcödé 🙂", ()),
        ("", ()),
        ("a\x00b\x07\x00", ("U+0000", "U+0007")),
        ("\ud800 and \x85 and \udfff and \ud800", ("U+D800", "U+0085", "U+DFFF")),
        ("\x7f\x1b[31m", ("U+007F", "U+001B")),
    ],
)
def test_bad_characters_are_named_once_in_order(text: str, bad: tuple[str, ...]) -> None:
    assert bad_characters(text) == bad


@given(st.text())
def test_text_without_bad_characters_can_be_written_as_utf_8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        assert bad_characters(text)
    assert bool(bad_characters(text)) == any(
        unicodedata.category(char) in {"Cc", "Cs"} for char in text if char not in "\t\n\r"
    )


@pytest.mark.parametrize("function", [normal_text, bad_characters])
def test_ten_million_characters_are_read_to_the_end(function: Callable[[str], object]) -> None:
    text = "Äb é, " * 1_600_000
    assert function(text + "\x00last") != function(text + "x")
