"""Losses with a margin on scores: of pairs, of two classes, of one class or several classes of many."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from ..activation import log1p_exp
from ..checked import checked
from ..real import real_only
from .binary import binary_cross_entropy_with_logits
from .common import check_reduction, check_shapes, constant, raw, reduced


def at_least_zero(x: Any) -> Any:
    """max(x, 0) with the derivative 1 at 0, which is PyTorch's where relu has 0."""
    return np.clip(x, 0, None)


def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """max(0, -y (x1 - x2) + margin): x1 should be the larger where y = 1, and x2 where y = -1.

    Args:
        input1: x1, of any shape.
        input2: x2, of the same shape.
        target: y, 1 or -1, of the same shape.
        margin: by how much it should be larger.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.

    Raises:
        ValueError: the shapes differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.margin_ranking_loss(np.array([1.0, 2.0]), np.array([3.0, 1.0]), np.array([1, 1])))
        1.0
    """
    check_reduction(reduction)
    check_shapes(input1, input2, "input2", "input1")
    check_shapes(input1, target, "target", "input1")
    real_only("margin_ranking_loss", input1, input2)
    target = constant(target, input1)
    return reduced(at_least_zero(target * (input2 - input1) + float(margin)), reduction)


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """x where y = 1, max(0, margin - x) where y = -1: of distances x of pairs that are alike, or are not.

    Args:
        input: x, of any shape.
        target: y, 1 or -1, of the same shape. Another number, as in PyTorch, gets the sum of the two.
        margin: how far apart the unlike should be.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.

    Raises:
        ValueError: the shapes differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.hinge_embedding_loss(np.array([0.25, 0.25]), np.array([1, -1]), reduction="none")
        array([0.25, 0.75])
    """
    check_reduction(reduction)
    check_shapes(input, target)
    real_only("hinge_embedding_loss", input)
    target = raw(target)
    unlike = np.where(target != 1, at_least_zero(float(margin) - input), 0)
    return reduced(unlike + np.where(target != -1, input, 0), reduction)


def soft_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """log(1 + e^(-y x)), computed without overflow.

    Args:
        input: scores x of any shape.
        target: y, 1 or -1, of the same shape.
        reduction: `"mean"`, `"sum"`, or `"none"` for each element's own.

    Raises:
        ValueError: the shapes differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.soft_margin_loss(np.array([0.0, 1000.0]), np.array([1, 1])).round(4))
        0.3466
    """
    check_reduction(reduction)
    check_shapes(input, target)
    real_only("soft_margin_loss", input, target)
    return reduced(log1p_exp(-constant(target, input) * input), reduction)


