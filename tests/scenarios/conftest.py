"""What scenarios on real data have: the folder that the data are in, beside the project."""

from pathlib import Path

import pytest

from tests import ROOT

SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with public CRM data; what needs it is skipped where it is not there."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no real data here: the folder shared/data is not beside the project's")
    return SHARED_DATA
