"""Progress: how far a search for duplicates has come."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Progress:
    """What a search has just done by a rule.

    ``stage`` is *read*, *paired*, *compared*, *learnt* or *found*, in this order, and ``share``
    says how much of the stage is done, in (0, 1].
    """

    rule: str
    stage: str
    share: float
