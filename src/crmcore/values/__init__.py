"""Values: Money, Address, PersonName, normal forms of e-mail and phone, ids, Ref, FrozenMap.

Values know no entity. They are frozen and hashable, and compare by what they hold.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from crmcore.values.address import Address
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.money import Money
from crmcore.values.person import PersonName
from crmcore.values.ref import Ref

Scalar: TypeAlias = (
    str | bool | int | Decimal | date | datetime | Money | Address | PersonName | Ref[object]
)
"""One present value of a field: what custom fields, filters and receipts may hold.

There is no float among them: a float cannot hold most decimal fractions exactly.
"""

__all__ = ["Address", "FrozenMap", "Money", "PersonName", "Ref", "Scalar"]
