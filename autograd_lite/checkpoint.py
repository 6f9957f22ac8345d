"""`checkpoint`: a function that is run again in the backward pass, instead of remembering what it computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

from .graph import Node, ancestors, backpropagate, changed, next_order, stale
from .primitive import defvjp_joint, is_lazy, is_value, plain_array, primitive
from .state import enable_grad, is_grad_enabled
from .tracing import is_compiling
from .tree import Rebuild, flatten
from .value import Value, _recorded, _recorded_results
from .variables import check_use, name_of, together
from .watch import run_again

F = TypeVar("F", bound=Callable[..., Any])

States: TypeAlias = list[tuple[Any, Any]]

_NO_KWARGS: dict[str, Any] = {}
_bit_generators: list[Any] = []


def checkpoint(function: F) -> F:
    """The same function with less memory: its graph is dropped, and recorded again when backward needs it.

    Of a call only its arguments and results are kept. The backward pass runs the function once more, so that it takes
    about a third longer. A chain of n layers in blocks of sqrt(n), each under `checkpoint`, needs memory for
    2 sqrt(n) layers at any time instead of n.

    Args:
        function: anything to call, a module for example; also as a decorator. Arguments and results may be nested
            dicts, lists, tuples and dataclasses of arrays. It may use Values and modules from around it, whose
            gradients are the same as without. It has to do the same each time: what it draws from generators that
            `register_generator` knows is drawn again, and other side effects happen twice.

    Raises:
        RuntimeError: in the backward pass, if the function does not compute the same again.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> w = ag.Value(np.full((3, 3), 0.5))
        >>> @ag.checkpoint
        ... def block(x):
        ...     for _ in range(10):
        ...         x = np.tanh(x @ w)
        ...     return x
        >>> y = block(np.ones(3))
        >>> y.node.function, [parent is w.node for parent in y.node.parents]  # not ten products and tanhs
        (<primitive checkpointed>, [False, False, True])
        >>> y.sum().backward()
        >>> w.grad.shape
        (3, 3)
    """
    check_use("ag.checkpoint(f)(x)", function)

    @wraps(function, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    def called(*args: Any, **kwargs: Any) -> Any:
        return _first(function, args, kwargs) if is_grad_enabled() else function(*args, **kwargs)

    return cast("F", called)


def register_generator(generator: Any) -> None:
    """Let functions under `checkpoint` draw from this generator: they draw the same numbers when they run again.

    `nn.random.default_generator` is registered. A generator that is registered is kept for good, so use it for a few
    of long life.

    Args:
        generator: a `np.random.Generator`, a `np.random.RandomState`, or a bit generator, such as that of
            `np.random.normal` and its kin: `np.random.get_bit_generator()`.

    Raises:
        TypeError: it is none of them.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> rng = np.random.default_rng(0)
        >>> ag.register_generator(rng)
        >>> noisy = ag.checkpoint(lambda x: x * rng.normal(size=3))
        >>> x = ag.Value([1.0, 1.0, 1.0])
        >>> y = noisy(x)
        >>> y.sum().backward()
        >>> bool((x.grad == y.data).all())
        True
    """
    bits = getattr(generator, "bit_generator", getattr(generator, "_bit_generator", generator))
    if not isinstance(bits, np.random.BitGenerator):
        raise TypeError(
            f"{type(generator).__name__} is no generator of NumPy. Pass what np.random.default_rng() returned."
        )
    if not any(bits is known for known in _bit_generators):
        _bit_generators.append(bits)


# ---- forward ----


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What it takes to run a function again as it ran before.

    Attributes:
        function: the function.
        rebuild: makes its arguments from their leaves.
        values: for each leaf whether it was a Value.
        nodes: for each leaf the Node it came from, or None.
        places: which leaves of the result were computed, and so are results of the recorded Node.
        reached: the older Nodes that these were computed from.
        parents: the Nodes of the leaves, and the others that were reached, as the recorded Node has them.
        context: the scope, the settings of NumPy and all else that was in force.
        states: the state of each generator that is registered.
    """

    function: Callable[..., Any]
    rebuild: Rebuild
    values: tuple[bool, ...]
    nodes: tuple[Node | None, ...]
    places: tuple[int, ...]
    reached: frozenset[Node]
    parents: tuple[Node | None, ...]
    context: Context
    states: States


@primitive
def checkpointed(run: _Run, *args: Any) -> Any:
    """A run of a function under `checkpoint`, as one operation on all that it read; recorded by hand, never called."""
    raise AssertionError("a checkpoint is recorded after its function has run")


