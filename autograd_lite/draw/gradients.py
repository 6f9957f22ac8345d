"""The gradients that a drawing shows, found without touching any `.grad` and without running any hook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph import Node, backpropagate, nobody, stale
from ..primitive import RULES, Results, is_value
from .statistics import on_host


def is_stale(node: Node) -> bool:
    """Whether the array of this leaf was replaced after the graph had read it."""
    return node.handle is stale


def held_gradient(node: Node) -> Any:
    """The `.grad` of the Value of a Node, as an array; None if there is none."""
    gradient = getattr(node.handle(), "grad", None)
    return getattr(gradient, "data", gradient) if is_value(gradient) else gradient


def shown_gradients(roots: Sequence[Node], nodes: Sequence[Node], wanted: bool | None) -> dict[Node, Any]:
    """The gradient to show on each card.

    Args:
        roots: what is drawn.
        nodes: every Node of the graph, oldest first.
        wanted: True to compute all of them afresh, as `backward()` on each root would. None for what a user
            would read from `.grad`; behind a root that has one, intermediates that nobody holds get theirs
            computed.
    """
    seeds = {}
    for root in roots:
        if type(root) is Node:
            seed = np.ones_like(root.out)[()] if wanted else held_gradient(root)
            if seed is not None:
                seeds[root] = seed
    found = _computed(seeds, nodes) if seeds else {}
    if wanted:
        return found
    for node in nodes:
        held = held_gradient(node)
        if held is not None:
            found[node] = held
        elif node.handle() is not None:
            found.pop(node, None)
    return found


def _computed(seeds: dict[Node, Any], nodes: Sequence[Node]) -> dict[Node, Any]:
    """Backward over a copy of the graph: of Nodes without hooks, which nobody can have changed or hold."""
    copies: dict[Node, Node] = {}
    for node in nodes:
        if type(node) is Node:
            copies[node] = copy = Node()
            for slot in Node.__slots__:
                setattr(copy, slot, getattr(node, slot))
            copy.parents = tuple([copies.get(p) if p is not None else None for p in node.parents])
            copy.handle, copy.hooks = nobody, None
    totals: dict[Node, Any] = {}
    for root, seed in seeds.items():
        try:
            with np.errstate(all="ignore"):
                found = backpropagate(copies[root], seed, [c for c in copies.values() if type(c.out) is not Results])
        except RuntimeError:  # a function under checkpoint cannot run again once a parameter of it has changed
            continue
        for node, copy in copies.items():
            if copy in found:
                totals[node] = totals[node] + found[copy] if node in totals else found[copy]
    return totals


def local_derivatives(node: Node) -> dict[int, complex]:
    """For an operation on scalars: the derivative of its result by each of its arguments that has one."""
    rule, one = RULES[node.function], np.ones_like(node.out)[()]
    with np.errstate(all="ignore"):
        if rule.joint is not None:
            try:
                shares = rule.joint(one, node.out, *node.args, **node.kwargs)
            except RuntimeError:  # as above
                return {}
        else:
            shares = [
                None if vjp is None or type(parent) is not Node else vjp(one, node.out, *node.args, **node.kwargs)
                for vjp, parent in zip(rule.vjps, node.parents, strict=False)
            ]
    return {
        i: on_host(np.sum(share)).item()
        for i, (share, parent) in enumerate(zip(shares, node.parents, strict=False))
        if share is not None and type(parent) is Node
    }
