"""Normalization of groups of channels within each sample."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag

from .batch_norm import batch_norm, check_channels, check_running, update_running
from .real import real_only


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """(x - mean) / sqrt(variance + eps) · weight + bias, over groups of channels of each sample.

    Wu & He, Group normalization, 2018. The variance is the biased one.

    Shapes: `(N, C, *)` -> the same; `weight` and `bias` `(C,)`.

    Args:
        input: what to normalize.
        num_groups: into how many groups the C channels are divided; mean and variance are taken over each of them,
            together with all axes behind.
        weight: a factor for each channel, or None for 1.
        bias: a summand for each channel, or None for 0.
        eps: keeps the root away from 0.

    Raises:
        ValueError: C is no multiple of `num_groups`, `weight` or `bias` have not C entries, fewer than two axes, or a
            single value.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.group_norm(np.array([[1.0, 3.0, 10.0, 30.0]]), 2).round(4)
        array([[-1.,  1., -1.,  1.]])
    """
    real_only("group_norm", input)
    shape = np.shape(input)
    if len(shape) < 2:
        raise ValueError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if num_groups < 1 or shape[1] % num_groups:
        raise ValueError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape {list(shape)} "
            f"and num_groups={num_groups}"
        )
    check_channels(shape[1], weight=weight, bias=bias)
    if math.prod(shape) == num_groups:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {list(shape)} and "
            f"num_groups={num_groups}. Use fewer groups."
        )
    if math.prod(shape) == 0:
        return batch_norm(input, None, None, weight, bias, True)
    out = _group_norm(np.reshape(input, (*shape[:2], math.prod(shape[2:]))), weight, bias, num_groups, eps)
    return out.reshape(shape)


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """(x - mean) / sqrt(variance + eps) · weight + bias, over each channel of each sample.

    Ulyanov et al., Instance normalization, 2016.

    Shapes: `(N, C, *)` -> the same; everything else `(C,)`.

    Args:
        input: what to normalize.
        running_mean: an array, which moves in place towards the mean over the samples, or None to keep none.
        running_var: the same for variances that divide by n - 1.
        weight: a factor for each channel, or None for 1.
        bias: a summand for each channel, or None for 0.
        use_input_stats: whether the statistics are those of the input; otherwise the running ones are taken.
        momentum: how far the running statistics move.
        eps: keeps the root away from 0.

    Raises:
        ValueError: an array that has not C entries, a single value per channel and sample, or no running statistics
            although they are to be taken.
        TypeError: running statistics that are Values.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.instance_norm(np.array([[[1.0, 3.0], [10.0, 30.0]]])).round(4)
        array([[[-1.,  1.],
                [-1.,  1.]]])
    """
    real_only("instance_norm", input)
    shape = np.shape(input)
    if len(shape) < 3:
        raise ValueError(f"Expected at least 3 dimensions, (N, C, *), got an input of shape {shape}")
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ValueError("Expected running_mean and running_var to be defined when use_input_stats is false")
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    check_channels(shape[1], running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    check_running(running_mean, running_var)
    if math.prod(shape) == 0:
        return batch_norm(input, None, None, weight, bias, True)
    count = math.prod(shape[2:])
    if count == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {list(shape)}. A single value has no "
            "variance."
        )
    rows = np.reshape(input, (*shape[:2], count))
    out = _group_norm(rows, weight, bias, shape[1], eps)
    if running_mean is not None:
        plain = rows.data if isinstance(rows, ag.Value) else rows
        update_running(running_mean, plain.mean(axis=(0, 2)), momentum)
        update_running(running_var, plain.var(axis=2, ddof=1).mean(axis=0), momentum)
    return out.reshape(shape)


@ag.primitive(traced=True)
def _group_norm(x: Any, weight: Any, bias: Any, groups: int, eps: float) -> Any:
    """`group_norm` of (N, C, L)."""
    out, inverse = _centred(x, groups, eps)
    scale = inverse if weight is None else inverse * _by_group(weight, groups)
    # in a trace it is a view, and what is written into views is copied
    out = out * scale if ag.is_compiling() else np.multiply(out, scale, out=out)
    out = out.reshape(x.shape)
    if bias is None:
        return out
    return out + bias[:, None] if ag.is_compiling() else np.add(out, bias[:, None], out=out)


def _by_group(channels: Any, groups: int) -> Any:
    """`(..., C)` as `(..., G, C / G, 1)`."""
    return channels.reshape(*channels.shape[:-1], groups, -1, 1)


def _centred(x: Any, groups: int, eps: float) -> tuple[Any, Any]:
    """x - mean, as (N, G, C / G, L), and 1 / sqrt(variance + eps), as (N, G, 1, 1)."""
    flat = x.reshape(x.shape[0], groups, -1)
    centred = flat - flat.mean(axis=-1, keepdims=True)
    variance = np.vecdot(centred, centred) * (1 / flat.shape[-1])
    return centred.reshape(x.shape[0], groups, -1, x.shape[-1]), ((variance + eps) ** -0.5)[:, :, None, None]


def _group_norm_vjp(g: Any, out: Any, x: Any, weight: Any, bias: Any, groups: int, eps: float) -> tuple[Any, Any, Any]:
    centred, inverse = _centred(x, groups, eps)
    g = g.reshape(centred.shape)
    total, projection = g.sum(axis=-1, keepdims=True), np.expand_dims(np.vecdot(g, centred), -1)
    scale = inverse if weight is None else inverse * _by_group(weight, groups)
    share = groups / math.prod(x.shape[1:])
    shift = share * (scale * total).sum(axis=2, keepdims=True)
    slope = share * inverse * inverse * (scale * projection).sum(axis=2, keepdims=True)
    gx = g * scale
    if ag.is_array(centred, gx) and not ag.is_compiling():
        centred *= slope
        centred += shift
        gx -= centred
    else:
        gx = gx - (centred * slope + shift)
    gw = None if weight is None else (projection * inverse).sum(axis=0).reshape(-1)
    return gx.reshape(x.shape), gw, None if bias is None else total.sum(axis=0).reshape(-1)


ag.defvjp_joint(_group_norm, _group_norm_vjp)