def _first(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    leaves, rebuild = flatten((args, kwargs))
    inputs = [None if leaf.is_parameter else leaf.value for leaf in leaves]  # modules are captured, not passed
    _, rebuild = flatten(rebuild([None] * len(leaves), True))  # one that holds none of the Values
    data, nodes = tuple([plain_array(x) for x in inputs]), tuple([_node(x) for x in inputs])
    context, states, start = copy_context(), _states(), next_order()

    results, restored = flatten(function(*args, **kwargs))
    places: dict[Node, int] = {}
    for i, leaf in enumerate(results):
        node = _node(leaf.value)
        if node is not None and node.order > start and node.function is not None:
            places.setdefault(node, i)
    reached = [node for node in ancestors(places, since=start) if _is_end(node, start)]
    captured = tuple([node for node in reached if node not in nodes])
    parents = (None, *nodes, *captured)
    values = tuple(map(is_value, inputs))
    old = frozenset([node for node in reached if node.order < start])
    run = _Run(function, rebuild, values, nodes, (*places.values(),), old, parents, context, states)
    raw = (run, *data, *[node.out for node in captured])
    outs = tuple([node.out for node in places])
    new: tuple[Any, ...] = ()
    if len(outs) == 1:
        new = (_recorded(checkpointed, raw, _NO_KWARGS, parents, outs[0]),)
    elif outs:
        new = _recorded_results(checkpointed, raw, _NO_KWARGS, parents, outs)
    replaced: dict[Node | None, Any] = dict(zip(places, new, strict=True))
    for node, value in zip(places, new, strict=True):
        if node.name is not None:
            value.name = node.name
    return restored([replaced.get(_node(leaf.value), leaf.value) for leaf in results], True)


def _node(x: Any) -> Node | None:
    return x.node if is_value(x) and type(x.node) is Node else None


def _is_end(node: Node, start: int) -> bool:
    """Whether a Node was there before, or is a leaf that was made meanwhile and is kept, such as a parameter."""
    return node.order < start or (node.function is None and node.handle() is not None)


# ---- backward ----


def _rule(g: Any, out: Any, run: _Run, *args: Any) -> tuple[Any, ...]:
    for node in run.reached:
        if node.handle is stale:
            raise changed(node)
    lift = Value._attached if any(map(is_value, args)) else None
    start = next_order()
    several = isinstance(out, tuple)
    results = _again(run, args, start, out if several else (out,))
    gradients = [
        (r, _conjugated(share)) for r, share in zip(results, g if several else (g,), strict=True) if share is not None
    ]
    root, seed = gradients[0]
    if len(gradients) > 1:
        with enable_grad():
            root = together(*[r for r, _ in gradients], cotangents=[share for _, share in gradients])
        seed = np.float64(1) if lift is None else lift(np.float64(1), None)
    found = backpropagate(root.node, seed, list(dict.fromkeys(filter(None, run.parents))), lift, since=start)
    # a Node that is the parent twice gets its gradient once
    return tuple([_conjugated(found.pop(node, None)) if node is not None else None for node in run.parents])


defvjp_joint(checkpointed, _rule)


def _again(run: _Run, args: tuple[Any, ...], start: int, outs: Iterable[Any]) -> list[Any]:
    """The computed ones among the results of the function, recorded anew.

    Raises:
        RuntimeError: they are not what they were.
    """

    def again() -> Any:
        leaves = [_input(*leaf) for leaf in zip(args, run.nodes, run.values, strict=False)]
        args_again, kwargs = run.rebuild(leaves, True)
        return run.function(*args_again, **kwargs)

    with _drawing_from(run.states), _keeping_hooks(run.parents):
        leaves = flatten(run_again(run.context, again))[0]
    results = [leaves[i].value if i < len(leaves) else None for i in run.places]
    reached = {node for node in ancestors(filter(None, map(_node, results)), since=start) if node.order < start}
    if not (run.reached <= reached <= {*run.parents} and all(map(_alike, results, outs))):
        raise RuntimeError(
            f"{name_of(run.function)} did not compute the same when the backward pass ran it again, so its gradients "
            "would be wrong. Under checkpoint a function must do the same each time. If it draws random numbers, write "
            "ag.register_generator(rng) once for its generator; what it reads must not change before backward."
        )
    return results


def _input(x: Any, node: Node | None, was_value: bool) -> Any:
    """A leaf of the arguments, as the function had received it."""
    if node is not None:
        return x if is_value(x) else Value._attached(x, node)
    return Value._attached(x, None) if was_value else x


@contextmanager
def _keeping_hooks(nodes: Iterable[Node | None]) -> Iterator[None]:
    """Forget hooks that are registered in this block: the function has registered them before."""
    before = [(node, node.hooks, list(node.hooks or ())) for node in nodes if node is not None]
    try:
        yield
    finally:
        for node, hooks, registered in before:
            node.hooks = hooks
            if hooks is not None:
                hooks[:] = registered


def _conjugated(gradient: Any) -> Any:
    """Between the gradients that a rule sees and those that `backpropagate` takes and returns."""
    return np.conjugate(gradient) if gradient is not None and gradient.dtype.kind == "c" else gradient


def _alike(result: Any, before: Any) -> bool:
    """Whether a result is what it was, but for rounding, which may depend on where in memory arrays lie."""
    if _node(result) is None:
        return False
    x, y = result.data, plain_array(before)
    if x.shape != y.shape or x.dtype != y.dtype:
        return False
    if is_compiling() or is_lazy(x) or bool((x == y).all()):
        return True
    tolerance = float(np.finfo(x.dtype).eps) ** 0.5
    size = float(np.where(np.isfinite(x), np.abs(x), 0).max())
    return bool(np.allclose(x, y, tolerance, tolerance * size, equal_nan=True))


# ---- random numbers ----


def _states() -> States:
    return [(bits, bits.state) for bits in _bit_generators]


@contextmanager
def _drawing_from(states: States) -> Iterator[None]:
    """Let the generators draw from these states on; afterwards they go on where they were."""
    before = _states()
    try:
        for bits, state in states:
            bits.state = state
        yield
    finally:
        for bits, state in before:
            bits.state = state
