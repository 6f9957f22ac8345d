"""What turns scores into probabilities along an axis: softmax and its kin."""

from __future__ import annotations

import warnings
from operator import index
from typing import Any

import numpy as np

import autograd_lite as ag

from ..random import default_generator
from .real import real_only
from .rows import row_max, row_sum


def softmax(input: Any, dim: int | None = None, *, temperature: Any = 1.0, dtype: Any = None) -> Any:
    """e^(x/T) / Σ e^(x/T) along an axis: positive, and the sum is 1.

    Args:
        input: scores of any shape.
        dim: the axis. Without, PyTorch's choice with its warning: 0 for one or three axes, else 1.
        temperature: T: above 1 the probabilities move closer together, below 1 apart. It may be a Value.
        dtype: what the scores are cast to first.

    Raises:
        ValueError: the temperature is not positive.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.softmax(np.array([1.0, 2.0, 1000.0]), dim=-1)
        array([0., 0., 1.])
        >>> nn.functional.softmax(np.array([0.0, 1.0]), dim=-1, temperature=0.5).round(4)
        array([0.1192, 0.8808])
    """
    return _softmax(_scores("softmax", input, temperature, dtype), _axis("softmax", input, dim))


def softmin(input: Any, dim: int | None = None, *, temperature: Any = 1.0, dtype: Any = None) -> Any:
    """e^(-x/T) / Σ e^(-x/T) along an axis: the softmax of -x.

    Args:
        input: of any shape.
        dim: the axis, see `softmax`.
        temperature: T, see `softmax`.
        dtype: what the input is cast to first.

    Raises:
        ValueError: the temperature is not positive.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.softmin(np.array([1.0, 2.0, 1000.0]), dim=-1).round(4)
        array([0.7311, 0.2689, 0.    ])
    """
    return _softmax(-_scores("softmin", input, temperature, dtype), _axis("softmin", input, dim))


def log_softmax(input: Any, dim: int | None = None, *, temperature: Any = 1.0, dtype: Any = None) -> Any:
    """x/T - log Σ e^(x/T) along an axis: the logarithm of `softmax`, exact also where that is 0.

    Args:
        input: scores of any shape.
        dim: the axis, see `softmax`.
        temperature: T, see `softmax`.
        dtype: what the scores are cast to first.

    Raises:
        ValueError: the temperature is not positive.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.log_softmax(np.array([0.0, 1000.0]), dim=-1)
        array([-1000.,     0.])
    """
    return _log_softmax(_scores("log_softmax", input, temperature, dtype), _axis("log_softmax", input, dim))


def gumbel_softmax(
    logits: Any,
    tau: float = 1.0,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    *,
    generator: np.random.Generator | None = None,
) -> Any:
    """softmax((x + noise) / τ) with noise from Gumbel's distribution: a sample of the classes, differentiable.

    Jang, Gu & Poole, Categorical reparameterization with Gumbel-softmax, 2017; Maddison, Mnih & Teh, The concrete
    distribution, 2017. The largest element is class i with the probability softmax(x)[i].

    Args:
        logits: scores x of any shape.
        tau: the temperature τ: towards 0 the samples come close to one-hot.
        hard: return one-hot samples, whose gradient is that of the soft ones (the straight-through estimator).
        eps: has no effect, and has had none in PyTorch since it was deprecated there.
        dim: the axis of the classes.
        generator: where to draw from, by default `nn.random.default_generator`.

    Raises:
        ValueError: τ is not positive.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.gumbel_softmax(np.zeros(4), hard=True, generator=np.random.default_rng(0))
        array([0., 0., 0., 1.])
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect. Leave it out.", stacklevel=2)
    scores = _scores("gumbel_softmax", logits, 1.0, None)
    noise = gumbel_noise(scores.shape, scores.dtype, default_generator if generator is None else generator)
    soft = _softmax(_tempered("gumbel_softmax", "tau", scores + noise, tau), dim)
    return _one_hot_of(soft, dim) if hard else soft


def _scores(name: str, input: Any, temperature: Any, dtype: Any) -> Any:
    real_only(name, input)
    if dtype is not None:
        input = input.astype(dtype)
    if input.dtype.kind != "f":
        raise TypeError(f"{name} needs floating numbers, got {input.dtype}. Write input.astype(np.float32).")
    return _tempered(name, "temperature", input, temperature)


def _tempered(function: str, name: str, scores: Any, temperature: Any) -> Any:
    if type(temperature) is float and temperature == 1:
        return scores
    if np.ndim(temperature) or not temperature > 0:
        raise ValueError(f"{function}: {name} must be one positive number, got {temperature}")
    return scores / (temperature if isinstance(temperature, ag.Value) else float(temperature))


def _axis(name: str, input: Any, dim: int | None) -> int:
    if dim is not None:
        axes = np.ndim(input) or 1
        try:
            there = -axes <= index(dim) < axes
        except TypeError:
            raise TypeError(f"{name}: dim must be an integer, got {type(dim).__name__}.") from None
        if not there:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-axes}, {axes - 1}], but got {dim}) for an "
                f"input of shape {np.shape(input)}"
            )
        return dim
    chosen = 0 if np.ndim(input) in (0, 1, 3) else 1
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Write dim={chosen}, which is what was taken.",
        stacklevel=3,
    )
    return chosen


@ag.primitive(traced=True)
def _softmax(x: Any, dim: int) -> Any:
    """e^x / Σ e^x along `dim`."""
    if not (x.ndim and x.size):  # a number alone, or no numbers
        return np.ones_like(x)
    out = x - row_max(x, dim)  # the shift cancels, and keeps e^x finite
    np.exp(out, out=out)
    out /= row_sum(out, dim)
    return out


def softmax_vjp(g: Any, out: Any, dim: int) -> Any:
    """The gradient of a softmax with the result `out`."""
    share = g * out
    return share - out * row_sum(share, dim)


ag.defvjp(_softmax, lambda g, out, x, dim: softmax_vjp(g, out, dim))


@ag.primitive(traced=True)
def _log_softmax(x: Any, dim: int) -> Any:
    """x - log Σ e^x along `dim`."""
    if not (x.ndim and x.size):
        return np.zeros_like(x)
    out = x - row_max(x, dim)
    out -= np.log(row_sum(np.exp(out), dim))
    return out


ag.defvjp(_log_softmax, lambda g, out, x, dim: g - np.exp(out) * row_sum(g, dim))


@ag.primitive
def gumbel_noise(shape: tuple[int, ...], dtype: Any, generator: np.random.Generator) -> Any:
    """-log(-log(u)) with u uniform: what `gumbel_softmax` adds to the scores."""
    return generator.gumbel(size=shape).astype(dtype)


@ag.primitive
def _one_hot_of(soft: Any, dim: int) -> Any:
    """1 for the largest element along `dim`, the first of several, and 0 for the others."""
    out = np.zeros_like(soft)
    np.put_along_axis(out, np.argmax(soft, dim, keepdims=True), 1, dim)
    return out


ag.defvjp(_one_hot_of, lambda g, out, soft, dim: g)
