from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.model.describe import value_fields
from crmcore.testing.strategies import values
from crmcore.values import Address, Money
from crmcore.values.email import is_email
from crmcore.values.text import bad_characters
from tests.unit.testing.strategies import any_of, smallest

EVERYTHING = (
    values.ids()
    | values.texts()
    | values.emails()
    | values.phones()
    | values.urls()
    | values.scalars()
)


def texts_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [
        text for one in value_fields(type(value)) for text in texts_in(getattr(value, one.name))
    ]


@given(EVERYTHING)
def test_every_text_can_be_stored(value: Any) -> None:
    for text in texts_in(value):
        assert bad_characters(text) == ()


@given(values.texts(max_size=3, blank=False))
def test_texts_keep_to_their_bounds(text: str) -> None:
    assert text.strip()
    assert len(text) <= 3


@pytest.mark.parametrize(("low", "high"), [(None, None), (0, None), (None, -5), (0, 100), (7, 7)])
@given(data=st.data())
def test_numbers_keep_to_their_bounds(low: Any, high: Any, data: st.DataObject) -> None:
    exact = (None if one is None else Decimal(one) for one in (low, high))
    for found in (data.draw(values.wholes(low, high)), data.draw(values.numbers(*exact))):
        assert low is None or found >= low
        assert high is None or found <= high


def test_there_are_amounts_of_every_sign() -> None:
    for sign in (-1, 0, 1):
        has_sign = partial(has_the_sign, sign)
        assert has_sign(any_of(values.moneys(), has_sign))


def has_the_sign(sign: int, money: Money) -> bool:
    return (money.amount > 0) - (money.amount < 0) == sign


@given(values.emails())
def test_emails_are_addresses(text: str) -> None:
    assert is_email(text)


@given(values.phones())
def test_phones_have_digits(text: str) -> None:
    assert any(map(str.isdigit, text))


@given(values.person_names())
def test_persons_have_names(name: Any) -> None:
    assert not name.is_empty


def test_addresses_may_be_empty() -> None:
    assert any_of(values.addresses(), lambda one: one.is_empty) == Address()


@given(values.moments())
def test_moments_are_in_utc(moment: Any) -> None:
    assert moment.utcoffset().total_seconds() == 0


@given(values.maps(values.wholes()))
def test_maps_have_texts_as_keys(found: Any) -> None:
    assert all(isinstance(key, str) and isinstance(value, int) for key, value in found.items())


def test_examples_shrink_to_dull_ones() -> None:
    assert smallest(values.texts()) == "x"
    assert smallest(values.numbers()) == 0
    assert smallest(values.scalars()) == "x"
