"""Instance normalization."""

from __future__ import annotations

import warnings
from typing import Any

from ..functional import instance_norm
from .batch_norm import ChannelNorm


class _InstanceNorm(ChannelNorm):
    """Instance normalization, whatever the number of axes."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias, dtype)

    def forward(self, input: Any) -> Any:
        self._check_dimensions(input)
        single = input.ndim == self._dimensions[0]
        axis = 0 if single else 1
        if input.shape[axis] != self.num_features:
            if self.affine or self.track_running_stats:
                raise ValueError(
                    f"expected input's size at dim={axis} to match num_features ({self.num_features}), but got: "
                    f"{input.shape[axis]}."
                )
            warnings.warn(
                f"input's size at dim={axis} does not match num_features. You can silence this warning by passing in "
                f"num_features={input.shape[axis]}, which is not used because affine=False",
                stacklevel=3,
            )
        output = instance_norm(
            input[None] if single else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return output[0] if single else output


class InstanceNorm1d(_InstanceNorm):
    """(x - mean) / sqrt(variance + eps) · weight + bias, over each channel of each sample.

    Ulyanov et al., Instance normalization, 2016. With running statistics these are taken in evaluation mode.

    Shapes: `(N, C, L)` or `(C, L)` -> the same.

    Args:
        num_features: C, the number of channels.
        eps: keeps the root away from 0.
        momentum: running ← (1 - momentum) · running + momentum · new; with None they never move, as in PyTorch.
        affine: whether there are `weight` and `bias`.
        track_running_stats: whether there are running statistics; without, those of the sample are taken always.
        bias: whether there is a `bias` beside the `weight`.
        dtype: of parameters and buffers, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(C,)`, 1 at first; None without.
        bias: `(C,)`, 0 at first; None without.
        running_mean: a buffer `(C,)`, 0 at first; None without.
        running_var: a buffer `(C,)` of variances that divide by n - 1, 1 at first; None without.
        num_batches_tracked: a buffer that stays 0, as in PyTorch; None without.

    Raises:
        ValueError: at a call, an input of another shape, or a single value per channel and sample.

    Example:
        >>> import numpy as np, nn
        >>> nn.InstanceNorm1d(2)(np.array([[1.0, 3.0], [10.0, 30.0]])).round(4)
        array([[-1.,  1.],
               [-1.,  1.]])
    """

    _dimensions = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """`InstanceNorm1d` for images: mean and variance over the pixels.

    Shapes: `(N, C, H, W)` or `(C, H, W)` -> the same.

    Args:
        num_features: C, the number of channels.
        eps: keeps the root away from 0.
        momentum: running ← (1 - momentum) · running + momentum · new; with None they never move, as in PyTorch.
        affine: whether there are `weight` and `bias`.
        track_running_stats: whether there are running statistics; without, those of the sample are taken always.
        bias: whether there is a `bias` beside the `weight`.
        dtype: of parameters and buffers, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(C,)`, 1 at first; None without.
        bias: `(C,)`, 0 at first; None without.
        running_mean: a buffer `(C,)`, 0 at first; None without.
        running_var: a buffer `(C,)` of variances that divide by n - 1, 1 at first; None without.
        num_batches_tracked: a buffer that stays 0, as in PyTorch; None without.

    Raises:
        ValueError: at a call, an input of another shape, or a single value per channel and sample.

    Example:
        >>> import numpy as np, nn
        >>> nn.InstanceNorm2d(3, affine=True)
        InstanceNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=False)
        >>> nn.InstanceNorm2d(3, affine=True)(np.ones((2, 3, 4, 4), np.float32)).shape
        (2, 3, 4, 4)
    """

    _dimensions = (3, 4)
