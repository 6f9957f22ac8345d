"""Dropout: zeros at random, so that a network does not rely on single units, or on single channels."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

import autograd_lite as ag

from ..random import default_generator, dropout_mask


def dropout(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: np.random.Generator | None = None,
) -> Any:
    """Each element is 0 with probability `p`, else divided by 1 - p; unchanged unless training.

    Srivastava et al., Dropout, 2014.

    Args:
        input: floating numbers of any shape.
        p: the probability of a zero.
        training: without, the input is returned as it is.
        inplace: taken for the sake of PyTorch's programs; nothing is ever overwritten.
        generator: where to draw from, by default `nn.random.default_generator`.

    Raises:
        ValueError: `p` is no probability.
        TypeError: the input holds integers, which cannot be divided by 1 - p.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.dropout(np.ones(6), 0.5, generator=np.random.default_rng(1))
        array([0., 2., 2., 2., 0., 0.])
    """
    return _drop("dropout", input, p, training, generator, input.shape)


def dropout1d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: np.random.Generator | None = None,
) -> Any:
    """`dropout` of whole channels: neighbours in a signal say much the same (Tompson et al. 2015).

    Args:
        input: `(batch, channels, length)` or `(channels, length)`.
        p, training, inplace, generator: as of `dropout`.

    Raises:
        ValueError: `p` is no probability, or the input has another number of axes.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.dropout1d(np.ones((3, 2)), 0.5, generator=np.random.default_rng(1))
        array([[0., 0.],
               [2., 2.],
               [2., 2.]])
    """
    if input.ndim not in (2, 3):
        raise ValueError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input of shape {input.shape}. "
            "Write dropout or dropout2d."
        )
    return _drop("dropout1d", input, p, training, generator, (*input.shape[:-1], 1))


def dropout2d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: np.random.Generator | None = None,
) -> Any:
    """`dropout` of whole channels: neighbours in an image say much the same (Tompson et al. 2015).

    Args:
        input: `(batch, channels, height, width)`. As in PyTorch, three axes are `(batch, channels, length)`, with a
            warning, and of others than four all behind the second are one channel.
        p, training, inplace, generator: as of `dropout`.

    Raises:
        ValueError: `p` is no probability, or the input has less than two axes.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.dropout2d(np.ones((1, 2, 1, 2)), 0.5, generator=np.random.default_rng(1))
        array([[[[0., 0.]],
        <BLANKLINE>
                [[2., 2.]]]])
    """
    if input.ndim not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated. Write dropout1d for "
            "signals, dropout for anything else.",
            stacklevel=2,
        )
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3-D input to dropout2d and assuming that channel-wise 1-D dropout behavior is "
            "desired - input is interpreted as shape (N, C, L). For images without batch write x[None].",
            stacklevel=2,
        )
    return _drop("dropout2d", input, p, training, generator, _features("dropout2d", input))


def alpha_dropout(
    input: Any,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: np.random.Generator | None = None,
) -> Any:
    """Dropout for `selu`: dropped elements become its negative limit, and mean 0 and variance 1 are kept.

    With α' = 1.7581 and a = 1 / sqrt((1 - p)(1 + p α'²)), each element becomes a · x + a p α', or, with probability
    `p`, a · (-α') + a p α'. Klambauer et al., Self-normalizing neural networks, 2017.

    Args:
        input: floating numbers of any shape.
        p: the probability that an element is dropped; 1 makes zeros.
        training, inplace, generator: as of `dropout`, but not training by default.

    Raises:
        ValueError: `p` is no probability.
        TypeError: the input holds integers.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.alpha_dropout(np.zeros(4), 0.5, True, generator=np.random.default_rng(1)).round(3)
        array([-0.779,  0.779,  0.779,  0.779])
    """
    return _alpha_drop("alpha_dropout", input, p, training, generator, input.shape)


def feature_alpha_dropout(
    input: Any,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: np.random.Generator | None = None,
) -> Any:
    """`alpha_dropout` of whole channels.

    Args:
        input: `(batch, channels, *)`.
        p, training, inplace, generator: as of `alpha_dropout`.

    Raises:
        ValueError: `p` is no probability, or the input has less than two axes.
        TypeError: the input holds integers.

    Example:
        >>> import numpy as np, nn
        >>> x = np.zeros((1, 2, 3))
        >>> nn.functional.feature_alpha_dropout(x, 0.5, True, generator=np.random.default_rng(1)).round(3)
        array([[[-0.779, -0.779, -0.779],
                [ 0.779,  0.779,  0.779]]])
    """
    return _alpha_drop(
        "feature_alpha_dropout", input, p, training, generator, _features("feature_alpha_dropout", input)
    )


def _features(name: str, input: Any) -> tuple[int, ...]:
    """One number for each channel of each sample."""
    if input.ndim < 2:
        raise ValueError(f"{name} needs an input of shape (batch, channels, *), got {input.shape}.")
    return (*input.shape[:2], *[1] * (input.ndim - 2))


def _drop(
    name: str,
    input: Any,
    p: float,
    training: bool,
    generator: np.random.Generator | None,
    shape: tuple[int, ...],
) -> Any:
    mask = _mask(name, input, p, training, generator, shape)
    return input if mask is None else _dropout(input, mask)


def _alpha_drop(
    name: str,
    input: Any,
    p: float,
    training: bool,
    generator: np.random.Generator | None,
    shape: tuple[int, ...],
) -> Any:
    mask = _mask(name, input, p, training, generator, shape)
    if mask is None:
        return input
    if p == 1:
        return _dropout(input, mask)
    kept = (mask != 0).astype(mask.dtype)
    a = 1 / math.sqrt((1 - p) * (1 + p * _SELU_LIMIT**2))
    return _dropout(input, kept * a) + (kept - (1 - p)) * (a * _SELU_LIMIT)


_SELU_LIMIT = 1.7580993408473766  # the negative limit of selu


def _mask(
    name: str,
    input: Any,
    p: float,
    training: bool,
    generator: np.random.Generator | None,
    shape: tuple[int, ...],
) -> Any:
    """What is multiplied with; None if nothing is dropped."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return None
    dtype = input.dtype
    if dtype.kind != "f":
        raise TypeError(f"{name} needs floating numbers, but the input holds {dtype}. Write input.astype(np.float32).")
    return dropout_mask(shape, p, dtype, default_generator if generator is None else generator)


@ag.primitive(traced=True)
def _dropout(input: Any, mask: Any) -> Any:
    """`input * mask`: an operation of its own, so that a drawing calls it by its name."""
    return input * mask


ag.defvjp(_dropout, lambda g, out, input, mask: g * mask, None)
