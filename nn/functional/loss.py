"""Losses: how far a prediction is from its target, as one number."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import autograd_lite as ag

from .activation import log1p_exp, sigmoid
from .real import real_only
from .rows import row_max, row_sum
from .softmax import log_softmax, softmax


def _check_reduction(reduction: str) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction: it is 'mean', 'sum' or 'none'")


def _reduced(losses: Any, reduction: str) -> Any:
    if reduction == "mean":
        return losses.mean()
    return losses.sum() if reduction == "sum" else losses


def _constant(x: Any, input: Any) -> Any:
    """A plain array in the dtype of `input`, so that a float64 or integer constant does not make the loss float64."""
    dtype = _raw(input).dtype
    if x is None or dtype.kind != "f" or (isinstance(x, ag.Value) and x.requires_grad):
        return x
    return _raw(x).astype(dtype, copy=False)


def _raw(x: Any) -> Any:
    if isinstance(x, ag.Value):
        return x.data
    return x if hasattr(x, "dtype") else np.asarray(x)


def _shape(x: Any) -> Any:
    return getattr(x, "shape", None) or np.shape(_raw(x))


def _check_shapes(input: Any, target: Any) -> None:
    """Refuse what would broadcast: `(n, 1)` against `(n,)` gives an n × n matrix of losses."""
    given, wanted = _shape(input), _shape(target)
    if given == wanted:
        return
    hint = ""
    for name, longer, shorter in (("input", given, wanted), ("target", wanted, given)):
        if longer == (*shorter, 1):
            hint = f" Write {name}.squeeze(-1)."
    raise ValueError(f"Target size {wanted} must be the same as input size {given}.{hint}")


# ---- regression ----


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The mean of (input - target)².

    Args:
        input: the prediction, of any shape.
        target: of the same shape.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.

    Raises:
        ValueError: the shapes differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        2.0
    """
    _check_reduction(reduction)
    _check_shapes(input, target)
    real_only("mse_loss", input, target)
    return _mse_loss(input, _constant(target, input), reduction)


@ag.primitive
def _mse_loss(x: Any, y: Any, reduction: str) -> Any:
    """(x - y)², reduced."""
    difference = x - y
    squares = difference * difference
    if reduction == "none":
        return squares
    return squares.sum() / squares.size if reduction == "mean" else squares.sum()  # mean() takes twice as long


def _mse_slope(g: Any, x: Any, y: Any, reduction: str) -> Any:
    return g * (2 / (np.size(x) or 1) if reduction == "mean" else 2) * (x - y)


ag.defvjp(
    _mse_loss,
    lambda g, out, x, y, reduction: _mse_slope(g, x, y, reduction),
    lambda g, out, x, y, reduction: _mse_slope(g, y, x, reduction),
)


# ---- classification ----


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """-(y log σ(x) + (1 - y) log(1 - σ(x))) with the sigmoid σ, computed without overflow.

    Args:
        input: scores x of any shape, before the sigmoid.
        target: probabilities y of the same shape; 0 and 1, or booleans, for two classes.
        weight: a factor for each element, broadcast.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.
        pos_weight: a factor for the first term, broadcast: above 1 it favours recall.

    Raises:
        ValueError: the shapes of input and target differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.binary_cross_entropy_with_logits(np.array([0.0, 1000.0]), np.array([0, 1])).round(4))
        0.3466
    """
    _check_reduction(reduction)
    _check_shapes(input, target)
    losses = _binary_cross_entropy_with_logits(input, _constant(target, input), _constant(pos_weight, input))
    return _reduced(losses if weight is None else losses * _constant(weight, input), reduction)


@ag.primitive
def _binary_cross_entropy_with_logits(x: Any, y: Any, pos_weight: Any) -> Any:
    """Elementwise: -(p y log σ(x) + (1 - y) log(1 - σ(x))), and log σ(x) = -softplus(-x)."""
    if pos_weight is None:
        return x - x * y + log1p_exp(-x)
    return x - x * y + (1 + (pos_weight - 1) * y) * log1p_exp(-x)


def _bce_x(g: Any, out: Any, x: Any, y: Any, pos_weight: Any) -> Any:
    if pos_weight is None:
        return g * (sigmoid(x) - y)
    return g * (1 - y - (1 + (pos_weight - 1) * y) * sigmoid(-x))


