"""Losses of classes as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .loss import Loss


class CrossEntropyLoss(Loss):
    """-log softmax(input)[target]: `nn.functional.cross_entropy`, which describes arguments and shapes.

    Args:
        weight: a factor for each class, `(C,)`.
        ignore_index: a target that does not count.
        reduction: `"mean"`, `"sum"` or `"none"`.
        label_smoothing: how much of the uniform distribution is mixed into the target.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.CrossEntropyLoss()(np.array([[0.0, 0.0], [0.0, 5.0]]), np.array([0, 1])).round(4))
        0.3499
    """

    weight: Any

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        return F.cross_entropy(input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)


class NLLLoss(Loss):
    """-input[target], of logarithms of probabilities: `nn.functional.nll_loss`.

    Args:
        weight: a factor for each class, `(C,)`.
        ignore_index: a target that does not count.
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    weight: Any

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class BCELoss(Loss):
    """The binary cross entropy of probabilities: `nn.functional.binary_cross_entropy`.

    Args:
        weight: a factor for each element.
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    weight: Any

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Loss):
    """The binary cross entropy of scores: `nn.functional.binary_cross_entropy_with_logits`.

    Args:
        weight: a factor for each element.
        reduction: `"mean"`, `"sum"` or `"none"`.
        pos_weight: a factor for the elements with target 1.
    """

    weight: Any
    pos_weight: Any

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class KLDivLoss(Loss):
    """y (log y - x), of log-probabilities x and probabilities y: `nn.functional.kl_div`.

    Args:
        reduction: `"batchmean"` for the mean divergence of the samples, `"mean"`, `"sum"` or `"none"`.
        log_target: whether the target is log y.
    """

    reductions = ("batchmean",)

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Any:
        return F.kl_div(input, target, self.reduction, self.log_target)
