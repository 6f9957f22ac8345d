"""The softmax over so many classes that the rare ones are only looked at in groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd_lite as ag

from ..functional import log_softmax
from ..module import Module
from .container import ModuleList, Sequential
from .linear import Linear


class AdaptiveOutput(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` returns.

    Attributes:
        output: log p of each sample's target, `(N,)`.
        loss: minus their mean.
    """

    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """A log-softmax of frequent classes and of clusters of rare ones, with its loss.

    Grave et al., Efficient softmax approximation for GPUs, 2017. Classes are numbered from the most frequent on. The
    head scores the first `cutoffs[0]` classes and the clusters; the classes of a cluster are scored only for samples
    whose target lies in it, from fewer features.

    Shapes: input `(N, in_features)` and target `(N,)`, or `(in_features,)` and `()`.

    Args:
        in_features: the length of the last axis of the input.
        n_classes: how many classes there are.
        cutoffs: the class each cluster begins with, increasing.
        div_value: each cluster has so many times fewer features than the one before.
        head_bias: whether the head has a bias.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        head: a Linear.
        tail: for each cluster two Linears without bias.

    Raises:
        ValueError: cutoffs that are not increasing classes; at a call, shapes that do not fit.
        IndexError: at a call, a class that there is not.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.AdaptiveLogSoftmaxWithLoss(8, 100, cutoffs=[10, 40])
        >>> output, loss = layer(np.ones((3, 8), np.float32), np.array([1, 20, 99]))
        >>> output.shape, layer.log_prob(np.ones((3, 8), np.float32)).shape
        ((3,), (3, 100))
    """

    head: Linear
    tail: ModuleList

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs or cutoffs != sorted({int(c) for c in cutoffs}) or cutoffs[0] < 1 or cutoffs[-1] >= n_classes:
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                f"value is between 1 and n_classes-1; got {cutoffs} and n_classes = {n_classes}"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, dtype=dtype)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            hidden = int(in_features // div_value ** (i + 1))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, bias=False, dtype=dtype),
                    Linear(hidden, size, bias=False, dtype=dtype),
                )
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        for module in self.modules():
            if isinstance(module, Linear):
                module.reset_parameters()

    def forward(self, input_: Any, target_: Any) -> AdaptiveOutput:
        classes = target_.data if isinstance(target_, ag.Value) else target_
        classes = classes if hasattr(classes, "dtype") else np.asarray(classes)
        shape = np.shape(input_)
        if classes.ndim > 1 or classes.shape != shape[:-1]:
            raise ValueError(
                "Input and target should have the same size in the batch dimension: (N, in_features) and (N,), or "
                f"(in_features,) and (); got {shape} and {classes.shape}"
            )
        wrong = classes[(classes < 0) | (classes >= self.n_classes)]
        if wrong.size:
            raise IndexError(f"Target values should be in [0, {self.n_classes - 1}], but {wrong.flat[0]} was found.")
        rows, classes = (input_, classes) if classes.ndim else (np.expand_dims(input_, 0), classes[None])
        cluster = np.searchsorted(self.cutoffs, classes, side="right")  # 0 is the shortlist
        head = log_softmax(self.head(rows), -1)
        place = np.where(cluster == 0, classes, self.shortlist_size + cluster - 1)
        output = head[np.arange(len(classes)), place]
        parts, order = [], []
        for i, tail in enumerate(self.tail):
            (inside,) = np.nonzero(cluster == i + 1)
            if inside.size:
                scores = log_softmax(tail(rows[inside]), -1)
                parts.append(scores[np.arange(inside.size), classes[inside] - self.cutoffs[i]])
                order.append(inside)
        if parts:
            (short,) = np.nonzero(cluster == 0)
            parts.append(np.zeros(short.size, output.dtype))
            back = np.argsort(np.concatenate([*order, short]))
            output = output + np.concatenate(parts)[back]
        output = output if len(shape) > 1 else output[0]
        return AdaptiveOutput(output, -output.mean())

    def log_prob(self, input: Any) -> Any:
        """log p of every class, `(N, in_features)` -> `(N, n_classes)`."""
        head = log_softmax(self.head(input), -1)
        parts = [head[..., : self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            place = self.shortlist_size + i
            parts.append(log_softmax(tail(input), -1) + head[..., place : place + 1])
        return np.concatenate(parts, axis=-1)

    def predict(self, input: Any) -> Any:
        """The most probable class of each sample, `(N, in_features)` -> `(N,)`."""
        scores = self.log_prob(input)
        return np.argmax(scores, axis=-1)
