import pytest

from crmcore import STANDARD_MODEL, STANDARD_RULES
from crmcore.rules.conversion.profiles import ODOO, SALESFORCE, Profile


@pytest.mark.parametrize("profile", [SALESFORCE, ODOO])
def test_a_profile_configures_a_model(profile: Profile) -> None:
    model = profile.applied(STANDARD_MODEL)
    assert model.policies == profile.policies
    assert not STANDARD_RULES.with_field_map(profile.field_map).check(model).errors
    assert all(one.startswith(("C", "a ")) for one in profile.differences)
