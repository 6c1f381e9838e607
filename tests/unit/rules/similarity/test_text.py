"""Likeness of words."""

from crmcore.rules.similarity.text import LONGEST, jaro_winkler, same_words, shortened, slips


def test_equal_words_are_alike_and_others_by_their_letters() -> None:
    assert jaro_winkler("martha", "martha", least=0.9) == 1.0
    assert jaro_winkler("martha", "marhta", least=0.9) == 0.961111


def test_words_below_the_least_are_not_alike_at_all() -> None:
    assert jaro_winkler("martha", "marhta", least=0.97) == 0.0
    assert same_words("nova foods", "terra media", least=0.85) == 0.0


def test_the_order_of_words_does_not_count() -> None:
    assert same_words("foods nova", "nova foods", least=0.85) == 1.0
    assert same_words("nova foods", "nova foods", least=0.85) == 1.0


def test_a_swap_of_neighbours_is_one_slip() -> None:
    assert (slips("gmail.com", "gmial.com"), slips("ada", "ada"), slips("ada", "ida")) == (1, 0, 1)


def test_only_the_beginning_of_a_text_is_compared() -> None:
    assert shortened("a" * 10_000_000) == "a" * LONGEST
    assert shortened(5) is None
    assert shortened("") == ""
