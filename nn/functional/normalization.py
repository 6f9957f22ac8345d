"""Normalization of the last axes of activations; that of channels is in `batch_norm` and `group_norm`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd_lite as ag

from .real import real_only


def layer_norm(
    input: Any, normalized_shape: int | Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """(x - mean) / sqrt(variance + eps) · weight + bias, over the last axes.

    Ba et al., Layer normalization, 2016. The variance is the biased one.

    Shapes: `(*, *normalized_shape)` -> the same; `weight` and `bias` have `normalized_shape`.

    Args:
        input: what to normalize.
        normalized_shape: the lengths of the last axes, over which mean and variance are taken.
        weight: a factor for each element, or None for 1.
        bias: a summand for each element, or None for 0.
        eps: keeps the root away from 0.

    Raises:
        ValueError: the input does not end in `normalized_shape`, or `weight` or `bias` have another shape.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.layer_norm(np.array([1.0, 2.0, 3.0]), 3).round(4)
        array([-1.2247,  0.    ,  1.2247])
    """
    real_only("layer_norm", input)
    shape = _checked_shape(input, normalized_shape, weight=weight, bias=bias)
    if len(shape) == 1:
        return _layer_norm(input, weight, bias, eps)
    return _layer_norm(_flat(input, shape), _flat(weight, shape), _flat(bias, shape), eps).reshape(np.shape(input))


def rms_norm(input: Any, normalized_shape: int | Sequence[int], weight: Any = None, eps: float | None = None) -> Any:
    """x / sqrt(mean of x² + eps) · weight, over the last axes.

    Zhang & Sennrich, Root mean square layer normalization, 2019.

    Shapes: `(*, *normalized_shape)` -> the same; `weight` has `normalized_shape`.

    Args:
        input: what to normalize.
        normalized_shape: the lengths of the last axes, over which the mean is taken.
        weight: a factor for each element, or None for 1.
        eps: keeps the root away from 0; by default the rounding unit of the input's dtype, `np.finfo(dtype).eps`,
            and for float16 that of float32.

    Raises:
        ValueError: the input does not end in `normalized_shape`, or `weight` has another shape.
        TypeError: the input is complex, or without `eps` not of floating numbers.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.rms_norm(np.array([3.0, 4.0]), 2).round(4)
        array([0.8485, 1.1314])
    """
    real_only("rms_norm", input)
    shape = _checked_shape(input, normalized_shape, weight=weight)
    if eps is None:
        if input.dtype.kind != "f":
            raise TypeError(f"rms_norm needs floating numbers, got {input.dtype}. Write input.astype(np.float32).")
        eps = float(np.finfo(np.promote_types(input.dtype, np.float32)).eps)
    if len(shape) == 1:
        return _rms_norm(input, weight, eps)
    return _rms_norm(_flat(input, shape), _flat(weight, shape), eps).reshape(np.shape(input))


def _checked_shape(input: Any, normalized_shape: int | Sequence[int], **weights: Any) -> tuple[int, ...]:
    """`normalized_shape` as a tuple, in which the input ends and which the weights have."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    given = np.shape(input)
    if not shape or given[-len(shape) :] != shape:
        raise ValueError(
            f"Given normalized_shape={list(shape)}, expected input with shape "
            f"[{', '.join(['*', *map(str, shape)])}], but got input of size{list(given)}"
        )
    for name, x in weights.items():
        if x is not None and x.shape != shape:
            raise ValueError(f"Expected {name} to be of same shape as normalized_shape {shape}, but got {x.shape}")
    return shape


def _flat(x: Any, shape: tuple[int, ...]) -> Any:
    """The last axes, of lengths `shape`, as one."""
    return None if x is None else np.reshape(x, (*x.shape[: x.ndim - len(shape)], math.prod(shape)))


@ag.primitive(traced=True)
def _layer_norm(x: Any, weight: Any, bias: Any, eps: float) -> Any:
    """`layer_norm` over the last axis."""
    out, inverse = _centred(x, eps)
    out *= inverse
    if weight is not None:
        out *= weight
    if bias is not None:
        out += bias
    return out


def _centred(x: Any, eps: float) -> tuple[Any, Any]:
    """x - mean, and 1 / sqrt(variance + eps)."""
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred, (_mean_product(centred, centred) + eps) ** -0.5


def _layer_norm_vjp(g: Any, out: Any, x: Any, weight: Any, bias: Any, eps: float) -> tuple[Any, ...]:
    centred, inverse = _centred(x, eps)
    unit = centred * inverse
    slope = g * (1 if weight is None else weight)
    gw = None if weight is None else g * unit
    mean, along = slope.mean(axis=-1, keepdims=True), _mean_product(slope, unit)
    if ag.is_array(unit, slope):
        unit *= along
        slope -= unit
        slope -= mean
        slope *= inverse
    else:
        slope = inverse * (slope - mean - unit * along)
    return slope, gw, g


def _mean_product(a: Any, b: Any) -> Any:
    return np.expand_dims(np.vecdot(a, b), -1) * (1 / a.shape[-1])


ag.defvjp_joint(_layer_norm, _layer_norm_vjp)


@ag.primitive(traced=True)
def _rms_norm(x: Any, weight: Any, eps: float) -> Any:
    """`rms_norm` over the last axis."""
    out = x * _inverse_rms(x, eps)
    if weight is not None:
        out *= weight
    return out


def _inverse_rms(x: Any, eps: float) -> Any:
    """1 / sqrt(mean of x² + eps)."""
    return (_mean_product(x, x) + eps) ** -0.5


def _rms_norm_vjp(g: Any, out: Any, x: Any, weight: Any, eps: float) -> tuple[Any, ...]:
    inverse = _inverse_rms(x, eps)
    unit = x * inverse
    slope = g * (1 if weight is None else weight)
    gw = None if weight is None else g * unit
    along = _mean_product(slope, unit)
    if ag.is_array(unit, slope):
        unit *= along
        slope -= unit
        slope *= inverse
    else:
        slope = inverse * (slope - unit * along)
    return slope, gw


ag.defvjp_joint(_rms_norm, _rms_norm_vjp)
