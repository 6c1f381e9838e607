"""Similarity: named, symmetric comparisons of two values, from 0 (they differ) to 1 (the same).

``COMPARERS`` maps the name of a comparison, such as ``person_name``, to the comparison itself.
Blank equals nothing, not even blank: the similarity is then ``None``.
"""

from __future__ import annotations

from crmcore.rules.similarity.company import normal_company
from crmcore.rules.similarity.comparers import COMPARERS, Comparer, comparers
from crmcore.rules.similarity.contact_points import (
    is_own_domain,
    line,
    line_end,
    mailbox,
    web_domain,
)
from crmcore.rules.similarity.person import NameForm, is_whole, name_form
from crmcore.rules.similarity.place import (
    PlaceForm,
    normal_postal_code,
    normal_street,
    place_form,
)

__all__ = [
    "COMPARERS",
    "Comparer",
    "NameForm",
    "PlaceForm",
    "comparers",
    "is_own_domain",
    "is_whole",
    "line",
    "line_end",
    "mailbox",
    "name_form",
    "normal_company",
    "normal_postal_code",
    "normal_street",
    "place_form",
    "web_domain",
]
