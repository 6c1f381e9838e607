"""What a rule does, in words."""

from crmcore.rules.automation import (
    AddLabel,
    AssignOwner,
    Call,
    CreateActivity,
    InDays,
    MoveStage,
    Set,
    Turn,
)


def test_effects_are_told_in_words() -> None:
    effects = [
        Set("next_step", "call"),
        Set("close_on", InDays(7)),
        AddLabel("vip"),
        MoveStage("Won"),
        CreateActivity(subject="Call"),
        AssignOwner(users=["u", "v"], by=Turn.LOAD),
        Call("score"),
    ]
    assert list(map(str, effects)) == [
        "set next_step to call",
        "set close_on to in 7 days",
        "add the label vip",
        "move to Won",
        "create task 'Call'",
        "assign to u, v by load",
        "call score",
    ]
    assert len(set(effects)) == len(effects)
