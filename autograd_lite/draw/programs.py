"""A compiled program as a graph to draw: one Node for each of its calls, without numbers."""

from __future__ import annotations

import operator
from typing import Any
from weakref import ref

import numpy as np

from ..compile.effects import Captured, renew, set_buffer, set_data, set_gradient
from ..compile.layout import Spec
from ..compile.passes import Steps, is_constant
from ..compile.traced import Step, steps_in
from ..graph import Constant, Node, leaf, nobody
from ..primitive import is_value
from ..rules import getitem


def nodes_of(steps: Steps, results: list[Any]) -> list[Node]:
    """The Nodes at the ends of a program: its results, and what it changes outside of itself."""
    made: dict[Step, Node] = {}
    ends: list[Node] = []
    for step in steps:
        if is_constant(step):
            continue
        made[step] = _input(step) if step.function is None else _call(step, made)
        if step.effect and step.out is None:
            ends.append(made[step])
    return [*[made[step] for step in dict.fromkeys(steps_in(results)) if step in made], *ends]


def _input(step: Step) -> Node:
    value = step.source.value if isinstance(step.source, Captured) else None
    return leaf(Constant, _without_numbers(step.out), step.name, nobody if value is None else ref(value))


def _call(step: Step, made: dict[Step, Node]) -> Node:
    node = Node()
    plain_index = step.function is operator.getitem and not any(steps_in(step.args[1]))
    node.function, node.kwargs = getitem if plain_index else step.function, {}
    args: list[Any] = []
    parents: list[Node | None] = []
    for argument in step.args:
        inner = [argument] if isinstance(argument, Step) else list(steps_in(argument))
        for parent in inner:
            args.append(parent.out if is_constant(parent) else made[parent].out)
            parents.append(None if is_constant(parent) else made[parent])
        if not (inner or is_value(argument) or hasattr(argument, "named_parameters")):  # what it changes is its name
            args.append(argument)
            parents.append(None)
    changes = step.out is None and step.parents  # it is as large as what it sets
    node.args, node.parents = tuple(args), tuple(parents)
    node.out = _without_numbers(step.parents[-1].out if changes else step.out)
    node.order, node.scope, node.name, node.handle, node.hooks = step.order, step.scope, _name(step), nobody, None
    return node


def _name(step: Step) -> str | None:
    """What a call that changes something is called: by what it changes."""
    if step.function is set_gradient:
        return f"{step.args[0].name or 'value'}.grad"
    if step.function in (set_data, renew):
        return f"{step.args[0].name or 'value'}.data"
    return str(step.args[1]) if step.function is set_buffer else None


def _without_numbers(out: Any) -> Any:
    if isinstance(out, tuple):
        return Spec(np.empty(0))
    return out if isinstance(out, Spec) else Spec(np.asarray(0.0 if out is None else out))
