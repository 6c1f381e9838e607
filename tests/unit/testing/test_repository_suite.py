import pytest

from crmcore.errors import UsageError
from crmcore.testing import RepositorySuite


def test_the_fixture_must_be_given() -> None:
    wanted = RepositorySuite.repository.__wrapped__  # type: ignore[attr-defined]  # a fixture has it
    with pytest.raises(UsageError, match="override the fixture `repository`"):
        wanted(RepositorySuite())
