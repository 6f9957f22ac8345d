"""Sums, means and maxima of rows of a table, over bags of indices."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from .checked import checked
from .embedding import embedding, indices, summed_rows


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """The sum, mean or maximum of the rows of `weight` that each bag of indices names; 0 for an empty bag.

    Shapes: `(B, N)` of integers, or `(n,)` with `offsets` `(B,)`; `(num_embeddings, embedding_dim)` ->
    `(B, embedding_dim)`.

    Args:
        input: indices; each row is a bag, or `offsets` say where the bags start.
        weight: the table.
        offsets: the place of the first index of each bag, for an input with one axis.
        max_norm: see `embedding`.
        norm_type: see `embedding`.
        scale_grad_by_freq: see `embedding`; not for `"max"`.
        mode: `"sum"`, `"mean"` or `"max"`.
        sparse: must be False, gradients are full arrays.
        per_sample_weights: a factor for each index, of the shape of `input`; for `"sum"` only.
        include_last_offset: `offsets` has one more entry, the end of the last bag.
        padding_idx: an index that is left out of every bag; counted from the end if negative.

    Raises:
        ValueError: shapes, offsets or options that do not fit together.
        TypeError: the indices are not integers.
        IndexError: there is no such row.

    Example:
        >>> import numpy as np, nn
        >>> table = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
        >>> nn.functional.embedding_bag(np.array([0, 2, 1]), table, np.array([0, 2]))
        array([[2., 3.],
               [2., 3.]])
    """
    index = indices("embedding_bag", input)
    _check_options(index, mode, scale_grad_by_freq, per_sample_weights)
    starts, count = _bags(index, offsets, include_last_offset)
    bags = _bag_of_each(starts, count, index.size)
    rows = embedding(index.reshape(-1), weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    if padding_idx is not None:
        kept = index.reshape(-1) != padding_idx % weight.shape[0]
        if mode != "max":  # into a bag that nobody looks at, so that there are as many whatever the indices are
            bags = np.where(kept, bags, count)
        else:
            rows, bags = rows[kept], bags[kept]
    sizes = np.bincount(bags, minlength=count)[:count]
    if mode == "max":
        return _largest(rows, bags, sizes)
    total = summed_rows(rows, bags, count + (padding_idx is not None), None)[:count]
    return total if mode == "sum" else total / np.maximum(sizes, 1).astype(total.dtype)[:, None]


def _check_options(index: Any, mode: str, scale_grad_by_freq: bool, per_sample_weights: Any) -> None:
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"mode has to be one of sum, mean or max, got {mode!r}")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if per_sample_weights is not None:
        if mode != "sum":
            raise ValueError(f"per_sample_weights is only supported for mode='sum', got mode={mode!r}")
        if per_sample_weights.shape != index.shape:
            raise ValueError(
                f"per_sample_weights must have the shape of the input, {index.shape}, got {per_sample_weights.shape}"
            )


def _bags(index: Any, offsets: Any, include_last_offset: bool) -> tuple[Any, int]:
    """Where each bag starts, and how many there are."""
    if index.ndim == 2:
        if offsets is not None:
            raise ValueError("if input is 2D, then offsets has to be None: each row is a bag")
        return np.arange(index.shape[0]) * index.shape[1], index.shape[0]
    if index.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D, but got shape {index.shape}")
    if offsets is None:
        raise ValueError("offsets has to be 1D but got None. For one bag write offsets=np.array([0])")
    starts = indices("embedding_bag", offsets)
    if starts.ndim != 1:
        raise ValueError(f"offsets has to be 1D, got shape {starts.shape}")
    if include_last_offset and not starts.size:
        raise ValueError("include_last_offset: number of offsets should be at least 1")
    starts = checked(starts, _require_starts, index.size, include_last_offset)
    return (starts[:-1], starts.size - 1) if include_last_offset else (starts, starts.size)


def _require_starts(starts: Any, count: int, include_last_offset: bool) -> None:
    if starts.size and starts[0] != 0:
        raise ValueError(f"offsets[0] has to be 0, the first bag starts with the first index, got {starts[0]}")
    if (np.diff(starts.astype(np.int64)) < 0).any() or (starts > count).any():
        raise ValueError(f"offsets must not fall, nor pass the {count} indices, got {starts}")
    if include_last_offset and starts[-1] != count:
        raise ValueError(f"with include_last_offset the last offset has to be {count}, got {starts[-1]}")


@ag.primitive
def _bag_of_each(starts: Any, count: int, size: int) -> Any:
    """The number of the bag that each index is in."""
    return np.repeat(np.arange(count), np.diff(np.append(starts, size)))


def _largest(rows: Any, bags: Any, sizes: Any) -> Any:
    if not bags.size:
        return summed_rows(rows, bags, sizes.size, None)  # zeros, and part of the graph
    place = np.arange(sizes.max()) < sizes[:, None]  # (B, longest)
    member = np.zeros(place.shape, np.int64)
    member[place] = np.arange(bags.size)
    padded = np.where(place[:, :, None], rows[member], np.asarray(-np.inf, rows.dtype))
    return np.where(sizes[:, None] == 0, np.zeros((), rows.dtype), padded.max(axis=1))
