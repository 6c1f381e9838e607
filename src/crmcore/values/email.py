"""Normal e-mail address: the form in which two notations of the same mailbox are equal."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_ADDRESS_OCTETS: Final = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets of the path (RFC 3696, erratum 1690)."""

MAX_LOCAL_OCTETS: Final = 64
"""RFC 5321, 4.5.3.1.1."""

_SCHEME: Final = "mailto:"
# The dot-atom of RFC 5322, 3.2.3, with the non-ASCII characters of RFC 6531.
_LOCAL: Final = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~\u0080-\U0010ffff-]+(?:\.[\w!#$%&'*+/=?^`{|}~\u0080-\U0010ffff-]+)*"
)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def normal_email(text: str) -> str | None:
    """The bare address, casefolded, with an ASCII domain; ``None`` if ``text`` is no address.

    White space around, ``mailto:`` with its query, a display name (``Ada <ada@x.org>``) and the
    dot at the end of the domain are dropped; an international domain is given in its ASCII form
    (IDNA 2003, or bare Punycode for what that does not know). The local part is casefolded too:
    mail systems may tell ``Ada@`` from ``ada@``, but none in use does. Plus tags and dots stay.
    Idempotent.

    An address has a dot-atom before the ``@`` and a domain of two labels or more after it; quoted
    local parts and IP addresses count as no address.
    """
    address = text.strip()
    if address.endswith(">"):
        address = address[:-1].rpartition("<")[2].strip()
    if address[: len(_SCHEME)].casefold() == _SCHEME:
        address = address[len(_SCHEME) :].partition("?")[0]
    return _normal_address(address)


def is_email(text: str) -> bool:
    """Whether ``text`` is, but for white space around it, a bare address as it stands.

    A display name and ``mailto:`` are not part of an address. A check of syntax, with the length
    limits of RFC 5321; whether the mailbox exists is another question.
    """
    return _normal_address(text.strip()) is not None


def email_domain(text: str) -> str | None:
    """The domain of the normal form, such as ``"x.org"``; ``None`` if ``text`` is no address."""
    address = normal_email(text)
    return None if address is None else address.partition("@")[2]


def _normal_address(address: str) -> str | None:
    if len(address) > MAX_ADDRESS_OCTETS:
        return None  # before any work on it: the idna codec takes quadratic time
    folded = unicodedata.normalize("NFKC", address).casefold()
    local, _, domain = unicodedata.normalize("NFKC", folded).rpartition("@")
    ascii_domain = _ascii_domain(domain.removesuffix("."))
    if ascii_domain is None or not local.isprintable() or not _LOCAL.fullmatch(local):
        return None
    octets = len(local.encode())
    if octets > MAX_LOCAL_OCTETS or octets + 1 + len(ascii_domain) > MAX_ADDRESS_OCTETS:
        return None
    return f"{local}@{ascii_domain}"


def _ascii_domain(domain: str) -> str | None:
    """Give the domain in ASCII; ``None`` if it is not two or more labels of a host name."""
    if not domain.isprintable():
        return None
    try:
        ascii_form = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        ascii_form = ".".join(_ascii_label(label) for label in domain.split("."))
    labels = ascii_form.split(".")
    is_host = all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdecimal()
    return ascii_form if is_host and "." in ascii_form else None


def _ascii_label(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
