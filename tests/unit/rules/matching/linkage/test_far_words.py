"""Which words are surely two; test_quick_comparisons.py holds it to what is compared."""

import pytest

from crmcore.rules.matching.linkage.far_words import FarWords, Letters, kin

np = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("one", "other", "is_far"),
    [
        ("lovelace", "babbage", True),
        ("lovelace", "lovelace", False),
        ("lovelace", "lovelcae", False),  # a slip
        ("lovelace", "ecalevol", False),  # backwards
        ("youssef", "yusuf", False),  # one sound
        ("lovelace", "l", False),  # an initial
        ("lovelace", "b", True),
        ("lovelace", "", False),
        ("lovelace", "king lovelace", False),
        ("lovelace", "山田", False),
        ("ratcliffe", "rummenbolt", True),  # one letter at the start is not enough
    ],
)
def test_words_without_anything_in_common_are_far(one: str, other: str, is_far: bool) -> None:
    words = FarWords(np, [one, other])
    for is_family in (True, False):
        assert words.far(np.asarray([0]), np.asarray([1]), is_family=is_family) == [is_far]
        assert words.far(np.asarray([1]), np.asarray([0]), is_family=is_family) == [is_far]


def test_forms_of_a_given_name_are_near_but_not_as_family_names() -> None:
    words = FarWords(np, ["bob", "william", "robert", "bill"])
    ones, others = np.asarray([0, 1]), np.asarray([2, 3])
    assert not words.far(ones, others, is_family=False).any()
    assert kin("bob") & kin("robert")
    assert not kin("bob") & kin("william")


def test_family_names_with_a_particle_written_on_are_near() -> None:
    words = FarWords(np, ["vandersaar", "saar"])
    one, other = np.asarray([0]), np.asarray([1])
    assert not words.far(one, other, is_family=True)
    assert words.far(one, other, is_family=False)


def test_no_words_are_no_letters() -> None:
    assert not len(Letters(np, []).bits)
