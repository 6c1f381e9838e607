"""Registrable domain: the part of a host name that somebody registered, by the Public Suffix List.

The rules of both sections of the list count: those of the registries (ICANN), and the private ones
of providers below whose domain everybody has a page (``github.io``), so that two customers of one
provider are not taken for one. The copy of the list is read when it is first asked for.
"""

from __future__ import annotations

from crmcore.rules.similarity.tables import table


def registrable_domain(host: str) -> str | None:
    """The part of a host that somebody registered: of ``shop.acme.co.uk`` it is ``acme.co.uk``.

    ``host`` is in lower case and ASCII (``xn--...``), as ``email_domain`` gives it. ``None`` for a
    public suffix itself, which is nobody's own: ``co.uk``, ``github.io``, ``com``. A top-level
    domain that is not on the list counts as a public suffix. Source: publicsuffix.org/list.
    """
    labels = host.split(".")
    kept = _suffix_length(labels) + 1
    if kept > len(labels) or not all(labels):
        return None
    return ".".join(labels[-kept:])


def _suffix_length(labels: list[str]) -> int:
    """How many labels at the end are the public suffix; the longest rule decides."""
    rules = table("public_suffixes")
    for at in range(len(labels)):
        name = ".".join(labels[at:])
        if f"!{name}" in rules:
            return len(labels) - at - 1
        if name in rules or f"*.{'.'.join(labels[at + 1 :])}" in rules:
            return len(labels) - at
    return 1
