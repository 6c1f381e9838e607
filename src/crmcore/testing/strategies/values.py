"""Values: strategies for everything that one field can hold, nasty examples included.

Everything drawn can be stored. The first, dullest example is what a failure shrinks to.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from crmcore.values import Address, FrozenMap, Money, PersonName, Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

NASTY_TEXTS = (
    "x",
    "X",
    "x ",
    " x",
    "xy",
    "",
    " ",
    "1",
    "01",
    "1.0",
    "0.10",
    "1E+2",
    "-0",
    "true",
    "True",
    "null",
    "None",
    "NaN",
    "2024-02-29",
    "é",
    "e\u0301",
    "ß",
    "SS",
    "İ",
    "\ufb01",
    "שלום",
    "\u202eabc",
    "\u0645\u0631\u062d\u0628\u0627",
    "日本",
    "\U0001f469\u200d\U0001f4bb",
    "O'Brien",
    'say "hi"',
    "a\\b",
    "%_*?",
    "a,b;c\td",
    "line\nbreak\r\n",
    "\u2028",
    "\ufeff",
    "\u00a0",
    "<b>&amp;</b>",
    "{}",
    "=1+1",
    "--",
    "z\U0010ffff",
)
"""Texts that careless stores change, confuse or refuse."""

NASTY_NUMBERS = (
    *map(Decimal, ("0", "1", "9", "10", "100", "-1", "-9", "1E+2", "0.10", "0.1", "2.50", "-0")),
    *map(Decimal, ("1E-12", "123456789012345678901234567890", "99999999999999999.99")),
)
"""Numbers that sort wrongly as text, lose digits as floats, or have several notations."""

NASTY_WHOLES = (0, 1, 9, 10, 100, -1, 2**31, -(2**31), 2**53 + 1, 2**63, 2**64)
"""Whole numbers at the edges of what other systems hold."""

NASTY_MOMENTS = (
    datetime(2024, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
)
"""Moments with and without microseconds, before 1970, and the first and the last."""

NASTY_DATES = (date(2024, 2, 29), date(1970, 1, 1), date(1969, 12, 31), date.min, date.max)
"""A leap day, and dates that timestamps cannot hold."""

IDS = ("a", "A", "a ", "aa", "ab", "b", "á", "a\u0301", "1", "01", "true", "null", "-1", "a:b")
"""Ids that differ by case, accent, prefix or blank only, or look like something else."""

CURRENCIES = ("EUR", "USD", "JPY", "KWD")
"""Currencies with two, no and three decimals."""

_CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\t\n\r"
)
_REF_KINDS = ("account", "contact", "lead")


@st.composite
def drawn_by(draw: st.DrawFn, make: Callable[[st.DrawFn], T]) -> T:
    """What ``make`` draws; cheaper than a composite of its own each time, with a short repr."""
    return make(draw)


def chosen(
    examples: Iterable[T], minimum: T | None = None, maximum: T | None = None
) -> st.SearchStrategy[T]:
    """One of these examples, within bounds where these are given."""
    least: Any = minimum  # Any: what has bounds can be compared
    most: Any = maximum
    fitting = [
        one for one in examples if (least is None or one >= least) and (most is None or one <= most)
    ]
    return st.sampled_from(fitting) if fitting else st.nothing()


def ids() -> st.SearchStrategy[str]:
    """Ids from a small pool, so that they clash."""
    return st.sampled_from(IDS)


def texts(*, max_size: int = 40, blank: bool = True) -> st.SearchStrategy[str]:
    """Texts that can be stored; with ``blank=False`` at least one character is no white space."""
    nasty = [one for one in NASTY_TEXTS if len(one) <= max_size and (blank or one.strip())]
    drawn = st.text(_CHARACTERS, max_size=min(max_size, 40))
    return st.sampled_from(nasty) | (drawn if blank else drawn.filter(str.strip))


def wholes(minimum: int | None = None, maximum: int | None = None) -> st.SearchStrategy[int]:
    """Whole numbers within the bounds given, small ones and those beyond 64 bits."""
    return chosen(NASTY_WHOLES, minimum, maximum) | st.integers(minimum, maximum)


def numbers(
    minimum: Decimal | None = None, maximum: Decimal | None = None
) -> st.SearchStrategy[Decimal]:
    """Finite decimal numbers within the bounds given, in many notations."""
    low = Decimal(-(10**15)) if minimum is None else minimum
    high = max(low, Decimal(10**15)) if maximum is None else maximum
    drawn = st.decimals(low, high, allow_nan=False, allow_infinity=False, places=4)
    return chosen(NASTY_NUMBERS, minimum, maximum) | drawn


def moneys(*, currencies: Iterable[str] = CURRENCIES) -> st.SearchStrategy[Money]:
    """Amounts of money, negative ones, zero and very large ones included."""
    return st.builds(Money, numbers(), st.sampled_from(tuple(currencies)))


def dates() -> st.SearchStrategy[date]:
    """Calendar dates, from the year 1 to the year 9999."""
    return st.sampled_from(NASTY_DATES) | st.dates()


def moments() -> st.SearchStrategy[datetime]:
    """Aware moments in UTC, to the microsecond."""
    return st.sampled_from(NASTY_MOMENTS) | st.datetimes(timezones=st.just(UTC))


def _parts(*names: str) -> dict[str, st.SearchStrategy[str | None]]:
    return {name: st.none() | texts(max_size=20) for name in names}


def person_names() -> st.SearchStrategy[PersonName]:
    """Names of persons, with at least a family or a given name."""
    some = texts(max_size=20, blank=False)
    others = _parts("middle", "salutation", "suffix", "nickname")
    known = (
        PersonName(family="Lovelace", given="Ada"),
        PersonName(family="Lovelace"),
        PersonName(given="Ada"),
        PersonName(family="de la Vega", given="María", middle="Inés", salutation="Dra."),
        PersonName(family="山田", given="太郎"),
    )
    return (
        st.sampled_from(known)
        | st.builds(PersonName, family=some, given=st.none() | some)
        | st.builds(PersonName, given=some, **others)
    )


def addresses() -> st.SearchStrategy[Address]:
    """Postal addresses, with any of their parts, or none."""
    known = (
        Address(city="Paris"),
        Address(street="1 rue X\nBât. B", city="Paris", postal_code="07500", country="FR"),
        Address(street="千代田1-1", city="東京", postal_code="100-0001", country="JP"),
    )
    drawn = st.builds(Address, **_parts("street", "city", "state", "postal_code", "country"))
    return st.sampled_from(known) | drawn


def emails() -> st.SearchStrategy[str]:
    """E-mail addresses, few enough to meet again, in several notations."""
    local = st.sampled_from(("ada", "Ada", "ada+crm", "a.b", "o'brien", "jörg", "x"))
    domain = st.sampled_from(("x.org", "X.org", "acme.example", "münchen.example", "a.b.co.uk"))
    return st.builds("{}@{}".format, local, domain)


def phones() -> st.SearchStrategy[str]:
    """Phone numbers, in several notations of few lines."""
    known = ("+33 1 23 45 67 89", "+33123456789", "01 23 45 67 89", "(030) 1234-567", "x 12")
    return st.sampled_from(known) | st.from_regex(r"\+49[1-9][0-9]{7,10}", fullmatch=True)


def urls() -> st.SearchStrategy[str]:
    """Web addresses, bare domains among them."""
    return st.sampled_from(("acme.example", "https://acme.example/", "http://münchen.example/a?b"))


def refs(kinds: Iterable[str] = _REF_KINDS) -> st.SearchStrategy[Ref[Any]]:
    """References to records of these kinds, whether or not these are stored."""
    return st.builds(Ref, st.sampled_from(tuple(kinds)), ids())


def scalars() -> st.SearchStrategy[Any]:
    """Any one present value, of any type that a custom field or a receipt may hold."""
    return (
        texts()
        | st.booleans()
        | wholes()
        | numbers()
        | dates()
        | moments()
        | moneys()
        | addresses()
        | person_names()
        | refs()
    )


def maps(values: st.SearchStrategy[T]) -> st.SearchStrategy[FrozenMap[T]]:
    """Frozen maps of a few such values by any text."""
    return st.dictionaries(texts(max_size=20), values, max_size=3).map(FrozenMap)
