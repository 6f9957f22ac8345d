"""Clipping gradients, by their norm or by value."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from types import GeneratorType
from typing import Any

import numpy as np

import autograd_lite as ag


def clip_grad_norm_(
    parameters: ag.Value | Iterable[ag.Value],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Any:
    """Make the gradients of all parameters together no longer than `max_norm`.

        g ← g · min(1, max_norm / (‖g‖ + 1e-6))

    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013, algorithm 1.
    Gradients are changed in place where they can be.

    Args:
        parameters: Values, or one; those without a gradient are passed over.
        max_norm: the largest norm allowed.
        norm_type: p of the p-norm, such as 1, 2 or `math.inf`.
        error_if_nonfinite: raise where the norm is nan or infinite.

    Returns:
        The norm of all gradients before, taken as one vector; a NumPy scalar.

    Raises:
        RuntimeError: the norm is nan or infinite and `error_if_nonfinite`. Nothing is changed then.
        ValueError: `max_norm` is negative, which would turn the gradients round.

    Example:
        >>> import numpy as np, autograd_lite as ag, nn
        >>> w = ag.Value([1.0, 2.0])
        >>> np.sum(w * np.array([30.0, 40.0])).backward()
        >>> float(nn.utils.clip_grad_norm_([w], max_norm=1.0))
        50.0
        >>> w.grad.round(4)
        array([0.6, 0.8])
    """
    _require_bound("max_norm", max_norm)
    if isinstance(parameters, GeneratorType):
        parameters = list(parameters)
        if not parameters:
            warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    listed = _listed(parameters)
    total = get_total_norm([p.grad for p in listed if p.grad is not None], norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, max_norm, total)
    return total


def get_total_norm(tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False) -> Any:
    """The p-norm of arrays, taken as one vector; no square overflows on the way.

    Args:
        tensors: arrays, such as gradients, or one.
        norm_type: p, such as 1, 2 or `math.inf`.
        error_if_nonfinite: raise where the norm is nan or infinite.

    Returns:
        A NumPy scalar of the arrays' dtype; 0 for no arrays.

    Raises:
        RuntimeError: the norm is nan or infinite and `error_if_nonfinite`.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.utils.get_total_norm([np.array([3.0]), np.array([[4.0]])]))
        5.0
    """
    p = float(norm_type)
    arrays = [
        x.data if isinstance(x, ag.Value) else x for x in ([tensors] if hasattr(tensors, "dtype") else list(tensors))
    ]
    if not arrays:
        return np.float32(0)
    return _total_norm(arrays, p, error_if_nonfinite)


@ag.primitive
def _total_norm(arrays: list[Any], p: float, error_if_nonfinite: bool) -> Any:
    """The norm of the norms."""
    with np.errstate(over="ignore"):  # of squares, which are computed anew then
        norms = np.array([_norm(x, p) for x in arrays])
        total = np.result_type(*arrays).type(_norm(norms, p))
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {p} for gradients from `parameters` is non-finite, so it cannot be clipped. To "
            "disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(parameters: ag.Value | Iterable[ag.Value], max_norm: float, total_norm: Any) -> None:
    """Scale gradients by `min(1, max_norm / (total_norm + 1e-6))`; `clip_grad_norm_` for a norm that is known.

    Args:
        parameters: Values, or one; those without a gradient are passed over.
        max_norm: the largest norm allowed.
        total_norm: what `get_total_norm` returned.

    Example:
        >>> import numpy as np, autograd_lite as ag, nn
        >>> w = ag.Value(1.0)
        >>> w.grad = np.array(8.0)
        >>> nn.utils.clip_grads_with_norm_(w, max_norm=1.0, total_norm=4.0)
        >>> w.grad.round(4)
        np.float64(2.0)
    """
    _require_bound("max_norm", max_norm)
    listed = [p for p in _listed(parameters) if p.grad is not None]
    if ag.is_compiling():
        norm = total_norm.data if isinstance(total_norm, ag.Value) else total_norm
        for p, scaled in zip(listed, _scaled([p.grad for p in listed], float(max_norm), norm), strict=True):
            p.grad = scaled
        return
    factor = float(max_norm) / (float(total_norm) + 1e-6)
    if factor >= 1:
        return
    with np.errstate(invalid="ignore"):  # an infinite gradient becomes nan, as in PyTorch
        for p in listed:
            if _writable(p.grad):
                p.grad *= factor
            else:
                p.grad = p.grad * factor


@ag.primitive
def _scaled(gradients: list[Any], max_norm: float, total_norm: Any) -> tuple[Any, ...]:
    """`clip_grads_with_norm_`, as new arrays; a factor of 1 where nothing is to be done."""
    factor = max_norm / (float(total_norm) + 1e-6)
    factor = 1.0 if factor >= 1 else factor
    with np.errstate(invalid="ignore"):
        return tuple(
            [
                np.multiply(g, factor, out=np.empty_like(g)) if isinstance(g, np.ndarray) else g * factor
                for g in gradients
            ]
        )


def clip_grad_value_(parameters: ag.Value | Iterable[ag.Value], clip_value: float) -> None:
    """Clip every component of the gradients to `[-clip_value, clip_value]`.

    Args:
        parameters: Values, or one; those without a gradient are passed over.
        clip_value: the largest size of a component.

    Raises:
        ValueError: `clip_value` is negative.

    Example:
        >>> import numpy as np, autograd_lite as ag, nn
        >>> w = ag.Value([1.0, 1.0])
        >>> np.sum(w * np.array([30.0, -0.5])).backward()
        >>> nn.utils.clip_grad_value_([w], 1.0)
        >>> w.grad
        array([ 1. , -0.5])
    """
    _require_bound("clip_value", clip_value)
    bound = float(clip_value)
    for p in _listed(parameters):
        if p.grad is None:
            continue
        if _writable(p.grad):
            np.clip(p.grad, -bound, bound, out=p.grad)
        else:
            p.grad = np.clip(p.grad, -bound, bound)


def _require_bound(name: str, bound: float) -> None:
    if not float(bound) >= 0:
        raise ValueError(f"{name} is {bound}, but must be 0 or greater.")


def _listed(parameters: Any) -> list[ag.Value]:
    if hasattr(parameters, "parameters"):
        raise TypeError(f"parameters are wanted, not {type(parameters).__name__}. Write model.parameters().")
    listed = [parameters] if isinstance(parameters, ag.Value) else list(parameters)
    for i, p in enumerate(listed):
        if not isinstance(p, ag.Value):
            raise TypeError(f"parameter {i} is of type {type(p).__name__}, but must be a Value, such as nn.Parameter.")
    return listed


def _writable(gradient: Any) -> bool:
    return isinstance(gradient, np.ndarray) and gradient.flags.writeable


def _norm(x: Any, p: float) -> float:
    """The p-norm of an array; computed anew in float64, over the largest component, where powers leave the range."""
    x = x.reshape(-1)
    if p == 2:
        square = float(np.dot(x, x))
        if 1e-30 < square < math.inf:
            return math.sqrt(square)
    sizes = np.abs(x)
    if p == math.inf:
        return float(sizes.max(initial=0))
    if p == -math.inf:
        return float(sizes.min(initial=math.inf))
    if p == 0:
        return float(np.count_nonzero(x))
    if p == 1:
        return float(np.sum(sizes, dtype=np.float64))
    largest = float(sizes.max(initial=0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    with np.errstate(divide="ignore"):
        return float(np.sum((sizes.astype(np.float64) / largest) ** p) ** (1 / p)) * largest
