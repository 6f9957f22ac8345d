"""Functions of functions, in one backward pass or two: `grad`, `value_and_grad`, `elementwise_grad`, `vjp`, `jvp`.

Derivatives of many results at once, and second derivatives, live in `derivatives`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from math import prod
from typing import Any

import numpy as np

from .tracing import is_traced
from .value import Value
from .variables import Argnums, Variables, check_use, inside, matched, plain, pull_back, results_of, transforming

NAMES = ("__module__", "__name__", "__qualname__", "__doc__")  # what a derivative takes over from its function


def grad(function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a scalar function, as a function of the same arguments.

    Args:
        function: takes arrays, modules (`nn.Module`), or nested dicts, lists, tuples and dataclasses of them; returns
            one number.
        argnums: which positional arguments to differentiate, by default the first.
        has_aux: the function returns a pair, the number and anything else, and so does the gradient.

    Returns:
        A function that returns the gradient as plain arrays, with the structure, shapes and dtypes of the
        argument; a tuple of them if `argnums` is a sequence. For a complex argument it is dL/dRe + i dL/dIm, as in
        PyTorch. For a module it is a dict of those of its parameters that want a gradient, by name; one that occurs
        twice is there once, under its first name. It never touches a `.grad`. Its results are Values, and can be
        differentiated again, inside another transform or if an argument is a Value.

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
    check_use("ag.grad(f)(x)", function, argnums)
    both = value_and_grad(function, argnums, has_aux)

    @wraps(function, assigned=NAMES, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, gradients = both(*args, **kwargs)
        return (gradients, value[1]) if has_aux else gradients

    return gradient


def value_and_grad(function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Like `grad`, but the function returned gives a pair: the value, and the gradient.

    With `has_aux` the value is the pair that the function returned.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> value, gradient = ag.value_and_grad(lambda x, y: x * y, argnums=(0, 1))(3.0, 4.0)
        >>> float(value), float(gradient[0]), float(gradient[1])
        (12.0, 4.0, 3.0)

        A model and its loss, without a trace in the model:

        >>> import nn
        >>> model = nn.Linear(2, 1)
        >>> x, y = np.ones((3, 2), np.float32), np.zeros((3, 1), np.float32)
        >>> def loss(model, x, y):
        ...     return nn.functional.mse_loss(model(x), y)
        >>> value, gradient = ag.value_and_grad(loss)(model, x, y)
        >>> {name: g.shape for name, g in gradient.items()}
        {'weight': (1, 2), 'bias': (1,)}
    """
    check_use("ag.value_and_grad(f)(x)", function, argnums)

    @wraps(function, assigned=NAMES, updated=())
    def both(*args: Any, **kwargs: Any) -> Any:
        variables = Variables(function, args, argnums, kwargs)
        with transforming():
            value = result = function(*variables.args, **kwargs)
            if has_aux:
                if not isinstance(result, tuple) or len(result) != 2:
                    raise TypeError(
                        f"{variables.function} returned {type(result).__name__}, but with has_aux=True it must return "
                        "a pair: the number to differentiate, and anything else."
                    )
                value = result[0]
            _check_number(value, variables.function)
            gradients = pull_back([value], [_ones_like(value)], variables.nodes, variables.lifted)
        return result if variables.lifted else plain(result), variables.like_arguments(gradients)

    return both


_ARRAYS = (np.ndarray, np.number, int, float)


def _check_number(value: Any, function: str) -> None:
    data = value.data if isinstance(value, Value) else value
    if data is value and not isinstance(value, _ARRAYS) and not is_traced(value):
        raise TypeError(
            f"{function} returned {type(value).__name__}, but a gradient needs one number. "
            "Return a scalar, such as np.sum(...)."
        )
    if prod(np.shape(data)) != 1:
        raise ValueError(
            f"{function} returned shape {np.shape(data)}, but a gradient needs one number. "
            "Return a scalar, such as np.sum(...), or take ag.jacobian or ag.elementwise_grad."
        )
    if np.iscomplexobj(data):
        raise ValueError(
            f"{function} returned a complex number, but a gradient needs a real one. Return its real part, "
            "z.real, or its size, np.abs(z)."
        )


def _ones_like(result: Any) -> Any:
    """The cotangent that counts every element of a result once."""
    data = result.data if isinstance(result, Value) else result
    ones = np.ones_like(data)
    return ones[()] if not ones.shape and (isinstance(ones, np.ndarray) or is_traced(ones)) else ones  # NumPy's scalar


