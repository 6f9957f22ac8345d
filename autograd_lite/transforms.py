"""Functions of functions: `grad` and `value_and_grad`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Any

import numpy as np

from .graph import Node, backpropagate, enable_grad, is_grad_enabled
from .tree import flatten, tree_map
from .value import Value

# Inside a transform, results stay Values: an outer transform may want to differentiate them.
_inside: ContextVar[bool] = ContextVar("autograd_lite_inside_transform", default=False)


def grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The gradient of a scalar function, as a function of the same arguments.

    Args:
        function: takes arrays, or nested dicts, lists, tuples and dataclasses of arrays; returns one number.
        argnums: which positional arguments to differentiate, by default the first.

    Returns:
        A function that returns the gradient as plain arrays, with the structure, shapes and dtypes of the
        argument; a tuple of them if `argnums` is a sequence. It never touches a `.grad`. Its results are
        Values, and can be differentiated again, inside another transform or if an argument is a Value.

    Raises:
        TypeError: an argument to differentiate is not floating, or the result is not a number.
        ValueError: the result has more than one element, or there is no such argument.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> slope = ag.grad(np.sin)
        >>> round(float(slope(0.0)), 4), round(float(ag.grad(slope)(np.pi / 2)), 4)
        (1.0, -1.0)
        >>> ag.grad(lambda p: np.sum(p["w"] ** 2))({"w": np.array([1.0, 2.0])})
        {'w': array([2., 4.])}
    """
    both = value_and_grad(function, argnums)

    @wraps(function, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def value_and_grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Like `grad`, but the function returned gives a pair: the value, and the gradient.

    Example:
        >>> import autograd_lite as ag
        >>> value, gradient = ag.value_and_grad(lambda x, y: x * y, argnums=(0, 1))(3.0, 4.0)
        >>> float(value), float(gradient[0]), float(gradient[1])
        (12.0, 4.0, 3.0)
    """
    numbers = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)

    @wraps(function, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    def both(*args: Any, **kwargs: Any) -> Any:
        outermost = not _inside.get() and not any(isinstance(x, Value) for _, x in flatten(args)[0])
        replaced, nodes, rebuilds = list(args), [], []
        for number in numbers:
            if not -len(args) <= number < len(args):
                raise ValueError(
                    f"argnums={argnums} asks for argument {number}, but {_name(function)} was called with {len(args)} "
                    "positional arguments. Pass the arguments to differentiate by position."
                )
            if replaced[number] is not args[number]:
                raise ValueError(f"argnums={argnums} names argument {number} of {_name(function)} twice.")
            leaves, rebuild = flatten(args[number])
            inputs = [_input(x, f"argument {number}{path} of {_name(function)}") for path, x in leaves]
            replaced[number] = rebuild(inputs)
            nodes.append([x.node for x in inputs if x.node is not None])
            rebuilds.append(rebuild)
        token = _inside.set(True)
        try:
            with enable_grad():
                value = function(*replaced, **kwargs)
                targets = [node for group in nodes for node in group]
                found = _gradients(value, targets, function, lift=None if outermost else Value._attached)
        finally:
            _inside.reset(token)
        gradients = tuple(
            rebuild([found[node] for node in group]) for rebuild, group in zip(rebuilds, nodes, strict=True)
        )
        if outermost:
            value = tree_map(lambda x: x.data if isinstance(x, Value) else x, value)
        return value, gradients if isinstance(argnums, Sequence) else gradients[0]

    return both


def _input(x: Any, what: str) -> Value:
    """A fresh handle for an argument; a Value of an outer transform stays connected to it."""
    if isinstance(x, Value):
        if x.requires_grad and is_grad_enabled():
            return +x
        x = x.data
    try:
        return Value(x)
    except TypeError as error:
        raise TypeError(f"{what}: {error}") from None


def _gradients(
    value: Any, targets: list[Node], function: Callable[..., Any], lift: Callable[[Any, Node | None], Any] | None
) -> dict[Node, Any]:
    if not isinstance(value, Value | np.ndarray | np.number | int | float):
        raise TypeError(
            f"{_name(function)} returned {type(value).__name__}, but a gradient needs one number. "
            "Return a scalar, such as np.sum(...)."
        )
    if np.size(value) != 1:
        raise ValueError(
            f"{_name(function)} returned shape {np.shape(value)}, but a gradient needs one number. "
            "Return a scalar, such as np.sum(...)."
        )
    if np.iscomplexobj(value):
        raise ValueError(
            f"{_name(function)} returned a complex number, but a gradient needs a real one. Return its real part, "
            "z.real, or its size, np.abs(z)."
        )
    found: dict[Node, Any] = {}
    if isinstance(value, Value) and type(value.node) is Node:
        seed = np.ones_like(value.data)[()]
        seed = seed if lift is None else Value(seed, requires_grad=False)
        found = backpropagate(value.node, seed, targets, lift)
    for node in targets:
        if node not in found:  # the result does not depend on it
            zero = np.zeros_like(node.out)[()] if not node.out.shape else np.zeros_like(node.out)
            found[node] = zero if lift is None else Value(zero, requires_grad=False)
    return found


def _name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)
