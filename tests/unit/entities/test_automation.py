"""What is kept of automation."""

from crmcore.entities import RuleFiring, RuleState
from crmcore.entities.automation import new_rule_firing_id, new_rule_state_id
from tests.unit.entities.shape import check_shape


def test_a_firing_needs_a_rule_and_what_it_is_about() -> None:
    defaults: dict[str, object] = {"at": None, "due_at": None, "effects": ()}
    check_shape(RuleFiring, "rule_firing", {"rule", "about"}, defaults)
    assert new_rule_firing_id() != new_rule_firing_id()


def test_the_state_of_a_rule_needs_nothing() -> None:
    state = RuleState()
    assert (state.turns, state.last_user_id, state.ref.kind) == (0, None, "rule_state")
    assert new_rule_state_id() != new_rule_state_id()
