from __future__ import annotations

from crmcore import Account, Activity, Lead
from crmcore.entities.title import title


def test_a_record_is_called_by_what_people_know_it_by() -> None:
    assert title(Account(name="Acme")) == "Acme"
    assert title(Activity(subject="Call")) == "Call"
    assert title(Lead(company="Vega")) == "Vega"
    nameless = Lead()
    assert title(nameless) == str(nameless.ref)
