"""Profile: how another system converts leads, as a configuration of this one.

For people who migrate and want to keep what they know. What a profile cannot do here because it
would break a law is named in ``differences``.
"""

from __future__ import annotations

import attrs
from attrs import field, frozen

from crmcore.entities.record import text_tuple
from crmcore.model.model import Model
from crmcore.model.policies import (
    Attach,
    Children,
    LeadMode,
    Matches,
    NoCompany,
    Policies,
    Undo,
)
from crmcore.rules.field_map import STANDARD_FIELD_MAP, FieldMap


@frozen(kw_only=True)
class Profile:
    """A configuration: ``policies`` of the model, and the field map of the rule book.

    ``differences`` say, each with the law, where the other system does what is not done here.
    """

    name: str
    policies: Policies
    field_map: FieldMap = STANDARD_FIELD_MAP
    differences: tuple[str, ...] = field(default=(), converter=text_tuple)

    def applied(self, model: Model) -> Model:
        """The model with the policies of the profile."""
        return attrs.evolve(model, policies=self.policies)


SALESFORCE = Profile(
    name="Salesforce",
    policies=Policies(
        no_company=NoCompany.PERSON_ACCOUNT,
        undo_conversion=Undo.REFUSED,
        conversion_matches=Matches.BLOCK,
        conversion_attach=Attach.NEVER,
        conversion_children=Children.ALL,
    ),
    differences=(
        "C10: feed posts and custom related lists stay behind there; here every reference moves",
        "C11: a campaign member may keep its lead there; here it is the contact's",
        "C1: there is no preview there, and no receipt of what was lost (C9)",
        "a contact without its account is refused there; here its own account is taken",
    ),
)
"""Attach by hand, fill the gaps, irreversible; a lead without company is a person account."""

ODOO = Profile(
    name="Odoo",
    policies=Policies(
        no_company=NoCompany.CONTACT_ONLY,
        undo_conversion=Undo.REFUSED,
        conversion_matches=Matches.ALERT,
        conversion_attach=Attach.STRONG_KEYS,
        conversion_children=Children.DEAL,
        lead_mode=LeadMode.LEADS_AND_CONTACTS,
    ),
    differences=(
        "C8: the partner's values flow into the lead there; here nothing is written backwards",
        "C4: lost and won leads are skipped in silence there; here converting twice is refused",
        "C9: the partner gets a fixed list of fields there; here every value has its place",
        "C20: a partner was found by part of a name there; here only a strong key attaches",
    ),
)
"""The lead becomes a deal, which everything follows; known partners are taken by themselves."""