def _bce_y(g: Any, out: Any, x: Any, y: Any, pos_weight: Any) -> Any:
    return -g * x if pos_weight is None else g * ((pos_weight - 1) * log1p_exp(-x) - x)


ag.defvjp(_binary_cross_entropy_with_logits, _bce_x, _bce_y, lambda g, out, x, y, pos_weight: g * y * log1p_exp(-x))


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """-log softmax(input)[target]: how surprised the scores are by the right class.

    Shapes: input `(C,)`, `(N, C)` or `(N, C, d1, ...)`; target of classes `()`, `(N,)` or `(N, d1, ...)`, or
    of probabilities with the shape of the input.

    Args:
        input: scores, before the softmax.
        target: integers from 0 to C - 1, or floating probabilities of the C classes.
        weight: a factor for each class, `(C,)`; the mean is then the weighted mean.
        ignore_index: a target that does not count.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.
        label_smoothing: mixes the target with this much of the uniform distribution: Szegedy et al.,
            Rethinking the Inception architecture, 2016.

    Raises:
        ValueError: the shapes do not fit.
        TypeError: integer scores, floating targets where classes are needed, or integers of the shape of the input.
        IndexError: a class that there is not.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.cross_entropy(np.array([[0.0, 0.0], [0.0, 5.0]]), np.array([0, 1])).round(4))
        0.3499
    """
    _check_reduction(reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    scores = _raw(input)
    shape = scores.shape
    if not shape:
        raise ValueError("cross_entropy needs scores of shape (C,), (N, C) or (N, C, d1, ...), got a single number")
    if scores.dtype.kind != "f":
        raise TypeError(
            f"cross_entropy: the scores must be floating numbers, got {scores.dtype} of shape {shape}. "
            "The scores come first: write cross_entropy(scores, target)."
        )
    dim = min(len(shape) - 1, 1)
    if weight is not None:
        weight = _constant(weight, input)
        if weight.shape != shape[dim : dim + 1]:
            raise ValueError(
                f"cross_entropy: weight tensor should be defined either for all {shape[dim]} classes or no classes "
                f"but got weight tensor of shape: {list(weight.shape)}"
            )
    raw = _raw(target)
    _check_target(shape, raw, dim, ignore_index)
    if raw.shape == shape:
        target = _constant(target, input)
        return _against_probabilities(input, target, weight, reduction, label_smoothing, dim)
    return _against_classes(input, raw, weight, ignore_index, reduction, label_smoothing, dim)


def _check_target(shape: tuple[int, ...], target: Any, dim: int, ignore_index: int) -> None:
    given, kind = target.shape, target.dtype.kind
    if given == shape:
        if kind != "f":
            raise TypeError(
                f"a target of the shape of the input, {shape}, must hold probabilities, got {target.dtype}. For "
                "one-hot rows write target.astype(input.dtype), for classes pass their integers alone."
            )
        if ignore_index >= 0:
            raise ValueError("ignore_index is not supported for floating point target")
        return
    expected = shape[:dim] + shape[dim + 1 :]
    if given != expected:
        hint = " Write target.squeeze(-1)." if given == (*expected, 1) else ""
        raise ValueError(
            f"cross_entropy: scores of shape {shape} need target classes of shape {expected} or probabilities of shape "
            f"{shape}, got {given}.{hint}"
        )
    if kind not in "iu":
        raise TypeError(
            f"cross_entropy: target classes must be integers, got {target.dtype}. Write target.astype(np.int64)."
        )


def _along(weight: Any, shape: tuple[int, ...], dim: int) -> Any:
    """A weight for each class, so that it broadcasts over the axes behind."""
    return weight.reshape(-1, *(1,) * (len(shape) - dim - 1))


def _against_probabilities(
    scores: Any, target: Any, weight: Any, reduction: str, label_smoothing: float, dim: int
) -> Any:
    shape = scores.shape
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / shape[dim]
    if weight is not None:
        target = target * _along(weight, shape, dim)
    losses = -(log_softmax(scores, dim) * target).sum(axis=dim)
    return losses.sum() / losses.size if reduction == "mean" else _reduced(losses, reduction)


def _against_classes(
    scores: Any,
    classes: Any,
    weight: Any,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
    dim: int,
) -> Any:
    shape, dtype = scores.shape, scores.dtype
    lowest = classes.min() if classes.size else 0
    kept = None
    if lowest < 0 or ignore_index >= 0:
        kept = classes != ignore_index
        classes = np.where(kept, classes, 0)
        lowest = classes.min() if classes.size else 0
    plain = weight is None and kept is None and not label_smoothing
    try:
        if lowest < 0:
            raise IndexError("NumPy would count from the end")
        if plain and classes.size:
            return _cross_entropy(scores, classes, reduction)
        factor = np.ones(classes.shape, dtype) if weight is None else weight[classes]
        factor = factor if kept is None else factor * kept.astype(dtype)
        divisor = float(factor.sum()) if reduction == "mean" else 1.0
        log_probabilities = log_softmax(scores, dim)
        loss = _nll_loss(log_probabilities, classes, factor / (divisor or 1.0))
    except IndexError:
        wrong = classes[(classes < 0) | (classes >= shape[dim])].flat[0]
        raise IndexError(
            f"Target {wrong} is out of bounds: there are {shape[dim]} classes, 0 to {shape[dim] - 1}."
        ) from None
    if reduction != "none":
        loss = loss.sum()
    if label_smoothing:
        every = log_probabilities if weight is None else log_probabilities * _along(weight, shape, dim)
        uniform = -every.sum(axis=dim)
        if kept is not None:
            uniform = uniform * kept.astype(dtype)
        if reduction != "none":
            uniform = uniform.sum() * (1 / (divisor or 1.0))
        loss = (1 - label_smoothing) * loss + (label_smoothing / shape[dim]) * uniform
    if not divisor:
        warnings.warn("every target of cross_entropy is ignored, so their mean is nan", stacklevel=3)
        loss = loss + float("nan")
    return loss


def _places(target: Any) -> tuple[Any, ...]:
    """The index that reads each target's own score: classes are axis 1, or axis 0 without a batch."""
    if target.ndim == 1:  # the usual case, without np.indices' five microseconds
        return np.arange(target.size), target
    index = np.indices(target.shape, sparse=True)
    return (*index[:1], target, *index[1:])


@ag.primitive
def _cross_entropy(scores: Any, target: Any, reduction: str = "mean") -> Any:
    """log Σ e^scores - scores[target]: each sample's own for `"none"`, else their sum or mean."""
    dim = min(scores.ndim - 1, 1)
    shifted = scores - row_max(scores, dim)
    own = shifted[_places(target)]
    losses = np.log(row_sum(np.exp(shifted, out=shifted), dim)).reshape(own.shape) - own
    if reduction == "none":
        return losses
    return losses.sum() * (1 / losses.size if reduction == "mean" else 1)


def _cross_entropy_vjp(g: Any, out: Any, scores: Any, target: Any, reduction: str = "mean") -> Any:
    """(softmax(scores) - onehot(target)) · g"""
    dim = min(scores.ndim - 1, 1)
    if reduction == "mean":
        g = g * (1 / target.size)
    along = np.expand_dims(g, dim) if reduction == "none" else g
    if isinstance(scores, ag.Value):
        return (softmax(scores, dim) - _placed(np.ones_like(target, scores.dtype), target, scores)) * along
    share = scores - row_max(scores, dim)  # the same in place, for speed
    np.exp(share, out=share)
    share *= along / row_sum(share, dim)
    share[_places(target)] -= g
    return share


ag.defvjp(_cross_entropy, _cross_entropy_vjp, None)


@ag.primitive
def _nll_loss(log_probabilities: Any, target: Any, factor: Any) -> Any:
    """-log_probabilities[target] · factor, for each sample."""
    return np.where(factor == 0, 0, log_probabilities[_places(target)]) * -factor  # what is ignored may be infinite


@ag.primitive
def _placed(g: Any, target: Any, like: Any) -> Any:
    """Zeros like the scores `like`, and `g` at each target's own."""
    out = np.zeros_like(like)
    out[_places(target)] = g
    return out


ag.defvjp(_nll_loss, lambda g, out, x, target, factor: _placed(g * -factor, target, x), None, None)
ag.defvjp(_placed, lambda g, out, x, target, like: g[_places(target)], None, None)
