import pytest

from crmcore.codec.errors import (
    DecodeError,
    EncodeError,
    Misfit,
    decode_error,
    encode_error,
    under,
)
from crmcore.errors import CrmError, StorageError


def test_a_misfit_knows_the_way_to_it() -> None:
    with pytest.raises(Misfit) as caught, under("merged"), under("[0]"), under("name"):
        raise Misfit(3, "this must be text")
    assert caught.value.path == "merged[0].name"
    assert caught.value.value == 3


def test_what_cannot_be_written_is_named() -> None:
    error = encode_error(Misfit(1.5, "floats are not exact", ("custom", "x")), "account", "a")
    assert isinstance(error, CrmError)
    assert error == EncodeError(
        kind="account", id="a", path="custom.x", value=1.5, why="floats are not exact"
    )
    assert str(error) == "account:a.custom.x cannot be written: floats are not exact: 1.5"


def test_what_cannot_be_read_is_named() -> None:
    error = decode_error(Misfit(3, "this must be text", ("name",)), "account", "a")
    assert isinstance(error, StorageError)
    assert (error.kind, error.id, error.path, error.value) == ("account", "a", "name", 3)
    assert str(error) == "account:a.name cannot be read: this must be text: 3"


def test_what_has_no_id_or_path_is_named_by_its_kind() -> None:
    assert str(encode_error(Misfit(3, "no"), "query")) == "query cannot be written: no: 3"


def test_errors_that_say_different_things_differ() -> None:
    one, same, other = (decode_error(Misfit(value, "no"), "query") for value in (1, 1, 2))
    assert one == same
    assert one != other


def test_a_hint_is_shown() -> None:
    error = DecodeError(why="no", where="query", hint="look", kind="query", id="", path="", value=3)
    assert str(error) == "query cannot be read: no: 3; look"
