"""Layers that normalize activations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..dtype import get_default_dtype
from ..functional import group_norm, layer_norm, rms_norm
from ..init import ones_, zeros_
from ..module import Module
from ..parameter import Parameter
from .sizes import require_sizes


def _lengths(normalized_shape: Any) -> tuple[int, ...]:
    lengths = tuple(normalized_shape) if isinstance(normalized_shape, Iterable) else (normalized_shape,)
    for length in lengths:
        require_sizes(normalized_shape=length)
    return lengths


class LayerNorm(Module):
    """(x - mean) / sqrt(variance + eps) · weight + bias, over the last axes of each sample.

    Shapes: `(*, *normalized_shape)` -> the same.

    Args:
        normalized_shape: the lengths of the last axes, over which mean and variance are taken.
        eps: keeps the root away from 0.
        elementwise_affine: whether there are `weight` and `bias`.
        bias: whether there is a `bias` beside the `weight`.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: of `normalized_shape`, 1 at first; None without.
        bias: of `normalized_shape`, 0 at first; None without.

    Raises:
        ValueError: at a call, the input does not end in `normalized_shape`.

    Example:
        >>> import numpy as np, nn
        >>> nn.LayerNorm(3)(np.array([1.0, 2.0, 3.0])).data.round(4)
        array([-1.2247,  0.    ,  1.2247])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shape = _lengths(normalized_shape)
        self.normalized_shape = shape
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        dtype = dtype or get_default_dtype()
        self.weight = Parameter(np.empty(shape, dtype)) if elementwise_affine else None
        self.bias = Parameter(np.empty(shape, dtype)) if elementwise_affine and bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Make the affine map the identity."""
        if self.weight is not None:
            ones_(self.weight)
        if self.bias is not None:
            zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        affine = f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {affine}"

    def _label(self) -> str:
        return f"LayerNorm({' × '.join(map(str, self.normalized_shape))})"


class RMSNorm(Module):
    """x / sqrt(mean of x² + eps) · weight, over the last axes: Zhang & Sennrich, Root mean square layer norm, 2019.

    Shapes: `(*, *normalized_shape)` -> the same.

    Args:
        normalized_shape: the lengths of the last axes, over which the mean is taken.
        eps: keeps the root away from 0; by default the rounding unit of the input's dtype, `np.finfo(dtype).eps`.
        elementwise_affine: whether there is a `weight`.
        dtype: of the parameter, by default `nn.get_default_dtype()`.

    Attributes:
        weight: of `normalized_shape`, 1 at first; None without.

    Raises:
        ValueError: at a call, the input does not end in `normalized_shape`.

    Example:
        >>> import numpy as np, nn
        >>> nn.RMSNorm(2)
        RMSNorm((2,), eps=None, elementwise_affine=True)
        >>> nn.RMSNorm(2)(np.array([3.0, 4.0])).data.round(4)
        array([0.8485, 1.1314])
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shape = _lengths(normalized_shape)
        self.normalized_shape = shape
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(np.empty(shape, dtype or get_default_dtype())) if elementwise_affine else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Make the weight 1."""
        if self.weight is not None:
            ones_(self.weight)

    def forward(self, input: Any) -> Any:
        return rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"

    def _label(self) -> str:
        return f"RMSNorm({' × '.join(map(str, self.normalized_shape))})"


class GroupNorm(Module):
    """(x - mean) / sqrt(variance + eps) · weight + bias, over groups of channels of each sample.

    Wu & He, Group normalization, 2018.

    Shapes: `(N, C, *)` -> the same.

    Args:
        num_groups: into how many groups the channels are divided; mean and variance are taken over each of them,
            together with all axes behind. With 1 it is a layer norm of all but the batch, with C an instance norm.
        num_channels: C.
        eps: keeps the root away from 0.
        affine: whether there are `weight` and `bias`.
        bias: whether there is a `bias` beside the `weight`.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(C,)`, 1 at first; None without.
        bias: `(C,)`, 0 at first; None without.

    Raises:
        ValueError: `num_channels` is no multiple of `num_groups`; at a call, an input of other channels.

    Example:
        >>> import numpy as np, nn
        >>> nn.GroupNorm(2, 4)(np.array([[1.0, 3.0, 10.0, 30.0]])).data.round(4)
        array([[-1.,  1., -1.,  1.]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        require_sizes(num_groups=num_groups, num_channels=num_channels)
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        dtype = dtype or get_default_dtype()
        self.weight = Parameter(np.empty(num_channels, dtype)) if affine else None
        self.bias = Parameter(np.empty(num_channels, dtype)) if affine and bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Make the affine map the identity."""
        if self.weight is not None:
            ones_(self.weight)
        if self.bias is not None:
            zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        if input.shape[1:2] != (self.num_channels,):
            raise ValueError(
                f"expected input of {self.num_channels} channels, (N, {self.num_channels}, *), got shape {input.shape}"
            )
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )

    def _label(self) -> str:
        return f"GroupNorm({self.num_groups} of {self.num_channels})"
