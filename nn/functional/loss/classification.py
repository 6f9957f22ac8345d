"""Losses of classification: one class of several, or their probabilities."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np

import autograd_lite as ag

from ..checked import checked
from ..real import real_only
from ..rows import row_max, row_sum
from ..softmax import log_softmax, softmax
from .common import check_reduction, constant, raw, reduced


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
    check_reduction(reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    shape, dim = _classes_axis("cross_entropy", input)
    weight = _class_weight("cross_entropy", weight, input, dim)
    given = raw(target)
    if given.shape == shape:
        kind = given.dtype.kind
        if kind != "f":
            raise TypeError(
                f"a target of the shape of the input, {shape}, must hold probabilities, got {given.dtype}. For "
                "one-hot rows write target.astype(input.dtype), for classes pass their integers alone."
            )
        if ignore_index >= 0:
            raise ValueError("ignore_index is not supported for floating point target")
        return _against_probabilities(input, constant(target, input), weight, reduction, label_smoothing, dim)
    _check_classes("cross_entropy", given, shape, dim, f" or probabilities of shape {shape}")
    plain = weight is None and not label_smoothing and given.size and not 0 <= ignore_index < shape[dim]
    if plain and ag.expected(_are_all_there(given, shape[dim])):
        return _cross_entropy(input, given, reduction)
    return _against_classes(
        "cross_entropy", log_softmax(input, dim), given, ignore_index, weight, reduction, label_smoothing, dim
    )


def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """-input[target], the negative log-likelihood, of logarithms of probabilities.

    Shapes: input `(C,)`, `(N, C)` or `(N, C, d1, ...)`; target `()`, `(N,)` or `(N, d1, ...)`.

    Args:
        input: logarithms of probabilities, as `log_softmax` returns them; `cross_entropy` takes scores.
        target: integers from 0 to C - 1.
        weight: a factor for each class, `(C,)`; the mean is then the weighted mean.
        ignore_index: a target that does not count.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.

    Raises:
        ValueError: the shapes do not fit.
        TypeError: an integer input, or targets that are not integers.
        IndexError: a class that there is not.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.nll_loss(np.log([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1])).round(4))
        0.4904
    """
    check_reduction(reduction)
    shape, dim = _classes_axis("nll_loss", input)
    weight = _class_weight("nll_loss", weight, input, dim)
    given = raw(target)
    _check_classes("nll_loss", given, shape, dim, "")
    return _against_classes("nll_loss", input, given, ignore_index, weight, reduction, 0.0, dim)


def _classes_axis(name: str, input: Any) -> tuple[tuple[int, ...], int]:
    """The shape of the scores, and which axis the classes are on."""
    scores = raw(input)
    shape: tuple[int, ...] = scores.shape
    real_only(name, scores)
    if not shape:
        raise ValueError(f"{name} needs scores of shape (C,), (N, C) or (N, C, d1, ...), got a single number")
    if scores.dtype.kind != "f":
        raise TypeError(
            f"{name}: the scores must be floating numbers, got {scores.dtype} of shape {shape}. "
            f"The scores come first: write {name}(scores, target)."
        )
    return shape, min(len(shape) - 1, 1)


def _class_weight(name: str, weight: Any, input: Any, dim: int) -> Any:
    if weight is None:
        return None
    weight, shape = constant(weight, input), raw(input).shape
    if weight.shape != shape[dim : dim + 1]:
        raise ValueError(
            f"{name}: weight tensor should be defined either for all {shape[dim]} classes or no classes "
            f"but got weight tensor of shape: {list(weight.shape)}"
        )
    return weight


def _check_classes(name: str, target: Any, shape: tuple[int, ...], dim: int, alternative: str) -> None:
    given, kind = target.shape, target.dtype.kind
    expected = shape[:dim] + shape[dim + 1 :]
    if given != expected:
        hint = " Write target.squeeze(-1)." if given == (*expected, 1) else ""
        raise ValueError(
            f"{name}: scores of shape {shape} need target classes of shape {expected}{alternative}, got {given}.{hint}"
        )
    if kind not in "iu":
        raise TypeError(f"{name}: target classes must be integers, got {target.dtype}. Write target.astype(np.int64).")


@cache
def _unsigned(dtype: Any) -> Any:
    return np.dtype(dtype.str.replace("i", "u"))


def _are_all_there(classes: Any, count: int) -> Any:
    """Whether all are below the count and none is negative, which to unsigned numbers is a very large one."""
    return classes.view(_unsigned(classes.dtype)).max() < count


def _require_classes(classes: Any, count: int) -> None:
    if classes.size and not _are_all_there(classes, count):
        wrong = classes[(classes < 0) | (classes >= count)].flat[0]
        raise IndexError(f"Target {wrong} is out of bounds: there are {count} classes, 0 to {count - 1}.")


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
    return losses.sum() / losses.size if reduction == "mean" else reduced(losses, reduction)


def _against_classes(
    name: str,
    log_probabilities: Any,
    classes: Any,
    ignore_index: int,
    weight: Any,
    reduction: str,
    label_smoothing: float,
    dim: int,
) -> Any:
    shape, dtype = log_probabilities.shape, log_probabilities.dtype
    kept = None
    simple = ignore_index < 0 and classes.size and not ag.is_compiling() and _are_all_there(classes, shape[dim])
    if not simple:
        kept = classes != ignore_index
        classes = checked(np.where(kept, classes, 0), _require_classes, shape[dim])
    factor = np.ones(classes.shape, dtype) if weight is None else weight[classes]
    factor = factor if kept is None else factor * kept.astype(dtype)
    divisor: Any = 1.0
    if reduction == "mean":
        total = raw(factor).sum()
        divisor = _divisor(total, name)
    loss = _nll_loss(log_probabilities, classes, factor / divisor)
    if reduction != "none":
        loss = loss.sum()
    if label_smoothing:
        every = log_probabilities if weight is None else log_probabilities * _along(weight, shape, dim)
        uniform = -every.sum(axis=dim)
        if kept is not None:
            uniform = uniform * kept.astype(dtype)
        if reduction != "none":
            uniform = uniform.sum() * (1 / divisor)
        loss = (1 - label_smoothing) * loss + (label_smoothing / shape[dim]) * uniform
    if reduction == "mean" and (ag.is_compiling() or not total):
        loss = loss + np.where(total == 0, np.nan, -0.0).astype(dtype)  # x + -0.0 is x, also for x = 0
    return loss


@ag.primitive
def _divisor(total: Any, name: str) -> Any:
    """What to divide by for a mean; 1 where nothing counts."""
    if total == 0:
        warnings.warn(f"every target of {name} is ignored, so their mean is nan", stacklevel=5)
        return np.ones_like(total)
    return total


def _places(target: Any) -> tuple[Any, ...]:
    """The index that reads each target's own score: classes are axis 1, or axis 0 without a batch."""
    if target.ndim == 1:  # the usual case, without np.indices' five microseconds
        return np.arange(target.size), target
    index = np.indices(target.shape, sparse=True)
    return (*index[:1], target, *index[1:])


@ag.primitive(traced=True)
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


@ag.primitive(traced=True)
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
