"""Attribution model: which touches of a journey earn how much of what came of it.

A model gives each touch a weight; the amount is shared out in proportion, in whole minor units, by
the method of largest remainders: what is left over goes to the largest remainders, of equal ones
to the earlier touch. So the credits of a deal add up to its amount exactly (law P9).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Context, Decimal
from enum import Enum
from typing import TypeAlias

from attrs import frozen

from crmcore.errors import UnknownNameError, UsageError
from crmcore.reports.attribution.journey import Journey
from crmcore.values.frozenmap import FrozenMap

Weigh: TypeAlias = Callable[[Journey], Sequence[int]]
"""Gives a weight, not negative, to each touch of a journey; not all are 0."""

Share: TypeAlias = Callable[[int, Journey], Sequence[int]]

_PRECISE = Context(prec=40)
_SCALE = 10**18
_DAY = timedelta(days=1)


class RestsOn(Enum):
    """What the weights of a model rest on."""

    NUMBER = "number"
    """On how many touches there are, and nothing else."""
    TOUCHES = "touches"
    """On the touches, such as their moments."""
    MILESTONES = "milestones"
    """On when the lead and the deal were made as well."""


@frozen
class AttributionModel:
    """A named way to weigh the touches of a journey; ``weigh`` is never asked about none."""

    name: str
    weigh: Weigh
    rests_on: RestsOn = RestsOn.TOUCHES

    def share(self, units: int, journey: Journey) -> Sequence[int]:
        """The ``units`` shared out over the touches of a journey; they add up exactly."""
        return largest_remainder(units, self.weigh(journey))

    def __str__(self) -> str:
        return self.name


def largest_remainder(units: int, weights: Sequence[int]) -> Sequence[int]:
    """Whole units in proportion to weights, by the method of largest remainders (Hamilton's).

    Negative units are shared out like positive ones. At least one weight is above 0.
    """
    if units < 0:
        return [-one for one in largest_remainder(-units, weights)]
    if weights.count(weights[0]) == len(weights):
        share, left = divmod(units, len(weights))
        return [share + 1] * left + [share] * (len(weights) - left)
    whole = sum(weights)
    shares = [units * weight // whole for weight in weights]
    left = units - sum(shares)
    if left:
        rests = [units * weight % whole for weight in weights]
        for at in sorted(range(len(rests)), key=rests.__getitem__, reverse=True)[:left]:
            shares[at] += 1
    return shares


def _first(journey: Journey) -> list[int]:
    return [1, *[0] * (len(journey.touches) - 1)]


def _last(journey: Journey) -> list[int]:
    return [*[0] * (len(journey.touches) - 1), 1]


def _linear(journey: Journey) -> list[int]:
    return [1] * len(journey.touches)


FIRST = AttributionModel("first", _first, RestsOn.NUMBER)
"""Everything to the first touch."""

LAST = AttributionModel("last", _last, RestsOn.NUMBER)
"""Everything to the last touch before the close."""

LINEAR = AttributionModel("linear", _linear, RestsOn.NUMBER)
"""The same to each touch."""


def milestones(
    name: str, *, first: int = 0, lead: int = 0, deal: int = 0, last: int = 0, rest: int = 0
) -> AttributionModel:
    """A model by own weights: of the first touch, those that made lead and deal, the last, others.

    ``rest`` is shared by the touches that are no milestone. One touch that is several milestones
    has the weights of all of them; what nobody is there to take (no touch in between, no lead)
    goes to the others in proportion. The touch that made the lead is the last one up to the moment
    the lead was captured, or the first where none was before; likewise for the deal.

    Raises ``UsageError`` for a negative weight, and where neither first nor last has one.
    """
    given = (first, lead, deal, last, rest)
    if min(given) < 0 or not first + last:
        raise UsageError(
            "these weights share nothing out", given, "give the first or last touch a weight"
        )

    def weigh(journey: Journey) -> list[int]:
        n = len(journey.touches)
        weights = [0] * n
        marked = {0} if first else set()
        weights[0] += first
        if last:
            weights[-1] += last
            marked.add(n - 1)
        if lead or deal:
            for weight, moment in ((lead, journey.lead_at), (deal, journey.deal_at)):
                if weight and moment is not None:
                    at = _before(journey, moment)
                    weights[at] += weight
                    marked.add(at)
        between = n - len(marked)
        if not between or not rest:
            return weights
        scaled = [weight * between for weight in weights]
        for at in range(n):
            if at not in marked:
                scaled[at] = rest
        return scaled

    rests_on = RestsOn.MILESTONES if lead or deal else RestsOn.NUMBER
    return AttributionModel(name, weigh, rests_on)


def _before(journey: Journey, moment: datetime) -> int:
    return max(bisect_right(journey.touches, moment, key=lambda one: one.at) - 1, 0)


U_SHAPED = milestones("u_shaped", first=40, last=40, rest=20)
"""40 % to the first touch, 40 % to the last, 20 % to those in between."""

W_SHAPED = milestones("w_shaped", first=30, lead=30, deal=30, rest=10)
"""30 % each to the first touch, the one that made the lead and the one that made the deal."""

FULL_PATH = milestones("full_path", first=9, lead=9, deal=9, last=9, rest=4)
"""22.5 % each to the first touch, lead, deal and last touch, 10 % to the others."""


def time_decay(half_life: timedelta = 7 * _DAY) -> AttributionModel:
    """A model in which a touch that is ``half_life`` older than another has half its weight.

    Weights are taken to 18 digits, so a touch some 60 half-lives before the last has none.
    Raises ``UsageError`` for a half-life that is not above zero.
    """
    if half_life <= timedelta():
        raise UsageError("a half-life is above zero", half_life, "pass timedelta(days=7)")

    def weigh(journey: Journey) -> list[int]:
        end = journey.touches[-1].at
        return [_decayed(end - touch.at, half_life) for touch in journey.touches]

    return AttributionModel("time_decay", weigh)


def _decayed(age: timedelta, half_life: timedelta) -> int:
    microsecond = timedelta(microseconds=1)
    halves = _PRECISE.divide(Decimal(age // microsecond), Decimal(half_life // microsecond))
    weight = _PRECISE.power(Decimal(2), -halves)
    return int(_PRECISE.multiply(weight, Decimal(_SCALE)))


MODELS: Mapping[str, AttributionModel] = FrozenMap(
    {one.name: one for one in (FIRST, LAST, LINEAR, U_SHAPED, W_SHAPED, FULL_PATH, time_decay())}
)
"""The models by name; time decay with a half-life of seven days."""


def as_model(given: AttributionModel | str, others: Sequence[str] = ()) -> AttributionModel:
    """The model of a name; raises ``UnknownNameError`` with the nearest (``others``: known too)."""
    if isinstance(given, AttributionModel):
        return given
    if given in MODELS:
        return MODELS[given]
    raise UnknownNameError("attribution model", str(given), (*MODELS, *others))
