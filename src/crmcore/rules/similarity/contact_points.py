"""Mailboxes, telephone lines and web sites: how alike the ways to reach somebody are."""

from __future__ import annotations

import re
from typing import Final

from crmcore.rules.similarity.tables import table
from crmcore.rules.similarity.text import slips
from crmcore.values.email import email_domain, normal_email
from crmcore.values.phone import MAX_TEXT_LENGTH, normal_phone

_GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})
_TYPING_SLIP: Final = 0.8
_LONG_ENOUGH: Final = 6
_SLIPS_IN_A_DOMAIN: Final = 2
_SHORTEST_NATIONAL: Final = 7
_LONGEST_PREFIX: Final = 4
_OTHER_NOTATION: Final = 0.95
_SUBDOMAIN: Final = 0.9
_PLAIN: Final = re.compile(
    r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?:\+[a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*)?"
    r"@([a-z0-9]+(?:[.-][a-z0-9]+)*\.[a-z]+)"
)
"""Addresses that need only lower case to be normal: what stands before a plus tag, and domain."""

_SHORT: Final = 64
"""No part of an address of so many characters is too long."""

_HOST: Final = re.compile(
    r"\A(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/?#@]*@)?([^/?#:]+)", re.IGNORECASE
)


def mailbox(value: object) -> str | None:
    """The mailbox of an e-mail address; ``None`` for no address, or one of an office (``info@``).

    The normal form without a plus tag, and at Gmail without dots.
    """
    if not isinstance(value, str):
        return None
    # most addresses are plain ASCII, and their own normal form but for case
    is_short = len(value) <= _SHORT and value.isascii()
    plain = _PLAIN.fullmatch(value.strip().lower()) if is_short else None
    if plain is not None:
        local, domain = plain.groups()
    else:
        address = normal_email(value[: MAX_TEXT_LENGTH * 2])
        if address is None:
            return None
        local, _, domain = address.partition("@")
        local = local.partition("+")[0].rstrip(".") or local
    if domain in _GMAIL:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return None if local in table("role_mailboxes") else f"{local}@{domain}"


def mailbox_likeness(left: str, right: str) -> float:
    """How alike two mailboxes are: 1 for the same.

    0.8 where up to two letters of the domain, or one letter of the name before it, may be a slip
    (digits are no slip). Otherwise 0, also for one name at two domains: that says no more than the
    name of the person.
    """
    if left == right:
        return 1.0
    local, _, domain = left.partition("@")
    other_local, _, other_domain = right.partition("@")
    if local == other_local:
        return _TYPING_SLIP if slips(domain, other_domain) <= _SLIPS_IN_A_DOMAIN else 0.0
    if domain != other_domain or min(len(local), len(other_local)) < _LONG_ENOUGH:
        return 0.0
    if _digits(local) != _digits(other_local):
        return 0.0
    return _TYPING_SLIP if slips(local, other_local) == 1 else 0.0


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def is_own_domain(domain: str) -> bool:
    """Whether a domain is somebody's own: not one at which anybody can have a mailbox or a page."""
    return domain not in table("free_mail")


def line(value: object, region: str | None = None) -> str | None:
    """The digits of a telephone line, in E.164 where the country is known, else as they are.

    ``region`` as in ``normal_phone``. The extension is dropped: it is dialled on the same line.
    ``None`` for no number, and for one digit all along, which is no number that anybody has.
    """
    number = normal_phone(value, region) if isinstance(value, str) else None
    if number is None:
        return None
    number = number.partition(";")[0]
    return None if len(set(number.lstrip("+0"))) <= 1 else number


def line_end(number: str) -> str:
    """The last seven digits of a line, in which all notations of it agree."""
    return number[-_SHORTEST_NATIONAL:]


def line_likeness(left: str, right: str) -> float:
    """How alike two lines are: 1 for the same, 0.95 for the same but for what is dialled before.

    That is a country code or a trunk prefix, of up to four digits, where one of the two has none.
    Otherwise 0.
    """
    if left == right:
        return 1.0
    if left[0] == right[0] == "+":
        return 0.0
    one, other = left.lstrip("+0"), right.lstrip("+0")
    shorter, longer = sorted((one, other), key=len)
    fits = len(shorter) >= _SHORTEST_NATIONAL and len(longer) - len(shorter) <= _LONGEST_PREFIX
    return _OTHER_NOTATION if fits and longer.endswith(shorter) else 0.0


def web_domain(value: object) -> str | None:
    """The host of a web address without ``www.``; ``None`` for one where anybody has a page."""
    host = _HOST.match(value.strip()[:MAX_TEXT_LENGTH]) if isinstance(value, str) else None
    domain = email_domain(f"x@{host[1]}") if host else None
    while domain is not None and domain.startswith("www.") and domain.count(".") > 1:
        domain = domain.removeprefix("www.")
    return domain if domain is not None and is_own_domain(domain) else None


def domain_likeness(left: str, right: str) -> float:
    """How alike two domains are: 1 for the same, 0.9 where one is part of the other, else 0."""
    if left == right:
        return 1.0
    return _SUBDOMAIN if left.endswith(f".{right}") or right.endswith(f".{left}") else 0.0
