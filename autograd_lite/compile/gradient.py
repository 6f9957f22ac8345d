"""A run of a program as one operation of the graph: its rule is the program's backward pass.

A second derivative is taken through the function itself: it runs once more, recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..graph import Node, ancestors, backpropagate, leaf, next_order, nobody
from ..primitive import defvjp_joint, primitive
from ..state import enable_grad
from ..value import Value
from ..variables import together
from .writing import spaced

if TYPE_CHECKING:
    from .compiled import Variant

# For each result the form of its gradient, None if it has none.
Seeds: TypeAlias = tuple[Any, ...]


# So many uses of a Value have gradients of their own.
MOST_USES = 8


class Run:
    """One run of a program whose results may be differentiated.

    Attributes:
        variant: the program.
        residuals: what its backward pass reads besides the gradients.
        arrays: the arrays among the arguments, without the Values that hold them, so that those may go.
        nodes: for each parent of the operation its Node.
        states: those of the generators before the run, one for each that it draws from.
    """

    __slots__ = ("arrays", "nodes", "residuals", "states", "variant")

    residuals: tuple[Any, ...]

    def __init__(self, variant: Variant, arrays: list[Any], nodes: list[Any], states: list[Any]) -> None:
        self.variant, self.arrays, self.nodes, self.states = variant, arrays, nodes, states


@primitive
def compiled(run: Run, *arrays: Any) -> Any:
    """A run of a compiled function, as one operation; recorded by hand, never called."""
    raise AssertionError("a compiled function is recorded after it has run")


def _rule(g: Any, out: Any, run: Run, *arrays: Any) -> Sequence[Any]:
    variant = run.variant
    if variant.refused:
        raise RuntimeError(variant.refused)
    if not run.nodes:
        return [None, None]
    gradients = g if isinstance(out, tuple) else (g,)
    if any(getattr(x, "is_batch", False) for x in gradients if x is not None):
        raise TypeError("a program takes one gradient at a time")
    lifted = any(isinstance(x, Value) for x in arrays)
    if lifted:
        return [None, *_again(run, arrays, gradients, lifted)]
    cotangents = [_conjugated(share) for share in gradients]
    seeds = tuple([None if share is None else form_of(share) for share in cotangents])
    backward = variant.backward.get(seeds)
    if backward is None:
        variant.asked.add(seeds)  # from the next call on there is a program
        usual = variant.usual(seeds)
        if usual is None or not (variant.changes or variant.capture.change()):
            return [None, *_again(run, arrays, gradients, lifted)]
        backward, cotangents = variant.backward[usual], list(map(_formed, cotangents, usual))
    found = backward([share for share in cotangents if share is not None], run.residuals)
    return [None, *[None if x is None else _conjugated(x) for x in found]]


defvjp_joint(compiled, _rule)


def form_of(gradient: Any) -> Any:
    """What the numbers that NumPy computes from a gradient may hang on, besides its own numbers: how sums round."""
    return type(gradient) is np.ndarray, gradient.strides


def _formed(gradient: Any, form: Any) -> Any:
    """A gradient in another form."""
    if gradient is None or form_of(gradient) == form:
        return gradient
    is_array, strides = form
    return spaced(gradient, strides) if is_array else gradient[()]


def pulled_back(
    results: Sequence[Any], cotangents: Sequence[Any], targets: Sequence[Node], since: int, lift: Any
) -> Any:
    """For each target the gradient of all results, weighted with the cotangents; None if nothing flows there.

    Args:
        results: Values that want a gradient.
        cotangents: one for each.
        targets: where to stop.
        since: Nodes that are older are ends.
        lift: as that of `backpropagate`.
    """
    root, seed = results[0], cotangents[0]
    if len(results) > 1:
        with enable_grad():
            root = together(*results, cotangents=cotangents)
        seed = np.float64(1) if lift is None else lift(np.float64(1), None)
    found = backpropagate(root.node, seed, targets, lift, since=since)
    return [found.get(node) for node in targets]


def _conjugated(x: Any) -> Any:
    """Between the gradients that a rule sees and those that a backward pass takes and returns."""
    return np.conjugate(x) if x is not None and x.dtype.kind == "c" else x


def _again(run: Run, parents: Sequence[Any], gradients: Sequence[Any], lifted: bool) -> list[Any]:
    """Gradients from the function itself, which runs once more and is recorded."""
    variant = run.variant
    if variant.changes:
        raise RuntimeError(
            f"these gradients need {variant.name} to run once more, but it {variant.changes}, which would happen "
            "twice. Leave that outside of the compiled function, or take the derivatives inside."
        )
    change = variant.capture.change()
    if change:
        raise RuntimeError(
            f"these gradients need {variant.name} to run once more, but it would not compute the same again: "
            f"{change}. What it reads must not change before backward."
        )
    start = next_order()
    with _keeping(variant.buffers), _drawing_from(run.states), enable_grad():
        values = variant.run_again(run, parents)
    pairs = [(x, _conjugated(share)) for x, share in zip(values, gradients, strict=True) if share is not None]
    lift = Value._attached if lifted else None
    places = {node: [i for i, each in enumerate(run.nodes) if each is node] for node in run.nodes if node is not None}
    single = {node for node, numbers in places.items() if len(numbers) == 1}
    uses = separate_uses([x._node for x, _ in pairs], start, lambda node: node if node in places else None, single)
    targets = [use for use, _ in uses]
    found: list[Any] = [None] * len(run.nodes)
    shares = pulled_back([x for x, _ in pairs], [share for _, share in pairs], targets, start, lift)
    for (_, node), share in zip(uses, shares, strict=True):
        found[places[node].pop(0)] = _conjugated(share)
    return found


def separate_uses(
    roots: Sequence[Any], since: int, owner: Callable[[Node], Any], joint: set[Node] | None = None
) -> list[tuple[Node, Any]]:
    """Give every use of certain Nodes a Node of its own, so that what flows to each use can be told apart.

    The engine then adds these up one by one, as it does for the function itself; sums in another order round otherwise.
    Of a Value that is used often, such as a weight in every step of a loop, the program adds up itself: an array for
    each use would cost more than the whole step, and nothing rounds otherwise unless it is used outside as well.

    Args:
        roots: the Nodes of the results.
        since: Nodes that are older are left as they are.
        owner: what a Node stands for; None of the Nodes in between.
        joint: those whose uses have one Node; by default those with more than `MOST_USES`.

    Returns:
        For each use its Node, and what the owner returned, in the order in which gradients arrive.
    """
    nodes = [node for node in ancestors(roots, since=since) if node.function is not None and node.order >= since]
    if joint is None:
        counts = Counter([target for node in nodes for target in node.parents if target is not None])
        joint = {target for target, count in counts.items() if count > MOST_USES}
    uses: list[tuple[Node, Any]] = []
    common: dict[Node, Node] = {}
    for node in nodes:
        parents = list(node.parents)
        for i, target in enumerate(parents):
            found = None if target is None else owner(target)
            if target is None or found is None:
                continue
            use = common.get(target)
            if use is None:
                use = leaf(Node, target.out, None, nobody)
                # a recorded backward pass goes on through it to the target, which is older
                use.function, use.args, use.parents = np.positive, (target.out,), (target,)
                use.order = target.order + 0.5  # type: ignore[assignment]
                uses.append((use, found))
                if target in joint:
                    common[target] = use
            parents[i] = use
        node.parents = tuple(parents)
    return uses


@contextmanager
def _drawing_from(states: Any) -> Iterator[None]:
    """Let generators draw what they drew from these states; afterwards they go on where they were."""
    before = [(generator, generator.bit_generator.state) for generator, _ in states]
    try:
        for generator, state in states:
            generator.bit_generator.state = state
        yield
    finally:
        for generator, state in before:
            generator.bit_generator.state = state


@contextmanager
def _keeping(buffers: Sequence[tuple[Any, str]]) -> Iterator[None]:
    """Leave buffers of modules as they are: they have moved already."""
    before = [(module, name, module.__dict__[name], module.__dict__[name].copy()) for module, name in buffers]
    try:
        yield
    finally:
        for module, name, array, numbers in before:
            array[...] = numbers
            module.__dict__[name] = array
