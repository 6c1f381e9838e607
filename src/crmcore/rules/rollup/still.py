"""Still: figures read from strips, where nothing will change any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, reduce
from operator import or_
from typing import Any

from crmcore.model.model import Model
from crmcore.rules.rollup.algebra import State, exactly
from crmcore.rules.rollup.definition import Scope
from crmcore.rules.rollup.ground import Ground
from crmcore.rules.rollup.operations import COUNT_DISTINCT
from crmcore.rules.rollup.reading import Value
from crmcore.rules.rollup.result import RollupResult
from crmcore.rules.rollup.standing import copied, findings, finished, merged, read, too_large
from crmcore.rules.rollup.strips import Strip, Way


def result(strip: Strip, ground: Ground, tops: tuple[str, ...], model: Model) -> RollupResult:
    """The figures of every account, in the order in which accounts came."""
    column = strip.column
    states, finish = _states(strip)
    here = states[1 : len(ground.raw) + 1]
    if column.rollup.scope is Scope.ULTIMATE_PARENT:
        top = list(range(len(ground.above)))
        for position in ground.downward():
            if ground.above[position]:
                top[position] = top[ground.above[position]]
        here = [states[top[position]] for position in range(1, len(ground.raw) + 1)]
    by_id: dict[str, Any] = dict(zip(ground.raw, here, strict=True))
    found = findings(column, model)
    if strip.way is Way.PLUS:
        found += too_large(column, by_id)
    return RollupResult(
        rollup=column.rollup,
        states=by_id,
        finish=finish,
        total=partial(_total, strip, ground),
        unassigned=finish(states[0]),
        roots=tops,
        findings=found,
    )


def _states(strip: Strip) -> tuple[Sequence[Any], Callable[[Any], Value]]:
    """What the figure at each position is made of, and how it is made."""
    column = strip.column
    none = column.reading.finish(None)
    if column.rollup.aggregate is COUNT_DISTINCT:
        if strip.way is Way.BITS:
            return strip.states, partial(_number_of_bits, none)
        return strip.counts, partial(_number, none)
    if strip.way is Way.COUNT:
        return strip.counts, partial(_counted, strip)
    if strip.far or strip.way is Way.TIMES:
        states = list(map(strip.state_at, range(len(strip.states))))
        return states, partial(read, column.reading)
    return strip.states, partial(read, column.reading)


def _number_of_bits(none: Value, state: int) -> Value:
    return state.bit_count() or none


def _number(none: Value, number: int) -> Value:
    return number or none


def _counted(strip: Strip, number: int) -> Value:
    return read(strip.column.reading, number or None)


def _total(strip: Strip, ground: Ground) -> Value:
    """The figure of all records: of nowhere and of the tops, or of every account by itself."""
    column = strip.column
    places: Iterable[int] = range(len(ground.above))
    if strip.climbs:
        places = [one for one in places if not ground.above[one]]
    if column.rollup.aggregate is COUNT_DISTINCT and strip.way is not Way.COUNT:
        none = column.reading.finish(None)
        if strip.way is Way.BITS:
            return reduce(or_, (strip.states[one] for one in places)).bit_count() or none
        return len(set().union(*(strip.states[one] or () for one in places))) or none
    if strip.way is Way.COUNT:
        number = sum(strip.counts[one] for one in places)
        return (
            _number(column.reading.finish(None), number)
            if (column.rollup.aggregate is COUNT_DISTINCT)
            else _counted(strip, number)
        )
    joint: State | None = None
    with exactly():
        for one in places:
            joint = merged(column.reading, joint, _whole(strip, one))
    return finished(column, joint)


def _whole(strip: Strip, at: int) -> State | None:
    """A state that may be used up."""
    state = strip.state_at(at)
    return copied(state) if isinstance(state, Mapping) or strip.way is Way.TIMES else state
