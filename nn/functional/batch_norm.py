"""Normalization of channels with the statistics of a batch, or with running ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag

from .real import real_only


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """(x - mean) / sqrt(variance + eps) · weight + bias for each channel, with mean and variance over the batch.

    Ioffe & Szegedy, Batch normalization, 2015. While training the statistics are those of the input, and the running
    ones move towards them in place: running ← (1 - momentum) · running + momentum · new, with the variance that
    divides by n - 1. Otherwise the running ones are taken. They never get a gradient.

    Shapes: `(N, C)` or `(N, C, *)` -> the same; everything else `(C,)`.

    Args:
        input: what to normalize.
        running_mean: an array, or None to keep none.
        running_var: the same.
        weight: a factor for each channel, or None for 1.
        bias: a summand for each channel, or None for 0.
        training: whether the statistics are those of the input.
        momentum: how far the running statistics move.
        eps: keeps the root away from 0; the variance that divides by n goes into it.

    Raises:
        ValueError: an array that has not C entries, a single value per channel while training, no running statistics
            otherwise, or a negative `eps`.
        TypeError: running statistics that are Values.

    Example:
        >>> import numpy as np, nn
        >>> mean, var = np.zeros(2), np.ones(2)
        >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
        >>> nn.functional.batch_norm(x, mean, var, training=True).round(4)
        array([[-1., -1.],
               [ 1.,  1.]])
        >>> mean, var
        (array([0.2, 2. ]), array([ 1.1, 20.9]))
    """
    real_only("batch_norm", input)
    shape = np.shape(input)
    if len(shape) < 2:
        raise ValueError(f"Expected at least 2 dimensions, (N, C, *), got an input of shape {shape}")
    check_channels(shape[1], running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    check_running(running_mean, running_var)
    if eps < 0 or (training and eps == 0):
        kind = "positive during training" if training else "non-negative"
        raise ValueError(f"batch_norm eps must be {kind}, but got {eps}")
    rows = np.reshape(input, (shape[0], shape[1], math.prod(shape[2:]))) if len(shape) > 2 else input
    if math.prod(shape) == 0:  # no numbers, no statistics
        zeros = np.zeros(shape[1], rows.dtype)
        out = _fixed_norm(rows, weight, bias, zeros, zeros)
    elif training:
        if math.prod(shape) == shape[1]:
            raise ValueError(
                f"Expected more than 1 value per channel when training, got input size {list(shape)}. A last batch of "
                "1 is left out by DataLoader(..., drop_last=True)."
            )
        plain = rows.data if isinstance(rows, ag.Value) else rows
        mean, variance = _moments(plain)
        update_running(running_mean, mean, momentum)
        count = plain.size // shape[1]
        update_running(running_var, variance * (count / (count - 1)), momentum)
        inverse = _inverse_root(variance, eps)
        out = _batch_norm(rows, weight, bias, mean, inverse, eps)
    else:
        if running_mean is None or running_var is None:
            raise ValueError("Expected running_mean and running_var to be defined when training=False")
        mean = running_mean.astype(rows.dtype)  # a copy: the running statistics may move before backward reads them
        out = _fixed_norm(rows, weight, bias, mean, _inverse_root(running_var, eps).astype(rows.dtype))
    return out if len(shape) < 3 else out.reshape(shape)


def check_channels(channels: int, **arrays: Any) -> None:
    """Refuse arrays that have not one entry for each channel.

    Raises:
        ValueError: names the array.
    """
    for name, x in arrays.items():
        if x is not None and x.shape != (channels,):
            raise ValueError(f"{name} should contain {channels} elements, one a channel, but has shape {x.shape}")


def check_running(running_mean: Any, running_var: Any) -> None:
    """Refuse running statistics that would get a gradient, or only one of the two.

    Raises:
        TypeError: one of them is a Value.
        ValueError: one of them is None.
    """
    if isinstance(running_mean, ag.Value) or isinstance(running_var, ag.Value):
        raise TypeError("running_mean and running_var must be plain arrays, which have no gradient: pass v.data")
    if (running_mean is None) != (running_var is None):
        raise ValueError("Expected running_mean and running_var to be both arrays or both None")


def update_running(running: Any, new: Any, momentum: Any) -> None:
    """running ← (1 - momentum) · running + momentum · new, in place; nothing if there is none."""
    if running is None:
        return
    kept = 1 - momentum
    if hasattr(momentum, "dtype"):  # a number of NumPy's would make float32 numbers float64
        kept, momentum = kept.astype(running.dtype), momentum.astype(new.dtype)
    running *= kept
    running += momentum * new


# ---- the two primitives; x is (N, C) or (N, C, L) ----


def _axes(x: Any) -> tuple[int, ...]:
    return (0,) if x.ndim == 2 else (0, 2)


def _along(channel: Any, x: Any) -> Any:
    """One number for each channel, so that it broadcasts over `x`."""
    return channel if x.ndim == 2 else channel[:, None]


def _dot(a: Any, b: Any) -> Any:
    """Σ a b for each channel."""
    return np.einsum("nc,nc->c", a, b) if a.ndim == 2 else np.vecdot(a, b).sum(axis=0)


def _moments(x: Any) -> tuple[Any, Any]:
    """Mean and biased variance of each channel; the variance from differences, which a large mean leaves exact."""
    mean = x.mean(axis=_axes(x))
    centred = x - _along(mean, x)
    return mean, _dot(centred, centred) * (mean.size / x.size)


def _inverse_root(variance: Any, eps: float) -> Any:
    return (variance + eps) ** -0.5


def _normalized(x: Any, weight: Any, bias: Any, mean: Any, inverse: Any) -> Any:
    scale = inverse if weight is None else inverse * weight
    out = x - _along(mean, x)
    out *= _along(scale, x)
    if bias is not None:
        out += _along(bias, x)
    return out


@ag.primitive(traced=True)
def _batch_norm(x: Any, weight: Any, bias: Any, mean: Any, inverse: Any, eps: float) -> Any:
    """`batch_norm` with the statistics of x. They are passed because the caller has them, but depend on x alone."""
    return _normalized(x, weight, bias, mean, inverse)


def _batch_norm_vjp(
    g: Any, out: Any, x: Any, weight: Any, bias: Any, mean: Any, inverse: Any, eps: float
) -> tuple[Any, ...]:
    if isinstance(x, ag.Value):  # then the statistics are to be differentiated as well
        mean, variance = _moments(x)
        inverse = _inverse_root(variance, eps)
    centred = x - _along(mean, x)
    total, projection = g.sum(axis=_axes(x)), _dot(g, centred) * inverse
    scale = inverse if weight is None else inverse * weight
    share = scale * (-mean.size / x.size)
    slope, shift = share * inverse * projection, share * total
    gx = g * _along(scale, x)
    if ag.is_array(centred, gx):
        centred *= _along(slope, x)
        centred += _along(shift, x)
        gx += centred
    else:
        gx = gx + (centred * _along(slope, x) + _along(shift, x))
    return gx, projection, total, None, None


ag.defvjp_joint(_batch_norm, _batch_norm_vjp)


@ag.primitive(traced=True)
def _fixed_norm(x: Any, weight: Any, bias: Any, mean: Any, inverse: Any) -> Any:
    """`batch_norm` with constant statistics."""
    return _normalized(x, weight, bias, mean, inverse)


def _fixed_norm_vjp(g: Any, out: Any, x: Any, weight: Any, bias: Any, mean: Any, inverse: Any) -> tuple[Any, ...]:
    gx = g * _along(inverse if weight is None else inverse * weight, x)
    if weight is None and bias is None:
        return gx, None, None, None, None
    return gx, _dot(g, x - _along(mean, x)) * inverse, g.sum(axis=_axes(x)), None, None


ag.defvjp_joint(_fixed_norm, _fixed_norm_vjp)
