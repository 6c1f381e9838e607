"""Soundness: whether a model has what a match rule names."""

from __future__ import annotations

from crmcore.errors import did_you_mean
from crmcore.findings import Finding, Findings, ModelError, error
from crmcore.model.model import Model
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage_search import readers
from crmcore.rules.matching.match_rule import MatchRule
from crmcore.rules.matching.reading import paths_in, reader


def check(rule: MatchRule | LinkageRule, model: Model) -> Findings:
    """Everything that ``rule`` names and the model lacks."""
    found: list[Finding] = []
    unknown = [kind for kind in rule.kinds if not model.has(kind)]
    for kind in unknown:
        hint = did_you_mean(kind, model.kinds)
        found.append(
            error("rule.unknown", "unknown entity", path="kinds", value=kind, suggestion=hint)
        )
    try:
        if isinstance(rule, MatchRule):
            for kind in rule.kinds:
                if kind not in unknown:
                    found += _problems(rule, kind, model)
        elif not unknown:
            for kind in rule.kinds:
                paths_in(rule.within.get(kind, ()), kind, model, "within", found)
                paths_in(rule.across.get(kind, ()), kind, model, "across", found)
            readers(rule, model, {})
    except ModelError as problem:
        found += problem.findings
    return Findings(found)


def _problems(rule: MatchRule, kind: str, model: Model) -> Findings:
    try:
        reader(rule, kind, model)
    except ModelError as problem:
        return problem.findings
    return Findings()
