"""Losses with a margin as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import functional as F
from ..layers.distance import PairwiseDistance
from .loss import Loss


class MarginRankingLoss(Loss):
    """max(0, -y (x1 - x2) + margin): `nn.functional.margin_ranking_loss`.

    Args:
        margin: by how much the one should be larger.
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return F.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class HingeEmbeddingLoss(Loss):
    """x where y = 1, max(0, margin - x) where y = -1: `nn.functional.hinge_embedding_loss`.

    Args:
        margin: how far apart the unlike should be.
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Any:
        return F.hinge_embedding_loss(input, target, self.margin, self.reduction)


class SoftMarginLoss(Loss):
    """log(1 + e^(-y x)): `nn.functional.soft_margin_loss`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.soft_margin_loss(input, target, self.reduction)


class MultiLabelSoftMarginLoss(Loss):
    """The mean binary cross entropy of the classes: `nn.functional.multilabel_soft_margin_loss`.

    Args:
        weight: a factor for each class, `(C,)`.
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    weight: Any

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Any, target: Any) -> Any:
        return F.multilabel_soft_margin_loss(input, target, self.weight, self.reduction)


class MultiMarginLoss(Loss):
    """Σ_j max(0, margin - x[y] + x[j])^p / C: `nn.functional.multi_margin_loss`.

    Args:
        p: 1 or 2.
        margin: by how much the right score should be the largest.
        weight: a factor for each class, `(C,)`.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ValueError: another `p`.
    """

    weight: Any

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        if p not in (1, 2):
            raise ValueError(f"only p == 1 and p == 2 supported, got {p}")
        self.p = p
        self.margin = margin
        self.register_buffer("weight", weight)

    def forward(self, input: Any, target: Any) -> Any:
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, self.reduction)


class MultiLabelMarginLoss(Loss):
    """Σ_y Σ_j max(0, 1 - x[y] + x[j]) / C: `nn.functional.multilabel_margin_loss`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.multilabel_margin_loss(input, target, self.reduction)


class CosineEmbeddingLoss(Loss):
    """1 - cos(x1, x2) for vectors that are alike: `nn.functional.cosine_embedding_loss`.

    Args:
        margin: the largest cosine that is no loss for vectors that are not alike.
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return F.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)


class TripletMarginLoss(Loss):
    """max(0, d(a, p) - d(a, n) + margin): `nn.functional.triplet_margin_loss`.

    Args:
        margin: by how much the negative should be farther; positive.
        p: of the norm.
        eps: added to each difference.
        swap: take d(p, n) in place of d(a, n) where it is smaller.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ValueError: the margin is not positive.
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        if not margin > 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead")
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, self.reduction
        )


class TripletMarginWithDistanceLoss(Loss):
    """The triplet loss with a distance of one's own: `nn.functional.triplet_margin_with_distance_loss`.

    Args:
        distance_function: a function of two arrays or a module, by default `nn.PairwiseDistance()`.
        margin: by how much the negative should be farther; positive.
        swap: take d(p, n) in place of d(a, n) where it is smaller.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ValueError: the margin is not positive.

    Example:
        >>> import nn
        >>> nn.TripletMarginWithDistanceLoss()
        TripletMarginWithDistanceLoss(
          (distance_function): PairwiseDistance()
        )
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Any, Any], Any] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        if not margin > 0:
            raise ValueError(
                f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
