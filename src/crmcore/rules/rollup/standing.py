"""Standing: figures as they stand, read from the states of the accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, KeysView, Mapping
from functools import partial
from itertools import repeat
from typing import Any

from crmcore.errors import InvalidValueError
from crmcore.findings import Finding, Findings
from crmcore.model.model import Model
from crmcore.rules.rollup.algebra import Algebra, State, exactly, plus
from crmcore.rules.rollup.branch import Column, own_items
from crmcore.rules.rollup.compiled import Node
from crmcore.rules.rollup.definition import Scope
from crmcore.rules.rollup.node import BELOW, ID, PARENT, STALE
from crmcore.rules.rollup.operations import COUNT, COUNT_DISTINCT
from crmcore.rules.rollup.reading import Out, Reading, Value
from crmcore.rules.rollup.result import RollupResult
from crmcore.rules.rollup.set_walks import BitsWalk
from crmcore.rules.rollup.walks import GroupWalk
from crmcore.rules.tree import Forest, forest_findings, tree_field
from crmcore.values.money import MAX_INTEGER_DIGITS


def figure_at(figure: Column, node: Node) -> Value:
    """The figure of one account; ``None`` too where an amount is beyond all bounds."""
    walk = figure.walk
    if isinstance(walk, BitsWalk):
        return walk.number(node) or figure.reading.finish(None)
    if figure.rollup.aggregate.algebra is not Algebra.MULTISET:
        return finished(figure, walk.state(node))
    cached = node[figure.lane.slot]
    if cached is STALE or cached[0] is not figure.reading:
        cached = figure.reading, finished(figure, _state(figure, node))
        node[figure.lane.slot] = cached
    found: Value = cached[1]
    return found


def finished(figure: Column, state: State | None) -> Value:
    """The figure of a state; ``None`` too where an amount is beyond all bounds."""
    try:
        with exactly():
            return figure.reading.finish(state)
    except InvalidValueError:
        return None


def result(figure: Column, model: Model) -> RollupResult:
    """The figures of every account, as they are now, in the order in which accounts came."""
    rollup, reads = figure.rollup, figure.reading
    grove = figure.branch.grove
    states, finish = _states(figure)
    if rollup.scope is Scope.ULTIMATE_PARENT:
        tops: dict[str, str] = {}
        for node in grove.top_down():
            above = node[PARENT]
            tops[node[ID]] = node[ID] if above is None else tops[above[ID]]
        states = {one: states[tops[one]] for one in grove.raw}
    found = findings(figure, model)
    if reads.home is not None or rollup.aggregate.scaled is not None:
        found += too_large(figure, states)
    nowhere = [grove.nowhere]
    if rollup.scope is Scope.OWN:
        nowhere += (grove.nowhere[BELOW] or {}).values()
    unassigned = _joint(figure, nowhere)
    total = partial(_total, figure)
    return RollupResult(
        rollup=rollup,
        states=states,
        finish=finish,
        total=total,
        unassigned=finished(figure, unassigned),
        roots=grove.roots,
        findings=found,
    )


def _states(figure: Column) -> tuple[dict[str, Any], Callable[[Any], Value]]:
    """What the figure of each account is made of, and how it is made."""
    grove, walk = figure.branch.grove, figure.walk
    nodes = grove.nodes
    finish = partial(read, figure.reading)
    if figure.rollup.aggregate.algebra is Algebra.MULTISET:
        return _ranked(figure), _same
    if isinstance(walk, BitsWalk):
        none = figure.reading.finish(None)
        return {one: walk.number(nodes[one]) or none for one in grove.raw}, _same
    if figure.rollup.aggregate is COUNT_DISTINCT:
        at, none = figure.lane.slot, figure.reading.finish(None)
        return {one: len(nodes[one][at] or ()) or none for one in grove.raw}, _same
    if figure.rollup.aggregate.algebra is Algebra.SET:
        return {one: finished(figure, walk.state(nodes[one])) for one in grove.raw}, _same
    at, money = figure.lane.slot, figure.reading.home is not None
    if isinstance(walk, GroupWalk):
        if figure.rollup.aggregate is COUNT:
            return {one: nodes[one][at] or None for one in grove.raw}, finish
        if not money:
            return {
                one: node[at + 1] if (node := nodes[one])[at] else None for one in grove.raw
            }, finish
        return {
            one: walk.state(node)
            if (node := nodes[one])[at + 2]
            else node[at + 1]
            if node[at]
            else None
            for one in grove.raw
        }, finish
    if not money:
        return {one: nodes[one][at] for one in grove.raw}, finish
    return {one: walk.state(nodes[one]) for one in grove.raw}, finish


def _ranked(figure: Column) -> dict[str, Value]:
    """Figures that need all values: states are made from the leaves up, and used up."""
    grove, reads = figure.branch.grove, figure.reading
    states: dict[str, State] = {}
    values: dict[str, Value] = {}
    for node in grove.bottom_up():
        id_, above = node[ID], node[PARENT]
        own = _gathered(figure, (node,))
        state = merged(reads, states.pop(id_, None), own)
        values[id_] = finished(figure, state)
        node[figure.lane.slot] = reads, values[id_]
        if above is not None and state is not None and figure.rollup.scope is not Scope.OWN:
            states[above[ID]] = merged(reads, states.get(above[ID]), state)
    return {one: values[one] for one in grove.raw}


def _joint(figure: Column, nodes: Iterable[Node]) -> State | None:
    """One state of those of several nodes, none of which is used up."""
    if figure.rollup.aggregate.algebra is Algebra.MULTISET:
        states = [_state(figure, node) for node in nodes]
    else:
        states = [copied(figure.walk.state(node)) for node in nodes]
    joint: State | None = None
    with exactly():
        for state in states:
            joint = merged(figure.reading, joint, state)
    return joint


def _total(figure: Column) -> Value:
    grove = figure.branch.grove
    nodes = [*grove.nodes.values()]
    if figure.rollup.scope is not Scope.OWN:
        nodes = [one for one in nodes if one[PARENT] is None]
    return finished(figure, _joint(figure, [*nodes, grove.nowhere]))


def findings(figure: Column, model: Model) -> Findings:
    """What is wrong with the tree, and which records are left out of a figure, by id."""
    grove = figure.branch.grove
    along = tree_field(model.schema(figure.rollup.over))
    found = forest_findings(
        Forest(parents={}, children={}, bottom_up=(), loops=grove.loops(), missing=grove.missing()),
        kind=grove.kind,
        field="" if along is None else along.path,
    )
    left_out = [*figure.flawed.values()]
    for key, records in figure.foreign.items():
        if not figure.reading.has_rate(key):
            left_out += [(record, Out.NO_RATE) for record in records.values()]
    left_out.sort(key=lambda pair: pair[0].id)
    told = (figure.reading.finding(record, why) for record, why in left_out)
    return found + [one for one in told if one is not None]


def _state(figure: Column, node: Node) -> State | None:
    if figure.rollup.aggregate.algebra is not Algebra.MULTISET:
        return figure.walk.state(node)
    nodes = [node]
    if figure.rollup.scope is not Scope.OWN:
        for one in nodes:  # grows while it is walked
            nodes += (one[BELOW] or {}).values()
    return _gathered(figure, nodes)


def _gathered(figure: Column, nodes: Iterable[Node]) -> State | None:
    home = figure.reading.home
    state: State | None = None
    for node in nodes:
        for item in own_items(figure.branch, figure.at, node):
            keyed = item if home is None or type(item) is tuple else ((home, None), item)
            state = (
                figure.reading.start(keyed) if state is None else figure.reading.add(state, keyed)
            )
    return state


def read(reads: Reading, state: Any) -> Value:
    """The figure of a state; an amount alone is one of the home currency."""
    if reads.home is not None and state is not None and not isinstance(state, dict):
        state = {(reads.home, None): state}
    try:
        with exactly():
            return reads.finish(state)
    except InvalidValueError:
        return None


def _same(value: Any) -> Any:
    return value


def merged(reads: Reading, left: State | None, right: State | None) -> State | None:
    """One state of two, either of which may be nothing; both may be used up."""
    if left is None or right is None:
        return right if left is None else left
    return reads.merge(left, right)


def copied(state: State | None) -> State | None:
    """A state that can be used up without harm."""
    if isinstance(state, dict):
        return dict(state)
    return set(state) if isinstance(state, KeysView) else state


_BOUND = 10**MAX_INTEGER_DIGITS


def too_large(figure: Column, states: Mapping[str, Any]) -> list[Finding]:
    """The accounts whose sum is beyond the bounds of an amount of money."""
    found: list[Finding] = []
    if figure.reading.home is None or figure.rollup.aggregate.merge is not plus:
        return found
    amounts = [one for one in states.values() if one is not None]
    if not any(map(isinstance, amounts, repeat(dict))) and (
        not amounts or -_BOUND < min(amounts) <= max(amounts) < _BOUND
    ):
        return found
    for one, state in states.items():
        if state is None or (not isinstance(state, dict) and -_BOUND < state < _BOUND):
            continue
        whole = state if isinstance(state, dict) else {(figure.reading.home, None): state}
        try:
            figure.reading.finish(whole)
        except InvalidValueError as problem:
            found.append(figure.reading.too_large(one, problem))
    return found
