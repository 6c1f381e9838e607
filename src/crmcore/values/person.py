"""Person name: what a person is called, in the parts that CRMs keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

_SALUTATIONS: Final = frozenset(
    """
    mr mrs ms miss mx dr prof professor rev sir dame lord herr frau hr mme mlle monsieur madame
    sr sra srta señor señora dott dottssa sig sigra dhr mevr ing dr-ing dipl-ing
    """.split()  # noqa: SIM905  # a list of words is read as a line of words  # words read best as words
)
"""Compared casefolded and without dots."""

_SUFFIXES: Final = frozenset(
    "Jr JR jr Sr SR sr II III IV PhD PHD Phd MD MBA Esq ESQ CPA DDS JD LLM MSc BSc".split()  # noqa: SIM905  # reads as a line
)
"""Compared without dots, in these very spellings: Ma and Md are names of people."""

_PARTICLES: Final = frozenset(
    """
    van von der den de del della di da dos das do du des la le los las ter ten te zu zum zur af av
    el al bin bint ibn ben
    Van Von Der Den De Del Della Di Da Dos Du La Le Ter Ten
    """.split()  # noqa: SIM905  # a list of words is read as a line of words  # words read best as words
)
"""Compared in these very spellings: Al, Ben and El are given names too."""


@final
@attrs.frozen(kw_only=True)
class PersonName:
    """A person's name in parts. ``None`` means that there is no such part, or that it is unknown.

    ``nickname`` is shown only where there is no other part. A blank part counts as absent.
    """

    family: str | None = None
    given: str | None = None
    middle: str | None = None
    salutation: str | None = None
    suffix: str | None = None
    nickname: str | None = None

    @property
    def full(self) -> str:
        """Salutation, given, middle and family name, suffix: ``Dr. Ada King Lovelace PhD``.

        The nickname where all of these are absent; empty for an empty name.
        """
        parts = (self.salutation, self.given, self.middle, self.family, self.suffix)
        return _joined(" ", parts) or _joined("", (self.nickname,))

    @property
    def sort_name(self) -> str:
        """Family name first, for ordered lists: ``Lovelace, Ada``. ``full`` where both are absent.

        The parts are given as they are written; comparing them is left to the reader.
        """
        return _joined(", ", (self.family, self.given)) or self.full

    @property
    def is_empty(self) -> bool:
        """Whether no part is present."""
        return not self.full

    def __str__(self) -> str:
        return self.full

    @classmethod
    def parse(cls, text: str) -> PersonName:
        """Split a name as people write it, in the order *given family* or *family, given*.

        Known salutations at the start, suffixes at the end and particles before the family name
        (``Ludwig van Beethoven``, ``María de la Vega``) are told apart. A single word is the
        family name, and so is a name in a script without spaces. Blank text gives an empty name.

        Every word given is in ``full`` of the result; only commas are dropped.

        Limits: without a comma the last word is taken for the family name, which is wrong for
        names written family first (``Nagy Anna``, ``Nguyen Van Anh``), for family names of
        several words without a particle (``Gabriel García Márquez``) and for company names.
        Nicknames in quotes stay where they are, in ``middle``. Only the salutations, suffixes and
        particles of a fixed list are known.
        """
        before, _, after = text.partition(",")
        family, given = before.split(), after.replace(",", " ").split()
        if not family or not given:
            return _in_spoken_order([*family, *given])
        if not _split_end(given, _is_suffix, keep=0)[0]:
            return _in_spoken_order([*family, *given])
        return _in_listed_order(family, given)


def _in_spoken_order(words: list[str]) -> PersonName:
    salutation, words = _split_start(words, keep=1)
    words, suffix = _split_end(words, _is_suffix, keep=1)
    begins_family = bool(words) and words[0].islower() and words[0] in _PARTICLES
    start = 0 if begins_family else 1
    last = len(words) - 1
    at = next((i for i in range(start, last) if words[i] in _PARTICLES), max(last, 0))
    return _name(salutation, words[:at], words[at:], suffix)


def _in_listed_order(family: list[str], given: list[str]) -> PersonName:
    first_salutation, family = _split_start(family, keep=1)
    family, first_suffix = _split_end(family, _is_suffix, keep=1)
    salutation, given = _split_start(given, keep=0)
    given, suffix = _split_end(given, _is_suffix, keep=0)
    given, particles = _split_end(given, _PARTICLES.__contains__, keep=1)
    return _name(
        [*first_salutation, *salutation], given, [*particles, *family], [*first_suffix, *suffix]
    )


def _name(
    salutation: list[str], given: list[str], family: list[str], suffix: list[str]
) -> PersonName:
    return PersonName(
        salutation=" ".join(salutation) or None,
        given=" ".join(given[:1]) or None,
        middle=" ".join(given[1:]) or None,
        family=" ".join(family) or None,
        suffix=" ".join(suffix) or None,
    )


def _split_start(words: list[str], *, keep: int) -> tuple[list[str], list[str]]:
    """Split the salutations off the start, leaving at least ``keep`` words."""
    at = 0
    while at < len(words) - keep and words[at].replace(".", "").casefold() in _SALUTATIONS:
        at += 1
    return words[:at], words[at:]


def _split_end(
    words: list[str], belongs: Callable[[str], bool], *, keep: int
) -> tuple[list[str], list[str]]:
    """Split the words that belong to the end off it, leaving at least ``keep`` words."""
    at = len(words)
    while at > keep and belongs(words[at - 1]):
        at -= 1
    return words[:at], words[at:]


def _is_suffix(word: str) -> bool:
    return word.replace(".", "") in _SUFFIXES


def _joined(separator: str, parts: tuple[str | None, ...]) -> str:
    # str(), because a part of a wrong type is for a check to report, not for showing to fail.
    return separator.join(word for part in parts if part and (word := str(part).strip()))
