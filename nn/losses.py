"""Losses as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .module import Module


class MSELoss(Module):
    """The mean of (input - target)²: `nn.functional.mse_loss`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.MSELoss()(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        2.0
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        return F.mse_loss(input, target, self.reduction)


class CrossEntropyLoss(Module):
    """-log softmax(input)[target]: `nn.functional.cross_entropy`, which describes arguments and shapes.

    Args:
        weight: a factor for each class, `(C,)`.
        ignore_index: a target that does not count.
        reduction: `"mean"`, `"sum"` or `"none"`.
        label_smoothing: how much of the uniform distribution is mixed into the target.
    """

    weight: Any

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        return F.cross_entropy(input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)


class BCEWithLogitsLoss(Module):
    """The binary cross entropy of scores: `nn.functional.binary_cross_entropy_with_logits`.

    Args:
        weight: a factor for each element.
        reduction: `"mean"`, `"sum"` or `"none"`.
        pos_weight: a factor for the elements with target 1.
    """

    weight: Any
    pos_weight: Any

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)
