"""Users and quotas."""

from crmcore.entities import Quota, User
from crmcore.model.describe import describe
from tests.unit.entities.shape import check_shape


def test_a_user_needs_a_name() -> None:
    defaults = dict.fromkeys(("email", "manager_id", "team"), None) | {
        "is_queue": False,
        "is_active": True,
    }
    check_shape(User, "user", {"name"}, defaults)


def test_a_quota_needs_owner_period_and_amount() -> None:
    check_shape(Quota, "quota", {"owner_id", "period_start", "amount"}, {})


def test_users_make_a_tree() -> None:
    lookup = describe(User).field("manager_id").lookup
    assert lookup is not None
    assert (lookup.kind, lookup.shape.name) == ("user", "TREE")
