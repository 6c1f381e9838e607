"""Equations: match rules as administrators write them, clauses of exact and fuzzy comparisons.

The clauses are those that Salesforce documents for its standard contact and account rules, with
comparisons of our own in them.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from crmcore.rules.matching.match_rule import Clause, Comparison, MatchRule
from crmcore.rules.matching.standard import ACCOUNTS, CONTACTS

_NAME: Final = 0.85
_COMPANY: Final = 0.7
_PLACE: Final = 0.5


def _clause(**needs: float) -> Clause:
    return Clause(needs={name.replace("_", " "): least for name, least in needs.items()})


CONTACT_EQUATION: Final[MatchRule] = evolve(
    CONTACTS,
    name="contact-equation-1",
    comparisons=(
        *(
            evolve(one, name="mail") if one.name == "e-mail" else one
            for one in CONTACTS.comparisons
        ),
        Comparison(name="title", how="text", fields={"contact": "title"}, weight=0),
    ),
    gates=(),
    clauses=(
        _clause(name=_NAME, mail=1.0),
        _clause(name=_NAME, telephone=0.9, company=_COMPANY),
        _clause(name=_NAME, telephone=0.9),
        _clause(name=_NAME, title=0.9, company=_COMPANY),
        _clause(name=_NAME, title=0.9, mail=1.0),
        _clause(name=_NAME, address=0.7),
        _clause(name=_NAME, birthday=1.0),
    ),
)
"""Contacts by an equation."""

ACCOUNT_EQUATION: Final[MatchRule] = evolve(
    ACCOUNTS,
    name="account-equation-1",
    gates=tuple(one for one in ACCOUNTS.gates if one.comparison == "person account"),
    clauses=(
        _clause(name=_COMPANY, address=_PLACE),
        _clause(name=_COMPANY, telephone=0.9),
        _clause(web_site=0.9, telephone=0.9),
        _clause(web_site=0.9, address=0.7),
        _clause(tax_number=1.0),
    ),
)
"""Accounts by an equation."""
