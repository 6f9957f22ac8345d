"""`check_grads`: gradients against finite differences."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from .transforms import value_and_grad
from .tree import flatten
from .value import Value


class GradientError(AssertionError):
    """A gradient disagrees with finite differences."""


def check_grads(
    function: Callable[..., Any],
    *args: Any,
    order: int = 2,
    step: float = 1e-5,
    rtol: float = 1e-5,
    atol: float = 1e-6,
) -> None:
    """Compare the gradients of `function` with central differences, in float64 or complex128.

    The result is reduced to a number with fixed random weights; each element of each argument is then moved by
    `step` to both sides. The second order checks the gradient of a random combination of first derivatives.

    Args:
        function: takes the arguments, as Values, and returns an array, or a list or tuple of arrays.
        *args: floating or complex arrays or Values, or trees of them; they are not changed. Real and imaginary
            parts are moved one after the other.
        order: 1 for gradients alone, 2 for second derivatives as well.
        step: the distance of the differences, times max(1, |x|).
        rtol: the tolerated difference, relative to the larger of the two derivatives.
        atol: the tolerated absolute difference.

    Raises:
        GradientError: names the order, the argument and the index that disagrees, and both numbers.
        TypeError: an argument is not floating.
        ValueError: `order` is neither 1 nor 2.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> ag.check_grads(lambda x, y: np.exp(x) / y, np.array([0.1, 0.2]), 3.0)
    """
    if order not in (1, 2):
        raise ValueError(f"check_grads(order={order}): the order is 1 or 2")
    leaves, rebuild = flatten(args)
    paths = [re.sub(r"^\[(\d+)\]", r"\1", leaf.path) for leaf in leaves]  # argument 0['w'], as in `grad`
    points = []
    for path, (_, x, is_parameter) in zip(paths, leaves, strict=True):
        if is_parameter:
            raise TypeError(f"argument {path} belongs to a module, but check_grads moves arrays. Pass p.data of each.")
        try:
            data = (x if isinstance(x, Value) else Value(x)).data
        except TypeError as error:
            raise TypeError(f"argument {path}: {error}") from None
        points.append(data.astype(np.complex128 if data.dtype.kind == "c" else np.float64) * 1)
    rng = np.random.default_rng(0)

    def scalar(arrays: list[Any]) -> Any:
        values = [x if isinstance(x, Value) else Value(x, requires_grad=False) for x in arrays]
        results = [part for leaf in flatten(function(*rebuild(values)))[0] for part in _real_parts(leaf.value)]
        while len(weights) < len(results):
            weights.append(rng.uniform(0.5, 1.5, np.shape(results[len(weights)])))
        return sum(np.sum(w * r) for w, r in zip(weights, results, strict=True))

    weights: list[Any] = []
    _compare(scalar, points, paths, "first", step, rtol, atol)
    if order == 2:
        directions = [[rng.uniform(0.5, 1.5, np.shape(x)) for _ in _real_parts(x)] for x in points]

        def slope(arrays: list[Any]) -> Any:
            gradients = [_real_parts(g) for g in value_and_grad(scalar)(arrays)[1]]
            return sum(
                np.sum(d * g) for ds, gs in zip(directions, gradients, strict=True) for d, g in zip(ds, gs, strict=True)
            )

        _compare(slope, points, paths, "second", step, rtol, atol)


def _real_parts(x: Any) -> list[Any]:
    """A complex array as its real and its imaginary part."""
    return [np.real(x), np.imag(x)] if np.iscomplexobj(x) else [x]


def _compare(
    function: Callable[..., Any], points: list[Any], paths: list[str], order: str, step: float, rtol: float, atol: float
) -> None:
    gradients = value_and_grad(function)(points)[1]
    for i, (x, gradient, path) in enumerate(zip(points, gradients, paths, strict=True)):
        for index in np.ndindex(np.shape(x)):
            width = step * max(1.0, float(np.abs(np.asarray(x)[index])))
            # a gradient is dL/dRe(x) + i dL/dIm(x)
            for unit, got in zip((1, 1j), _real_parts(np.asarray(gradient)[index]), strict=False):
                sides = []
                for sign in (1, -1):
                    moved = np.array(x)
                    moved[index] += sign * width * unit
                    sides.append(float(function([*points[:i], moved, *points[i + 1 :]])))
                expected, got = (sides[0] - sides[1]) / (2 * width), float(got)
                if not abs(got - expected) <= atol + rtol * max(abs(got), abs(expected)):
                    raise GradientError(
                        f"{order}-order gradient of argument {path} at index {index}"
                        f"{', imaginary part' * (unit == 1j)}: the rules give {got:.10g}, finite differences "
                        f"{expected:.10g} (difference {abs(got - expected):.3g})"
                    )
