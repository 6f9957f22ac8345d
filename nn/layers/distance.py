"""Distances and similarities of vectors as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module


class CosineSimilarity(Module):
    """The cosine of the angle between vectors: `nn.functional.cosine_similarity`.

    Shapes: `(*, D, *)`, `(*, D, *)` -> `(*, *)`.

    Args:
        dim: the axis of the vectors.
        eps: the least norm.

    Example:
        >>> import numpy as np, nn
        >>> nn.CosineSimilarity()(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]])).round(4)
        array([0.7071])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """|x1 - x2 + ε|, the p-norm along the last axis: `nn.functional.pairwise_distance`.

    Shapes: `(*, D)`, `(*, D)` -> `(*)`, or `(*, 1)`.

    Args:
        p: of the norm.
        eps: ε, added to each difference.
        keepdim: keep the last axis, with length 1.

    Raises:
        ValueError: at a call, the vectors are not of the same length.

    Example:
        >>> import numpy as np, nn
        >>> nn.PairwiseDistance()(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])).round(4)
        array([5.])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