def elementwise_grad(function: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The gradient of the sum of all elements that a function returns.

    Of a function that works element by element that is its derivative at each of them.

    Args:
        function: as for `grad`, but returns a real array of any shape.
        argnums: which positional arguments to differentiate, by default the first.

    Returns:
        A function like that of `grad`.

    Raises:
        TypeError: the result is no array, or is complex: then say with `vjp` which number is meant.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> ag.elementwise_grad(np.tanh)(np.array([0.0, 1.0])).round(4)
        array([1.  , 0.42])
    """
    check_use("ag.elementwise_grad(f)(x)", function, argnums)

    @wraps(function, assigned=NAMES, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        variables = Variables(function, args, argnums, kwargs)
        with transforming():
            value = function(*variables.args, **kwargs)
            is_array = isinstance(value, (Value, *_ARRAYS)) or is_traced(value)
            if not is_array or np.iscomplexobj(value):
                kind = "complex numbers" if is_array else type(value).__name__
                raise TypeError(
                    f"{variables.function} returned {kind}, but elementwise_grad needs one real array. Choose the "
                    "weight of each result: ag.vjp(f, x)[1](cotangent)."
                )
            gradients = pull_back([value], [_ones_like(value)], variables.nodes, variables.lifted)
        return variables.like_arguments(gradients)

    return gradient


def vjp(function: Callable[..., Any], *args: Any, argnums: Argnums | None = None) -> tuple[Any, Callable[[Any], Any]]:
    """The value of a function, and the function that pulls cotangents of the result back to the arguments.

    The vector-Jacobian product: for a result y and a cotangent v it is the gradient of Σ v y. On complex numbers that
    is PyTorch's: the gradient of Re Σ conj(v) y.

    Args:
        function: takes and returns arrays, or trees of them; it may take modules.
        *args: where to evaluate it.
        argnums: which arguments to differentiate, by default all; with an integer the gradient comes bare.

    Returns:
        The value, and `pullback(cotangent)`, which may be called many times. It takes a cotangent in the structure,
        shapes and dtypes of the value, and returns a tuple with a gradient for each differentiated argument, as `grad`
        does.

    Raises:
        TypeError: an argument is not floating, the result is no array, or a cotangent has another structure.
        ValueError: a cotangent has another shape than the value.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> value, pullback = ag.vjp(lambda x, y: x * y, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
        >>> value
        array([3., 8.])
        >>> pullback(np.array([1.0, 0.0]))
        (array([3., 0.]), array([1., 0.]))
    """
    check_use("ag.vjp(f, x)", function, 0 if argnums is None else argnums)
    variables = Variables(function, args, argnums)
    with transforming():
        value = function(*variables.args)
    leaves, _ = results_of(value, variables.function)
    results = [leaf.value for leaf in leaves]

    def pullback(cotangent: Any) -> Any:
        owner = lambda path: f"the result{path} of {variables.function}"  # noqa: E731
        cotangents = matched(cotangent, "the cotangent", owner, leaves, results)
        lifted = variables.lifted or inside(cotangent)
        with transforming():
            return variables.like_arguments(pull_back(results, cotangents, variables.nodes, lifted))

    return value if variables.lifted else plain(value), pullback


def jvp(
    function: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Any,
    argnums: Argnums | None = None,
) -> tuple[Any, Any]:
    """The value of a function, and how it changes when the arguments move along tangents.

    The Jacobian-vector product, which is (f(x + ε t) - f(x)) / ε for a small real ε, also on complex numbers. For any
    number of results it costs a recorded backward pass and a shorter one: backward is linear in its cotangent, so
    transposing it, by a second backward pass, leads forward.

    Args:
        function: takes and returns arrays, or trees of them; it may take modules.
        primals: its arguments, a tuple.
        tangents: for each differentiated argument a direction, in its structure and shapes; for a module a dict.
        argnums: which arguments to differentiate, by default all; with an integer the tangent comes bare.

    Returns:
        The value, and the tangent of the value in its structure and shapes.

    Raises:
        TypeError: an argument is not floating, the result is no array, or a tangent has another structure.
        ValueError: a tangent has another shape than its argument.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> value, tangent = ag.jvp(np.sin, (np.array([0.0, np.pi]),), (np.array([1.0, 2.0]),))
        >>> tangent
        array([ 1., -2.])
    """
    check_use("ag.jvp(f, (x,), (t,))", function, 0 if argnums is None else argnums)
    if not isinstance(primals, list | tuple):
        raise TypeError(
            f"the primals of jvp must be a tuple of arguments, but they are of type {type(primals).__name__}. "
            "Write jvp(f, (x,), (t,))."
        )
    variables = Variables(function, primals, argnums, tangents)
    directions = variables.directions(tangents, "tangent")
    with transforming():
        value = function(*variables.args)
        leaves, rebuild = results_of(value, variables.function)
        results = [leaf.value for leaf in leaves]
        cotangents: list[Any] = [Value(_floating(_ones_like(result))) for result in results]
        gradients = pull_back(results, cotangents, variables.nodes, lifted=True)
        moved = pull_back(gradients, directions, [c.node for c in cotangents], variables.lifted)
    return value if variables.lifted else plain(value), rebuild(moved, True)


def _floating(x: Any) -> Any:
    return x if x.dtype.kind in "fc" else x.astype(np.float64)
