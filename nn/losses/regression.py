"""Losses of regression as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .loss import Loss


class MSELoss(Loss):
    """The mean of (input - target)²: `nn.functional.mse_loss`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.MSELoss()(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        2.0
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.mse_loss(input, target, self.reduction)


class L1Loss(Loss):
    """The mean of |input - target|: `nn.functional.l1_loss`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.l1_loss(input, target, self.reduction)


class SmoothL1Loss(Loss):
    """|input - target| with a parabola around 0: `nn.functional.smooth_l1_loss`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.
        beta: up to where it is a parabola; 0 for the L1 loss.

    Raises:
        ValueError: at a call, `beta` is negative.
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Any:
        return F.smooth_l1_loss(input, target, self.reduction, self.beta)


class HuberLoss(Loss):
    """d²/2 around 0, lines elsewhere, with d = input - target: `nn.functional.huber_loss`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.
        delta: up to where it is a parabola.

    Raises:
        ValueError: at a call, `delta` is not positive.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Any:
        return F.huber_loss(input, target, self.reduction, self.delta)


class PoissonNLLLoss(Loss):
    """The negative log-likelihood of counts: `nn.functional.poisson_nll_loss`.

    Args:
        log_input: whether the input is the logarithm of the rate.
        full: add Stirling's approximation of log y!.
        eps: added to the rate before its logarithm is taken.
        reduction: `"mean"`, `"sum"` or `"none"`.
    """

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Any, target: Any) -> Any:
        return F.poisson_nll_loss(log_input, target, self.log_input, self.full, self.eps, self.reduction)


class GaussianNLLLoss(Loss):
    """The negative log-likelihood under N(input, var): `nn.functional.gaussian_nll_loss`.

    Args:
        full: add log(2π) / 2.
        eps: the least variance.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Example:
        >>> import numpy as np, nn
        >>> float(nn.GaussianNLLLoss()(np.array([0.0, 1.0]), np.array([0.0, 3.0]), np.ones(2)))
        1.0
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Any, target: Any, var: Any) -> Any:
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)
