"""Layers that change the shape and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..module import Module


class Flatten(Module):
    """Several axes as one: by default all but the batch.

    Shapes: `(*, a, ..., b, *)` -> `(*, a · ... · b, *)`.

    Args:
        start_dim: the first of the axes.
        end_dim: the last of them.

    Raises:
        IndexError: at a call, if there is no such axis.
        ValueError: at a call, if `end_dim` comes before `start_dim`.

    Example:
        >>> import numpy as np, nn
        >>> nn.Flatten()(np.ones((8, 3, 4, 4))).shape
        (8, 48)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Any) -> Any:
        shape = input.shape
        if not shape:
            shape = (1,)
        start, end = _axis(shape, self.start_dim), _axis(shape, self.end_dim)
        if start > end:
            raise ValueError(
                f"flatten() has invalid args: start_dim cannot come after end_dim, got {self.start_dim} and "
                f"{self.end_dim} for an input of shape {shape}."
            )
        return np.reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis as several.

    Shapes: `(*, n, *)` -> `(*, *unflattened_size, *)`.

    Args:
        dim: the axis.
        unflattened_size: the lengths of the axes that take its place; -1 once for what is left.

    Raises:
        TypeError: `unflattened_size` is no tuple or list of integers, or `dim` no integer.
        ValueError: at a call, if the axis cannot be divided that way.
        IndexError: at a call, if there is no such axis.

    Example:
        >>> import numpy as np, nn
        >>> nn.Unflatten(1, (3, 4, -1))(np.ones((8, 48))).shape
        (8, 3, 4, 4)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(f"dim must be an integer, got {dim!r}. Named dimensions are not supported.")
        if not isinstance(unflattened_size, tuple | list):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        for i, n in enumerate(unflattened_size):
            if not isinstance(n, int):
                raise TypeError(
                    f"unflattened_size must be tuple of ints, but found element of type {type(n).__name__} at pos {i}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Any) -> Any:
        shape, sizes = input.shape, tuple(self.unflattened_size)
        axis = _axis(shape, self.dim)
        known = math.prod([n for n in sizes if n != -1])
        open_ones = sizes.count(-1)
        fits = known == shape[axis] if not open_ones else known and shape[axis] % known == 0
        if open_ones > 1 or min(sizes, default=-2) < -1 or not fits:
            raise ValueError(
                f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {self.dim} "
                f"({shape[axis]}) in the input of shape {shape}"
            )
        return np.reshape(input, (*shape[:axis], *sizes, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"

    def _label(self) -> str:
        return f"Unflatten({' × '.join(map(str, self.unflattened_size))})"


def _axis(shape: tuple[int, ...], axis: int) -> int:
    if not -len(shape) <= axis < len(shape):
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-len(shape)}, {len(shape) - 1}], but got {axis}) "
            f"for an input of shape {shape}"
        )
    return axis % len(shape)