def multilabel_soft_margin_loss(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """The mean over the classes of the binary cross entropy of scores.

    Shapes: input and target `(*, C)` -> `(*)` for `reduction="none"`.

    Args:
        input: scores, before the sigmoid.
        target: 1 for the classes that are there, 0 for the others.
        weight: a factor for each class, `(C,)`.
        reduction: `"mean"`, `"sum"`, or `"none"` for each sample's own.

    Raises:
        ValueError: the shapes differ: nothing is broadcast.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.multilabel_soft_margin_loss(np.array([[0.0, 9.0]]), np.array([[1, 1]])).round(4))
        0.3466
    """
    check_reduction(reduction)
    losses = binary_cross_entropy_with_logits(input, target, weight, "none")
    return reduced(losses.mean(axis=-1), reduction)


def multi_margin_loss(
    input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"
) -> Any:
    """Σ_j max(0, margin - x[y] + x[j])^p / C over the classes j other than the right one, y.

    Crammer & Singer, On the algorithmic implementation of multiclass kernel-based vector machines, 2001.

    Shapes: input `(N, C)`, target `(N,)`; or `(C,)` and `()` or `(1,)`.

    Args:
        input: scores x.
        target: integers y from 0 to C - 1.
        p: 1 or 2.
        margin: by how much the right score should be the largest.
        weight: a factor for each class y, `(C,)`; the mean is over the samples all the same.
        reduction: `"mean"`, `"sum"`, or `"none"` for each sample's own.

    Raises:
        ValueError: the shapes do not fit, or another `p`.
        TypeError: targets that are not integers.
        IndexError: a class that there is not.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.functional.multi_margin_loss(np.array([[0.5, 0.0, 2.0]]), np.array([2])))
        0.0
    """
    check_reduction(reduction)
    if p not in (1, 2):
        raise ValueError(f"only p == 1 and p == 2 supported, got {p}")
    real_only("multi_margin_loss", input)
    shape, classes = np.shape(input), raw(target)
    if len(shape) not in (1, 2) or not shape[-1]:
        raise ValueError(f"multi_margin_loss needs scores of shape (N, C) or (C,), got {shape}")
    if len(shape) == 1 and classes.shape == (1,):
        input, shape = np.expand_dims(input, 0), (1, *shape)
    if classes.shape != shape[:-1]:
        raise ValueError(
            f"multi_margin_loss: scores of shape {shape} need target classes of shape {shape[:-1]}, got {classes.shape}"
        )
    classes = _integers("multi_margin_loss", classes)
    classes = checked(classes, _require_classes, 0, shape[-1])
    places = np.expand_dims(classes, -1)
    beyond = ag.relu(float(margin) + input - np.take_along_axis(input, places, -1))
    losses = np.where(np.arange(shape[-1]) == places, 0, beyond if p == 1 else beyond * beyond)
    if weight is not None:
        weight = constant(weight, input)
        if weight.shape != shape[-1:]:
            raise ValueError(f"inconsistent weight size, expected {shape[-1]} but got {list(weight.shape)}")
        losses = losses * weight[places]
    return reduced(losses.sum(axis=-1) / shape[-1], reduction)


def multilabel_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Σ_y Σ_j max(0, 1 - x[y] + x[j]) / C over the classes y that are there and the classes j that are not.

    Shapes: input and target `(N, C)`, or `(C,)`.

    Args:
        input: scores x.
        target: integers: the classes that are there, then a -1 unless that are all, after which nothing counts.
        reduction: `"mean"`, `"sum"`, or `"none"` for each sample's own.

    Raises:
        ValueError: the shapes do not fit.
        TypeError: targets that are not integers.
        IndexError: a class that there is not.

    Example:
        >>> import numpy as np, nn
        >>> x = np.array([0.1, 0.2, 0.4, 0.8])
        >>> float(nn.functional.multilabel_margin_loss(x, np.array([3, 0, -1, 1])).round(4))
        0.85
    """
    check_reduction(reduction)
    real_only("multilabel_margin_loss", input)
    shape, classes = np.shape(input), raw(target)
    if len(shape) not in (1, 2) or not shape[-1]:
        raise ValueError(f"multilabel_margin_loss needs scores of shape (N, C) or (C,), got {shape}")
    if classes.shape != shape:
        raise ValueError(
            f"inconsistent target size: {classes.shape} for input of size: {shape}. Fill the rows up with -1."
        )
    classes = _integers("multilabel_margin_loss", classes)
    classes = checked(classes, _require_classes, -1, shape[-1])
    there = np.logical_and.accumulate(classes >= 0, axis=-1)
    classes = np.where(there, classes, 0)
    absent = ~((classes[..., None] == np.arange(shape[-1])) & there[..., None]).any(axis=-2)
    own = np.take_along_axis(input, classes, -1)
    beyond = ag.relu(1 - np.expand_dims(own, -1) + np.expand_dims(input, -2))  # (..., y, j)
    losses = np.where(there[..., None] & absent[..., None, :], beyond, 0)
    return reduced(losses.sum(axis=(-2, -1)) / shape[-1], reduction)


def _integers(name: str, target: Any) -> Any:
    if target.size and target.dtype.kind not in "iu":
        raise TypeError(f"{name}: target classes must be integers, got {target.dtype}. Write target.astype(np.int64).")
    return target.astype(np.int64, copy=False)


def _require_classes(classes: Any, lowest: int, count: int) -> None:
    wrong = classes[(classes < lowest) | (classes >= count)]
    if wrong.size:
        raise IndexError(f"Target {wrong.flat[0]} is out of bounds: there are {count} classes, 0 to {count - 1}.")
