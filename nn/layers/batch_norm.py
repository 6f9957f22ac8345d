"""Batch normalization, and what it shares with other layers that keep running statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from ..dtype import get_default_dtype
from ..functional import batch_norm
from ..init import ones_, zeros_
from ..module import Module
from ..parameter import Parameter
from .sizes import require_sizes


class ChannelNorm(Module):
    """A layer with a weight, a bias, a running mean and a running variance for each channel."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any
    _dimensions: tuple[int, ...]

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        bias: bool,
        dtype: Any,
    ) -> None:
        super().__init__()
        require_sizes(num_features=num_features)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        dtype = dtype or get_default_dtype()
        self.weight = Parameter(np.empty(num_features, dtype)) if affine else None
        self.bias = Parameter(np.empty(num_features, dtype)) if affine and bias else None
        self.register_buffer("running_mean", np.zeros(num_features, dtype) if track_running_stats else None)
        self.register_buffer("running_var", np.ones(num_features, dtype) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", np.zeros((), np.int64) if track_running_stats else None)
        self.reset_parameters()

    @ag.effect  # a compiled function forgets at every call
    def reset_running_stats(self) -> None:
        """Forget what has been seen: mean 0, variance 1, no batches."""
        if self.track_running_stats:
            self.running_mean = np.zeros_like(self.running_mean)
            self.running_var = np.ones_like(self.running_var)
            self.num_batches_tracked = np.zeros((), np.int64)

    def reset_parameters(self) -> None:
        """Make the affine map the identity, and forget what has been seen."""
        self.reset_running_stats()
        if self.weight is not None:
            ones_(self.weight)
        if self.bias is not None:
            zeros_(self.bias)

    def _check_dimensions(self, input: Any) -> None:
        if input.ndim not in self._dimensions:
            expected = " or ".join(f"{n}D" for n in self._dimensions)
            raise ValueError(f"expected {expected} input (got {input.ndim}D input, of shape {input.shape})")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _label(self) -> str:
        return f"{type(self).__name__}({self.num_features})"


class _BatchNorm(ChannelNorm):
    """Batch normalization, whatever the number of axes."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias, dtype)

    def forward(self, input: Any) -> Any:
        self._check_dimensions(input)
        if input.shape[1] != self.num_features:
            raise ValueError(
                f"expected input of {self.num_features} channels, (N, {self.num_features}, *), got shape {input.shape}"
            )
        tracked = self.training and self.track_running_stats
        used = tracked or not self.training
        mean, var = (self.running_mean, self.running_var) if used else (None, None)
        training = self.training or self.running_mean is None
        momentum = self.momentum
        if momentum is None:  # the mean over all batches so far
            momentum = 1 / (self.num_batches_tracked + 1) if tracked else 0.0
        output = batch_norm(input, mean, var, self.weight, self.bias, training, momentum, self.eps)
        if tracked:
            self.num_batches_tracked += 1
        return output


class BatchNorm1d(_BatchNorm):
    """(x - mean) / sqrt(variance + eps) · weight + bias for each channel: Ioffe & Szegedy, Batch normalization, 2015.

    While training, mean and variance are those of the batch, and the running ones move towards them; in evaluation mode
    the running ones are taken. They move under `no_grad` as well, and are never part of a graph.

    Shapes: `(N, C)` or `(N, C, L)` -> the same.

    Args:
        num_features: C, the number of channels.
        eps: keeps the root away from 0.
        momentum: running ← (1 - momentum) · running + momentum · new; None for the mean over all batches.
        affine: whether there are `weight` and `bias`.
        track_running_stats: whether there are running statistics; without, those of the batch are taken always.
        bias: whether there is a `bias` beside the `weight`.
        dtype: of parameters and buffers, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(C,)`, 1 at first; None without.
        bias: `(C,)`, 0 at first; None without.
        running_mean: a buffer `(C,)`, 0 at first; None without.
        running_var: a buffer `(C,)` of variances that divide by n - 1, 1 at first; None without.
        num_batches_tracked: a buffer, how many batches have moved them; None without.

    Raises:
        ValueError: at a call, an input of another shape, or a single value per channel while training, as of a last
            batch of 1: `DataLoader(..., drop_last=True)` leaves it out.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.BatchNorm1d(2)
        >>> layer(np.array([[1.0, 10.0], [3.0, 30.0]], np.float32)).data.round(4)
        array([[-1., -1.],
               [ 1.,  1.]], dtype=float32)
        >>> layer.running_mean
        array([0.2, 2. ], dtype=float32)
    """

    _dimensions = (2, 3)


class BatchNorm2d(_BatchNorm):
    """`BatchNorm1d` for images: mean and variance of each channel over the batch and all pixels.

    Shapes: `(N, C, H, W)` -> the same.

    Args:
        num_features: C, the number of channels.
        eps: keeps the root away from 0.
        momentum: running ← (1 - momentum) · running + momentum · new; None for the mean over all batches.
        affine: whether there are `weight` and `bias`.
        track_running_stats: whether there are running statistics; without, those of the batch are taken always.
        bias: whether there is a `bias` beside the `weight`.
        dtype: of parameters and buffers, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(C,)`, 1 at first; None without.
        bias: `(C,)`, 0 at first; None without.
        running_mean: a buffer `(C,)`, 0 at first; None without.
        running_var: a buffer `(C,)` of variances that divide by n - 1, 1 at first; None without.
        num_batches_tracked: a buffer, how many batches have moved them; None without.

    Raises:
        ValueError: at a call, an input of another shape, or a single value per channel while training.

    Example:
        >>> import numpy as np, nn
        >>> nn.BatchNorm2d(3)
        BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        >>> nn.BatchNorm2d(3)(np.ones((2, 3, 4, 4), np.float32)).shape
        (2, 3, 4, 4)
    """

    _dimensions = (4,)


class BatchNorm3d(_BatchNorm):
    """`BatchNorm1d` for volumes: mean and variance of each channel over the batch and all voxels.

    Shapes: `(N, C, D, H, W)` -> the same.

    Args:
        num_features: C, the number of channels.
        eps: keeps the root away from 0.
        momentum: running ← (1 - momentum) · running + momentum · new; None for the mean over all batches.
        affine: whether there are `weight` and `bias`.
        track_running_stats: whether there are running statistics; without, those of the batch are taken always.
        bias: whether there is a `bias` beside the `weight`.
        dtype: of parameters and buffers, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(C,)`, 1 at first; None without.
        bias: `(C,)`, 0 at first; None without.
        running_mean: a buffer `(C,)`, 0 at first; None without.
        running_var: a buffer `(C,)` of variances that divide by n - 1, 1 at first; None without.
        num_batches_tracked: a buffer, how many batches have moved them; None without.

    Raises:
        ValueError: at a call, an input of another shape, or a single value per channel while training.

    Example:
        >>> import numpy as np, nn
        >>> nn.BatchNorm3d(3)(np.ones((2, 3, 2, 2, 2), np.float32)).shape
        (2, 3, 2, 2, 2)
    """

    _dimensions = (5,)
