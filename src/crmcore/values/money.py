"""Money: an exact decimal amount in one currency.

An amount lies strictly between -10**30 and 10**30 and has at most 12 decimals, so it has at most
42 digits. Sums of up to 10**20 such amounts fit the working precision of 64 digits: adding never
rounds, and a total does not depend on the order of its parts.
"""

from __future__ import annotations

from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_05UP,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    Inexact,
    InvalidOperation,
)
from fractions import Fraction
from typing import TYPE_CHECKING, Final, final

import attrs

from crmcore.errors import InvalidValueError, MixedCurrencyError
from crmcore.values.currency import check_currency_code, minor_units

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_INTEGER_DIGITS: Final = 30
"""An amount has at most this many digits before the decimal point."""

MAX_DECIMALS: Final = 12
"""An amount has at most this many digits after the decimal point."""

# Every operation names its context, so the caller's (its precision, its traps) never matters.
# Sharing these is safe: an operation changes only their flags, and nothing reads the flags.
_EXACT: Final = Context(
    prec=64, rounding=ROUND_HALF_EVEN, Emin=-9999, Emax=9999, traps=[Inexact, InvalidOperation]
)
_ROUNDING: Final = Context(prec=64, rounding=ROUND_HALF_EVEN, Emin=-9999, Emax=9999, traps=[])
# 05UP keeps in the last digit whether anything was cut, so that a second rounding comes out as
# if it had been the only one (General Decimal Arithmetic Specification, "round-05up").
_STICKY: Final = Context(prec=64, rounding=ROUND_05UP, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_LAST_DECIMAL: Final = Decimal("1e-12")
_MAX_INT_BITS: Final = 1_000
_MAX_WEIGHT_EXPONENT: Final = 60


def _number(value: object, *, what: str) -> Decimal:
    """Give ``value`` as a finite Decimal, without any rounding."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        kind = type(value).__name__
        hint = "pass a str, int or Decimal; a float is not exact"
        raise InvalidValueError(what=what, value=value, why=f"is a {kind}", hint=hint)
    if isinstance(value, int) and value.bit_length() > _MAX_INT_BITS:
        # Refused before the conversion, whose time grows with the square of the length.
        raise InvalidValueError(
            what=what, value=f"{hex(value)[:40]}...", why="is far too large", hint="check its unit"
        )
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError):
        hint = 'write plain digits with a point, such as "1234.50"'
        raise InvalidValueError(what=what, value=value, why="is no number", hint=hint) from None
    if not number.is_finite():
        hint = "leave it out (None) where it is unknown"
        raise InvalidValueError(what=what, value=value, why="is not finite", hint=hint)
    return number


def _amount(value: int | str | Decimal) -> Decimal:
    """Give the canonical form: no trailing zeros, no positive exponent, no negative zero."""
    number = _number(value, what="money amount")
    if not number:
        return _ZERO
    if number.adjusted() >= MAX_INTEGER_DIGITS:
        why = f"has more than {MAX_INTEGER_DIGITS} digits before the point"
        raise InvalidValueError(
            what="money amount", value=value, why=why, hint="check its unit and currency"
        )
    try:
        exact = _EXACT.quantize(number, _LAST_DECIMAL)
    except Inexact:
        why = f"has more than {MAX_DECIMALS} decimals"
        raise InvalidValueError(
            what="money amount", value=value, why=why, hint="round it first"
        ) from None
    whole = _ROUNDING.quantize(exact, _ONE)
    return whole if whole == exact else _EXACT.normalize(exact)


def _check_currency(_money: object, _attribute: object, code: str) -> None:
    check_currency_code(code)


@final
@attrs.frozen(repr=False)
class Money:
    """An exact amount in one currency, such as ``Money("1234.50", "EUR")``.

    ``amount`` is given as an int, a str or a Decimal and kept as a canonical Decimal, so equal
    amounts have equal reprs and hashes. ``currency`` is an upper-case ISO 4217 code; a well-formed
    code that is not listed is accepted. Building raises ``InvalidValueError`` for a float or bool,
    for NaN and infinities, beyond the bounds of an amount, and for a malformed code.

    Amounts of different currencies are unequal; adding or ordering them raises
    ``MixedCurrencyError``. The caller's decimal context never matters. An amount of zero is a
    value like any other, so the truth value of a ``Money`` is always ``True``.
    """

    amount: Decimal = attrs.field(converter=_amount)
    currency: str = attrs.field(validator=_check_currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in a currency."""
        return cls(_ZERO, currency)

    @classmethod
    def total(cls, moneys: Iterable[Money], currency: str) -> Money:
        """The exact sum, whatever the order; zero where there is nothing to add.

        Raises ``MixedCurrencyError`` if any of ``moneys`` is in another currency, and
        ``InvalidValueError`` if the sum (not a part of it) is beyond the bounds of an amount.
        """
        add = _EXACT.add
        amount = _ZERO
        for money in moneys:
            if money.currency != currency:
                raise MixedCurrencyError(left=currency, right=money.currency, operation="add")
            amount = add(amount, money.amount)
        return cls(amount, currency)

    def _meets(self, other: object, operation: str) -> bool:
        """Whether ``other`` is money; raises where it is money of another currency."""
        if not isinstance(other, Money):
            return False
        if self.currency != other.currency:
            raise MixedCurrencyError(left=self.currency, right=other.currency, operation=operation)
        return True

    def __add__(self, other: Money) -> Money:
        if not self._meets(other, "add"):
            return NotImplemented
        return Money(_EXACT.add(self.amount, other.amount), self.currency)

    def __sub__(self, other: Money) -> Money:
        if not self._meets(other, "subtract"):
            return NotImplemented
        return Money(_EXACT.subtract(self.amount, other.amount), self.currency)

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def __abs__(self) -> Money:
        return Money(self.amount.copy_abs(), self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        """Multiply, rounding half-even to 12 decimals; a float or bool is refused."""
        if not _is_number(factor):
            return NotImplemented
        number = _number(factor, what="factor of money")
        return self._rounded_from(_STICKY.multiply(self.amount, number))

    __rmul__ = __mul__

    def __truediv__(self, divisor: int | Decimal) -> Money:
        """Divide, rounding half-even to 12 decimals; a float, a bool and zero are refused."""
        if not _is_number(divisor):
            return NotImplemented
        number = _number(divisor, what="divisor of money")
        if not number:
            raise InvalidValueError(
                what="divisor of money", value=divisor, why="is zero", hint="ask before dividing"
            )
        return self._rounded_from(_STICKY.divide(self.amount, number))

    def _rounded_from(self, result: Decimal) -> Money:
        # Where the result is out of bounds, quantizing gives NaN: the error shows the result.
        fits = result.adjusted() < MAX_INTEGER_DIGITS
        return Money(_ROUNDING.quantize(result, _LAST_DECIMAL) if fits else result, self.currency)

    def __lt__(self, other: Money) -> bool:
        if not self._meets(other, "compare"):
            return NotImplemented
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        if not self._meets(other, "compare"):
            return NotImplemented
        return self.amount <= other.amount

    def __gt__(self, other: Money) -> bool:
        if not self._meets(other, "compare"):
            return NotImplemented
        return self.amount > other.amount

    def __ge__(self, other: Money) -> bool:
        if not self._meets(other, "compare"):
            return NotImplemented
        return self.amount >= other.amount

    def rounded(self) -> Money:
        """The amount rounded half-even to the minor units of its currency."""
        unit = _EXACT.scaleb(_ONE, -minor_units(self.currency))
        return Money(_ROUNDING.quantize(self.amount, unit), self.currency)

    def allocate(self, parts: Sequence[Decimal | int]) -> tuple[Money, ...]:
        """Share the amount out in proportion to ``parts``: one share each, adding up exactly.

        Shares are whole minor units of the currency, or whole last decimals of the amount where
        it has more. By the method of largest remainders (Hamilton's), each part first gets its
        proportion rounded towards zero; the units left over go to the largest remainders, of
        equal ones to the earlier part. A part is a weight of any size, not negative.

        Raises ``InvalidValueError`` if no weight is above zero, or one is negative, not finite,
        a float, or not between 10**-60 and 10**60.
        """
        weights = [_weight(part) for part in parts]
        whole = sum(weights)
        if not whole:
            raise InvalidValueError(
                what="list of parts",
                value=tuple(parts),
                why="has no part above zero",
                hint="give at least one part a weight",
            )
        decimals = max(minor_units(self.currency), _decimals(self.amount))
        units = int(_EXACT.scaleb(self.amount.copy_abs(), decimals))
        quotas = [units * weight / whole for weight in weights]
        shares = [int(quota) for quota in quotas]
        by_remainder = sorted(range(len(quotas)), key=lambda i: shares[i] - quotas[i])
        for i in by_remainder[: units - sum(shares)]:
            shares[i] += 1
        sign = -1 if self.amount < 0 else 1
        return tuple(
            Money(_EXACT.scaleb(Decimal(sign * share), -decimals), self.currency)
            for share in shares
        )

    def __str__(self) -> str:
        """Such as ``EUR 1,234.50``: at least the minor units, and every decimal there is."""
        decimals = max(minor_units(self.currency), _decimals(self.amount))
        return f"{self.currency} {self.amount:,.{decimals}f}"

    def __repr__(self) -> str:
        return f"Money({f'{self.amount:f}'!r}, {self.currency!r})"


def _is_number(value: object) -> bool:
    """Whether to answer at all: a float is one too, and gets a better error than TypeError."""
    return isinstance(value, int | float | Decimal)


def _decimals(amount: Decimal) -> int:
    """How many digits a canonical amount has after its point."""
    return len(f"{amount:f}".partition(".")[2])


def _weight(part: Decimal | int) -> Fraction:
    number = _number(part, what="part of an allocation")
    if number and (number < 0 or abs(number.adjusted()) >= _MAX_WEIGHT_EXPONENT):
        raise InvalidValueError(
            what="part of an allocation",
            value=part,
            why="is negative, or not between 10**-60 and 10**60",
            hint="parts are weights such as 1, 2 or Decimal('0.25')",
        )
    return Fraction(number)
