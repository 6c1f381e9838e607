"""Automation: rules as data, which act while a command is decided: in the same change set.

definition    a rule: when, where, then
trigger       when: a change, or time that passed
effect        then: what is done
engine        everything that follows from a change set, until nothing more does
loops         rules that would go on for ever
due           what is due by time
sound, fit    what cannot be, by itself and with a model
"""

from __future__ import annotations

from crmcore.rules.automation.acting import needs
from crmcore.rules.automation.definition import AutomationRule, NamedFunction
from crmcore.rules.automation.due import Due, due, due_filter
from crmcore.rules.automation.effect import (
    AddLabel,
    AssignOwner,
    Call,
    CreateActivity,
    Effect,
    Function,
    InDays,
    MoveStage,
    Set,
    Turn,
)
from crmcore.rules.automation.engine import Automated, AutomationError, automate, is_automated
from crmcore.rules.automation.fit import check, function_findings
from crmcore.rules.automation.loops import AutomationLoopError
from crmcore.rules.automation.trigger import (
    Changed,
    Created,
    EnteredStage,
    TimePassed,
    Trigger,
    Updated,
)

__all__ = [
    "AddLabel",
    "AssignOwner",
    "Automated",
    "AutomationError",
    "AutomationLoopError",
    "AutomationRule",
    "Call",
    "Changed",
    "CreateActivity",
    "Created",
    "Due",
    "Effect",
    "EnteredStage",
    "Function",
    "InDays",
    "MoveStage",
    "NamedFunction",
    "Set",
    "TimePassed",
    "Trigger",
    "Turn",
    "Updated",
    "automate",
    "check",
    "due",
    "due_filter",
    "function_findings",
    "is_automated",
    "needs",
]
