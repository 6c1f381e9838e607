"""Address: where post is sent, in the parts that CRMs keep."""

from __future__ import annotations

from typing import final

import attrs


@final
@attrs.frozen(kw_only=True)
class Address:
    """A postal address. ``None`` means that a part is not known; a blank part counts as absent.

    ``street`` may have several lines. ``state`` is any first-level subdivision and ``country`` a
    name or code, both as they were given: nothing is looked up or refused here.
    """

    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None

    def lines(self) -> tuple[str, ...]:
        """The parts that are present, trimmed, in postal order.

        Street lines, postal code with city, state, country. Empty for an empty address.
        """
        # str(), because a part of a wrong type is for a check to report, not for showing to fail.
        town = " ".join(str(part).strip() for part in (self.postal_code, self.city) if part)
        parts = (*str(self.street or "").splitlines(), town, self.state or "", self.country or "")
        return tuple(line for part in parts if (line := str(part).strip()))

    @property
    def is_empty(self) -> bool:
        """Whether no part is present."""
        return not self.lines()

    def __str__(self) -> str:
        """The lines in one, with commas between them."""
        return ", ".join(self.lines())
