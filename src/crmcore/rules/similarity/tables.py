"""Tables: lists of words that comparisons know, kept as text files beside this module.

Each file says where its words come from and under which licence; lines that begin with ``#`` are
not part of it. A table is read when it is first asked for.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

from crmcore.values.frozenmap import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def table_lines(name: str) -> tuple[str, ...]:
    """The lines of the table ``name``, in the order of the file, without comments."""
    text = (
        resources.files("crmcore.rules.similarity")
        .joinpath("tables", f"{name}.txt")
        .read_text("utf-8")
    )
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def table(name: str) -> frozenset[str]:
    """The entries of the table ``name``."""
    return frozenset(table_lines(name))


@cache
def street_words() -> Mapping[str, str]:
    """The full form of each short street word."""
    return FrozenMap(dict(line.split() for line in table_lines("street_words")))


@cache
def given_name_groups() -> Mapping[str, frozenset[int]]:
    """For each given name with other forms, the numbers of the groups it belongs to.

    Two names that share a group may be one person's; ``alex`` belongs to several groups.
    """
    found: dict[str, set[int]] = {}
    for number, line in enumerate(table_lines("given_names")):
        for name in line.split():
            found.setdefault(name, set()).add(number)
    return MappingProxyType({name: frozenset(groups) for name, groups in found.items()})


@cache
def given_name_genders() -> Mapping[str, str]:
    """For each given name that only women, or only men, have: ``female`` or ``male``."""
    return MappingProxyType(
        {
            name: gender
            for gender in ("female", "male")
            for name in table_lines(f"given_names_{gender}")
        }
    )


@cache
def company_words() -> Mapping[str, str]:
    """For each short form of a word of company names the word to compare by."""
    return FrozenMap(dict(line.split() for line in table_lines("company_words")))


@cache
def number_words() -> Mapping[str, str]:
    """For each word or Roman figure that is a number its Arabic figures."""
    return FrozenMap(
        {
            word: number
            for number, *words in map(str.split, table_lines("number_words"))
            for word in words
        }
    )
